/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate: what comes in from the network gets a slot, goes to publish as a question, or is answered
 * at once. Reads the 24 bytes of the transport header and nothing else: no crypto, no protobuf, no
 * database. Runs on the net thread.
 *
 * When the normal part of the ring is full, gate goes on reading and answers `busy`, so that an
 * urgent frame behind a backlog is still seen; only when the urgent reserve is full too does net
 * stop reading (docs/adr/0003).
 */
#ifndef BROKER_GATE_H
#define BROKER_GATE_H

#include "base/clock.h"
#include "broker/board.h"
#include "broker/counters.h"
#include "broker/pipeline.h"

/* One agency's use of the present minute. */
struct quota {
    int64_t minute;
    uint64_t records;
    uint64_t bytes;
    uint32_t questions;
    uint32_t strikes; /* bad frames in this minute */
};

/* One agency as gate knows it. */
struct guest {
    uint32_t agency;
    struct quota quota;
    uint32_t urgent_in_flight;
    size_t next_route; /* which of the routes the next hello replaces */
    struct peer routes[CAIRN_PEER_ROUTES];
};

/* Bad frames in a minute after which the rest of the agency's minute is refused unread. */
#define GATE_STRIKES_MAX 100

struct gate {
    struct pipeline *pipeline;
    struct board *board;
    struct counters *counters;
    const struct clock *clock;
    uint64_t quota_records; /* a minute and agency; the urgent lane is exempt */
    uint64_t quota_bytes;
    struct guest guests[CAIRN_AGENCIES_MAX];
    size_t n_guests;
    /* Sends at once; takes the frame. */
    void (*reply)(void *data, const struct peer *peer, struct net_frame *frame);
    void *data;
};

/* Takes the frame, of at most CAIRN_FRAME_MAX_BYTES. */
void gate_frame(struct gate *gate, const struct peer *peer, struct net_frame *frame);
/* The connection has said hello: from now on its frames are taken. Until then they are answered
 * `hello_first`, because a connection that libzmq made anew by itself would otherwise go on where
 * the old one stopped, and a broker that was rolled back would never be shown its own signed
 * head. */
void gate_greeted(struct gate *gate, const struct peer *peer);
/* The slot's frame was answered: its agency has one frame less in the ring. */
void gate_answered(struct gate *gate, const struct slot *slot);
/* A message that was not a frame at all (router_receive said so). */
void gate_bad(struct gate *gate, const struct peer *peer);
/* Submits a governance document through the ring. False when there is no slot now. */
bool gate_offer(struct gate *gate, const struct govern_document *document);

/* A reply whose whole content is a verdict (WIRE_ERROR). */
void gate_refusal(const struct wire_header *to, enum verdict verdict, struct net_frame *ret);

#endif
