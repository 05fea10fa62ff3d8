/* SPDX-License-Identifier: Apache-2.0 */
/* How a broker does, from the counters in its folder, without asking it: in the words and units of
 * people; a program gets names and numbers as they are. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "cli/broker_counters.h"
#include "cli/plain.h"
#include "cli/show.h"
#include "cli/status.h"
#include "govern/duty.h"

#define VALUE_BYTES 32
#define SECOND_MS   UINT64_C(1000)
#define MINUTE_MS   (60 * SECOND_MS)
#define HOUR_MS     (60 * MINUTE_MS)
#define KIB         UINT64_C(1024)

/* --- values --- */

static void format_span(uint64_t ms, char out[VALUE_BYTES])
{
    if (ms < SECOND_MS) {
        (void)snprintf(out, VALUE_BYTES, "%" PRIu64 " ms", ms);
    } else if (ms < 2 * MINUTE_MS) {
        (void)snprintf(out, VALUE_BYTES, "%" PRIu64 ".%" PRIu64 " s", ms / SECOND_MS,
                       ms % SECOND_MS / 100);
    } else if (ms < 2 * HOUR_MS) {
        (void)snprintf(out, VALUE_BYTES, "%" PRIu64 " min", ms / MINUTE_MS);
    } else {
        (void)snprintf(out, VALUE_BYTES, "%" PRIu64 " h", ms / HOUR_MS);
    }
}

static void format_bytes(uint64_t bytes, char out[VALUE_BYTES])
{
    static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
    uint64_t whole = bytes / KIB;
    uint64_t rest = bytes % KIB;
    size_t unit = 0;

    if (bytes < KIB) {
        (void)snprintf(out, VALUE_BYTES, "%" PRIu64 " B", bytes);
        return;
    }
    for (; whole >= KIB && unit + 1 < ARRAY_LEN(units); unit++) {
        rest = whole % KIB;
        whole /= KIB;
    }
    (void)snprintf(out, VALUE_BYTES, "%" PRIu64 ".%" PRIu64 " %s", whole, rest * 10 / KIB,
                   units[unit]);
}

/* All times among a broker's counters are the ends of days. */
static void format_day(uint64_t end_ms, char out[VALUE_BYTES])
{
    char day[DATE_TEXT_BYTES];
    int64_t number = end_ms > INT64_MAX ? INT32_MAX : (int64_t)(end_ms - 1) / DAY_MS;

    if (end_ms == 0) {
        (void)snprintf(out, VALUE_BYTES, "not said");
        return;
    }
    date_format(number > INT32_MAX ? INT32_MAX : (int32_t)number, day);
    (void)snprintf(out, VALUE_BYTES, "%s", day);
}

static void format_value(const struct counter_reading *counter, char out[VALUE_BYTES])
{
    switch (broker_counter_unit(counter->name)) {
    case UNIT_ONE:
        (void)snprintf(out, VALUE_BYTES, "%" PRIu64, counter->value);
        return;
    case UNIT_BYTES:
        format_bytes(counter->value, out);
        return;
    case UNIT_MS:
        format_span(counter->value, out);
        return;
    case UNIT_TIME:
        format_day(counter->value, out);
        return;
    case UNIT_PERCENT:
        (void)snprintf(out, VALUE_BYTES, "%" PRIu64 " %%", counter->value);
        return;
    }
}

/* --- all of it --- */

static bool is_of(const char *stage, const struct counter_reading *counter)
{
    return strncmp(counter->name, stage, strlen(stage)) == 0;
}

/* What never happened is left out of the text where there is much of it, and where it is a sentence
 * that would not be true. Who is on duty is said in words. */
static bool is_worth_a_line(const struct counter_reading *counter)
{
    bool rare = is_of("answers_", counter) || is_of("apply_", counter) ||
                is_of("commit_clock_frozen", counter) || is_of("commit_crashed", counter);
    return !is_of("duty_", counter) && (counter->value > 0 || !rare);
}

static void show_counters(struct output *output, const struct counters_reading *reading)
{
    const char *stage = "";
    char value[VALUE_BYTES];

    for (size_t i = 0; i < reading->count; i++) {
        const struct counter_reading *counter = &reading->counters[i];
        if (!is_worth_a_line(counter)) {
            continue;
        }
        if (strcmp(stage, plain_stage(counter->name)) != 0) {
            stage = plain_stage(counter->name);
            output_line(output, "%s", stage);
        }
        format_value(counter, value);
        output_line(output, "  %12s  %s", value, plain_figure(counter->name));
    }
}

static void set_counters(struct json *result, const struct counters_reading *reading)
{
    struct json *counters = json_object_new();

    for (size_t i = 0; i < reading->count; i++) {
        uint64_t value = reading->counters[i].value;
        json_set_integer(counters, reading->counters[i].name,
                         value > INT64_MAX ? INT64_MAX : (int64_t)value);
    }
    (void)json_set_node(result, "counters", &counters);
}

static void set_result(struct json *result, const struct counters_reading *reading)
{
    json_set_bool(result, "alive", reading->alive);
    json_set_integer(result, "pid", (int64_t)reading->pid);
    json_set_instant(result, "started", reading->start_ms);
    json_set_word(result, "silent_agencies", reading->words);
    set_counters(result, reading);
}

static void show_duty(struct output *output, const struct counters_reading *reading)
{
    uint64_t gap = broker_counter(reading, BROKER_COUNTER_DUTY_GAP);

    if (gap != DUTY_GAP_NONE) {
        output_line(output, "SOMEBODY IS MISSING: %s.", duty_gap_words(gap));
    }
}

static void show_silent(struct output *output, const struct counters_reading *reading)
{
    if (reading->words[0] != '\0') {
        output_line(output, "No word of any child for %d days from: %s.", CAIRN_SILENT_DAYS,
                    reading->words);
    }
}

enum status status_broker(struct cli *cli, const char *dir)
{
    struct counters_reading reading;
    struct error error = ERROR_NULL;
    struct output *output = &cli->output;
    char since[SHOW_INSTANT_BYTES];

    enum status status = broker_counters_find(dir, &reading, &error);
    if (status != STATUS_OK) {
        return output_fail(output, status, &error);
    }
    show_time(reading.start_ms, since);
    set_result(output_result(output), &reading);
    output_line(output, "The broker (process %" PRIu32 ") %s, started %s.", reading.pid,
                reading.alive ? "is running" : "has ended", since);
    if (reading.alive) {
        show_duty(output, &reading);
        show_silent(output, &reading);
    }
    output_line(output,
                "`cairn check %s` says whether somebody has to act. What each figure is: "
                "docs/operations.md, Counters.",
                dir);
    show_counters(output, &reading);
    if (reading.alive) {
        return STATUS_OK;
    }
    return output_finish(output) == STATUS_OK
               ? output_refuse(output, STATUS_UNREACHABLE, dir, "the broker is not running")
               : STATUS_FAILED;
}
