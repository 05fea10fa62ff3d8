/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "cairn/codes.h"

static void the_words_of_records_go_both_ways(void **state)
{
    (void)state;

#define X(name, number, text, class)                                                               \
    assert_string_equal(record_kind_text(number), text);                                           \
    assert_string_equal(record_kind_class(number), class);                                         \
    assert_int_equal(record_kind_number(text), number);
    CAIRN_RECORD_KINDS(X)
#undef X
#define X(name, number, text, kind)                                                                \
    assert_string_equal(record_code_text(number), text);                                           \
    assert_int_equal(record_code_kind(number), RECORD_##kind);                                     \
    assert_int_equal(record_code_number(text), number);
    CAIRN_RECORD_CODES(X)
#undef X
#define X(name, number, text)                                                                      \
    assert_string_equal(urgency_text(number), text);                                               \
    assert_int_equal(urgency_number(text), number);
    CAIRN_URGENCIES(X)
#undef X
#define X(name, number, text)                                                                      \
    assert_string_equal(identifier_status_text(number), text);                                     \
    assert_int_equal(identifier_status_number(text), number);
    CAIRN_IDENTIFIER_STATUSES(X)
#undef X
}

static void the_words_of_decisions_and_roles_go_both_ways(void **state)
{
    (void)state;

#define X(name, number, text)                                                                      \
    assert_string_equal(action_text(number), text);                                                \
    assert_int_equal(action_number(text), number);
    CAIRN_ACTIONS(X)
#undef X
#define X(name, number, text)                                                                      \
    assert_string_equal(outcome_text(number), text);                                               \
    assert_int_equal(outcome_number(text), number);
    CAIRN_OUTCOMES(X)
#undef X
#define X(name, number, text)                                                                      \
    assert_string_equal(role_text(number), text);                                                  \
    assert_int_equal(role_number(text), number);
    CAIRN_ROLES(X)
#undef X
}

static void the_words_of_documents_tokens_and_entries_go_both_ways(void **state)
{
    (void)state;

#define X(name, number, text)                                                                      \
    assert_string_equal(governance_document_text(number), text);                                   \
    assert_int_equal(governance_document_number(text), number);
    CAIRN_GOVERNANCE_DOCUMENTS(X)
#undef X
#define X(name, number, text) assert_string_equal(token_class_text(number), text);
    CAIRN_TOKEN_CLASSES(X)
#undef X
#define X(name, number) assert_non_null(entry_kind_text(number));
    CAIRN_ENTRY_KINDS(X)
#undef X
}

static void the_words_of_lawfulness_go_both_ways(void **state)
{
    (void)state;

#define X(name, number, text)                                                                      \
    assert_string_equal(judged_by_text(number), text);                                             \
    assert_int_equal(judged_by_number(text), number);
    CAIRN_JUDGES(X)
#undef X
#define X(name, number, text)                                                                      \
    assert_string_equal(basis_text(number), text);                                                 \
    assert_int_equal(basis_number(text), number);
    CAIRN_BASES(X)
#undef X
#define X(name, number, text)                                                                      \
    assert_string_equal(detriment_text(number), text);                                             \
    assert_int_equal(detriment_number(text), number);
    CAIRN_DETRIMENTS(X)
#undef X
#define X(name, number, text)                                                                      \
    assert_string_equal(family_told_text(number), text);                                           \
    assert_int_equal(family_told_number(text), number);
    CAIRN_FAMILY_TOLD(X)
#undef X
    assert_null(basis_text(0));
    assert_int_equal(basis_number("consent"), 0);
}

static void entry_kinds_have_words_of_their_own(void **state)
{
    (void)state;

    assert_string_equal(entry_kind_text(ENTRY_RECORD), "record");
    assert_string_equal(entry_kind_text(ENTRY_ACKNOWLEDGEMENT), "acknowledgement");
    assert_string_equal(entry_kind_text(ENTRY_REQUEST), "request");
}

static void unknown_numbers_have_no_text(void **state)
{
    static const uint32_t unknown[] = {0, 999, UINT32_MAX};
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        assert_null(record_kind_text(unknown[i]));
        assert_null(record_kind_class(unknown[i]));
        assert_null(record_code_text(unknown[i]));
        assert_int_equal(record_code_kind(unknown[i]), 0);
        assert_null(urgency_text(unknown[i]));
        assert_null(token_class_text(unknown[i]));
        assert_null(identifier_status_text(unknown[i]));
        assert_null(action_text(unknown[i]));
        assert_null(outcome_text(unknown[i]));
        assert_null(role_text(unknown[i]));
        assert_null(governance_document_text(unknown[i]));
        assert_null(entry_kind_text(unknown[i]));
    }
}

static void unknown_text_has_no_number(void **state)
{
    static const char *const unknown[] = {"", "Concern", "concern ", "CONCERN", "x"};
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(unknown); i++) {
        assert_int_equal(record_kind_number(unknown[i]), 0);
        assert_int_equal(record_code_number(unknown[i]), 0);
        assert_int_equal(urgency_number(unknown[i]), 0);
        assert_int_equal(identifier_status_number(unknown[i]), 0);
        assert_int_equal(action_number(unknown[i]), 0);
        assert_int_equal(outcome_number(unknown[i]), 0);
        assert_int_equal(role_number(unknown[i]), 0);
        assert_int_equal(governance_document_number(unknown[i]), 0);
    }
}

static void danger_is_a_referral_or_whatever_is_immediate(void **state)
{
    (void)state;

#define X(name, number, text, class)                                                               \
    assert_true(record_is_danger(RECORD_##name, URGENCY_IMMEDIATE));                               \
    assert_int_equal(record_is_danger(RECORD_##name, URGENCY_SAME_DAY), (number) == 2);            \
    assert_int_equal(record_is_danger(RECORD_##name, URGENCY_ROUTINE), (number) == 2);
    CAIRN_RECORD_KINDS(X)
#undef X
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_words_of_records_go_both_ways),
        cmocka_unit_test(the_words_of_decisions_and_roles_go_both_ways),
        cmocka_unit_test(the_words_of_documents_tokens_and_entries_go_both_ways),
        cmocka_unit_test(the_words_of_lawfulness_go_both_ways),
        cmocka_unit_test(entry_kinds_have_words_of_their_own),
        cmocka_unit_test(unknown_numbers_have_no_text),
        cmocka_unit_test(unknown_text_has_no_number),
        cmocka_unit_test(danger_is_a_referral_or_whatever_is_immediate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
