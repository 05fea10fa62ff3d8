/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timers: what must be looked at later, in the store by due time: whether somebody has opened what
 * was urgent, or an alert; whether a front door has passed on what is about a child of another
 * authority; the day on which a role begins; the day until which a record was hidden; and the end
 * of a hold. They fire in a batch that has a tick among its inputs, so a replay fires them too;
 * late after a stop, but once. Nobody opened it: the sender, the desk on duty then and the other
 * front doors hear, and hear again, at longer and longer intervals, until somebody does. Part of
 * apply.
 */
#ifndef BROKER_TIMERS_H
#define BROKER_TIMERS_H

#include "broker/applying.h"

/* From a record that cannot wait, once its leaf is there. */
void timers_watch_record(struct apply *apply, const struct entry_id *record, uint64_t log_index);
/* From a record about a child of another authority, likewise. */
void timers_watch_passing(struct apply *apply, const struct entry_id *record, uint64_t log_index);
/* From an involvement that begins on a later day, once its leaf is there. */
void timers_watch_role(struct apply *apply, const struct entry_id *involvement, int32_t from_day,
                       uint64_t log_index);
/* From a record that its author hides until a day, once its leaf is there. */
void timers_watch_hidden(struct apply *apply, const struct entry_id *record, int32_t until_day,
                         uint64_t log_index);
/* From a hold, for the day on which its agency hears that it ends, and for that of its end. */
void timers_watch_hold(struct apply *apply, const struct entry_id *decision, int32_t day,
                       uint64_t log_index);
/* More than one step may write: what nobody was told of an adult, and a look at a child, go on in
 * the next tick. */
void timers_go_on_telling(struct apply *apply, uint64_t person);
/* Around that record's day; NULL: around the newest. */
void timers_look_later(struct apply *apply, uint64_t child, const struct entry_id *record);
void timers_watch_alert(struct apply *apply, uint64_t alert);
/* What is due at the batch's time, the earliest first, at most CAIRN_TIMERS_PER_TICK, and no more
 * after CAIRN_STEP_WRITES_MAX rows. */
void timers_fire(struct apply *apply);
/* When the next one is due; INT64_MAX when none is set. */
int64_t timers_next_ms(struct store_txn *txn);

/* What has been told of as unopened, and still nobody has opened: of the `max` timers due first. */
struct timers_unopened {
    uint64_t records;
    uint64_t alerts;
};
void timers_unopened(struct apply *apply, size_t max, struct timers_unopened *ret);

#endif
