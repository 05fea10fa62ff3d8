/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies in tests/data is what tests/data/README.md says it is: all of demo/ and fhir/ is taken,
 * none of malformed/ is. The folders are walked, so a new file is looked at without being listed.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/record_json.h"
#include "agents/gp/fhir_appointment.h"
#include "base/date.h"
#include "os/files.h"

#define DATA SOURCE_DIR "/tests/data/"
#define NOW  "2026-11-22T09:00:00Z"

static struct record_reader *records;
static struct appointment_reader *appointments;
static struct event_terms terms;

static int start(void **state)
{
    struct error error = ERROR_NULL;

    (void)state;
    records = record_reader_new(&error);
    appointments = appointment_reader_new(&error);
    return records != NULL && appointments != NULL &&
                   instant_parse(slice_of_text(NOW), &terms.now_ms)
               ? 0
               : -1;
}

static int stop(void **state)
{
    (void)state;
    record_reader_free(&records);
    appointment_reader_free(&appointments);
    return 0;
}

/* --- the files --- */

static int is_json(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);

    return len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0;
}

typedef void look(const char *path, struct slice text);

static void look_at_each(const char *folder, look *look_at)
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, is_json, alphasort);

    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        char path[4096];
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);
        (void)snprintf(path, sizeof(path), "%s%s", folder, names[i]->d_name);
        assert_int_equal(file_read(path, &text), 0);
        look_at(path, buf_slice(&text));
        free(names[i]);
    }
    free(names);
}

static bool says(struct slice text, const char *words)
{
    return memmem(text.data, text.len, words, strlen(words)) != NULL;
}

/* --- taken --- */

/* Nobody here may be a person: 999 is never issued. */
static void expect_invented(const char *path, const struct identity *child)
{
    const char *number = child->nhs_number.value;

    if (number[0] != '\0' &&
        (strncmp(number, "999", 3) != 0 || child->nhs_number.status != IDENTIFIER_VERIFIED)) {
        fail_msg("%s: an NHS number is not a verified one from 999", path);
    }
}

static void expect_record(const char *path, struct slice text)
{
    _cleanup_(event_deinit) struct event event = EVENT_NULL;
    struct error error = ERROR_NULL;

    if (record_json_read(records, text, &terms, &event, &error) != 0) {
        fail_msg("%s: %s %s", path, error.where, error.what);
    }
    expect_invented(path, &event.child);
}

static void expect_involvement(const char *path, struct slice text)
{
    _cleanup_(involvement_deinit) struct involvement involvement = INVOLVEMENT_NULL;
    struct error error = ERROR_NULL;

    if (involvement_json_read(records, text, &terms, &involvement, &error) != 0) {
        fail_msg("%s: %s %s", path, error.where, error.what);
    }
    expect_invented(path, &involvement.child);
}

static size_t read_appointments(const char *path, struct slice text, bool all_good)
{
    _cleanup_(appointment_results_deinit) struct appointment_results results =
        APPOINTMENT_RESULTS_NULL;
    struct error error = ERROR_NULL;

    if (appointment_read(appointments, text, &terms, &results, &error) != 0) {
        fail_msg("%s: %s %s", path, error.where, error.what);
    }
    for (size_t i = 0; i < results.n; i++) {
        if (all_good && results.items[i].outcome == APPOINTMENT_SET_ASIDE) {
            fail_msg("%s: %s %s", path, results.items[i].reason.where,
                     results.items[i].reason.what);
        }
        expect_invented(path, &results.items[i].event.child);
    }
    return results.n;
}

static void expect_good(const char *path, struct slice text)
{
    if (says(text, "\"resourceType\"")) {
        assert_true(read_appointments(path, text, true) > 0);
    } else if (says(text, "\"cairn-involvement/v1\"")) {
        expect_involvement(path, text);
    } else {
        expect_record(path, text);
    }
}

static void expect_taken_as_a_whole(const char *path, struct slice text)
{
    assert_true(read_appointments(path, text, false) > 0);
}

/* --- refused --- */

static bool no_appointment_is_good(struct slice text)
{
    _cleanup_(appointment_results_deinit) struct appointment_results results =
        APPOINTMENT_RESULTS_NULL;
    struct error error = ERROR_NULL;

    if (appointment_read(appointments, text, &terms, &results, &error) != 0) {
        return error.what[0] != '\0';
    }
    for (size_t i = 0; i < results.n; i++) {
        if (results.items[i].outcome != APPOINTMENT_SET_ASIDE ||
            results.items[i].reason.what[0] == '\0') {
            return false;
        }
    }
    return results.n > 0;
}

static bool is_no_record(struct slice text)
{
    _cleanup_(event_deinit) struct event event = EVENT_NULL;
    struct error error = ERROR_NULL;

    return record_json_read(records, text, &terms, &event, &error) != 0 && error.what[0] != '\0';
}

static bool is_no_involvement(struct slice text)
{
    _cleanup_(involvement_deinit) struct involvement involvement = INVOLVEMENT_NULL;
    struct error error = ERROR_NULL;

    return involvement_json_read(records, text, &terms, &involvement, &error) != 0 &&
           error.what[0] != '\0';
}

static void expect_bad(const char *path, struct slice text)
{
    if (!no_appointment_is_good(text) || !is_no_record(text) || !is_no_involvement(text)) {
        fail_msg("%s: was taken, or refused without a reason", path);
    }
}

/* --- the stories --- */

static void every_file_of_the_demo_is_taken(void **state)
{
    (void)state;

    look_at_each(DATA "demo/", expect_good);
}

static void every_bundle_of_a_day_is_taken_as_a_whole(void **state)
{
    (void)state;

    look_at_each(DATA "fhir/", expect_taken_as_a_whole);
}

static void every_malformed_file_is_refused_with_a_reason_whatever_it_is_read_as(void **state)
{
    (void)state;

    look_at_each(DATA "malformed/", expect_bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_of_the_demo_is_taken),
        cmocka_unit_test(every_bundle_of_a_day_is_taken_as_a_whole),
        cmocka_unit_test(every_malformed_file_is_refused_with_a_reason_whatever_it_is_read_as),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
