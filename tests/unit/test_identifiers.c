/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/identifiers.h"

struct row {
    const char *text;
    bool verified;
    bool live;
    enum identifier_status status;
    const char *value;
};

#define TEST false
#define LIVE true

static const struct row nhs_rows[] = {
    /* a test partnership: 999 alone can be verified */
    {"9990000018", true, TEST, IDENTIFIER_VERIFIED, "9990000018"},
    {"9990000018", false, TEST, IDENTIFIER_WELL_FORMED, "9990000018"},
    {"999 000 0018", true, TEST, IDENTIFIER_VERIFIED, "9990000018"},
    {"999-000-0018", true, TEST, IDENTIFIER_VERIFIED, "9990000018"},
    {"  999 000 0018\n", true, TEST, IDENTIFIER_VERIFIED, "9990000018"},
    {"9434765919", true, TEST, IDENTIFIER_WELL_FORMED, "9434765919"},
    {"9000000009", true, TEST, IDENTIFIER_WELL_FORMED, "9000000009"},
    {"4505577104", true, TEST, IDENTIFIER_PLACEHOLDER, "4505577104"},
    {"3200000015", true, TEST, IDENTIFIER_PLACEHOLDER, "3200000015"},
    /* a live one: 4, 6 and 7 can be verified, 9 stands for nobody */
    {"4505577104", true, LIVE, IDENTIFIER_VERIFIED, "4505577104"},
    {"4505577104", false, LIVE, IDENTIFIER_WELL_FORMED, "4505577104"},
    {"6000000006", true, LIVE, IDENTIFIER_VERIFIED, "6000000006"},
    {"7000000007", true, LIVE, IDENTIFIER_VERIFIED, "7000000007"},
    {"9990000018", true, LIVE, IDENTIFIER_PLACEHOLDER, "9990000018"},
    {"9434765919", false, LIVE, IDENTIFIER_PLACEHOLDER, "9434765919"},
    /* numbers of people elsewhere: nobody here can have traced them */
    {"0101014562", true, LIVE, IDENTIFIER_WELL_FORMED, "0101014562"},
    {"3200000015", true, LIVE, IDENTIFIER_WELL_FORMED, "3200000015"},
    {"8000000008", true, LIVE, IDENTIFIER_WELL_FORMED, "8000000008"},
    /* reserved or never issued */
    {"5990128088", true, LIVE, IDENTIFIER_PLACEHOLDER, "5990128088"},
    {"5990128088", true, TEST, IDENTIFIER_PLACEHOLDER, "5990128088"},
    {"0000000019", true, LIVE, IDENTIFIER_PLACEHOLDER, "0000000019"},
    {"3113000009", true, LIVE, IDENTIFIER_PLACEHOLDER, "3113000009"},
    {"8600000009", true, LIVE, IDENTIFIER_PLACEHOLDER, "8600000009"},
    /* typing errors */
    {"9912003890", true, TEST, IDENTIFIER_BAD_CHECK_DIGIT, "9912003890"},
    {"9991234566", true, TEST, IDENTIFIER_BAD_CHECK_DIGIT, "9991234566"},
    {"9990000019", true, TEST, IDENTIFIER_BAD_CHECK_DIGIT, "9990000019"},
    {"999 000 0081", true, TEST, IDENTIFIER_BAD_CHECK_DIGIT, "9990000081"},
    {"4505577105", true, LIVE, IDENTIFIER_BAD_CHECK_DIGIT, "4505577105"},
    /* what people type to get past a form; all but two of these pass the check */
    {"0000000000", true, TEST, IDENTIFIER_PLACEHOLDER, "0000000000"},
    {"1111111111", true, LIVE, IDENTIFIER_PLACEHOLDER, "1111111111"},
    {"4444444444", true, LIVE, IDENTIFIER_PLACEHOLDER, "4444444444"},
    {"9999999999", true, TEST, IDENTIFIER_PLACEHOLDER, "9999999999"},
    {"1234567890", true, LIVE, IDENTIFIER_PLACEHOLDER, "1234567890"},
    {"1234567881", true, LIVE, IDENTIFIER_PLACEHOLDER, "1234567881"},
    {"9876543210", true, TEST, IDENTIFIER_PLACEHOLDER, "9876543210"},
    /* not of the shape: kept as given */
    {"999000001", true, TEST, IDENTIFIER_PLACEHOLDER, "999000001"},
    {"99900000188", true, TEST, IDENTIFIER_PLACEHOLDER, "99900000188"},
    {"n/a", true, TEST, IDENTIFIER_PLACEHOLDER, "n/a"},
    {"99900O0018", true, TEST, IDENTIFIER_PLACEHOLDER, "99900O0018"},
    {" waiting for it ", false, LIVE, IDENTIFIER_PLACEHOLDER, "waiting for it"},
    {"-", true, TEST, IDENTIFIER_PLACEHOLDER, "-"},
    {"", true, TEST, IDENTIFIER_ABSENT, ""},
    {" \t\n", true, LIVE, IDENTIFIER_ABSENT, ""},
};

static const struct row upn_rows[] = {
    {"H801200001001", true, TEST, IDENTIFIER_VERIFIED, "H801200001001"},
    {"H801200001001", false, TEST, IDENTIFIER_WELL_FORMED, "H801200001001"},
    {"H801200001001", true, LIVE, IDENTIFIER_VERIFIED, "H801200001001"},
    {"X845212818005", false, LIVE, IDENTIFIER_WELL_FORMED, "X845212818005"},
    {"h801 2000 01001", false, TEST, IDENTIFIER_WELL_FORMED, "H801200001001"},
    {"H801-200001-001", false, TEST, IDENTIFIER_WELL_FORMED, "H801200001001"},
    /* temporary: never verified; A weighs 0, Z weighs 22, thirteen times */
    {"U80120000100A", true, TEST, IDENTIFIER_WELL_FORMED, "U80120000100A"},
    {"H80120000100B", true, TEST, IDENTIFIER_WELL_FORMED, "H80120000100B"},
    {"H80120000100Z", true, TEST, IDENTIFIER_BAD_CHECK_DIGIT, "H80120000100Z"},
    /* the check letter holds, the local authority never existed */
    {"A950000178301", true, TEST, IDENTIFIER_BAD_CHECK_DIGIT, "A950000178301"},
    {"H243278544154", true, TEST, IDENTIFIER_BAD_CHECK_DIGIT, "H243278544154"},
    {"R247962919251", true, TEST, IDENTIFIER_BAD_CHECK_DIGIT, "R247962919251"},
    {"A801200001001", true, TEST, IDENTIFIER_BAD_CHECK_DIGIT, "A801200001001"},
    {"H801200001010", true, TEST, IDENTIFIER_BAD_CHECK_DIGIT, "H801200001010"},
    /* letters that are not used, letters in the wrong place */
    {"I801200001001", true, TEST, IDENTIFIER_PLACEHOLDER, "I801200001001"},
    {"O801200001001", true, TEST, IDENTIFIER_PLACEHOLDER, "O801200001001"},
    {"S801200001001", true, TEST, IDENTIFIER_PLACEHOLDER, "S801200001001"},
    {"H80120000100S", true, TEST, IDENTIFIER_PLACEHOLDER, "H80120000100S"},
    {"H8012000010A1", true, TEST, IDENTIFIER_PLACEHOLDER, "H8012000010A1"},
    {"8801200001001", true, TEST, IDENTIFIER_PLACEHOLDER, "8801200001001"},
    {"H80120000100", true, TEST, IDENTIFIER_PLACEHOLDER, "H80120000100"},
    {"H8012000010011", true, TEST, IDENTIFIER_PLACEHOLDER, "H8012000010011"},
    /* stand for no number */
    {"UN1", false, TEST, IDENTIFIER_PLACEHOLDER, "UN1"},
    {"A000000000000", true, TEST, IDENTIFIER_PLACEHOLDER, "A000000000000"},
    {"Q999999999999", true, LIVE, IDENTIFIER_PLACEHOLDER, "Q999999999999"},
    {"", false, TEST, IDENTIFIER_ABSENT, ""},
};

typedef bool classify(struct slice text, struct identifier_terms terms, struct identifier *ret);

static void expect_rows(classify *classify_one, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct identifier_terms terms = {.verified = rows[i].verified, .live = rows[i].live};
        struct identifier found = IDENTIFIER_NULL;

        assert_true(classify_one(slice_of_text(rows[i].text), terms, &found));

        if (found.status != rows[i].status || strcmp(found.value, rows[i].value) != 0) {
            fail_msg("\"%s\" is %s \"%s\", not %s", rows[i].text,
                     identifier_status_text(found.status), found.value,
                     identifier_status_text(rows[i].status));
        }
    }
}

static void an_nhs_number_is_verified_only_when_check_range_and_source_agree(void **state)
{
    (void)state;

    expect_rows(nhs_number_classify, nhs_rows, ARRAY_LEN(nhs_rows));
}

static void a_pupil_number_is_checked_by_letter_authority_and_shape(void **state)
{
    (void)state;

    expect_rows(upn_classify, upn_rows, ARRAY_LEN(upn_rows));
}

static void every_single_wrong_digit_of_an_nhs_number_is_found(void **state)
{
    (void)state;
    const struct identifier_terms terms = {.verified = true, .live = false};

    for (size_t place = 0; place < NHS_NUMBER_DIGITS; place++) {
        for (int digit = '0'; digit <= '9'; digit++) {
            char number[] = "9994117025";
            bool changed = number[place] != (char)digit;
            struct identifier found = IDENTIFIER_NULL;
            number[place] = (char)digit;
            assert_true(nhs_number_classify(slice_of_text(number), terms, &found));
            assert_int_equal(found.status,
                             changed ? IDENTIFIER_BAD_CHECK_DIGIT : IDENTIFIER_VERIFIED);
        }
    }
}

static void every_single_wrong_digit_of_a_pupil_number_is_found(void **state)
{
    (void)state;
    const struct identifier_terms terms = {.verified = true, .live = false};

    for (size_t place = 1; place < UPN_CHARACTERS; place++) {
        for (int digit = '0'; digit <= '9'; digit++) {
            char number[] = "X840200126017";
            bool changed = number[place] != (char)digit;
            struct identifier found = IDENTIFIER_NULL;
            number[place] = (char)digit;
            assert_true(upn_classify(slice_of_text(number), terms, &found));
            assert_int_equal(found.status,
                             changed ? IDENTIFIER_BAD_CHECK_DIGIT : IDENTIFIER_VERIFIED);
        }
    }
}

static void what_is_too_long_or_cannot_be_shown_is_refused_and_changes_nothing(void **state)
{
    (void)state;
    char long_text[IDENTIFIER_MAX_BYTES + 2];
    const struct identifier_terms terms = {.verified = true, .live = true};
    struct identifier kept = {.status = IDENTIFIER_WELL_FORMED, .value = "as it was"};
    memset(long_text, '9', sizeof(long_text));

    assert_false(
        nhs_number_classify(slice_make(long_text, IDENTIFIER_MAX_BYTES + 1), terms, &kept));
    assert_false(upn_classify(slice_make(long_text, IDENTIFIER_MAX_BYTES + 1), terms, &kept));
    assert_false(nhs_number_classify(slice_of_text("999\x1b[2J"), terms, &kept));
    assert_false(upn_classify(slice_of_text("H8\xff"), terms, &kept));
    assert_string_equal(kept.value, "as it was");
    assert_int_equal(kept.status, IDENTIFIER_WELL_FORMED);

    assert_true(nhs_number_classify(slice_make(long_text, IDENTIFIER_MAX_BYTES), terms, &kept));
    assert_int_equal(kept.status, IDENTIFIER_PLACEHOLDER);
}

static void only_numbers_of_the_right_shape_may_become_tokens(void **state)
{
    (void)state;
    static const struct {
        enum identifier_status status;
        bool has_token;
        bool is_sound;
    } rows[] = {
        {IDENTIFIER_VERIFIED, true, true},         {IDENTIFIER_WELL_FORMED, true, true},
        {IDENTIFIER_BAD_CHECK_DIGIT, true, false}, {IDENTIFIER_PLACEHOLDER, false, false},
        {IDENTIFIER_ABSENT, false, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct identifier identifier = {.status = rows[i].status, .value = "1"};
        assert_int_equal(identifier_has_token(&identifier), rows[i].has_token);
        assert_int_equal(identifier_is_sound(&identifier), rows[i].is_sound);
    }
}

static void numbers_for_tests_and_real_ones_are_never_in_one_partnership(void **state)
{
    (void)state;
    static const struct {
        const char *number;
        bool live;
        bool refused;
    } rows[] = {
        {"999 000 0018", TEST, false},
        {"999 000 0018", LIVE, true},
        {"999 000 0019", LIVE, true}, /* a typing error does not make it somebody's */
        {"450 557 7104", LIVE, false},
        {"450 557 7104", TEST, true},
        {"450 557 7105", TEST, true},
        {"320 000 0015", TEST, true},
        {"943 476 5919", TEST, true},
        {"943 476 5919", LIVE, false}, /* finds nobody */
        {"444 444 4444", TEST, false},
        {"444 444 4444", LIVE, false},
        {"999 999 9999", LIVE, false},
        {"1234567881", TEST, false},
        {"n/a", TEST, false},
        {"4505577", TEST, false},
        {"", TEST, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct identifier_terms terms = {.verified = true, .live = rows[i].live};
        struct identifier found = IDENTIFIER_NULL;
        assert_true(nhs_number_classify(slice_of_text(rows[i].number), terms, &found));

        const char *refusal = nhs_number_refusal(&found, rows[i].live);

        if ((refusal != NULL) != rows[i].refused) {
            fail_msg("%s: %s", rows[i].number, refusal != NULL ? refusal : "taken");
        }
    }
}

static void a_number_that_finds_nobody_says_what_is_wrong_with_it(void **state)
{
    (void)state;
    static const struct {
        enum identifier_status status;
        const char *flaw;
    } rows[] = {
        {IDENTIFIER_VERIFIED, NULL},
        {IDENTIFIER_WELL_FORMED, NULL},
        {IDENTIFIER_BAD_CHECK_DIGIT, "typing error"},
        {IDENTIFIER_PLACEHOLDER, "no person's number"},
        {IDENTIFIER_ABSENT, NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct identifier identifier = {.status = rows[i].status, .value = "1"};
        const char *flaw = identifier_flaw(&identifier);
        assert_true((flaw != NULL) == (rows[i].flaw != NULL));
        assert_true(flaw == NULL || strstr(flaw, rows[i].flaw) != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_nhs_number_is_verified_only_when_check_range_and_source_agree),
        cmocka_unit_test(a_pupil_number_is_checked_by_letter_authority_and_shape),
        cmocka_unit_test(every_single_wrong_digit_of_an_nhs_number_is_found),
        cmocka_unit_test(every_single_wrong_digit_of_a_pupil_number_is_found),
        cmocka_unit_test(what_is_too_long_or_cannot_be_shown_is_refused_and_changes_nothing),
        cmocka_unit_test(only_numbers_of_the_right_shape_may_become_tokens),
        cmocka_unit_test(numbers_for_tests_and_real_ones_are_never_in_one_partnership),
        cmocka_unit_test(a_number_that_finds_nobody_says_what_is_wrong_with_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
