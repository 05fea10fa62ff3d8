/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "support/stories.h"

static void two_missed_appointments_tell_nobody(void **state)
{
    struct world *world = *state;
    state_verified(world, GP, ALIX);

    miss(world, GP, ALIX, "2026-02-03");
    miss(world, GP, ALIX, "2026-09-21");

    assert_int_equal(world_items(world, MASH, ITEM_NOTICE), 0);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 0);
    assert_int_equal(world_items(world, GP, ITEM_NOTICE), 0);
}

static void three_missed_at_two_agencies_reach_both_and_the_mash(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;

    three_missed(world, ALIX);

    assert_true(world_notice(world, MASH, NOTICE_RAISED, 0, &notice));
    assert_int_equal(notice.n_headlines, 3);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 3);
    assert_true(world_notice(world, GP, NOTICE_RAISED, 0, &notice));
    assert_int_equal(notice.n_headlines, 3);
    assert_true(notice.has_handle);
    assert_true(world_notice(world, HOSPITAL, NOTICE_RAISED, 0, &notice));
    assert_int_equal(world_items(world, SCHOOL, ITEM_NOTICE), 0);
    assert_int_equal(world_items(world, STRANGER, ITEM_NOTICE), 0);
}

static void a_headline_in_mode_existence_does_not_name_the_record(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;

    three_missed(world, ALIX);

    assert_true(world_notice(world, GP, NOTICE_RAISED, 0, &notice));
    size_t named = 0;
    for (size_t i = 0; i < notice.n_headlines; i++) {
        named += notice.headlines[i].has_record ? 1 : 0;
        assert_int_equal(notice.headlines[i].has_record,
                         (notice.headlines[i].flags & HEADLINE_OWN) != 0);
    }
    assert_int_equal(named, 2);
}

static void the_accounts_open_with_a_reason_and_the_origins_are_told(void **state)
{
    struct world *world = *state;
    struct world_entry decision;
    struct wire_notice notice;
    three_missed(world, ALIX);
    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 0);

    world_decision(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE, &decision);
    assert_int_equal(world_send_one(world, MASH, &decision), VERDICT_STORED);

    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 3);
    assert_true(world_notice(world, GP, NOTICE_OPENED, 0, &notice));
    assert_int_equal(notice.agency, MASH);
    assert_true(world_notice(world, HOSPITAL, NOTICE_OPENED, 0, &notice));
    /* the decision, and that the hospital is involved */
    assert_int_equal(world_items(world, GP, ITEM_DELIVERED), 2);
}

static void only_an_addressed_front_door_may_open(void **state)
{
    struct world *world = *state;
    struct world_entry decision;
    three_missed(world, ALIX);

    world_decision(world, GP, 1, ACTION_OPEN, OUTCOME_NONE, &decision);
    assert_int_equal(world_send_one(world, GP, &decision), VERDICT_NOT_ENTITLED);
    world_decision(world, MASH, 7, ACTION_OPEN, OUTCOME_NONE, &decision);
    assert_int_equal(world_send_one(world, MASH, &decision), VERDICT_NOT_ENTITLED);

    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 0);
}

static void an_open_alert_is_extended_and_a_closed_one_raised_again_only_by_a_newer_record(
    void **state)
{
    struct world *world = *state;
    struct world_entry decision;
    struct wire_notice notice;
    three_missed(world, ALIX);

    miss(world, HOSPITAL, ALIX, "2026-10-05");
    assert_true(world_notice(world, MASH, NOTICE_EXTENDED, 0, &notice));
    assert_int_equal(notice.n_headlines, 1);
    assert_int_equal(notice.alert, 1);

    world_decision(world, MASH, 1, ACTION_CLOSE, OUTCOME_EARLY_HELP, &decision);
    assert_int_equal(world_send_one(world, MASH, &decision), VERDICT_STORED);
    assert_int_equal(world_send_one(world, MASH, &decision), VERDICT_STORED);
    miss(world, GP, ALIX, "2026-10-20");

    assert_true(world_notice(world, MASH, NOTICE_RAISED, 1, &notice));
    assert_int_equal(notice.alert, 2);
    assert_int_equal(notice.earlier_outcome, OUTCOME_EARLY_HELP);
}

static void a_retracted_record_does_not_count(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    struct world_entry retraction;
    state_verified(world, GP, ALIX);
    const struct world_record record = {.from = GP, .child = ALIX, .day = day_of("2026-02-03")};
    world_record(world, &record, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);

    const struct world_record taken_back = {.from = GP,
                                            .child = ALIX,
                                            .day = day_of("2026-02-03"),
                                            .record_kind = RECORD_RETRACTION,
                                            .retracts = &entry.header.id};
    world_record(world, &taken_back, &retraction);
    assert_int_equal(world_send_one(world, GP, &retraction), VERDICT_STORED);
    miss(world, GP, ALIX, "2026-06-10");
    miss(world, GP, ALIX, "2026-09-21");

    assert_int_equal(world_items(world, MASH, ITEM_NOTICE), 0);
}

static void the_same_occurrence_told_twice_counts_once(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    state_verified(world, GP, ALIX);
    state_verified(world, HOSPITAL, ALIX);
    miss(world, GP, ALIX, "2026-02-03");
    const uint32_t tellers[] = {GP, HOSPITAL};

    for (size_t i = 0; i < ARRAY_LEN(tellers); i++) {
        const struct world_record record = {.from = tellers[i],
                                            .child = ALIX,
                                            .day = day_of("2026-06-10"),
                                            .service = "paediatrics"};
        world_record(world, &record, &entry);
        assert_int_equal(world_send_one(world, tellers[i], &entry), VERDICT_STORED);
    }

    assert_int_equal(world_items(world, MASH, ITEM_NOTICE), 0);
}

static void two_children_are_never_counted_together(void **state)
{
    struct world *world = *state;
    state_verified(world, GP, ALIX);
    state_verified(world, HOSPITAL, BLAKE);

    miss(world, GP, ALIX, "2026-02-03");
    miss(world, HOSPITAL, BLAKE, "2026-06-10");
    miss(world, GP, ALIX, "2026-09-21");

    assert_int_equal(world_items(world, MASH, ITEM_NOTICE), 0);
}

static void a_late_statement_joins_what_was_told_before_it(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    state_verified(world, GP, ALIX);
    miss(world, GP, ALIX, "2026-02-03");
    miss(world, GP, ALIX, "2026-09-21");
    miss(world, HOSPITAL, ALIX, "2026-06-10");
    assert_int_equal(world_items(world, MASH, ITEM_NOTICE), 0);

    state_verified(world, HOSPITAL, ALIX);

    assert_true(world_notice(world, MASH, NOTICE_RAISED, 0, &notice));
    assert_int_equal(notice.n_headlines, 3);
}

static void a_provisional_link_counts_and_opens_no_account(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    struct wire_notice notice;
    state_verified(world, GP, ALIX);
    world_statement(world, HOSPITAL, ALIX, false, &entry);
    assert_int_equal(world_send_one(world, HOSPITAL, &entry), VERDICT_STORED);
    miss(world, GP, ALIX, "2026-02-03");
    miss(world, HOSPITAL, ALIX, "2026-06-10");
    miss(world, GP, ALIX, "2026-09-21");
    assert_true(world_notice(world, MASH, NOTICE_RAISED, 0, &notice));
    assert_int_equal(notice.headlines[1].flags & HEADLINE_PROVISIONAL, HEADLINE_PROVISIONAL);

    world_decision(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE, &entry);
    assert_int_equal(world_send_one(world, MASH, &entry), VERDICT_STORED);

    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 2);
}

static void an_involved_health_colleague_is_told_that_something_exists(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    state_verified(world, STRANGER, ALIX);
    involve(world, STRANGER, ALIX);

    three_missed(world, ALIX);

    assert_true(world_notice(world, STRANGER, NOTICE_RAISED, 0, &notice));
    assert_int_equal(notice.n_headlines, 3);
    assert_false(notice.headlines[0].has_record);
    /* that the practice and the hospital are involved, and no record */
    assert_int_equal(world_items(world, STRANGER, ITEM_DELIVERED), 2);
}

static void an_involved_health_visitor_is_told_of_each_at_once(void **state)
{
    struct world *world = *state;
    state_verified(world, GP, ALIX);
    state_verified(world, HEALTH_VISITING, ALIX);
    miss(world, GP, ALIX, "2026-02-03");
    assert_int_equal(world_items(world, HEALTH_VISITING, ITEM_DELIVERED), 0);

    involve(world, HEALTH_VISITING, ALIX);
    miss(world, GP, ALIX, "2026-06-10");

    assert_int_equal(world_items(world, HEALTH_VISITING, ITEM_DELIVERED), 1);
    assert_int_equal(world_items(world, STRANGER, ITEM_DELIVERED), 0);
}

static void a_role_counts_from_its_first_day_and_until_its_last(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    int32_t today = instant_london_day(world->clock.real_ms);
    state_verified(world, GP, ALIX);
    state_verified(world, HEALTH_VISITING, ALIX);

    world_involvement(world, HEALTH_VISITING, ALIX, &entry);
    entry.header.involvement.from_day = today + 1;
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, HEALTH_VISITING, &entry), VERDICT_STORED);
    miss(world, GP, ALIX, "2026-02-03");
    world_involvement(world, HEALTH_VISITING, ALIX, &entry);
    entry.header.involvement.until_day = today;
    world_refreeze(&entry);
    assert_int_equal(world_send_one(world, HEALTH_VISITING, &entry), VERDICT_STORED);
    miss(world, GP, ALIX, "2026-06-10");

    assert_int_equal(world_items(world, HEALTH_VISITING, ITEM_DELIVERED), 0);
}

static void an_immediate_record_goes_to_the_front_door_at_once(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    const struct world_record record = {.from = SCHOOL,
                                        .child = ALIX,
                                        .day = day_of("2026-11-20"),
                                        .record_kind = RECORD_CONCERN,
                                        .code = CODE_OTHER_CONCERN,
                                        .urgency = URGENCY_IMMEDIATE};
    world_record(world, &record, &entry);

    assert_int_equal(world_send_one(world, SCHOOL, &entry), VERDICT_STORED);

    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 1);
}

static void what_another_kind_of_agency_sends_is_refused_unless_it_cannot_wait(void **state)
{
    static const struct {
        uint32_t from;
        enum record_kind kind;
        uint32_t code;
        enum urgency urgency;
        bool taken;
    } rows[] = {
        {GP, RECORD_DOMESTIC_ABUSE, CODE_CHILD_PRESENT, URGENCY_SAME_DAY, false},
        {GP, RECORD_DOMESTIC_ABUSE, CODE_CHILD_PRESENT, URGENCY_IMMEDIATE, true},
        {SCHOOL, RECORD_MISSED_APPOINTMENT, CODE_WAS_NOT_BROUGHT, URGENCY_ROUTINE, false},
        {SCHOOL, RECORD_ABSENCE_SUMMARY, CODE_SEVERE_ABSENCE, URGENCY_ROUTINE, true},
        {GP, RECORD_PLAN, CODE_PLAN_CHILD_PROTECTION, URGENCY_ROUTINE, false},
        {GP, RECORD_PLAN, CODE_PLAN_EARLY_HELP, URGENCY_ROUTINE, true},
        {SCHOOL, RECORD_CONCERN, CODE_NEGLECT_PHYSICAL, URGENCY_ROUTINE, true},
    };
    struct world *world = *state;
    state_verified(world, GP, ALIX);
    state_verified(world, SCHOOL, ALIX);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world_entry entry;
        const struct world_record record = {.from = rows[i].from,
                                            .child = ALIX,
                                            .record_kind = rows[i].kind,
                                            .code = rows[i].code,
                                            .urgency = rows[i].urgency,
                                            .day = day_of("2026-11-18")};
        world_record(world, &record, &entry);

        enum verdict verdict = world_send_one(world, rows[i].from, &entry);

        assert_int_equal(verdict_is_stored(verdict), rows[i].taken);
        assert_true(rows[i].taken || verdict == VERDICT_NOT_ENTITLED);
    }
}

static void what_was_acknowledged_is_not_delivered_again(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    struct wire_delivery delivery;
    three_missed(world, ALIX);
    assert_true(world_fetch(world, MASH, 0, &delivery));
    uint64_t last = delivery.items[delivery.n_items - 1].position;

    world_acknowledgement(world, MASH, last, &entry);
    assert_int_equal(world_send_one(world, MASH, &entry), VERDICT_STORED);

    assert_false(world_fetch(world, MASH, 0, &delivery));
    world_acknowledgement(world, MASH, last + 1, &entry);
    assert_int_equal(world_send_one(world, MASH, &entry), VERDICT_CONFLICT);
}

static void a_restart_changes_nothing_that_was_answered(void **state)
{
    struct world *world = *state;
    struct world_entry entry;
    const struct world_record record = {.from = GP, .child = ALIX, .day = day_of("2026-02-03")};
    world_record(world, &record, &entry);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    uint64_t size = world_log_size(world);

    assert_int_equal(world_restart(world), 0);

    assert_int_equal(world_log_size(world), size);
    assert_int_equal(world_send_one(world, GP, &entry), VERDICT_STORED);
    assert_int_equal(world_log_size(world), size);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(two_missed_appointments_tell_nobody),
        STORY(three_missed_at_two_agencies_reach_both_and_the_mash),
        STORY(a_headline_in_mode_existence_does_not_name_the_record),
        STORY(the_accounts_open_with_a_reason_and_the_origins_are_told),
        STORY(only_an_addressed_front_door_may_open),
        STORY(an_open_alert_is_extended_and_a_closed_one_raised_again_only_by_a_newer_record),
        STORY(a_retracted_record_does_not_count),
        STORY(the_same_occurrence_told_twice_counts_once),
        STORY(two_children_are_never_counted_together),
        STORY(a_late_statement_joins_what_was_told_before_it),
        STORY(a_provisional_link_counts_and_opens_no_account),
        STORY(an_involved_health_colleague_is_told_that_something_exists),
        STORY(an_involved_health_visitor_is_told_of_each_at_once),
        STORY(a_role_counts_from_its_first_day_and_until_its_last),
        STORY(an_immediate_record_goes_to_the_front_door_at_once),
        STORY(what_another_kind_of_agency_sends_is_refused_unless_it_cannot_wait),
        STORY(what_was_acknowledged_is_not_delivered_again),
        STORY(a_restart_changes_nothing_that_was_answered),
    };
    return cmocka_run_group_tests_name("apply", tests, NULL, NULL);
}
