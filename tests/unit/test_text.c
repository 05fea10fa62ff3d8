/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void hex_goes_both_ways(void **state)
{
    static const uint8_t bytes[] = {0x00, 0x01, 0x7f, 0xab, 0xff};
    char text[HEX_BYTES(sizeof(bytes))];
    uint8_t again[sizeof(bytes)];
    (void)state;

    hex_encode(SLICE_OF(bytes), text);

    assert_string_equal(text, "00017fabff");
    assert_true(hex_decode("00017FaBff", again, sizeof(again)));
    assert_memory_equal(again, bytes, sizeof(bytes));
    hex_encode(SLICE_NULL, text);
    assert_string_equal(text, "");
    assert_true(hex_decode("", again, 0));
}

static void hex_of_another_length_or_alphabet_is_refused(void **state)
{
    static const char *const bad[] = {"",     "0",    "012",  "01234", "0g12",
                                      "-123", " 123", "0x12", "012 ",  "01\xc3",
                                      "012/", "012:", "012@", "012G",  "012`"};
    uint8_t out[2] = {7, 7};
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(hex_decode(bad[i], out, sizeof(out)));
    }
    assert_int_equal(out[0], 7);
}

static void base64_is_that_of_rfc_4648(void **state)
{
    static const char *const vectors[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    char text[BASE64_BYTES(6)];
    uint8_t bytes[6];
    size_t len;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
        base64_encode(slice_of_text(vectors[i][0]), text);
        assert_string_equal(text, vectors[i][1]);
        assert_true(base64_decode(slice_of_text(text), bytes, sizeof(bytes), &len));
        assert_true(slice_is_text(slice_make(bytes, len), vectors[i][0]));
    }
}

static void base64_of_every_byte_goes_both_ways(void **state)
{
    uint8_t bytes[256];
    char text[BASE64_BYTES(256)];
    uint8_t again[256];
    size_t len;
    (void)state;

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    base64_encode(SLICE_OF(bytes), text);

    assert_int_equal(strlen(text) + 1, sizeof(text));
    assert_true(base64_decode(slice_of_text(text), again, sizeof(again), &len));
    assert_int_equal(len, sizeof(again));
    assert_memory_equal(again, bytes, sizeof(bytes));
}

static void base64_that_is_not_canonical_is_refused(void **state)
{
    static const char *const bad[] = {
        "Z",    "Zg",      "Zg=",      "Zg===", "Zh==",     "Zm9=",     "====",
        "=g==", "Z===",    "Zg==Zg==", "Zm9v ", "Zm 9v",    "Zm9v\n",   "Zm9-",
        "Zm9_", "Zm9\xc3", "Zm=v",     "Z=9v",  "Zm9vZg=A", "Zm9vZ===",
    };
    uint8_t out[16];
    size_t len = 77;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(base64_decode(slice_of_text(bad[i]), out, sizeof(out), &len));
    }
    assert_false(base64_decode(slice_make("Zm9\0", 4), out, sizeof(out), &len));
    assert_false(base64_decode(slice_of_text("Zm9vZm9v"), out, 5, &len));
    assert_int_equal(len, 77);
}

static void numbers_are_read_up_to_their_limit(void **state)
{
    uint64_t value = 0;
    (void)state;

    assert_true(u64_parse("0", 0, &value));
    assert_true(value == 0);
    assert_true(u64_parse("18446744073709551615", UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    assert_true(u64_parse("1024", 1024, &value));
    assert_true(value == 1024);
}

static void a_number_and_its_word_go_together(void **state)
{
    (void)state;

    assert_string_equal(text_plural(0, "agency", "agencies"), "agencies");
    assert_string_equal(text_plural(1, "agency", "agencies"), "agency");
    assert_string_equal(text_plural(2, "agency", "agencies"), "agencies");
}

static void what_is_not_a_plain_number_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "00",
        "01",
        "+1",
        "-1",
        " 1",
        "1 ",
        "0x1",
        "1e3",
        "1.0",
        "a",
        "1a",
        "18446744073709551616",
        "99999999999999999999",
        "184467440737095516150",
        "\xd9\xa1",
    };
    uint64_t value = 42;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(u64_parse(bad[i], UINT64_MAX, &value));
    }
    assert_false(u64_parse("1025", 1024, &value));
    assert_true(value == 42);
}

static void utf8_is_that_of_rfc_3629(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        bool valid;
    } rows[] = {
        {"", 0, true},
        {"plain", 5, true},
        {"\x7f", 1, true},
        {"\xc2\x80", 2, true},
        {"\xdf\xbf", 2, true},
        {"\xe0\xa0\x80", 3, true},
        {"\xed\x9f\xbf", 3, true},
        {"\xee\x80\x80", 3, true},
        {"\xef\xbf\xbf", 3, true},
        {"\xf0\x90\x80\x80", 4, true},
        {"\xf4\x8f\xbf\xbf", 4, true},
        {"a\0b", 3, false},
        {"\x80", 1, false},
        {"\xbf", 1, false},
        {"\xc0\x80", 2, false},
        {"\xc1\xbf", 2, false},
        {"\xc2", 1, false},
        {"\xc2"
         "a",
         2, false},
        {"\xc2\xc2", 2, false},
        {"\xe0\x9f\xbf", 3, false},
        {"\xe2\x82", 2, false},
        {"\xed\xa0\x80", 3, false},
        {"\xed\xbf\xbf", 3, false},
        {"\xf0\x8f\xbf\xbf", 4, false},
        {"\xf0\x90\x80", 3, false},
        {"\xf4\x90\x80\x80", 4, false},
        {"\xf5\x80\x80\x80", 4, false},
        {"\xff", 1, false},
        {"\xfe", 1, false},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(utf8_valid(slice_make(rows[i].bytes, rows[i].len)), rows[i].valid);
    }
}

static void prose_has_newlines_and_tabs_but_no_other_control(void **state)
{
    (void)state;

    assert_true(utf8_is_prose(slice_of_text("Zo\xc3\xab was not brought.\n\tAgain.")));
    assert_true(utf8_is_prose(slice_of_text("\xc2\xa0")));
    assert_false(utf8_is_prose(slice_of_text("a\rb")));
    assert_false(utf8_is_prose(slice_of_text("\x1b[31m")));
    assert_false(utf8_is_prose(slice_of_text("\x7f")));
    assert_false(utf8_is_prose(slice_of_text("\xc2\x85")));
    assert_false(utf8_is_prose(slice_of_text("\xc2\x9f")));
    assert_false(utf8_is_prose(slice_of_text("\xff")));
    assert_false(utf8_is_prose(slice_make("a\0", 2)));
}

static void a_copy_fits_or_is_refused(void **state)
{
    char out[6];
    (void)state;

    assert_true(text_copy(out, sizeof(out), slice_of_text("12345")));
    assert_string_equal(out, "12345");
    assert_false(text_copy(out, sizeof(out), slice_of_text("123456")));
    assert_false(text_copy(out, sizeof(out), slice_of_text("\x01")));
    assert_string_equal(out, "12345");
    assert_true(text_copy(out, sizeof(out), SLICE_NULL));
    assert_string_equal(out, "");
    assert_false(text_copy(out, 0, SLICE_NULL));
}

static void a_reason_is_counted_in_characters_that_are_not_blank(void **state)
{
    char longest[CAIRN_REASON_MAX_BYTES + 1];
    (void)state;
    memset(longest, 'r', sizeof(longest));

    assert_true(text_is_reason(slice_of_text("12345 67890\n12345 67890")));
    assert_false(text_is_reason(slice_of_text("1234567890 123456789 \t\n  ")));
    assert_true(
        text_is_reason(slice_of_text("\xc3\xab\xc3\xab\xc3\xab\xc3\xab\xc3\xab\xc3\xab\xc3\xab"
                                     "\xc3\xab\xc3\xab\xc3\xab"
                                     "1234567890")));
    assert_false(
        text_is_reason(slice_of_text("\xc3\xab\xc3\xab\xc3\xab\xc3\xab\xc3\xab\xc3\xab\xc3\xab"
                                     "\xc3\xab\xc3\xab\xc3\xab"
                                     "123456789")));
    assert_false(text_is_reason(slice_of_text("12345678901234567890\x1b[31m")));
    assert_false(text_is_reason(slice_of_text("12345678901234567890\xff")));
    assert_true(text_is_reason(slice_make(longest, CAIRN_REASON_MAX_BYTES)));
    assert_false(text_is_reason(slice_make(longest, CAIRN_REASON_MAX_BYTES + 1)));
}

static void names_written_differently_fold_to_the_same(void **state)
{
    static const char *const same[][2] = {
        {"Zo\xc3\xab", "zoe"},  /* e with diaeresis in one */
        {"ZOE\xcc\x88", "zoe"}, /* and as a combining mark */
        {"O\xe2\x80\x99"
         "Brien",
         "obrien"}, /* typographic apostrophe */
        {"O'BRIEN", "obrien"},
        {"Anne-Marie  Smith", "annemariesmith"},
        {"Stra\xc3\x9f"
         "e",
         "strasse"},                              /* sharp s */
        {"\xef\xac\x81on", "fion"},               /* fi ligature */
        {"\xe2\x84\x8c", "h"},                    /* black-letter capital H */
        {"\xef\xbc\xa1\xef\xbc\x91", "a1"},       /* full-width A and 1 */
        {"\xce\x91\xce\xa3", "\xce\xb1\xcf\x83"}, /* Greek capitals */
        {"\xce\xb1\xcf\x82", "\xce\xb1\xcf\x83"}, /* final sigma */
        {"\xc4\xb0", "i"},                        /* capital I with dot */
        {"ls1 4ap", "ls14ap"},
        {"", ""},
        {"'-. \t", ""},
    };
    char out[64];
    char twice[64];
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        assert_true(text_fold(slice_of_text(same[i][0]), out, sizeof(out)));
        assert_string_equal(out, same[i][1]);
        assert_true(text_fold(slice_of_text(out), twice, sizeof(twice)));
        assert_string_equal(twice, out);
    }
}

static void folding_refuses_what_does_not_fit_or_is_not_utf8(void **state)
{
    char out[4];
    (void)state;

    assert_true(text_fold(slice_of_text("abc"), out, sizeof(out)));
    assert_false(text_fold(slice_of_text("abcd"), out, sizeof(out)));
    assert_false(text_fold(slice_of_text("\xef\xac\x83"), out, 3)); /* ffi ligature */
    assert_false(text_fold(slice_of_text("\xff"), out, sizeof(out)));
    assert_false(text_fold(slice_of_text("a"), out, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(hex_of_another_length_or_alphabet_is_refused),
        cmocka_unit_test(base64_is_that_of_rfc_4648),
        cmocka_unit_test(base64_of_every_byte_goes_both_ways),
        cmocka_unit_test(base64_that_is_not_canonical_is_refused),
        cmocka_unit_test(numbers_are_read_up_to_their_limit),
        cmocka_unit_test(a_number_and_its_word_go_together),
        cmocka_unit_test(what_is_not_a_plain_number_is_refused),
        cmocka_unit_test(utf8_is_that_of_rfc_3629),
        cmocka_unit_test(prose_has_newlines_and_tabs_but_no_other_control),
        cmocka_unit_test(a_copy_fits_or_is_refused),
        cmocka_unit_test(a_reason_is_counted_in_characters_that_are_not_blank),
        cmocka_unit_test(names_written_differently_fold_to_the_same),
        cmocka_unit_test(folding_refuses_what_does_not_fit_or_is_not_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
