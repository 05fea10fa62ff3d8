/* SPDX-License-Identifier: Apache-2.0 */
/*
 * register: the marks of one pupil in one period, and what was last told of them. A register never
 * leaves the school: its marks lie here, sealed under the store key, under an HMAC of who the pupil
 * is, until REGISTER_KEEP_DAYS after the period has ended.
 *
 * REGISTER row, at the pupil's key and the period's first day (i32), sealed as a whole (wrap_seal):
 *   told     code u16, possible, authorised, unauthorised, part_time, unresolved, run u32,
 *            first_day, last_day i32; zeros when nothing was told
 *   marks    n u16, then each: 2 * days since the period's first day + session u16, code[2]
 *
 * All functions work inside the caller's transaction.
 */
#ifndef AGENTS_SCHOOL_REGISTER_H
#define AGENTS_SCHOOL_REGISTER_H

#include "agents/core/state.h"
#include "agents/school/absence.h"
#include "agents/school/options.h"

#define REGISTER_MARKS_MAX 732 /* two sessions on every day of a leap year */
#define REGISTER_KEEP_DAYS 28  /* corrections come in for a while after the end of term */

struct register_row {
    struct absence told;
    size_t n;
    struct absence_mark marks[REGISTER_MARKS_MAX]; /* rising */
};

/* First day of the period that the day belongs to. */
int32_t register_period(const struct school_options *options, int32_t day);
/* Whether marks of that day are still taken. */
bool register_is_open(const struct school_options *options, int32_t day, int32_t today);

struct register_key {
    uint8_t pupil[CAIRN_HASH_BYTES];
    int32_t period;
};
/* An empty row when there is none; a row that cannot be read is the transaction's fault. */
void register_get(struct store_txn *txn, const struct secret *store_key,
                  const struct register_key *key, struct register_row *ret);
void register_put(struct store_txn *txn, const struct secret *store_key,
                  const struct register_key *key, const struct register_row *row);
/* Puts the mark, in place of another of the same session. False when it was there already. The day
 * belongs to the row's period. */
bool register_mark(struct register_row *row, const struct absence_mark *mark);
/* Deletes the rows of periods that are no longer open. */
void register_forget(struct store_txn *txn, const struct school_options *options, int32_t today);

#endif
