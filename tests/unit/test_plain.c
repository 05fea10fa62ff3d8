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
#include "broker/counters.h"
#include "cli/plain.h"
#include "os/files.h"
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

static void expect_plain(const char *counter, const char *page)
{
    char row[64];
    (void)snprintf(row, sizeof(row), "\n| %s | ", counter);
    const char *told = strstr(page, row);

    if (strcmp(plain_figure(counter), counter) == 0 || strcmp(plain_stage(counter), "other") == 0) {
        fail_msg("%s has no plain words", counter);
    }
    if (told == NULL) {
        fail_msg("docs/operations.md does not tell of %s", counter);
    }
    const char *words = strstr(told, plain_figure(counter));
    if (words == NULL || words > strchr(told + 1, '\n')) {
        fail_msg("docs/operations.md tells otherwise of %s", counter);
    }
}

static void every_figure_of_a_broker_has_words_that_operations_lists(void **state)
{
    static const char *const counters[] = {
#define X(id, name, metric, label, unit) name,
        CAIRN_BROKER_COUNTERS(X)
#undef X
    };
    _cleanup_(buf_deinit) struct buf page = BUF_MAX(1024 * 1024);
    char name[64];
    (void)state;
    assert_int_equal(file_read(SOURCE_DIR "/docs/operations.md", &page), 0);

    for (size_t i = 0; i < ARRAY_LEN(counters); i++) {
        if (strcmp(counters[i], "duty_gap") != 0) { /* said as a sentence */
            expect_plain(counters[i], buf_text(&page));
        }
    }
    for (size_t i = 0; i < N_APPLY_NOTES; i++) {
        (void)snprintf(name, sizeof(name), "apply_%s", apply_note_texts[i]);
        expect_plain(name, buf_text(&page));
    }
}

static void every_answer_is_told_in_its_own_words(void **state)
{
    (void)state;
#define X(name, number, final, words)                                                              \
    assert_string_equal(plain_figure("answers_" #name), verdict_words(VERDICT_##name));
    CAIRN_VERDICTS(X)
#undef X
    assert_string_equal(plain_figure("later_than_us"), "later_than_us");
    assert_string_equal(plain_stage("later_than_us"), "other");
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
        cmocka_unit_test(every_figure_of_a_broker_has_words_that_operations_lists),
        cmocka_unit_test(every_answer_is_told_in_its_own_words),
        cmocka_unit_test(a_word_that_is_not_known_is_said_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
