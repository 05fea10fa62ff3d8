/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/words.h"
#include "agents/gp/fhir_appointment.h"
#include "cli/plain.h"
#include "wire/wire.h"

static void every_notice_has_words_of_its_own(void **state)
{
    (void)state;
    for (int type = NOTICE_RAISED; type <= NOTICE_LAST; type++) {
        const char *word = notice_type_text((enum notice_type)type);
        assert_string_not_equal(word, "unknown");
        if (plain_delivery(word) == word) {
            fail_msg("%s has no plain words", word);
        }
    }
}

static void every_way_in_which_an_appointment_counts_has_words_of_its_own(void **state)
{
    char name[64];
    (void)state;
    for (int why = 0; why < APPOINTMENT_WHY_COUNT; why++) {
        (void)snprintf(name, sizeof(name), "appointment-%s",
                       appointment_why_text((enum appointment_why)why));
        if (plain_count(name) == name) {
            fail_msg("%s has no plain words", name);
        }
    }
}

static void a_word_that_is_not_known_is_said_as_it_is(void **state)
{
    (void)state;
    assert_string_equal(plain_delivery("later"), "later");
    assert_string_equal(plain_count("later"), "later");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_notice_has_words_of_its_own),
        cmocka_unit_test(every_way_in_which_an_appointment_counts_has_words_of_its_own),
        cmocka_unit_test(a_word_that_is_not_known_is_said_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
