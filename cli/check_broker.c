/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `cairn check` finds about a broker, from its counters.
 */
#include <inttypes.h>

#include "base/text.h"
#include "cli/broker_counters.h"
#include "cli/checking.h"
#include "govern/duty.h"

#define DEATHS_WARNING 3 /* once may be the machine's fault */

static int64_t counted(const struct counters_reading *reading, const char *name)
{
    uint64_t value = broker_counter(reading, name);
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

/* Counters of a broker that are 0 as long as nobody has to act. */
static void judge_counters(struct check *check, const struct counters_reading *reading)
{
    static const struct {
        const char *counter;
        enum check_level level;
        const char *one;
        const char *many;
    } rows[] = {
        {"waiting_unopened_records", CHECK_CRITICAL, "urgent record opened by nobody in time",
         "urgent records opened by nobody in time"},
        {"waiting_unopened_alerts", CHECK_WARNING, "alert opened by nobody in time",
         "alerts opened by nobody in time"},
        {"answers_QUARANTINED", CHECK_WARNING, "answer about an entry that is set aside",
         "answers about entries that are set aside"},
        {"commit_crashed_applying", CHECK_WARNING, "crash while an entry was applied: see the log",
         "crashes while an entry was applied: see the log"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t value = counted(reading, rows[i].counter);
        if (value > 0) {
            check_find(check, rows[i].level, "%" PRId64 " %s", value,
                       text_plural((uint64_t)value, rows[i].one, rows[i].many));
        }
    }
}

/* They are named by their ids; whoever has just joined has a week. */
static void judge_silent(struct check *check, const struct counters_reading *reading)
{
    int64_t n = counted(reading, "waiting_silent_agencies");
    if (n > 0) {
        check_find(check, CHECK_WARNING, "%" PRId64 " %s said nothing of any child for %d days%s%s",
                   n, text_plural((uint64_t)n, "agency has", "agencies have"), CAIRN_SILENT_DAYS,
                   reading->words[0] == '\0' ? "" : ": ", reading->words);
    }
}

static void judge_broker_documents(struct check *check, const struct counters_reading *reading)
{
    static const struct {
        const char *document;
        const char *counter;
    } documents[] = {{"agreements", "review_agreements_ms"},
                     {"patterns", "review_patterns_ms"},
                     {"calendar", "review_calendar_ms"}};
    for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
        int64_t until_ms = counted(reading, documents[i].counter);
        if (until_ms > 0) {
            check_review(check, documents[i].document, until_ms);
        }
    }
}

void check_broker(struct check *check, const struct counters_reading *reading)
{
    if (!reading->alive) {
        check_find(check, CHECK_CRITICAL, "the broker is not running");
        return;
    }
    uint64_t gap = broker_counter(reading, BROKER_COUNTER_DUTY_GAP);
    if (gap != DUTY_GAP_NONE) {
        check_duty(check, gap != DUTY_GAP_FRONT_DOOR, duty_gap_words(gap));
    }
    judge_counters(check, reading);
    judge_silent(check, reading);
    int64_t deaths = counted(reading, "commit_deaths");
    if (deaths >= DEATHS_WARNING) {
        check_find(check, CHECK_WARNING, "the broker died %" PRId64 " times in a row: see the log",
                   deaths);
    }
    if (counted(reading, "commit_clock_frozen") > 0) {
        check_find(check, CHECK_WARNING, "the machine's clock has stepped");
    }
    judge_broker_documents(check, reading);
    check_percent(check, "disk", counted(reading, "commit_disk_percent"));
    check_figure(check, "log", counted(reading, "commit_log_size"), "");
    check_figure(check, "undelivered", counted(reading, "waiting_undelivered"), "");
    check_figure(check, "resident", counted(reading, "resident_bytes"), "B");
}
