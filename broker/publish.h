/* SPDX-License-Identifier: Apache-2.0 */
/*
 * publish: follows the committed store through short read transactions, so that nothing is
 * published before it is durable, by construction. Hands frames to net through a bounded queue for
 * agencies that have granted credit; a slow agency delays nobody. Also answers the questions that
 * need the store (question.h). One thread owns a struct publish.
 */
#ifndef BROKER_PUBLISH_H
#define BROKER_PUBLISH_H

#include "broker/board.h"
#include "broker/counters.h"
#include "broker/parcel_tree.h"
#include "broker/pipeline.h"
#include "ledger/state.h"

/* What one agency's newest connection has asked for. */
struct subscription {
    struct peer peer;
    uint64_t correlation; /* of its fetch: the delivery answers it */
    uint64_t after;
    uint32_t credit;
    uint64_t log_size; /* the head it verified: consistency is proved from here */
};

struct publish {
    struct pipeline *pipeline;
    struct board *board;
    struct store *store;
    struct counters *counters;
    const struct clock *clock;
    const char *highwater; /* path: where evidence of a rollback is kept */
    size_t n_subscriptions;
    struct subscription subscriptions[CAIRN_AGENCIES_MAX];
    bool has_letter; /* one that the queue to net had no room for */
    struct letter letter;
    struct parcel_tree tree;                  /* of the parcel whose entries went last */
    struct wire_item items[CAIRN_CREDIT_MAX]; /* of the delivery at hand */
    struct buf bytes;                         /* reused */
    struct arena arena;                       /* of the question at hand */
    uint64_t seen;
};

/* Everything that can be done now. True when it did something. */
bool publish_step(struct publish *publish);
/* Sleeps until there may be something to do. */
void publish_wait(struct publish *publish, int timeout_ms);
void publish_deinit(struct publish *publish);

/* --- for question.c --- */
void publish_subscribe(struct publish *publish, const struct peer *peer, uint64_t correlation,
                       const struct wire_fetch *fetch);
/* Sends publish->bytes as it stands; false when net's queue is full (kept, sent later). */
bool publish_send(struct publish *publish, const struct peer *peer);

#endif
