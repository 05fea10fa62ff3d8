/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unopened: what is here and nobody has opened, for figures: how much, and how old the oldest is.
 *
 *   alerts    noticed, and opened by nobody yet, here or elsewhere
 *   records   urgent ones, others' and our own, of which the broker has told us that their time to
 *             be opened is over. It says so again, later each time, until somebody opens them; so
 *             one that it does not say again was opened somewhere and counts no more
 *
 * UNOPENED row: first told i64 | last told i64 | how often u32. Inside the caller's transaction.
 */
#ifndef AGENTS_UNOPENED_H
#define AGENTS_UNOPENED_H

#include "agents/core/alerts.h"

#define UNOPENED_SCAN_MAX 65536 /* rows of each sort that are looked at, the newest alerts first */

struct unopened_figure {
    uint64_t n;
    int64_t oldest_ms; /* 0 when there is none */
};
struct unopened {
    struct unopened_figure alerts;
    struct unopened_figure records;
};
void unopened_count(struct store_txn *txn, const struct governance *governance, int64_t now_ms,
                    struct unopened *ret);

/* A notice that nobody has opened this record in time. */
void unopened_note(struct store_txn *txn, const struct entry_id *record, int64_t now_ms);
/* Somebody has, or it was taken back; nothing when it was not noted. */
void unopened_drop(struct store_txn *txn, const struct entry_id *record);

#endif
