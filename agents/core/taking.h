/* SPDX-License-Identifier: Apache-2.0 */
/*
 * taking: one submission inside its write transaction: what intake and decide have in common.
 * Begin, ask whether this idempotency key had its answer already, take what was submitted, finish:
 * one synced commit, and only then the answer may be told. Ended without finish nothing of it was
 * written.
 *
 * One thread at a time; the transaction keeps every other writer out.
 */
#ifndef AGENTS_TAKING_H
#define AGENTS_TAKING_H

#include "agents/core/intake.h"
#include "agents/core/seal.h"
#include "agents/core/sources.h"

struct taking {
    struct agent *agent;
    struct store_txn *txn;
    bool can_seal; /* we know our place in the partnership: `seal` is live */
    struct seal seal;
    int64_t now_ms;
    int32_t day;     /* in London */
    uint32_t by_uid; /* the user of this machine that asks */
};
#define TAKING_NULL ((struct taking){.txn = NULL, .seal = SEAL_NULL})

int taking_begin(struct agent *agent, uint32_t by_uid, struct taking *ret) MUST_USE;
void taking_end(struct taking *taking); /* accepts TAKING_NULL */

const struct secret *taking_store_key(const struct taking *taking);
/* One more of these today. */
void taking_count(struct taking *taking, const char *name);

/* Settles, waits until our place is known, or is sealed and spooled now; with its OUT row.
 * `retracts` and `target`, of a retraction: what it takes back; else NULL. */
int taking_keep(struct taking *taking, const struct event *event, const struct reference *retracts,
                const struct out_row *target, struct reference *ret) MUST_USE;

/* Begins an entry of a person's that is no record (a decision, a request): its OUT row, and the
 * answer, of one item with a new reference. */
int taking_begin_entry(struct taking *taking, enum entry_kind kind, struct out_row *ret_row,
                       struct intake_answer *ret) MUST_USE;

/* Room for n items. */
void answer_begin(struct intake_answer *answer, size_t n);

/* *ret_done: this key came before with the same, and *ret is the answer it had. -EEXIST when it
 * came with anything else. Without a key nothing is looked at. */
int taking_look(struct taking *taking, const struct idempotency *request, struct intake_answer *ret,
                bool *ret_done) MUST_USE;
/* Keeps the answer for the key, commits, and wakes whoever waits for what was written. */
int taking_finish(struct taking *taking, const struct idempotency *request,
                  const struct intake_answer *answer) MUST_USE;

#endif
