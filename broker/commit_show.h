/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commit_show: what commit tells others of a batch that is on disk: governance on the board,
 * counters, log lines; and its look at disk, clock and memory between batches. Commit's thread
 * only; none of it fails.
 */
#ifndef BROKER_COMMIT_SHOW_H
#define BROKER_COMMIT_SHOW_H

#include "broker/commit.h"

/* Once a second at most, however often it is called; the whole store is surveyed once a minute. */
void commit_look_around(struct commit *commit);
/* A committed batch of so many inputs, begun at `began_ms` of boot time. */
void commit_show_batch(struct commit *commit, const struct apply *apply, uint32_t inputs,
                       int64_t began_ms);
/* The board has the governance that the batch left in force. */
void commit_show_governance(struct commit *commit, const struct apply *apply);
/* Says and counts that nobody is there to open what is urgent, when that is so: at the start, and
 * whenever other documents come into force. */
void commit_report_duty(const struct commit *commit);

#endif
