/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/timers.h"

#include "base/date.h"
#include "broker/alert.h"
#include "broker/alert_tell.h"
#include "broker/catch_up.h"
#include "broker/circle.h"
#include "broker/desk.h"
#include "broker/disclose.h"
#include "broker/headline.h"
#include "broker/hold.h"
#include "broker/mailbox.h"
#include "broker/record_adult.h"
#include "broker/record_tell.h"
#include "broker/stored.h"

#define INTERVAL_DOUBLINGS 6 /* from half an hour to a day and a third */

/* --- setting --- */

static int64_t interval_of(const struct apply *apply, const struct timer_row *timer)
{
    const struct calendar *calendar = apply->governance->calendar;
    int64_t first = timer->kind == TIMER_RECORD ? calendar_unopened_ms(calendar)
                                                : calendar_undecided_ms(calendar);
    unsigned doublings = timer->rounds < INTERVAL_DOUBLINGS ? timer->rounds : INTERVAL_DOUBLINGS;
    return first << doublings;
}

static void set(struct apply *apply, struct timer_row *timer)
{
    timer->due_ms = apply->time_ms + interval_of(apply, timer);
    timer_row_put(apply->txn, timer);
}

void timers_watch_record(struct apply *apply, const struct entry_id *record, uint64_t log_index)
{
    struct timer_row timer = {.kind = TIMER_RECORD, .number = log_index, .entry = *record};
    set(apply, &timer);
}

void timers_watch_passing(struct apply *apply, const struct entry_id *record, uint64_t log_index)
{
    struct timer_row timer = {.kind = TIMER_PASS, .number = log_index, .entry = *record};
    set(apply, &timer);
}

void timers_watch_alert(struct apply *apply, uint64_t alert)
{
    struct timer_row timer = {.kind = TIMER_ALERT, .number = alert};
    set(apply, &timer);
}

static void watch_day(struct apply *apply, enum timer_kind kind, const struct entry_id *entry,
                      int32_t day, uint64_t log_index)
{
    struct timer_row timer = {
        .due_ms = (int64_t)day * DAY_MS, /* London has had its midnight then */
        .kind = kind,
        .number = log_index,
        .entry = *entry,
    };
    timer_row_put(apply->txn, &timer);
}

void timers_watch_role(struct apply *apply, const struct entry_id *involvement, int32_t from_day,
                       uint64_t log_index)
{
    watch_day(apply, TIMER_ROLE, involvement, from_day, log_index);
}

void timers_watch_hidden(struct apply *apply, const struct entry_id *record, int32_t until_day,
                         uint64_t log_index)
{
    watch_day(apply, TIMER_SHOWN, record, until_day, log_index);
}

void timers_watch_hold(struct apply *apply, const struct entry_id *decision, int32_t day,
                       uint64_t log_index)
{
    watch_day(apply, TIMER_HOLD, decision, day, log_index);
}

static void watch_now(struct apply *apply, enum timer_kind kind, uint64_t number)
{
    const struct timer_row timer = {.due_ms = apply->time_ms, .kind = kind, .number = number};
    timer_row_put(apply->txn, &timer);
}

void timers_go_on_telling(struct apply *apply, uint64_t person)
{
    watch_now(apply, TIMER_SAID, person);
}

/* Several records of one batch may each have a look at one child, around its own day. */
void timers_look_later(struct apply *apply, uint64_t child, const struct entry_id *record)
{
    struct timer_row timer = {.due_ms = apply->time_ms, .kind = TIMER_LOOK, .number = child};
    if (record != NULL) {
        timer.entry = *record;
    }
    while (timer_row_is(apply->txn, &timer)) {
        timer.due_ms++;
    }
    timer_row_put(apply->txn, &timer);
}

int64_t timers_next_ms(struct store_txn *txn)
{
    struct timer_row timer;
    return timer_row_first(txn, &timer) ? timer.due_ms : INT64_MAX;
}

/* --- whether somebody did --- */

static bool opened_by(struct apply *apply, const struct entry_id *record, uint32_t agency)
{
    struct reader_row reader;
    return reader_row_get(apply->txn, record, agency, &reader) && reader.opened;
}

static bool record_waits(struct apply *apply, const struct entry_id *record)
{
    const struct directory *directory = &apply->governance->directory;
    struct entry_row row;
    if (!entry_row_get(apply->txn, record, &row) || row.retracted) {
        return false;
    }
    for (size_t i = 0; i < directory->n_agencies; i++) {
        const struct agency *agency = &directory->agencies[i];
        if (agency_is_front_door(agency) && opened_by(apply, record, agency->number)) {
            return false;
        }
    }
    return true;
}

/* A front door has been told of it, and none has said that it passed it on. */
static bool passing_waits(struct apply *apply, const struct entry_id *record)
{
    const struct directory *directory = &apply->governance->directory;
    struct entry_row row;
    bool told = false;
    if (!entry_row_get(apply->txn, record, &row) || row.retracted) {
        return false;
    }
    for (size_t i = 0; i < directory->n_front_doors; i++) {
        struct reader_row reader;
        if (reader_row_get(apply->txn, record, directory->front_doors[i], &reader)) {
            if (reader.passed_on) {
                return false;
            }
            told = true;
        }
    }
    return told;
}

static bool alert_waits(struct apply *apply, uint64_t number, struct alert_row *ret)
{
    return alert_row_get(apply->txn, number, ret) && ret->state == ALERT_OPEN;
}

void timers_unopened(struct apply *apply, size_t max, struct timers_unopened *ret)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(apply->txn, T_TIMER, SLICE_NULL);
    *ret = (struct timers_unopened){.records = 0};
    for (size_t n = 0; n < max && walk.live; n++, store_walk_next(&walk)) {
        struct timer_row timer = timer_row_at(&walk);
        struct alert_row alert;
        if (timer.rounds == 0 || timer.kind == TIMER_PASS) {
            continue;
        }
        if (timer.kind == TIMER_RECORD) {
            ret->records += record_waits(apply, &timer.entry) ? 1 : 0;
        } else {
            ret->alerts += alert_waits(apply, timer.number, &alert) ? 1 : 0;
        }
    }
}

/* --- telling --- */

/* A front door that the record was not sealed to, because it is new or had no key, hears that there
 * is something; its origin hears who it is, and its agent grants it. */
static void tell_front_door(struct apply *apply, const struct told_record *record,
                            const struct agency *agency, const struct wire_notice *notice)
{
    struct reader_row reader;
    bool has_it = reader_row_get(apply->txn, &record->id, agency->number, &reader) &&
                  (reader.parts & PART_BIT(PART_ACCOUNT)) != 0;
    (void)mailbox_notice(apply, agency->number, notice);
    if (!has_it && !disclose_granted(&record->input, agency->number, PART_ACCOUNT)) {
        struct wire_notice lacks = *notice;
        lacks.agency = agency->number;
        (void)mailbox_notice(apply, record->id.agency, &lacks);
    }
}

/* Every front door hears, whichever had the watch when it came and whichever has it now. */
static void tell_record(struct apply *apply, const struct told_record *record,
                        enum outcome expected)
{
    const struct directory *directory = &apply->governance->directory;
    const struct wire_notice notice = {
        .type = NOTICE_UNOPENED,
        .has_record = true,
        .record = record->id,
        .outcome = expected,
        .time_ms = apply->time_ms,
    };
    if (record->origin->active) {
        (void)mailbox_notice(apply, record->id.agency, &notice);
    }
    for (size_t i = 0; i < directory->n_front_doors; i++) {
        const struct agency *agency = directory_agency(directory, directory->front_doors[i]);
        if (desk_may_read(apply, &record->header, agency)) {
            tell_front_door(apply, record, agency, &notice);
        }
    }
}

static bool fire_record(struct apply *apply, const struct timer_row *timer)
{
    struct told_record record;
    if (!record_waits(apply, &timer->entry) || !headline_load(apply, &timer->entry, &record)) {
        return false;
    }
    tell_record(apply, &record, OUTCOME_NONE);
    return true;
}

static bool fire_passing(struct apply *apply, const struct timer_row *timer)
{
    struct told_record record;
    if (!passing_waits(apply, &timer->entry) || !headline_load(apply, &timer->entry, &record)) {
        return false;
    }
    tell_record(apply, &record, OUTCOME_PASSED_TO_AUTHORITY);
    return true;
}

static bool fire_alert(struct apply *apply, const struct timer_row *timer)
{
    struct alert_row alert;
    if (!alert_waits(apply, timer->number, &alert)) {
        return false;
    }
    alert_unopened(apply, timer->number, &alert);
    return true;
}

static void fire_look(struct apply *apply, const struct timer_row *timer)
{
    _cleanup_(stored_deinit) struct stored record = STORED_NULL;
    if (timer->entry.agency != 0 &&
        stored_load_as(apply->txn, &timer->entry, ENTRY_RECORD, &record)) {
        alert_look_at(apply, timer->number, record.header.record.event_day, record.row.log_index);
    } else {
        alert_look(apply, timer->number, ALERT_NEWEST);
    }
}

/* Unless the involvement was stated anew meanwhile: then that statement has its own. */
static void fire_role(struct apply *apply, const struct timer_row *timer)
{
    _cleanup_(stored_deinit) struct stored stored = STORED_NULL;
    if (!stored_load_as(apply->txn, &timer->entry, ENTRY_INVOLVEMENT, &stored)) {
        return;
    }
    const struct involvement_header *header = &stored.header.involvement;
    struct involvement_row involvement;
    struct subject_row known;
    struct subject_id subject = subject_id_of(timer->entry.agency, header->handle);
    if (!involvement_row_get(apply->txn, &subject, header->role, &involvement) ||
        !entry_id_equal(&involvement.entry, &timer->entry) ||
        !subject_row_get(apply->txn, &subject, &known)) {
        return;
    }
    const struct newcomer newcomer = {.child = known.child,
                                      .agency = subject.agency,
                                      .role = header->role,
                                      .from_day = involvement.from_day};
    circle_meet(apply, known.child);
    (void)catch_up(apply, &newcomer);
}

static bool fire(struct apply *apply, const struct timer_row *timer)
{
    switch (timer->kind) {
    case TIMER_RECORD:
        return fire_record(apply, timer);
    case TIMER_ALERT:
        return fire_alert(apply, timer);
    case TIMER_PASS:
        return fire_passing(apply, timer);
    case TIMER_ROLE:
        fire_role(apply, timer);
        return false;
    case TIMER_SHOWN:
        record_shown(apply, &timer->entry);
        return false;
    case TIMER_HOLD:
        hold_due(apply, timer);
        return false;
    case TIMER_SAID:
        record_person_met(apply, timer->number);
        return false;
    case TIMER_LOOK:
        fire_look(apply, timer);
        return false;
    }
    return false;
}

void timers_fire(struct apply *apply)
{
    struct timer_row timer;
    uint64_t from = store_writes(apply->txn);
    for (size_t n = 0; n < CAIRN_TIMERS_PER_TICK && !apply_paused(apply, from) &&
                       timer_row_first(apply->txn, &timer) && timer.due_ms <= apply->time_ms;
         n++) {
        timer_row_delete(apply->txn, &timer);
        if (fire(apply, &timer)) {
            apply_noted(apply, NOTED_UNOPENED);
            timer.rounds++;
            set(apply, &timer);
        }
    }
}
