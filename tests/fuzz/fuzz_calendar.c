/* SPDX-License-Identifier: Apache-2.0 */
/* A well-signed calendar of any text: what is accepted names a desk with a telephone at every
 * moment. */
#include "base/date.h"
#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/governing.h"

#define MINUTE_MS 60000LL
#define STEP_MS   (7 * MINUTE_MS)

static struct governing governing;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const struct test_agency agencies[] = {{3, "mash", "mash", false}};

    (void)argc;
    (void)argv;
    if (crypto_init(NULL) < 0) {
        return 1;
    }
    governing_init(&governing);
    governing_fill(&governing, agencies, ARRAY_LEN(agencies));
    return 0;
}

static void check_days(const struct calendar *calendar, int64_t start_ms, int days)
{
    for (int64_t at = start_ms; at < start_ms + days * DAY_MS; at += STEP_MS) {
        const struct desk *desk = calendar_desk(calendar, at);
        assert(desk != NULL && desk->phone[0] != '\0' && desk->id[0] != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = ERROR_NULL;
    _cleanup_(governance_unref) struct governance *made = NULL;

    enum govern_result result =
        governing_try(&governing, GOVERNANCE_CALENDAR, 2, slice_make(data, size), &made, &error);
    assert((result == GOVERN_ACCEPTED) == (error.what[0] == '\0'));
    if (made != NULL) {
        check_days(made->calendar, 1766448000000, 10); /* Christmas 2025 */
        check_days(made->calendar, 1792713600000, 4);  /* October 2026, around the change */
        check_days(made->calendar, INT64_MIN / 2, 1);
        check_days(made->calendar, INT64_MAX / 2, 1);
    }
    return 0;
}
