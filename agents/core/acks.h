/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acks: telling the broker what of the mailbox is on our disk, with our cosignature of the newest
 * head. Cumulative, so none is spooled: the newest one replaces those before it, and after a start
 * one is made from what the store holds. An entry names its stream, and acknowledgements have one
 * of their own, drawn at each start, so they travel in parcels of their own, at most one at a time
 * and soon after the first delivery that needs one. Only the link's thread. No socket in here.
 */
#ifndef AGENTS_ACKS_H
#define AGENTS_ACKS_H

#include "agents/core/backoff.h"
#include "agents/core/parcel.h"
#include "agents/core/sending.h"
#include "agents/core/session.h"

#define ACKS_WAIT_MS   50               /* what arrives within it shares one acknowledgement */
#define ACKS_COSIGN_MS (60 * 60 * 1000) /* a larger log is cosigned, with nothing to acknowledge */

struct acks {
    struct agent *agent;
    uint64_t stream;
    uint64_t next_seq;
    uint64_t position; /* to be acknowledged */
    uint64_t told;     /* acknowledged: the broker has receipted it */
    int64_t due_ms;    /* boot; 0: none is wanted */
    int64_t landed_ms; /* boot, of the newest receipt; 0 before the first */
    struct flight flight;
    uint64_t flight_position;
};

int acks_start(struct acks *acks, struct agent *agent) MUST_USE;
/* The connection is gone. */
void acks_reset(struct acks *acks);
/* Everything up to here is on disk. */
void acks_want(struct acks *acks, uint64_t position);
/* 0 and the parcel when one is due; -ENOENT when not; else why it cannot be made. */
int acks_cut(struct acks *acks, struct session *session, uint64_t correlation,
             struct parcel *ret) MUST_USE;
void acks_sent(struct acks *acks, const struct parcel *parcel);
enum sending_result acks_receipt(struct acks *acks, uint64_t correlation,
                                 const struct wire_receipt *receipt);
enum sending_result acks_error(struct acks *acks, uint64_t correlation, enum verdict verdict);
/* A larger log was verified: it is cosigned, once an hour; the first time after wait_ms. */
void acks_cosign(struct acks *acks, int64_t wait_ms);
int64_t acks_next_ms(const struct acks *acks);

#endif
