/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan: what of a frame goes into the batch under way. Entries that the store knows keep the answer
 * that they had, a frame that must wait is told so, an entry that the process died of is set aside;
 * the rest is appended to the batch's journal row. Runs on the commit thread.
 */
#ifndef BROKER_PLAN_H
#define BROKER_PLAN_H

#include "broker/pipeline.h"
#include "ledger/journal.h"

struct commit;

struct plan {
    struct commit *commit; /* whose journal, governance and disk are looked at */
    uint32_t inputs;       /* in the journal row so far */
};

/* A result that apply has yet to fill. */
#define PLAN_PENDING ((enum verdict)0)

void plan_input(struct plan *plan, const struct input *input);
/* Fills the slot's frame_verdict and results: PLAN_PENDING for each input that was added, in their
 * order. */
void plan_slot(struct plan *plan, struct store_txn *txn, struct slot *slot);
/* The slot's answer is on disk: what it refuses is logged, and a refused frame counted. */
void plan_settle(struct plan *plan, const struct slot *slot);
/* An input that lets timers fire, when one is due and the clock has not stepped. */
void plan_tick(struct plan *plan, int64_t now_ms);
/* When the hour turned, or with `all`, the refusals counted so far go into the log. */
void plan_refused(struct plan *plan, int64_t now_ms, bool all);

#endif
