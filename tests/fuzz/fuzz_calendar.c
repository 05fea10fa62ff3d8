/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A calendar of any text, with its schema and without it: what is accepted names a desk at every
 * moment, and with its schema a telephone. Each input is asked for some moments.
 */
#include "base/date.h"
#include "govern/internal.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/fuzz_document.h"

#define MINUTE_MS 60000LL
#define STEP_MS   (67 * MINUTE_MS)

static struct fuzz_document given;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct test_agency agencies[] = {{3, "mash", "mash", false}};

    (void)argc;
    (void)argv;
    return fuzz_document_init(&given, "calendar", agencies, ARRAY_LEN(agencies));
}

static void check_days(const struct calendar *calendar, bool checked, int64_t start_ms, int days)
{
    for (int64_t at = start_ms; at < start_ms + days * DAY_MS; at += STEP_MS) {
        const struct desk *desk = calendar_desk(calendar, at);
        assert(desk != NULL && (!checked || (desk->phone[0] != '\0' && desk->id[0] != '\0')));
    }
}

static void check_calendar(const struct calendar *calendar, bool checked, size_t shift)
{
    int64_t shift_ms = (int64_t)(shift % 67) * MINUTE_MS;

    check_days(calendar, checked, 1766448000000 + shift_ms, 5); /* Christmas 2025 */
    check_days(calendar, checked, 1792800000000 + shift_ms, 2); /* the change of October 2026 */
    (void)calendar_desk(calendar, INT64_MIN / 2);
    (void)calendar_desk(calendar, INT64_MAX / 2);
    assert(calendar_unopened_ms(calendar) > 0 && calendar_undecided_ms(calendar) > 0);
    assert(calendar_transit_days(calendar) >= 0 && calendar_history_days(calendar) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = ERROR_NULL;
    _cleanup_(calendar_free) struct calendar *made = NULL;
    bool checked;
    _cleanup_(json_free) struct json *document =
        fuzz_document_read(&given, slice_make(data, size), &checked);

    if (document == NULL) {
        return 0;
    }
    int r = calendar_read(document, &given.governing.governance->directory, &made, &error);
    assert((r == 0) == (error.what[0] == '\0') && (r == 0) == (made != NULL));
    if (made != NULL) {
        check_calendar(made, checked, size);
    }
    return 0;
}
