/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "broker/notice.h"
#include "crypto/crypto.h"
#include "support/governing.h"

enum {
    GP = 1,
    HOSPITAL = 2,
    SCHOOL = 3
};

static const struct test_agency agencies[] = {
    {GP, "gp-elm", "gp", false},
    {HOSPITAL, "hospital", "hospital", false},
    {SCHOOL, "school", "school", false},
};

struct scene {
    struct governing governing;
    const struct directory *directory;
    struct pattern pattern; /* three missed health appointments in twelve months */
    size_t n;
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct noticed noticed;
};

static struct scene scene;

static int set_up(void **state)
{
    assert_int_equal(crypto_init(NULL), 0);
    memset(&scene, 0, sizeof(scene));
    governing_init(&scene.governing);
    governing_fill(&scene.governing, agencies, ARRAY_LEN(agencies));
    scene.directory = &scene.governing.governance->directory;
    scene.pattern = scene.governing.governance->patterns.items[0];
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    governing_deinit(&scene.governing);
    crypto_deinit();
    return 0;
}

static int32_t day(const char *text)
{
    int32_t ret = 0;
    assert_true(date_parse(slice_of_text(text), &ret));
    return ret;
}

/* A missed appointment; items are given in the order of days, as a chronology is. */
static struct chronology_row *missed(uint32_t agency, int32_t when)
{
    struct chronology_item *item = &scene.items[scene.n];
    *item = (struct chronology_item){
        .day = when,
        .log_index = 100 + scene.n,
        .row =
            {
                .subject = {.agency = agency},
                .entry = {.agency = agency, .stream = 1, .seq = scene.n + 1},
                .record_kind = RECORD_MISSED_APPOINTMENT,
                .code = CODE_WAS_NOT_BROUGHT,
                .urgency = URGENCY_ROUTINE,
                .counts = true,
            },
    };
    (void)snprintf((char *)item->row.occurrence, sizeof(item->row.occurrence), "event %u",
                   (unsigned)scene.n);
    scene.n++;
    return &item->row;
}

static bool notice(const char *anchor)
{
    const struct notice_rule rule = {&scene.pattern, scene.directory, day(anchor)};
    return notice_pattern(&rule, scene.items, scene.n, &scene.noticed);
}

static void three_in_twelve_months_are_noticed_and_two_are_not(void **state)
{
    (void)state;
    missed(GP, day("2026-01-10"));
    missed(HOSPITAL, day("2026-05-01"));
    assert_false(notice("2026-05-01"));

    missed(GP, day("2027-01-09"));

    assert_true(notice("2027-01-09"));
    assert_int_equal(scene.noticed.n, 3);
    assert_int_equal(scene.noticed.occurrences, 3);
}

static void the_window_ends_after_twelve_months_to_the_day(void **state)
{
    (void)state;
    missed(GP, day("2026-01-10"));
    missed(GP, day("2026-05-01"));

    missed(GP, day("2027-01-10"));

    assert_false(notice("2027-01-10"));
}

static void a_window_is_a_calendar_year_also_over_the_end_of_february(void **state)
{
    (void)state;
    missed(GP, day("2027-02-28"));
    missed(GP, day("2027-06-01"));
    missed(GP, day("2028-02-27"));
    assert_true(notice("2028-02-27"));

    scene.n = 0;
    missed(GP, day("2028-02-29"));
    missed(GP, day("2028-06-01"));
    missed(GP, day("2029-02-28"));
    assert_false(notice("2029-02-28"));
}

static void a_late_arrival_completes_a_pattern_that_lies_before_and_after_it(void **state)
{
    (void)state;
    missed(GP, day("2026-01-10"));
    missed(HOSPITAL, day("2026-03-10"));
    missed(GP, day("2026-09-10"));

    assert_true(notice("2026-03-10"));
    assert_int_equal(scene.noticed.n, 3);
    assert_int_equal(scene.noticed.items[0]->day, day("2026-01-10"));
}

static void only_a_window_that_holds_the_anchor_counts(void **state)
{
    (void)state;
    missed(GP, day("2024-01-10"));
    missed(GP, day("2024-02-10"));
    missed(GP, day("2024-03-10"));
    missed(GP, day("2026-09-10"));

    assert_false(notice("2026-09-10"));
    assert_true(notice("2024-03-10"));
    assert_int_equal(scene.noticed.n, 3);
}

static void the_window_with_the_most_occurrences_is_told_the_earliest_of_equals(void **state)
{
    (void)state;
    missed(GP, day("2025-12-01"));
    missed(GP, day("2026-02-01"));
    missed(GP, day("2026-06-01"));
    missed(GP, day("2026-07-01"));
    missed(GP, day("2027-01-15"));
    missed(GP, day("2027-02-15"));

    assert_true(notice("2026-06-01"));

    assert_int_equal(scene.noticed.occurrences, 4);
    assert_int_equal(scene.noticed.items[0]->day, day("2025-12-01"));
}

static void the_same_occurrence_counts_once_and_is_listed_with_both_rows(void **state)
{
    (void)state;
    const struct chronology_row *first = missed(GP, day("2026-01-10"));
    struct chronology_row *again = missed(HOSPITAL, day("2026-01-10"));
    memcpy(again->occurrence, first->occurrence, sizeof(again->occurrence));
    missed(GP, day("2026-05-01"));
    assert_false(notice("2026-05-01"));

    missed(GP, day("2026-06-01"));

    assert_true(notice("2026-06-01"));
    assert_int_equal(scene.noticed.n, 4);
    assert_int_equal(scene.noticed.occurrences, 3);
}

static void an_occurrence_told_on_two_days_counts_once(void **state)
{
    (void)state;
    const struct chronology_row *first = missed(GP, day("2026-01-10"));
    missed(GP, day("2026-02-01"));
    struct chronology_row *again = missed(HOSPITAL, day("2026-03-01"));
    memcpy(again->occurrence, first->occurrence, sizeof(again->occurrence));

    assert_false(notice("2026-03-01"));
}

static void retracted(struct chronology_row *row)
{
    row->retracted = true;
}

static void without_reader(struct chronology_row *row)
{
    row->counts = false;
}

static void of_another_code(struct chronology_row *row)
{
    row->code = CODE_CANCELLED_BY_CARER;
}

static void of_another_class(struct chronology_row *row)
{
    row->subject.agency = SCHOOL;
}

static void of_nobody_known(struct chronology_row *row)
{
    row->subject.agency = 77;
}

struct passed_over {
    const char *what;
    void (*change)(struct chronology_row *row);
};

static const struct passed_over passed_over[] = {
    {"retracted", retracted},
    {"stored without a reader", without_reader},
    {"of a code that the rule does not list", of_another_code},
    {"from an agency of a class that the rule does not list", of_another_class},
    {"from an agency that the directory does not have", of_nobody_known},
};

static void what_a_rule_does_not_count_is_passed_over(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(passed_over); i++) {
        scene.n = 0;
        missed(GP, day("2026-01-10"));
        passed_over[i].change(missed(GP, day("2026-02-10")));
        missed(GP, day("2026-03-10"));
        bool met = notice("2026-03-10");
        if (met) {
            print_error("counted although %s\n", passed_over[i].what);
        }
        assert_false(met);
        missed(GP, day("2026-04-10"));
        assert_true(notice("2026-04-10"));
        assert_int_equal(scene.noticed.n, 3);
    }
}

static void a_rule_that_asks_for_two_agencies_is_not_met_by_one(void **state)
{
    (void)state;
    scene.pattern.agencies_min = 2;
    missed(GP, day("2026-01-10"));
    missed(GP, day("2026-02-10"));
    missed(GP, day("2026-03-10"));
    assert_false(notice("2026-03-10"));

    missed(HOSPITAL, day("2026-04-10"));

    assert_true(notice("2026-04-10"));
    assert_int_equal(scene.noticed.n, 4);
}

static void a_window_of_days_is_counted_in_days(void **state)
{
    (void)state;
    scene.pattern.window_months = 0;
    scene.pattern.window_days = 90;
    missed(GP, day("2026-01-01"));
    missed(GP, day("2026-02-01"));
    missed(GP, day("2026-03-31"));
    assert_true(notice("2026-03-31")); /* the 90th day */

    scene.items[2].day++;

    assert_false(notice("2026-04-01"));
}

static void the_span_holds_every_row_that_a_window_around_the_anchor_could(void **state)
{
    (void)state;
    static const char *const anchors[] = {"2028-02-29", "2027-02-28", "2026-12-31", "2026-03-31"};
    static const int32_t months[] = {12, 1, 0};
    for (size_t i = 0; i < ARRAY_LEN(anchors); i++) {
        for (size_t j = 0; j < ARRAY_LEN(months); j++) {
            int32_t from;
            int32_t to;
            scene.pattern.window_months = months[j];
            scene.pattern.window_days = months[j] == 0 ? 90 : 0;
            scene.pattern.occurrences_min = 1;
            const struct notice_rule rule = {&scene.pattern, scene.directory, day(anchors[i])};
            notice_span(&rule, &from, &to);
            for (int32_t first = from - 40; first < from; first++) {
                scene.n = 0;
                missed(GP, first);
                assert_false(notice(anchors[i]));
            }
            scene.pattern.occurrences_min = 2;
            for (int32_t last = to + 1; last < to + 40; last++) {
                scene.n = 0;
                missed(GP, day(anchors[i]));
                missed(GP, last);
                assert_false(notice(anchors[i]));
            }
        }
    }
}

static void a_chronology_as_long_as_is_ever_looked_at_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < CAIRN_CHRONOLOGY_SCAN_MAX; i++) {
        missed(i % 2 == 0 ? GP : HOSPITAL, day("2026-01-01") + (int32_t)(i / 2));
    }

    assert_true(notice("2026-06-01"));

    assert_int_equal(scene.noticed.occurrences, CAIRN_CHRONOLOGY_SCAN_MAX);
}

static void an_empty_chronology_is_never_noticed(void **state)
{
    (void)state;

    assert_false(notice("2026-06-01"));
}

static void a_pattern_in_the_shadow_raises_nothing(void **state)
{
    (void)state;
    missed(GP, day("2026-02-03"));
    missed(GP, day("2026-06-10"));
    missed(GP, day("2026-09-21"));
    assert_true(notice("2026-09-21"));

    scene.pattern.shadow = true;

    assert_false(notice("2026-09-21"));
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(three_in_twelve_months_are_noticed_and_two_are_not),
        STORY(a_pattern_in_the_shadow_raises_nothing),
        STORY(the_window_ends_after_twelve_months_to_the_day),
        STORY(a_window_is_a_calendar_year_also_over_the_end_of_february),
        STORY(a_late_arrival_completes_a_pattern_that_lies_before_and_after_it),
        STORY(only_a_window_that_holds_the_anchor_counts),
        STORY(the_window_with_the_most_occurrences_is_told_the_earliest_of_equals),
        STORY(the_same_occurrence_counts_once_and_is_listed_with_both_rows),
        STORY(an_occurrence_told_on_two_days_counts_once),
        STORY(what_a_rule_does_not_count_is_passed_over),
        STORY(a_rule_that_asks_for_two_agencies_is_not_met_by_one),
        STORY(a_window_of_days_is_counted_in_days),
        STORY(the_span_holds_every_row_that_a_window_around_the_anchor_could),
        STORY(a_chronology_as_long_as_is_ever_looked_at_is_judged),
        STORY(an_empty_chronology_is_never_noticed),
    };
    return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
