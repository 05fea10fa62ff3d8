/* SPDX-License-Identifier: Apache-2.0 */
/* What nobody has opened in time is said again, once for each time it is due, over restarts and
 * whatever the clock does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/timers.h"
#include "support/stories.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)

static void pass(struct world *world, int64_t ms)
{
    clock_fake_advance(&world->clock, ms);
    world_turn(world);
}

static void open_it(struct world *world, const struct entry_id *record)
{
    struct world_entry decision;
    world_decision(world, MASH, 0, ACTION_OPEN, OUTCOME_NONE, &decision);
    decision.header.decision.has_record = true;
    decision.header.decision.record = *record;
    world_refreeze(&decision);
    assert_int_equal(world_send_one(world, MASH, &decision), VERDICT_STORED);
}

static void what_is_urgent_and_unopened_is_said_to_sender_and_front_door(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    struct entry_id record = report_danger(world);

    pass(world, 29 * MINUTE_MS);
    assert_int_equal(notices(world, SCHOOL, NOTICE_UNOPENED), 0);
    pass(world, 2 * MINUTE_MS);

    assert_true(world_notice(world, SCHOOL, NOTICE_UNOPENED, 0, &notice));
    assert_true(entry_id_equal(&notice.record, &record));
    assert_int_equal(notices(world, MASH, NOTICE_UNOPENED), 1);
    assert_int_equal(notices(world, GP, NOTICE_UNOPENED), 0);
}

static void what_was_opened_is_not(void **state)
{
    struct world *world = *state;
    struct entry_id record = report_danger(world);
    open_it(world, &record);

    pass(world, 100 * HOUR_MS);

    assert_int_equal(notices(world, SCHOOL, NOTICE_UNOPENED), 0);
    assert_int_equal(notices(world, MASH, NOTICE_UNOPENED), 0);
}

static void nor_what_was_taken_back(void **state)
{
    struct world *world = *state;
    struct entry_id record = report_danger(world);
    const struct world_record taking = {.from = SCHOOL,
                                        .child = ALIX,
                                        .day = day_of("2026-11-02"),
                                        .record_kind = RECORD_RETRACTION,
                                        .retracts = &record};
    (void)store_record(world, &taking);

    pass(world, 100 * HOUR_MS);

    assert_int_equal(notices(world, MASH, NOTICE_UNOPENED), 0);
}

static void it_is_said_again_at_longer_and_longer_intervals_until_somebody_opens_it(void **state)
{
    struct world *world = *state;
    struct entry_id record = report_danger(world);

    pass(world, 31 * MINUTE_MS);
    pass(world, 59 * MINUTE_MS);
    assert_int_equal(notices(world, SCHOOL, NOTICE_UNOPENED), 1);
    pass(world, 2 * MINUTE_MS);
    assert_int_equal(notices(world, SCHOOL, NOTICE_UNOPENED), 2);

    open_it(world, &record);
    pass(world, 100 * HOUR_MS);
    assert_int_equal(notices(world, SCHOOL, NOTICE_UNOPENED), 2);
}

static void a_stop_makes_it_late_and_not_twice(void **state)
{
    struct world *world = *state;
    (void)report_danger(world);

    clock_fake_advance(&world->clock, 5 * HOUR_MS);
    assert_int_equal(world_restart(world), 0);
    world_turn(world);
    world_turn(world);
    assert_int_equal(notices(world, SCHOOL, NOTICE_UNOPENED), 1);
    assert_int_equal(world_restart(world), 0);
    world_turn(world);

    assert_int_equal(notices(world, SCHOOL, NOTICE_UNOPENED), 1);
}

static void a_clock_that_steps_makes_nothing_due(void **state)
{
    struct world *world = *state;
    (void)report_danger(world);

    world->clock.real_ms += 50 * HOUR_MS;
    world_turn(world);

    assert_int_equal(notices(world, SCHOOL, NOTICE_UNOPENED), 0);
}

static void an_alert_that_nobody_opened_is_said_to_its_addressees(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    three_missed(world, ALIX);

    pass(world, 23 * HOUR_MS);
    assert_int_equal(notices(world, MASH, NOTICE_UNOPENED), 0);
    pass(world, 2 * HOUR_MS);

    assert_true(world_notice(world, MASH, NOTICE_UNOPENED, 0, &notice));
    assert_int_equal(notice.alert, 1);
    assert_int_equal(notice.n_headlines, 0);
    assert_int_equal(notices(world, GP, NOTICE_UNOPENED), 1);
    assert_int_equal(notices(world, SCHOOL, NOTICE_UNOPENED), 0);
}

static void the_calendar_says_how_long(void **state)
{
    struct world *world = *state;
    change_document(world, GOVERNANCE_CALENDAR,
                    "\"desks\":", "\"urgent_unopened_minutes\": 5, \"desks\":");
    (void)report_danger(world);

    pass(world, 6 * MINUTE_MS);

    assert_int_equal(notices(world, SCHOOL, NOTICE_UNOPENED), 1);
}

static void more_than_one_tick_takes_are_all_said(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < CAIRN_TIMERS_PER_TICK + 10; i++) {
        (void)report_danger(world);
    }

    pass(world, HOUR_MS / 2 + MINUTE_MS);

    assert_int_equal(notices(world, SCHOOL, NOTICE_UNOPENED), CAIRN_TIMERS_PER_TICK + 10);
}

static struct entry_id report_of_another_authority(struct world *world)
{
    state_verified(world, SCHOOL, ALIX);
    return store_record(world, &(const struct world_record){.from = SCHOOL,
                                                            .child = ALIX,
                                                            .day = day_of("2026-11-02"),
                                                            .record_kind = RECORD_REFERRAL,
                                                            .authority = 301});
}

static enum verdict pass_on(struct world *world, uint32_t agency, const struct entry_id *record,
                            enum outcome outcome)
{
    struct world_entry decision;
    world_decision(world, agency, 0, ACTION_CLOSE, outcome, &decision);
    decision.header.decision.has_record = true;
    decision.header.decision.record = *record;
    world_refreeze(&decision);
    return world_send_one(world, agency, &decision);
}

static void what_is_of_another_authority_and_not_passed_on_is_said_again(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    struct entry_id record = report_of_another_authority(world);
    open_it(world, &record);

    pass(world, 23 * HOUR_MS);
    assert_int_equal(notices(world, MASH, NOTICE_UNOPENED), 0);
    pass(world, 2 * HOUR_MS);

    assert_true(world_notice(world, MASH, NOTICE_UNOPENED, 0, &notice));
    assert_int_equal(notice.outcome, OUTCOME_PASSED_TO_AUTHORITY);
    assert_true(entry_id_equal(&notice.record, &record));
    assert_int_equal(notices(world, SCHOOL, NOTICE_UNOPENED), 1);
}

static void once_it_is_passed_on_its_sender_hears_and_nothing_is_said_again(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    struct entry_id record = report_of_another_authority(world);
    open_it(world, &record);

    assert_int_equal(pass_on(world, MASH, &record, OUTCOME_PASSED_TO_AUTHORITY), VERDICT_STORED);
    assert_int_equal(pass_on(world, MASH, &record, OUTCOME_PASSED_TO_AUTHORITY), VERDICT_STORED);
    pass(world, 100 * HOUR_MS);

    assert_int_equal(notices(world, SCHOOL, NOTICE_CLOSED), 1);
    assert_true(world_notice(world, SCHOOL, NOTICE_CLOSED, 0, &notice));
    assert_true(entry_id_equal(&notice.record, &record));
    assert_int_equal(notices(world, MASH, NOTICE_UNOPENED), 0);
}

static void a_record_is_closed_by_passing_it_on_and_no_other_way(void **state)
{
    struct world *world = *state;
    struct entry_id record = report_of_another_authority(world);
    struct entry_id ours = report_danger(world);

    assert_int_equal(pass_on(world, MASH, &record, OUTCOME_NO_FURTHER_ACTION), VERDICT_CONFLICT);
    assert_int_equal(pass_on(world, MASH, &ours, OUTCOME_PASSED_TO_AUTHORITY), VERDICT_CONFLICT);
    assert_int_equal(pass_on(world, GP, &record, OUTCOME_PASSED_TO_AUTHORITY),
                     VERDICT_NOT_ENTITLED);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(what_is_urgent_and_unopened_is_said_to_sender_and_front_door),
        STORY(what_was_opened_is_not),
        STORY(nor_what_was_taken_back),
        STORY(it_is_said_again_at_longer_and_longer_intervals_until_somebody_opens_it),
        STORY(a_stop_makes_it_late_and_not_twice),
        STORY(a_clock_that_steps_makes_nothing_due),
        STORY(an_alert_that_nobody_opened_is_said_to_its_addressees),
        STORY(the_calendar_says_how_long),
        STORY(more_than_one_tick_takes_are_all_said),
        STORY(what_is_of_another_authority_and_not_passed_on_is_said_again),
        STORY(once_it_is_passed_on_its_sender_hears_and_nothing_is_said_again),
        STORY(a_record_is_closed_by_passing_it_on_and_no_other_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
