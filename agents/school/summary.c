/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/school/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "json/json.h"

#define PUPIL_BYTES 16 /* of the key: enough to tell a school's pupils apart, useless elsewhere */

enum summary_step summary_step(const struct school_options *options, const struct register_row *row,
                               struct absence *ret_now)
{
    const struct absence *told = &row->told;
    struct absence then;
    absence_count(row->marks, row->n, options->minimum_sessions, INT32_MAX, ret_now);
    if (told->code == CODE_NOT_SAID) {
        return ret_now->code == CODE_NOT_SAID ? SUMMARY_NOTHING : SUMMARY_TELL;
    }
    absence_count(row->marks, row->n, options->minimum_sessions, told->last_day, &then);
    if (!absence_equal(&then, told)) {
        return ret_now->code == CODE_NOT_SAID ? SUMMARY_TAKE_BACK : SUMMARY_TELL;
    }
    bool worse = absence_compare(ret_now->code, told->code) > 0;
    bool due = ret_now->code != CODE_NOT_SAID &&
               ret_now->last_day - told->last_day >= (int32_t)options->retell_days;
    return worse || due ? SUMMARY_TELL : SUMMARY_NOTHING;
}

/* --- words --- */

/* "3 September 2026" */
static void write_day(struct buf *out, int32_t day)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    int year;
    int month;
    int of_month;
    date_split(day, &year, &month, &of_month);
    buf_format(out, "%d %s %d", of_month, months[month - 1], year);
}

static void write_finding(struct buf *out, const struct absence *absence)
{
    switch ((uint32_t)absence->code) {
    case CODE_SEVERE_ABSENCE:
        buf_add_text(out, "That is half of them or more: severe absence.");
        break;
    case CODE_PERSISTENT_ABSENCE:
        buf_add_text(out, "That is a tenth of them or more: persistent absence.");
        break;
    default:
        buf_add_text(out, "The share is below a tenth; what is told is that it is not explained.");
        break;
    }
    if (absence->unresolved > 0) {
        buf_format(out,
                   " For %" PRIu32 " the school has had no reason for more than %d school "
                   "days.",
                   absence->unresolved, ABSENCE_REASON_DAYS);
    }
    if (absence->run >= ABSENCE_RUN_MIN) {
        buf_format(out, " %" PRIu32 " sessions one after the other were without permission.",
                   absence->run);
    }
    if (absence->part_time > 0) {
        buf_format(out,
                   " %" PRIu32 " %s of an agreed part-time timetable, and did not count "
                   "towards this.",
                   absence->part_time, text_plural(absence->part_time, "is", "are"));
    }
}

static void write_summary(const struct absence *absence, struct buf *out)
{
    buf_format(out, "Absent from %" PRIu32 " of %" PRIu32 " possible %s from ",
               absence->authorised + absence->unauthorised, absence->possible,
               text_plural(absence->possible, "session (half a day)", "sessions (half days)"));
    write_day(out, absence->first_day);
    buf_add_text(out, " to ");
    write_day(out, absence->last_day);
    buf_format(out, ": %" PRIu32 " with permission, %" PRIu32 " without. ", absence->authorised,
               absence->unauthorised);
    write_finding(out, absence);
}

static void set_account(const struct absence *absence, struct event *ret)
{
    _cleanup_(buf_deinit) struct buf summary = BUF_MAX(1000);
    struct json *account = json_object_new();
    write_summary(absence, &summary);
    json_set_word(account, "summary", buf_text(&summary));
    json_set_word(account, "evidence", "told");
    json_set_word(account, "reported_by",
                  "counted from the school's register, without a person looking");
    int r = json_write(account, JSON_STYLE_COMPACT, &ret->account);
    assert(r == 0);
    json_free(&account);
}

static void set_lawfulness(const struct event_terms *terms, struct lawfulness *ret)
{
    *ret = (struct lawfulness){
        .judged_by = JUDGED_BY_STANDING_DECISION,
        .basis = BASIS_PUBLIC_TASK,
        .detriment = DETRIMENT_NOT_MORE,
        .family_told = FAMILY_NOT_KNOWN,
        .function = "Protecting and promoting the welfare of the child, and school attendance.",
    };
    (void)snprintf(ret->judge, sizeof(ret->judge), "%s",
                   terms->standing_decision != NULL
                       ? terms->standing_decision
                       : "Standing decision on absence; not named in the configuration");
}

/* --- events --- */

void summary_event(const struct event_terms *terms, const struct register_key *key,
                   const struct absence *absence, struct event *ret)
{
    char pupil[HEX_BYTES(PUPIL_BYTES)];
    char period[DATE_TEXT_BYTES];
    hex_encode(slice_make(key->pupil, PUPIL_BYTES), pupil);
    date_format(key->period, period);
    memcpy(ret->adapter, SUMMARY_ADAPTER, sizeof(SUMMARY_ADAPTER));
    (void)snprintf(ret->source_id, sizeof(ret->source_id), "%s/%s", pupil, period);
    /* By time: figures may come back to what they were before a correction. */
    (void)snprintf(ret->source_version, sizeof(ret->source_version), "%" PRId64, terms->now_ms);
    ret->urgency = URGENCY_ROUTINE;
    ret->recorded_ms = terms->now_ms;
    ret->settles = true; /* registers are corrected next day */
    set_lawfulness(terms, &ret->lawfulness);
    if (absence->code == CODE_NOT_SAID) {
        ret->kind = RECORD_RETRACTION;
        ret->event_day = instant_london_day(terms->now_ms);
        memcpy(ret->retracts, ret->source_id, sizeof(ret->retracts));
        return;
    }
    ret->kind = RECORD_ABSENCE_SUMMARY;
    ret->code = absence->code;
    ret->event_day = absence->last_day;
    set_account(absence, ret);
}
