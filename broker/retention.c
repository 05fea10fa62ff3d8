/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/retention.h"

#include <string.h>

#include "base/date.h"
#include "broker/alert.h"
#include "broker/headline.h"
#include "broker/hold.h"
#include "broker/mailbox.h"
#include "broker/stored.h"

#define AT_NIGHT_MS     (2 * INT64_C(3600000)) /* when little else is to be done */
#define LOOK_FIRST_DAYS 1                      /* by then nearly everything was acknowledged */
#define LOOK_AGAIN_DAYS 7                      /* somebody waits, or decides */
#define MONTH_DAYS      31                     /* the longest */

/* --- what stands in the way --- */

/* It was revoked, and has not come back for so long that nothing is kept for it any more. */
static bool has_left(struct apply *apply, const struct agency_row *state)
{
    return state->left_day != 0 && apply_day(apply) >= state->left_day + CAIRN_LEFT_KEPT_DAYS;
}

/* Who of its readers has it. */
struct tally {
    bool waited_for;   /* by somebody who has not acknowledged it */
    uint64_t tellings; /* the sum of the readers' positions: grows with each telling */
};

static struct tally tally_readers(struct apply *apply, const struct entry_id *id)
{
    struct tally tally = {.tellings = 0};
    struct store_key prefix = key_entry(id);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(apply->txn, T_READER, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        struct reader key =
            reader_over(slice_make(walk.key.data + prefix.len, walk.key.len - prefix.len));
        uint32_t agency = read_u32(&key);
        struct reader_row reader;
        struct agency_row state;
        if (reader_row_get(apply->txn, id, agency, &reader)) {
            agency_row_get(apply->txn, agency, &state);
            tally.waited_for = tally.waited_for ||
                               (reader.position > state.acknowledged && !has_left(apply, &state));
            tally.tellings += reader.position;
        }
    }
    return tally;
}

/* Whether an active agency that it was sealed to may still be told what it has not had. */
static bool may_be_told(struct apply *apply, const struct told_record *record)
{
    const struct directory *directory = &apply->governance->directory;
    for (size_t i = 0; i < record->input.n_grants && !record->row.retracted; i++) {
        const struct grant_mark *grant = &record->input.grants[i];
        const struct agency *agency = directory_agency(directory, grant->recipient);
        struct reader_row reader = {.parts = 0};
        if (agency == NULL || !agency->active || grant->recipient == record->id.agency) {
            continue;
        }
        (void)reader_row_get(apply->txn, &record->id, grant->recipient, &reader);
        if ((reader.parts & PART_BIT(grant->part)) == 0) {
            return true;
        }
    }
    return false;
}

static int32_t longest_window_days(const struct patterns *patterns)
{
    int32_t longest = patterns->n == 0 ? CAIRN_WINDOW_MAX_DAYS : 0; /* nothing is known of rules */
    for (size_t i = 0; i < patterns->n; i++) {
        const struct pattern *pattern = &patterns->items[i];
        int32_t days = pattern->window_months * MONTH_DAYS + pattern->window_days;
        longest = days > longest ? days : longest;
    }
    return longest < CAIRN_WINDOW_MAX_DAYS ? longest : CAIRN_WINDOW_MAX_DAYS;
}

/* Also for review: whoever takes that up opens it. */
static bool is_listed_openly(struct apply *apply, const struct entry_row *row)
{
    struct alert_row alert;
    return row->alert != 0 && alert_going_on(apply, row->alert, &alert) != 0 &&
           alert_may_be_decided(&alert);
}

/* Of an involvement that holds: whoever comes to know the child may be told of it. */
static bool holds(struct apply *apply, const struct entry_id *id)
{
    _cleanup_(stored_deinit) struct stored stored = STORED_NULL;
    struct involvement_row involvement;
    if (!stored_load_as(apply->txn, id, ENTRY_INVOLVEMENT, &stored)) {
        return false;
    }
    struct subject_id subject = subject_id_of(id->agency, stored.header.involvement.handle);
    return involvement_row_get(apply->txn, &subject, stored.header.involvement.role,
                               &involvement) &&
           entry_id_equal(&involvement.entry, id) && apply_day(apply) < involvement.until_day;
}

/* --- when --- */

/* Notes since when nobody waits; a telling since then starts that anew. */
static void settle(const struct apply *apply, const struct tally *tally,
                   struct retention_row *watch)
{
    if (watch->settled_day == 0 || watch->tellings != tally->tellings) {
        watch->settled_day = apply_day(apply);
        watch->tellings = tally->tellings;
    }
}

static int32_t later_of(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

/* Somebody it was sealed to has not had it: until no window reaches it. Everybody has: until nobody
 * is to be granted it who comes to know the child later. */
static int32_t record_day(struct apply *apply, const struct told_record *record,
                          const struct retention_row *watch, enum destroyed *ret_rule)
{
    int32_t day = later_of(record->header.event_day, watch->since_day) + 1;
    day = later_of(day, record->header.narrow.hidden_until + 1);
    if (may_be_told(apply, record)) {
        *ret_rule = DESTROYED_UNUSED;
        return day + longest_window_days(&apply->governance->patterns);
    }
    return record->row.retracted ? 0 : day + calendar_history_days(apply->governance->calendar);
}

/* The day on which it may be destroyed as far as is known today, and under which rule. */
static int32_t due_day(struct apply *apply, const struct entry_row *row,
                       struct retention_row *watch, enum destroyed *ret_rule)
{
    int32_t today = apply_day(apply);
    int32_t transit = calendar_transit_days(apply->governance->calendar);
    struct tally tally = tally_readers(apply, &watch->entry);
    bool stays = transit == 0 || tally.waited_for || is_listed_openly(apply, row) ||
                 hold_is_on(apply, hold_child(apply, &watch->entry)) ||
                 (row->asked_day != 0 && today < row->asked_day + CAIRN_REQUEST_OPEN_DAYS) ||
                 (row->kind == ENTRY_INVOLVEMENT && holds(apply, &watch->entry));
    struct told_record record;
    *ret_rule = DESTROYED_DELIVERED;
    if (stays) {
        watch->settled_day = tally.waited_for ? 0 : watch->settled_day;
        return today + LOOK_AGAIN_DAYS;
    }
    settle(apply, &tally, watch);
    int32_t delivered = watch->settled_day + transit;
    if (row->kind != ENTRY_RECORD || !headline_load(apply, &watch->entry, &record)) {
        return delivered;
    }
    int32_t due = record_day(apply, &record, watch, ret_rule);
    return *ret_rule == DESTROYED_DELIVERED || tally.tellings > 0 ? later_of(due, delivered) : due;
}

/* --- destroying --- */

static void destroy(struct apply *apply, const struct entry_id *id, struct entry_row *row,
                    enum destroyed rule)
{
    struct leaf leaf = {
        .type = LEAF_DESTROYED, .agency = id->agency, .id = *id, .detail = (uint32_t)rule};
    assert(apply->n_destroyed < ARRAY_LEN(apply->destroyed));
    (void)apply_leaf(apply, &leaf);
    row->destroyed = rule;
    entry_row_put(apply->txn, id, row);
    apply->destroyed[apply->n_destroyed++] =
        (struct destroyed_body){.entry = *id, .batch = row->batch, .input = row->input};
    apply_noted(apply, NOTED_BODIES_DESTROYED);
}

/* Each origin hears once of all its records that went under one rule. */
static void tell_origin(struct apply *apply, size_t first, size_t end, enum destroyed rule)
{
    uint32_t origin = apply->destroyed[first].entry.agency;
    const struct agency *recipient = directory_agency(&apply->governance->directory, origin);
    struct wire_headline headlines[CAIRN_ALERT_RECORDS_MAX];
    struct wire_notice notice = {
        .type = rule == DESTROYED_UNUSED ? NOTICE_DESTROYED_UNUSED : NOTICE_DESTROYED_DELIVERED,
        .headlines = headlines,
        .time_ms = apply->time_ms,
    };
    for (size_t i = first; i < end; i++) {
        struct told_record record;
        if (apply->destroyed[i].entry.agency == origin && !apply->destroyed[i].told &&
            notice.n_headlines < CAIRN_ALERT_RECORDS_MAX && recipient != NULL &&
            headline_load(apply, &apply->destroyed[i].entry, &record) &&
            record.row.destroyed == rule) {
            headline_fill(&record, recipient, true, &headlines[notice.n_headlines++]);
            apply->destroyed[i].told = true;
        }
    }
    if (notice.n_headlines > 0) {
        (void)mailbox_notice(apply, origin, &notice);
    }
}

static void tell_origins(struct apply *apply, size_t first)
{
    for (size_t i = first; i < apply->n_destroyed; i++) {
        for (int rule = DESTROYED_UNUSED; rule <= DESTROYED_LAST; rule++) {
            tell_origin(apply, i, apply->n_destroyed, (enum destroyed)rule);
        }
    }
}

/* --- looking --- */

static void look_at(struct apply *apply, struct retention_row *watch)
{
    int32_t today = apply_day(apply);
    struct entry_row row;
    enum destroyed rule;
    if (!entry_row_get(apply->txn, &watch->entry, &row) || row.destroyed != DESTROYED_NOT) {
        return;
    }
    int32_t due = due_day(apply, &row, watch, &rule);
    if (due <= today) {
        destroy(apply, &watch->entry, &row, rule);
        return;
    }
    watch->due_day = due;
    retention_row_put(apply->txn, watch);
}

static int64_t look_ms(const struct retention_row *watch)
{
    return watch->due_day * DAY_MS + AT_NIGHT_MS;
}

void retention_watch(struct apply *apply, const struct entry_id *entry, uint64_t log_index)
{
    const struct retention_row watch = {
        .due_day = apply_day(apply) + LOOK_FIRST_DAYS,
        .log_index = log_index,
        .entry = *entry,
        .since_day = apply_day(apply),
    };
    retention_row_put(apply->txn, &watch);
}

void retention_look(struct apply *apply)
{
    struct retention_row watch;
    size_t first = apply->n_destroyed;
    for (size_t n = 0;
         n < CAIRN_RETENTION_LOOKS_PER_BATCH && apply->n_destroyed < ARRAY_LEN(apply->destroyed) &&
         retention_row_first(apply->txn, &watch) && look_ms(&watch) <= apply->time_ms;
         n++) {
        retention_row_delete(apply->txn, &watch);
        look_at(apply, &watch);
    }
    tell_origins(apply, first);
}

int64_t retention_next_ms(struct store_txn *txn)
{
    struct retention_row watch;
    return retention_row_first(txn, &watch) ? look_ms(&watch) : INT64_MAX;
}
