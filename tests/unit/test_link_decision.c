/* SPDX-License-Identifier: Apache-2.0 */
/* A person says who is one child and who is not: what that changes, and who is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/stories.h"

/* GP and hospital, put together by name, birth date and postcode alone; with an alert. */
struct story {
    struct world *world;
    struct entry_id first;  /* the GP's */
    struct entry_id second; /* the hospital's, which is there by its name */
    struct entry_id third;  /* the GP's */
};

static int set_up(void **state)
{
    static struct story story;
    struct world *world = world_new();
    story = (struct story){.world = world};
    state_verified(world, GP, ALIX);
    state_named(world, HOSPITAL, ALIX);
    involve(world, GP, ALIX);
    involve(world, HOSPITAL, ALIX);
    story.first = miss(world, GP, ALIX, "2026-02-03");
    story.second = miss(world, HOSPITAL, ALIX, "2026-06-10");
    story.third = miss(world, GP, ALIX, "2026-09-21");
    assert_int_equal(subject_row_of(world, HOSPITAL, ALIX).link, LINK_PROVISIONAL);
    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 1);
    *state = &story;
    return 0;
}

static int tear_down(void **state)
{
    struct story *story = *state;
    world_free(&story->world);
    return 0;
}

static enum verdict decide_about(struct story *story, uint32_t agency, uint64_t alert,
                                 enum action action, const struct entry_id *record)
{
    const struct world_link link = {.action = action, .alert = alert, .record = record};
    return decide_link(story->world, agency, &link);
}

static bool together(struct world *world, uint32_t a, uint32_t b)
{
    return subject_row_of(world, a, ALIX).child == subject_row_of(world, b, ALIX).child;
}

static struct wire_notice notice_of(struct world *world, uint32_t agency, enum notice_type type)
{
    struct wire_notice notice = {.alert = 0};
    assert_true(world_notice(world, agency, type, 0, &notice));
    return notice;
}

/* --- confirming --- */

static void confirmed_a_link_is_there_for_good_and_carries_accounts(void **state)
{
    struct story *story = *state;
    struct world *world = story->world;
    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    size_t released = world_items(world, MASH, ITEM_RELEASE);

    assert_int_equal(decide_about(story, MASH, 1, ACTION_CONFIRM_LINK, &story->second),
                     VERDICT_STORED);
    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);

    assert_int_equal(subject_row_of(world, HOSPITAL, ALIX).link, LINK_CONFIRMED);
    assert_true(together(world, GP, HOSPITAL));
    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), released + 1);
    struct wire_notice notice = notice_of(world, MASH, NOTICE_LINK_CONFIRMED);
    assert_int_equal(notice.alert, 1);
    assert_int_equal(notice.agency, MASH);
    assert_int_equal(notice.n_headlines, 1);
    assert_true(entry_id_equal(&notice.headlines[0].record, &story->second));
    assert_int_equal(notice.headlines[0].flags & HEADLINE_PROVISIONAL, 0);
}

static void what_a_number_binds_as_well_no_person_undoes(void **state)
{
    struct story *story = *state;
    struct world *world = story->world;
    assert_int_equal(decide_about(story, MASH, 1, ACTION_CONFIRM_LINK, &story->second),
                     VERDICT_STORED);

    state_verified(world, HOSPITAL, ALIX);

    assert_int_equal(decide_about(story, MASH, 1, ACTION_UNDO_LINK, &story->second),
                     VERDICT_CONFLICT);
}

/* --- undoing --- */

static void undone_the_child_parts_and_the_alert_is_withdrawn(void **state)
{
    struct story *story = *state;
    struct world *world = story->world;

    assert_int_equal(decide_about(story, MASH, 1, ACTION_UNDO_LINK, &story->second),
                     VERDICT_STORED);

    assert_false(together(world, GP, HOSPITAL));
    assert_int_equal(subject_row_of(world, HOSPITAL, ALIX).link, LINK_ALONE);
    assert_int_equal(alert_row_of(world, 1).state, ALERT_WITHDRAWN);
    assert_int_equal(current_alert_of(world, subject_row_of(world, GP, ALIX).child), 0);
    static const uint32_t told[] = {MASH, GP, HOSPITAL};
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        struct wire_notice notice = notice_of(world, told[i], NOTICE_WITHDRAWN);
        assert_int_equal(notice.alert, 1);
        assert_int_equal(notice.agency, MASH);
        assert_int_equal(notice.has_handle, told[i] != MASH);
    }
}

static void every_reader_is_told_which_records_were_about_another_child(void **state)
{
    struct story *story = *state;
    struct world *world = story->world;

    assert_int_equal(decide_about(story, MASH, 1, ACTION_REFUSE_LINK, &story->second),
                     VERDICT_STORED);

    struct wire_notice notice = notice_of(world, MASH, NOTICE_LINK_UNDONE);
    assert_int_equal(notice.n_headlines, 1);
    assert_true(entry_id_equal(&notice.headlines[0].record, &story->second));
    notice = notice_of(world, GP, NOTICE_LINK_UNDONE);
    assert_int_equal(notice.n_headlines, 1);
    assert_int_equal(notice.headlines[0].event_day, day_of("2026-06-10"));
    assert_true(notice.has_handle);
    notice = notice_of(world, HOSPITAL, NOTICE_LINK_UNDONE);
    assert_int_equal(notice.n_headlines, 2);
    assert_int_equal(notices(world, SCHOOL, NOTICE_LINK_UNDONE), 0);
    assert_int_equal(notices(world, STRANGER, NOTICE_LINK_UNDONE), 0);
}

static void a_confirmed_link_can_be_undone_and_takes_along_whom_a_number_binds(void **state)
{
    struct story *story = *state;
    struct world *world = story->world;
    const struct stated pupil[] = {{TOKEN_UPN, IDENTIFIER_VERIFIED, "A123456789012"}};
    const struct stated both[] = {NAMED("alix|oak|2022-05-01|ZZ9 9ZZ"),
                                  {TOKEN_UPN, IDENTIFIER_VERIFIED, "A123456789012"}};
    assert_int_equal(decide_about(story, MASH, 1, ACTION_CONFIRM_LINK, &story->second),
                     VERDICT_STORED);
    state_child(world, HOSPITAL, ALIX, both, ARRAY_LEN(both));
    state_child(world, SCHOOL, ALIX, pupil, ARRAY_LEN(pupil));
    assert_true(together(world, GP, SCHOOL));
    assert_int_equal(decide_about(story, MASH, 1, ACTION_REFUSE_LINK, &story->second),
                     VERDICT_CONFLICT);

    assert_int_equal(decide_about(story, MASH, 1, ACTION_UNDO_LINK, &story->second),
                     VERDICT_STORED);

    assert_true(together(world, HOSPITAL, SCHOOL));
    assert_false(together(world, GP, HOSPITAL));
}

static void kept_apart_nothing_joins_them_again(void **state)
{
    struct story *story = *state;
    struct world *world = story->world;
    assert_int_equal(decide_about(story, MASH, 1, ACTION_UNDO_LINK, &story->second),
                     VERDICT_STORED);

    state_named(world, HOSPITAL, ALIX);
    assert_false(together(world, GP, HOSPITAL));
    state_verified(world, HOSPITAL, ALIX);

    assert_false(together(world, GP, HOSPITAL));
    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 1);
}

static void an_alert_that_is_met_without_them_stays(void **state)
{
    struct story *story = *state;
    struct world *world = story->world;
    state_verified(world, HEALTH_VISITING, ALIX);
    (void)miss(world, HEALTH_VISITING, ALIX, "2026-08-01");

    assert_int_equal(decide_about(story, MASH, 1, ACTION_UNDO_LINK, &story->second),
                     VERDICT_STORED);

    assert_int_equal(alert_row_of(world, 1).state, ALERT_OPEN);
    assert_int_equal(notices(world, MASH, NOTICE_WITHDRAWN), 0);
    assert_int_equal(notices(world, MASH, NOTICE_LINK_UNDONE), 1);
}

static void what_parted_and_meets_a_rule_by_itself_is_noticed(void **state)
{
    struct story *story = *state;
    struct world *world = story->world;
    (void)miss(world, HOSPITAL, ALIX, "2026-07-10");
    (void)miss(world, HOSPITAL, ALIX, "2026-08-10");

    assert_int_equal(decide_about(story, MASH, 1, ACTION_UNDO_LINK, &story->second),
                     VERDICT_STORED);

    assert_int_equal(alert_row_of(world, 1).state, ALERT_WITHDRAWN);
    assert_int_equal(current_alert_of(world, subject_row_of(world, HOSPITAL, ALIX).child), 2);
    assert_int_equal(alert_row_of(world, 2).n_records, 3);
}

static void what_comes_later_raises_afresh(void **state)
{
    struct story *story = *state;
    struct world *world = story->world;
    assert_int_equal(decide_about(story, MASH, 1, ACTION_UNDO_LINK, &story->second),
                     VERDICT_STORED);

    (void)miss(world, GP, ALIX, "2026-10-01");

    struct wire_notice notice = {.alert = 0};
    assert_true(world_notice(world, MASH, NOTICE_RAISED, 1, &notice));
    assert_int_equal(notice.alert, 2);
    assert_int_equal(notice.n_headlines, 3);
    assert_int_equal(notice.earlier_outcome, OUTCOME_NONE);
    assert_int_equal(decide(world, MASH, 1, ACTION_OPEN, OUTCOME_NONE), VERDICT_CONFLICT);
}

/* --- who may --- */

static void an_agency_refuses_the_link_of_its_own_child_and_cannot_confirm_it(void **state)
{
    struct story *story = *state;
    struct world *world = story->world;

    assert_int_equal(decide_about(story, HOSPITAL, 0, ACTION_CONFIRM_LINK, &story->second),
                     VERDICT_NOT_ENTITLED);
    assert_int_equal(decide_about(story, HOSPITAL, 0, ACTION_REFUSE_LINK, &story->second),
                     VERDICT_STORED);

    assert_false(together(world, GP, HOSPITAL));
    assert_int_equal(notice_of(world, MASH, NOTICE_LINK_UNDONE).agency, HOSPITAL);
}

static void nobody_else_decides_and_nothing_changes(void **state)
{
    struct story *story = *state;
    struct world *world = story->world;
    state_verified(world, STRANGER, BLAKE);
    struct entry_id elsewhere = miss(world, STRANGER, BLAKE, "2026-06-10");
    const struct entry_id invented = {.agency = HOSPITAL, .stream = 3, .seq = 9};
    const struct {
        const char *what;
        uint32_t agency;
        uint64_t alert;
        enum action action;
        const struct entry_id *record;
        enum verdict verdict;
    } rows[] = {
        {"no front door", GP, 1, ACTION_UNDO_LINK, &story->second, VERDICT_NOT_ENTITLED},
        {"a stranger", STRANGER, 1, ACTION_UNDO_LINK, &story->second, VERDICT_NOT_ENTITLED},
        {"another's, no alert", MASH, 0, ACTION_UNDO_LINK, &story->second, VERDICT_NOT_ENTITLED},
        {"of another child", MASH, 1, ACTION_UNDO_LINK, &elsewhere, VERDICT_NOT_ENTITLED},
        {"not there", MASH, 1, ACTION_UNDO_LINK, &invented, VERDICT_NOT_ENTITLED},
        {"no such alert", MASH, 7, ACTION_UNDO_LINK, &story->second, VERDICT_NOT_ENTITLED},
        {"linked to nobody", MASH, 1, ACTION_UNDO_LINK, &story->first, VERDICT_CONFLICT},
        {"nothing to confirm", MASH, 1, ACTION_CONFIRM_LINK, &story->first, VERDICT_CONFLICT},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum verdict verdict =
            decide_about(story, rows[i].agency, rows[i].alert, rows[i].action, rows[i].record);
        if (verdict != rows[i].verdict) {
            fail_msg("%s: %d", rows[i].what, (int)verdict);
        }
    }
    assert_int_equal(decide(world, MASH, 1, ACTION_CLOSE, OUTCOME_EARLY_HELP), VERDICT_STORED);
    assert_int_equal(decide_about(story, MASH, 1, ACTION_UNDO_LINK, &story->second),
                     VERDICT_CONFLICT);

    assert_true(together(world, GP, HOSPITAL));
    assert_int_equal(notices(world, MASH, NOTICE_LINK_UNDONE), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(confirmed_a_link_is_there_for_good_and_carries_accounts),
        TEST(what_a_number_binds_as_well_no_person_undoes),
        TEST(undone_the_child_parts_and_the_alert_is_withdrawn),
        TEST(every_reader_is_told_which_records_were_about_another_child),
        TEST(a_confirmed_link_can_be_undone_and_takes_along_whom_a_number_binds),
        TEST(kept_apart_nothing_joins_them_again),
        TEST(an_alert_that_is_met_without_them_stays),
        TEST(what_parted_and_meets_a_rule_by_itself_is_noticed),
        TEST(what_comes_later_raises_afresh),
        TEST(an_agency_refuses_the_link_of_its_own_child_and_cannot_confirm_it),
        TEST(nobody_else_decides_and_nothing_changes),
    };
#undef TEST
    return cmocka_run_group_tests_name("link_decision", tests, NULL, NULL);
}
