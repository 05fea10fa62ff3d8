/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "govern/phone.h"

static void what_cannot_be_dialled_is_no_number(void **state)
{
    static const char *const texts[] = {
        "",
        "abc",
        "   ",
        "12",
        "+-()x",
        "01632 960100;",
        "0800 NEGLECT",
        "one",
        "012345678901234567890123456789012",
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_false(phone_is(texts[i]));
        assert_non_null(phone_fault(texts[i], false));
    }
}

static void numbers_for_drama_are_known_however_they_are_written(void **state)
{
    static const char *const texts[] = {
        "01632 960100",     "01632960999",      "+44 1632 960000", "+44 (0)1632 960 777",
        "0044 1632 960100", "020 7946 0999",    "(0131) 496-0123", "07700 900123 x5",
        "028 9649 6001",    "+44 20 7946 0000", "03069 990123",    "08081 570999",
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_true(phone_is_nobodys(texts[i]));
        assert_null(phone_fault(texts[i], false));
        assert_non_null(strstr(phone_fault(texts[i], true), "nobody has"));
    }
}

static void any_other_number_may_be_somebodys(void **state)
{
    static const char *const texts[] = {
        "101", "01632 961000", "01632 9601001", "020 7947 0000", "07700 901123", "+49 30 960100",
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_false(phone_is_nobodys(texts[i]));
        assert_null(phone_fault(texts[i], true));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_dialled_is_no_number),
        cmocka_unit_test(numbers_for_drama_are_known_however_they_are_written),
        cmocka_unit_test(any_other_number_may_be_somebodys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
