/* SPDX-License-Identifier: Apache-2.0 */
/* Which birth dates are refused, which are taken with a word, and which are right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/age.h"
#include "base/date.h"

static int32_t day_of(const char *text)
{
    int32_t day = 0;

    assert_true(date_parse(slice_of_text(text), &day));
    return day;
}

static void expect_words(const char *words, const char *expected, const char *row)
{
    if ((words == NULL) != (expected == NULL) ||
        (words != NULL && strstr(words, expected) == NULL)) {
        fail_msg("%s: \"%s\" instead of \"%s\"", row, words == NULL ? "nothing" : words,
                 expected == NULL ? "nothing" : expected);
    }
}

static void an_age_is_refused_taken_with_a_word_or_right(void **state)
{
    (void)state;
    static const struct {
        bool person;
        const char *birth; /* said of 2026-11-20 */
        const char *refusal;
        const char *finding;
    } rows[] = {
        {false, "2026-11-20", NULL, NULL},
        {false, "2008-11-21", NULL, NULL},
        {false, "2008-11-20", NULL, "18 or older"},
        {false, "2000-11-21", NULL, "18 or older"},
        {false, "2000-11-20", "26 or older", "26 or older"},
        {false, "1900-01-01", "26 or older", "26 or older"},
        {true, "2008-11-20", NULL, NULL},
        {true, "2008-11-21", NULL, "younger than 18"},
        {true, "2016-11-20", NULL, "younger than 18"},
        {true, "2016-11-21", "younger than 10", "younger than 10"},
        {true, "2024-02-03", "younger than 10", "younger than 10"},
        {true, "1906-11-20", NULL, NULL},
        {true, "1900-01-01", "older than 120", "older than 120"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct identity identity = IDENTITY_NULL;
        identity.person = rows[i].person;
        identity.has_birth = true;
        identity.birth_day = day_of(rows[i].birth);

        expect_words(age_refusal(&identity, day_of("2026-11-20")), rows[i].refusal, rows[i].birth);
        expect_words(age_finding(&identity, day_of("2026-11-20")), rows[i].finding, rows[i].birth);
    }
}

static void whose_birth_date_is_not_known_has_no_age(void **state)
{
    (void)state;
    const struct identity child = IDENTITY_NULL;

    assert_null(age_refusal_of_future(&child, day_of("2026-11-20")));
    assert_null(age_refusal(&child, day_of("2026-11-20")));
    assert_null(age_finding(&child, day_of("2026-11-20")));
}

static void a_birth_after_tomorrow_lies_in_the_future(void **state)
{
    (void)state;
    struct identity identity = IDENTITY_NULL;
    identity.has_birth = true;

    identity.birth_day = day_of("2026-11-21");
    assert_null(age_refusal_of_future(&identity, day_of("2026-11-20")));

    identity.birth_day = day_of("2026-11-22");
    assert_non_null(
        strstr(age_refusal_of_future(&identity, day_of("2026-11-20")), "expected_date"));
    identity.person = true;
    assert_non_null(strstr(age_refusal_of_future(&identity, day_of("2026-11-20")), "future"));
    assert_null(strstr(age_refusal_of_future(&identity, day_of("2026-11-20")), "expected_date"));
}

static void what_happened_before_the_birth_has_a_finding_unless_it_can_have(void **state)
{
    (void)state;
    static const struct {
        enum record_kind kind;
        uint32_t code;
        const char *happened;
        bool odd;
    } rows[] = {
        {RECORD_CONCERN, CODE_NEGLECT_PHYSICAL, "2026-03-14", false},
        {RECORD_CONCERN, CODE_NEGLECT_PHYSICAL, "2026-03-13", true},
        {RECORD_CONCERN, CODE_NEGLECT_PRENATAL, "2025-08-01", false},
        {RECORD_CONCERN, CODE_NEGLECT_PRENATAL, "2024-08-01", true},
        {RECORD_PLAN, CODE_PLAN_CHILD_PROTECTION, "2026-01-10", false},
        {RECORD_PLAN, CODE_PLAN_CHILD_PROTECTION, "2024-01-10", true},
        {RECORD_ADULT_SERVICE, CODE_ADULT_KNOWN, "2019-01-10", false},
        {RECORD_DOMESTIC_ABUSE, CODE_CHILD_PRESENT, "2026-01-10", true},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct event event = EVENT_NULL;
        event.kind = rows[i].kind;
        event.code = rows[i].code;
        event.event_day = day_of(rows[i].happened);
        event.child.has_birth = true;
        event.child.birth_day = day_of("2026-03-14");

        expect_words(age_finding_of_event(&event), rows[i].odd ? "lies after the day" : NULL,
                     rows[i].happened);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_age_is_refused_taken_with_a_word_or_right),
        cmocka_unit_test(whose_birth_date_is_not_known_has_no_age),
        cmocka_unit_test(a_birth_after_tomorrow_lies_in_the_future),
        cmocka_unit_test(what_happened_before_the_birth_has_a_finding_unless_it_can_have),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
