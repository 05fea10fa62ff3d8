/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle: what waits on disk before it is sealed: events that may be clerical errors, until their
 * settle time is over; and everything, until the agent knows its place in the partnership. Each
 * waits sealed under the store key.
 *
 * One thread seals what is due (settle_start); settle_step is what it does, for one turn.
 */
#ifndef AGENTS_SETTLE_H
#define AGENTS_SETTLE_H

#include "agents/core/agent.h"

/* Rows a transaction: other writers wait no longer than that. */
#define SETTLE_ROWS_MAX 64

struct settling {
    int64_t due_ms;             /* by settling_time.h; 0: as soon as it can be sealed */
    struct reference reference; /* of the OUT row, which the caller puts */
    struct reference retracts;  /* what a retraction takes back; zeros: nothing */
};

/* Puts an event to wait. 0, or -errno with the transaction to be given up. */
int settle_event(struct store_txn *txn, const struct secret *store_key, const struct event *event,
                 const struct settling *settling) MUST_USE;
/* An involvement or a tie as it came, to be read again when it can be sealed. */
int settle_statement(struct store_txn *txn, const struct secret *store_key, enum entry_kind kind,
                     struct slice json, const struct settling *settling) MUST_USE;
/* Takes back what still waits; the caller puts the row with its new state. */
void settle_drop(struct store_txn *txn, const struct reference *reference,
                 const struct out_row *row);

/* What waits before it is sealed. */
struct settle_figures {
    uint64_t settling;         /* until it can no longer be a clerical error */
    uint64_t unsealed;         /* it is due, and our place in the partnership is not known */
    int64_t unsealed_since_ms; /* the oldest of the latter; 0 when there is none */
    uint64_t urgent;           /* of the unsealed: immediate, or a referral */
    int64_t urgent_since_ms;   /* likewise */
};
#define SETTLE_COUNT_MAX 65536 /* rows that are looked at: more than that say the same */
void settle_count(struct store_txn *txn, const struct clock *clock, struct settle_figures *ret);

/* Seals what is due and states children again after a change of epoch, in one transaction.
 * *ret_more: there is more to do at once. 0 or -errno with nothing changed. */
int settle_step(struct agent *agent, bool *ret_more) MUST_USE;

struct settle_thread;
int settle_start(struct agent *agent, struct settle_thread **ret) MUST_USE;
/* After news_close. Accepts NULL. */
void settle_stop(struct settle_thread **thread);

#endif
