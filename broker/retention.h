/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retention: how long the broker keeps bodies and grants. Headers, leaves and rows stay for ever; a
 * body is looked at on the day on which it may be due, and destroyed under one of two rules:
 *
 *   DELIVERED   whoever it was sealed to has had it, and acknowledged it, for as many days as the
 *               partnership's calendar says (delivered_kept_days); and a record not before its
 *               origin has had time to grant it to others (history_kept_days)
 *   UNUSED      of a record that somebody it was sealed to has not had: no window of a pattern in
 *               force reaches today any more, a shadow's included (at most CAIRN_WINDOW_MAX_DAYS
 *               from when it happened or came, whichever is later)
 *
 * It stays while somebody has not acknowledged what waits for it (a revoked agency for
 * CAIRN_LEFT_KEPT_DAYS from when the directory said so), while an alert that lists it is
 * open, while it was asked for not long ago, while an involvement holds, while a named person holds
 * what is said of its child (hold.h), and, all of them, while the calendar says keep_all. Part of
 * apply, which does not see the bodies: commit removes what apply->destroyed names, and a replay
 * has nothing to remove.
 */
#ifndef BROKER_RETENTION_H
#define BROKER_RETENTION_H

#include "broker/applying.h"

/* From an entry with a body, once it is stored, and again when its body has come again. */
void retention_watch(struct apply *apply, const struct entry_id *entry, uint64_t log_index);
/* What may be due at the batch's time, at most CAIRN_RETENTION_LOOKS_PER_BATCH of them. */
void retention_look(struct apply *apply);
/* When the next look is due: at night; INT64_MAX when nothing is watched. */
int64_t retention_next_ms(struct store_txn *txn);

#endif
