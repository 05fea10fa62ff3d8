/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer: receipts for durable slots, and only for those. Runs on the net thread; sends never
 * block; a receipt that cannot be sent is dropped, because the agency sends its parcel again and
 * gets the same answer.
 */
#ifndef BROKER_ANSWER_H
#define BROKER_ANSWER_H

#include "broker/board.h"
#include "broker/counters.h"
#include "broker/pipeline.h"

struct gate;

struct answer {
    struct pipeline *pipeline;
    struct board *board;
    struct counters *counters;
    /* Sends; takes the frame. False when it could not be sent. */
    bool (*send)(void *data, const struct peer *peer, struct net_frame *frame);
    void *data;
    struct gate *gate; /* hears of each answered slot */
    struct buf bytes;  /* reused */
};

/* Answers the oldest durable slot. False when there is none. */
bool answer_step(struct answer *answer);
void answer_deinit(struct answer *answer);

#endif
