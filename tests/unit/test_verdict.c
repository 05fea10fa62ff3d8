/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "cairn/verdict.h"

struct row {
    const char *name;
    enum verdict verdict;
    uint32_t number;
    const char *lasting;
    const char *words;
};

static const struct row rows[] = {
#define X(name, number, lasting, words) {#name, VERDICT_##name, (number), #lasting, (words)},
    CAIRN_VERDICTS(X)
#undef X
};

static void every_verdict_has_its_name_in_lower_case_and_its_words(void **state)
{
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *name = verdict_name(rows[i].verdict);
        assert_int_equal(strlen(name), strlen(rows[i].name));
        for (size_t j = 0; name[j] != '\0'; j++) {
            assert_int_equal(name[j], tolower(rows[i].name[j]));
        }
        assert_string_equal(verdict_words(rows[i].verdict), rows[i].words);
    }
    assert_string_equal(verdict_name(VERDICT_BAD_SIGNATURE), "bad_signature");
}

static void a_verdict_is_final_or_retry_as_the_table_says(void **state)
{
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(verdict_is_retry(rows[i].verdict), strcmp(rows[i].lasting, "RETRY") == 0);
    }
    assert_true(verdict_is_retry(VERDICT_BUSY));
    assert_false(verdict_is_retry(VERDICT_STORED));
}

static void two_verdicts_mean_stored(void **state)
{
    size_t stored = 0;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        stored += verdict_is_stored(rows[i].verdict) ? 1 : 0;
    }

    assert_int_equal(stored, 2);
    assert_true(verdict_is_stored(VERDICT_STORED));
    assert_true(verdict_is_stored(VERDICT_STORED_NO_READER));
}

static void wire_numbers_come_back_and_are_used_once(void **state)
{
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum verdict verdict = VERDICT_STORED;
        assert_true(verdict_from_wire(rows[i].number, &verdict));
        assert_int_equal(verdict, rows[i].verdict);
        for (size_t j = 0; j < i; j++) {
            assert_int_not_equal(rows[i].number, rows[j].number);
        }
    }
}

static void an_unknown_number_is_no_verdict(void **state)
{
    static const uint32_t unknown[] = {0, 3, 9, 51, 1000, UINT32_MAX};
    enum verdict verdict = VERDICT_BUSY;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        assert_false(verdict_from_wire(unknown[i], &verdict));
        assert_string_equal(verdict_name((enum verdict)unknown[i]), "unknown");
        assert_non_null(verdict_words((enum verdict)unknown[i]));
        assert_false(verdict_is_retry((enum verdict)unknown[i]));
        assert_false(verdict_is_stored((enum verdict)unknown[i]));
    }
    assert_int_equal(verdict, VERDICT_BUSY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verdict_has_its_name_in_lower_case_and_its_words),
        cmocka_unit_test(a_verdict_is_final_or_retry_as_the_table_says),
        cmocka_unit_test(two_verdicts_mean_stored),
        cmocka_unit_test(wire_numbers_come_back_and_are_used_once),
        cmocka_unit_test(an_unknown_number_is_no_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
