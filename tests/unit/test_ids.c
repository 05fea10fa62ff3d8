/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "cairn/ids.h"

static const struct entry_id ids[] = {
    {0, 0, 0},
    {3, 0x0123456789abcdefULL, 42},
    {UINT32_MAX, UINT64_MAX, UINT64_MAX},
};

static void an_entry_id_goes_to_text_and_back(void **state)
{
    static const char *const texts[] = {
        "0-0000000000000000-0",
        "3-0123456789abcdef-42",
        "4294967295-ffffffffffffffff-18446744073709551615",
    };
    char text[ENTRY_ID_TEXT_BYTES];
    struct entry_id again;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        entry_id_format(&ids[i], text);
        assert_string_equal(text, texts[i]);
        assert_true(entry_id_parse(text, &again));
        assert_true(entry_id_equal(&again, &ids[i]));
    }
}

static void text_that_is_not_exactly_an_entry_id_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "3",
        "3-",
        "3-0123456789abcdef",
        "3-0123456789abcdef-",
        "-0123456789abcdef-42",
        "03-0123456789abcdef-42",
        "3-0123456789abcdef-042",
        "3-0123456789ABCDEF-42",
        "3-123456789abcdef-42",
        "3-00123456789abcdef-42",
        "3-0123456789abcdeg-42",
        "4294967296-0123456789abcdef-42",
        "3-0123456789abcdef-18446744073709551616",
        "3-0123456789abcdef-42-",
        "3-0123456789abcdef-42-1",
        "3-0123456789abcdef-42 ",
        " 3-0123456789abcdef-42",
        "3-0123456789abcdef--42",
        "+3-0123456789abcdef-42",
        "99999999999999999999999999999999999999999999999-0123456789abcdef-1",
    };
    struct entry_id id = {7, 7, 7};
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(entry_id_parse(bad[i], &id));
    }
    assert_true(id.agency == 7 && id.stream == 7 && id.seq == 7);
}

static void a_packed_entry_id_is_big_endian_and_sorts(void **state)
{
    uint8_t packed[ARRAY_LEN(ids)][ENTRY_ID_BYTES];
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        entry_id_pack(&ids[i], packed[i]);
        struct entry_id again = entry_id_unpack(packed[i]);
        assert_true(entry_id_equal(&again, &ids[i]));
    }

    assert_memory_equal(packed[1], "\0\0\0\3\x01\x23\x45\x67\x89\xab\xcd\xef\0\0\0\0\0\0\0\x2a",
                        ENTRY_ID_BYTES);
    assert_true(memcmp(packed[0], packed[1], ENTRY_ID_BYTES) < 0);
    assert_true(memcmp(packed[1], packed[2], ENTRY_ID_BYTES) < 0);
}

static void entry_ids_differ_in_any_part(void **state)
{
    struct entry_id id = ids[1];
    (void)state;

    id.agency++;
    assert_false(entry_id_equal(&id, &ids[1]));
    id = ids[1];
    id.stream++;
    assert_false(entry_id_equal(&id, &ids[1]));
    id = ids[1];
    id.seq++;
    assert_false(entry_id_equal(&id, &ids[1]));
}

static void a_subject_id_is_packed_and_unpacked(void **state)
{
    struct subject_id id = {.agency = 0x01020304, .handle = "0123456789abcde"};
    uint8_t packed[SUBJECT_ID_BYTES];
    (void)state;

    subject_id_pack(&id, packed);
    struct subject_id again = subject_id_unpack(packed);

    assert_memory_equal(packed,
                        "\1\2\3\4"
                        "0123456789abcde\0",
                        SUBJECT_ID_BYTES);
    assert_true(subject_id_equal(&again, &id));
    again.handle[15] = 1;
    assert_false(subject_id_equal(&again, &id));
    again = id;
    again.agency = 1;
    assert_false(subject_id_equal(&again, &id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entry_id_goes_to_text_and_back),
        cmocka_unit_test(text_that_is_not_exactly_an_entry_id_is_refused),
        cmocka_unit_test(a_packed_entry_id_is_big_endian_and_sorts),
        cmocka_unit_test(entry_ids_differ_in_any_part),
        cmocka_unit_test(a_subject_id_is_packed_and_unpacked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
