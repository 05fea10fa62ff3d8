/* SPDX-License-Identifier: Apache-2.0 */
/* Turning a pattern on: what was there before makes one list for review, and never an alert. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "ledger/tally.h"
#include "support/replaying.h"
#include "support/stories.h"

#define PATTERN "three-missed-health-appointments"

static void turn_off(struct world *world)
{
    change_document(world, GOVERNANCE_PATTERNS, "\"state\": \"live\",\n      \"approved_by\"",
                    "\"state\": \"shadow\",\n      \"approved_by\"");
}

/* As it was shipped. */
static void turn_on(struct world *world)
{
    change_document(world, GOVERNANCE_PATTERNS, "\"weekly_budget\": 40", "\"weekly_budget\": 40");
}

static int set_up(void **state)
{
    struct world *world = world_new();
    turn_off(world);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    expect_replay_is_the_same(world->store);
    world_free(&world);
    return 0;
}

static struct tally tally_of(struct world *world, const char *what)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct tally tally;
    tally_get(txn, what, PATTERN, instant_london_day(world->clock.real_ms), &tally);
    return tally;
}

static void what_was_there_before_is_listed_for_the_front_door_alone(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    three_missed(world, ALIX);
    assert_int_equal(current_alert_of(world, 1), 0);

    turn_on(world);

    assert_int_equal(alert_row_of(world, 1).state, ALERT_LISTED);
    assert_true(world_notice(world, MASH, NOTICE_LISTED, 0, &notice));
    assert_int_equal(notice.alert, 1);
    assert_int_equal(notice.n_headlines, 3);
    assert_int_equal(notices(world, MASH, NOTICE_LISTED), 1);
    assert_int_equal(notices(world, GP, NOTICE_LISTED), 0);
    assert_int_equal(notices(world, HOSPITAL, NOTICE_LISTED), 0);
}

static void it_raises_nothing_and_nobody_is_reminded_of_it(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    turn_on(world);

    clock_fake_advance(&world->clock, INT64_C(5) * 86400 * 1000);
    world_turn(world);

    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 0);
    assert_int_equal(notices(world, MASH, NOTICE_UNOPENED), 0);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 0);
}

static void nor_does_anything_that_the_pattern_does_not_count(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    turn_on(world);

    (void)store_record(world, &(const struct world_record){.from = GP,
                                                           .child = ALIX,
                                                           .day = day_of("2026-09-22"),
                                                           .record_kind = RECORD_CONCERN,
                                                           .code = CODE_NEGLECT_PHYSICAL,
                                                           .level = 2});

    assert_int_equal(alert_row_of(world, 1).state, ALERT_LISTED);
    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 0);
}

static void what_comes_later_makes_it_an_alert(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    three_missed(world, ALIX);
    turn_on(world);

    (void)miss(world, HOSPITAL, ALIX, "2026-10-05");

    assert_int_equal(alert_row_of(world, 1).state, ALERT_OPEN);
    assert_true(world_notice(world, MASH, NOTICE_RAISED, 0, &notice));
    assert_int_equal(notice.alert, 1);
    assert_int_equal(notice.revision, 2);
    assert_int_equal(notice.n_headlines, 1); /* the rest it was told with the list */
    assert_int_equal(notices(world, GP, NOTICE_RAISED), 1);
}

/* What an agency knew all along of one of them is news once a number says that they are one. */
static void who_is_found_to_be_the_same_child_makes_it_an_alert(void **state)
{
    struct world *world = *state;
    const struct stated same = VERIFIED_NHS("9990000001");
    state_named(world, HOSPITAL, BLAKE);
    (void)miss(world, HOSPITAL, BLAKE, "2026-08-03");
    three_missed(world, ALIX);
    turn_on(world);
    assert_int_equal(alert_row_of(world, 1).state, ALERT_LISTED);

    state_child(world, HOSPITAL, BLAKE, &same, 1);

    assert_int_equal(subject_row_of(world, HOSPITAL, BLAKE).child,
                     subject_row_of(world, GP, ALIX).child);
    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 1);
}

static void a_person_may_take_up_what_is_listed(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    turn_on(world);

    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);

    assert_int_equal(alert_row_of(world, 1).state, ALERT_OPENED);
    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 3);
}

static void what_is_longer_ago_than_the_pattern_looks_back_is_not_listed(void **state)
{
    struct world *world = *state;
    state_verified(world, GP, ALIX);
    (void)miss(world, GP, ALIX, "2023-02-03");
    (void)miss(world, GP, ALIX, "2023-03-03");
    (void)miss(world, GP, ALIX, "2023-04-03");

    turn_on(world);

    assert_int_equal(notices(world, MASH, NOTICE_LISTED), 0);
}

static void another_document_that_changes_nothing_lists_nothing_again(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    turn_on(world);
    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    assert_int_equal(decide(world, MASH, 1, ACTION_CLOSE, OUTCOME_EARLY_HELP), VERDICT_STORED);

    change_document(world, GOVERNANCE_PATTERNS, "\"weekly_budget\": 40", "\"weekly_budget\": 41");

    assert_int_equal(notices(world, MASH, NOTICE_LISTED), 1);
}

static void what_is_told_as_one_occurrence_counts_once_in_shadow_and_live(void **state)
{
    struct world *world = *state;
    struct world_record same = {
        .from = GP, .child = ALIX, .day = day_of("2026-06-10"), .service = "audiology"};
    state_verified(world, GP, ALIX);
    state_verified(world, HOSPITAL, ALIX);
    (void)miss(world, GP, ALIX, "2026-02-03");
    (void)store_record(world, &same);
    same.from = HOSPITAL;
    (void)store_record(world, &same);
    assert_int_equal(tally_of(world, TALLY_SHADOW).week, 0); /* two occurrences */

    same = (struct world_record){
        .from = GP, .child = ALIX, .day = day_of("2026-09-21"), .service = "eyes"};
    (void)store_record(world, &same);
    same.from = HOSPITAL;
    (void)store_record(world, &same);
    (void)store_record(world, &(const struct world_record){.from = GP,
                                                           .child = ALIX,
                                                           .day = day_of("2026-09-21"),
                                                           .record_kind = RECORD_CONCERN,
                                                           .code = CODE_NEGLECT_PHYSICAL,
                                                           .level = 2});

    struct tally tally = tally_of(world, TALLY_SHADOW);
    assert_int_equal(tally.week, 1);
    assert_int_equal(tally.quarter, 1);
    turn_on(world);
    assert_int_equal(tally_of(world, TALLY_LISTED).week, 1);
}

static void live_an_appointment_told_by_two_services_counts_once(void **state)
{
    struct world *world = *state;
    struct world_record same = {
        .from = GP, .child = ALIX, .day = day_of("2026-06-10"), .service = "audiology"};
    turn_on(world);
    state_verified(world, GP, ALIX);
    state_verified(world, HOSPITAL, ALIX);
    (void)miss(world, GP, ALIX, "2026-02-03");
    (void)store_record(world, &same);
    same.from = HOSPITAL;

    (void)store_record(world, &same);

    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 0);
    (void)miss(world, GP, ALIX, "2026-09-21");
    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 1);
    assert_int_equal(tally_of(world, TALLY_RAISED).week, 1);
}

static void beyond_a_weeks_budget_the_front_door_is_told_so(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    change_document(world, GOVERNANCE_PATTERNS, "\"weekly_budget\": 40", "\"weekly_budget\": 1");
    three_missed(world, ALIX);
    assert_int_equal(notices(world, MASH, NOTICE_OVER_BUDGET), 0);

    three_missed(world, BLAKE);

    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 2);
    assert_int_equal(notices(world, MASH, NOTICE_OVER_BUDGET), 1);
    assert_true(world_notice(world, MASH, NOTICE_OVER_BUDGET, 0, &notice));
    assert_int_equal(notice.alert, 2);
    assert_true(slice_is_text(notice.pattern, PATTERN));
    assert_int_equal(notices(world, GP, NOTICE_OVER_BUDGET), 0);
}

static void figures_of_last_week_stay_for_a_week(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);

    clock_fake_advance(&world->clock, INT64_C(7) * 86400 * 1000);
    world_turn(world);
    struct tally tally = tally_of(world, TALLY_SHADOW);
    assert_int_equal(tally.week, 0);
    assert_int_equal(tally.last_week, 1);
    clock_fake_advance(&world->clock, INT64_C(7) * 86400 * 1000);
    world_turn(world);

    tally = tally_of(world, TALLY_SHADOW);
    assert_int_equal(tally.last_week, 0);
    assert_int_equal(tally.quarter, 1);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(what_was_there_before_is_listed_for_the_front_door_alone),
        STORY(it_raises_nothing_and_nobody_is_reminded_of_it),
        STORY(nor_does_anything_that_the_pattern_does_not_count),
        STORY(what_comes_later_makes_it_an_alert),
        STORY(who_is_found_to_be_the_same_child_makes_it_an_alert),
        STORY(a_person_may_take_up_what_is_listed),
        STORY(what_is_longer_ago_than_the_pattern_looks_back_is_not_listed),
        STORY(another_document_that_changes_nothing_lists_nothing_again),
        STORY(what_is_told_as_one_occurrence_counts_once_in_shadow_and_live),
        STORY(live_an_appointment_told_by_two_services_counts_once),
        STORY(beyond_a_weeks_budget_the_front_door_is_told_so),
        STORY(figures_of_last_week_stay_for_a_week),
    };
    return cmocka_run_group_tests_name("backfill", tests, NULL, NULL);
}
