/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settling time: how much time has passed for what waits to settle. It runs with the machine's
 * clock, but not with its steps: a due time is kept in settling time, so that setting the clock
 * forward by a year sends nothing early, and setting it back holds nothing for a year.
 *
 * While the agent runs, it is measured by the time since the machine was started, exactly. From one
 * run to the next the machine's clock says how long the agent was away, but never less than what
 * the machine has been running since: a clock that was set forward while the agent was not running
 * is believed, and lets what waits leave early by as much; one that was set back holds it for no
 * longer than its settle time over again.
 *
 * In the store's META there is the clock as it was last known, and the sum of its steps. All
 * functions work inside the caller's transaction.
 */
#ifndef AGENTS_SETTLING_TIME_H
#define AGENTS_SETTLING_TIME_H

#include "agents/core/state.h"
#include "base/clock.h"

#define SETTLING_STEP_MS 60000 /* a clock that is put right in smaller steps is just kept right */

/* A new run of the agent: once, before anything else here. */
void settling_time_start(struct store_txn *txn, const struct clock *clock);
/* Settling time now, in milliseconds; as real time while the clock was never set. */
int64_t settling_time(struct store_txn *txn, const struct clock *clock);
/* By how much the clock was set since that was last kept, in milliseconds; 0 when it was not. */
int64_t settling_time_step(struct store_txn *txn, const struct clock *clock);
/* Keeps the clock as it is now, in a write transaction, and tells the log of a step. Done with each
 * thing that begins to wait, and when a step is noticed; one that is not kept before the agent ends
 * cannot be told from time away afterwards. */
void settling_time_keep(struct store_txn *txn, const struct clock *clock);
/* The real time at which a due time will come, for people. */
int64_t settling_time_shown(struct store_txn *txn, const struct clock *clock, int64_t due_ms);

#endif
