/* SPDX-License-Identifier: Apache-2.0 */
/* Two children who might be one: when a person is asked, and what follows from the answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/stories.h"

#define NAME         "alix|oak|2022-05-01"
#define HOUSEHOLD    "oak|2022-05-01|ZZ9 9ZZ"
#define BORN(value)  ((struct stated){TOKEN_NAME_BIRTH, IDENTIFIER_WELL_FORMED, (value)})
#define LIVES(value) ((struct stated){TOKEN_FAMILY_BIRTH_POSTCODE, IDENTIFIER_WELL_FORMED, (value)})
#define STATE(world, agency, child, ...)                                                           \
    do {                                                                                           \
        const struct stated stated_[] = {__VA_ARGS__};                                             \
        state_child((world), (agency), (child), stated_, ARRAY_LEN(stated_));                      \
    } while (0)

static bool together(struct world *world, uint32_t a, uint32_t b)
{
    return subject_row_of(world, a, ALIX).child == subject_row_of(world, b, ALIX).child;
}

/* Two of the GP's, one of the hospital's: together they are what the shipped pattern counts. */
static void three_of_two(struct world *world)
{
    (void)miss(world, GP, ALIX, "2026-02-03");
    (void)miss(world, HOSPITAL, ALIX, "2026-06-10");
    (void)miss(world, GP, ALIX, "2026-09-21");
}

static struct wire_notice shown(struct world *world)
{
    struct wire_notice notice = {.alert = 0};
    assert_int_equal(notices(world, MASH, NOTICE_CANDIDATE), 1);
    assert_true(world_notice(world, MASH, NOTICE_CANDIDATE, 0, &notice));
    assert_int_equal(notice.n_headlines, 2);
    return notice;
}

static enum verdict answer(struct world *world, uint32_t agency, enum action action)
{
    struct wire_notice notice = shown(world);
    const struct entry_id first = notice.headlines[0].record;
    const struct entry_id second = notice.headlines[1].record;
    const struct world_link link = {.action = action, .record = &first, .other = &second};
    return decide_link(world, agency, &link);
}

/* --- when --- */

static void a_pair_that_completes_a_pattern_is_shown_once_with_a_card_of_each(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, BORN(NAME));
    STATE(world, HOSPITAL, ALIX, BORN(NAME));
    assert_false(together(world, GP, HOSPITAL));

    three_of_two(world);

    struct wire_notice notice = shown(world);
    assert_int_equal(notice.alert, 0);
    assert_int_not_equal(notice.headlines[0].origin, notice.headlines[1].origin);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), 2);
    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 0);
    assert_int_equal(notices(world, GP, NOTICE_CANDIDATE), 0);
    (void)miss(world, GP, ALIX, "2026-10-01");
    assert_int_equal(notices(world, MASH, NOTICE_CANDIDATE), 1);
}

static void a_pair_that_would_change_nothing_is_not_shown(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, BORN(NAME));
    STATE(world, HOSPITAL, ALIX, BORN(NAME));

    (void)miss(world, GP, ALIX, "2026-02-03");
    (void)miss(world, HOSPITAL, ALIX, "2026-06-10");

    assert_int_equal(notices(world, MASH, NOTICE_CANDIDATE), 0);
}

static void a_pair_that_touches_an_open_alert_is_shown_under_it(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, BORN(NAME));
    (void)miss(world, GP, ALIX, "2026-02-03");
    (void)miss(world, GP, ALIX, "2026-06-10");
    (void)miss(world, GP, ALIX, "2026-09-21");

    STATE(world, HOSPITAL, ALIX, BORN(NAME));
    assert_int_equal(notices(world, MASH, NOTICE_CANDIDATE), 0);
    (void)miss(world, HOSPITAL, ALIX, "2025-01-10");

    assert_int_equal(shown(world).alert, 1);
}

/* --- never --- */

static void twins_are_never_shown(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, BORN(NAME), LIVES(HOUSEHOLD));
    STATE(world, HOSPITAL, ALIX, BORN("blake|oak|2022-05-01"), LIVES(HOUSEHOLD));

    three_of_two(world);

    assert_int_equal(notices(world, MASH, NOTICE_CANDIDATE), 0);
}

static void an_initial_might_be_the_one_child_of_the_household(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, BORN(NAME), LIVES(HOUSEHOLD));
    STATE(world, HOSPITAL, ALIX, LIVES(HOUSEHOLD));

    three_of_two(world);

    (void)shown(world);
}

static void an_initial_is_nobody_where_an_agency_knows_two_of_the_household(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, BORN(NAME), LIVES(HOUSEHOLD));
    STATE(world, GP, BLAKE, BORN("blake|oak|2022-05-01"), LIVES(HOUSEHOLD));
    STATE(world, HOSPITAL, ALIX, LIVES(HOUSEHOLD));

    three_of_two(world);

    assert_int_equal(notices(world, MASH, NOTICE_CANDIDATE), 0);
}

static void two_of_one_agency_are_two(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, BORN(NAME));
    STATE(world, GP, BLAKE, BORN(NAME));

    (void)miss(world, GP, ALIX, "2026-02-03");
    (void)miss(world, GP, BLAKE, "2026-06-10");
    (void)miss(world, GP, ALIX, "2026-09-21");

    assert_int_equal(notices(world, MASH, NOTICE_CANDIDATE), 0);
}

static void whom_numbers_tell_apart_are_not_shown(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, BORN(NAME), VERIFIED_NHS("9990000018"));
    STATE(world, HOSPITAL, ALIX, BORN(NAME), VERIFIED_NHS("9990000026"));

    three_of_two(world);

    assert_int_equal(notices(world, MASH, NOTICE_CANDIDATE), 0);
}

/* --- the answer --- */

static void confirmed_they_are_one_child_and_the_alert_is_raised(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, BORN(NAME));
    STATE(world, HOSPITAL, ALIX, BORN(NAME));
    three_of_two(world);

    assert_int_equal(answer(world, MASH, ACTION_CONFIRM_LINK), VERDICT_STORED);

    assert_true(together(world, GP, HOSPITAL));
    assert_int_equal(subject_row_of(world, HOSPITAL, ALIX).link, LINK_CONFIRMED);
    assert_int_equal(notices(world, MASH, NOTICE_RAISED), 1);
    assert_int_equal(alert_row_of(world, 1).n_records, 3);
    assert_int_equal(answer(world, MASH, ACTION_CONFIRM_LINK), VERDICT_NOT_ENTITLED);
}

static void refused_they_are_never_shown_or_joined(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, BORN(NAME));
    STATE(world, HOSPITAL, ALIX, BORN(NAME));
    three_of_two(world);

    assert_int_equal(answer(world, MASH, ACTION_REFUSE_LINK), VERDICT_STORED);
    (void)miss(world, GP, ALIX, "2026-10-01");
    STATE(world, GP, ALIX, VERIFIED_NHS("9990000018"));
    STATE(world, HOSPITAL, ALIX, VERIFIED_NHS("9990000018"));

    assert_false(together(world, GP, HOSPITAL));
    assert_int_equal(notices(world, MASH, NOTICE_CANDIDATE), 1);
    assert_int_equal(answer(world, MASH, ACTION_CONFIRM_LINK), VERDICT_CONFLICT);
}

static void only_a_front_door_answers_and_only_what_it_was_asked(void **state)
{
    struct world *world = *state;
    STATE(world, GP, ALIX, BORN(NAME));
    STATE(world, HOSPITAL, ALIX, BORN(NAME));
    three_of_two(world);
    state_verified(world, STRANGER, BLAKE);
    struct entry_id elsewhere = miss(world, STRANGER, BLAKE, "2026-06-10");
    const struct entry_id ours = shown(world).headlines[0].record;
    const struct world_link invented = {
        .action = ACTION_CONFIRM_LINK, .record = &ours, .other = &elsewhere};

    assert_int_equal(answer(world, GP, ACTION_CONFIRM_LINK), VERDICT_NOT_ENTITLED);
    assert_int_equal(answer(world, STRANGER, ACTION_REFUSE_LINK), VERDICT_NOT_ENTITLED);
    assert_int_equal(decide_link(world, MASH, &invented), VERDICT_NOT_ENTITLED);

    assert_false(together(world, GP, HOSPITAL));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_pair_that_completes_a_pattern_is_shown_once_with_a_card_of_each),
        TEST(a_pair_that_would_change_nothing_is_not_shown),
        TEST(a_pair_that_touches_an_open_alert_is_shown_under_it),
        TEST(twins_are_never_shown),
        TEST(an_initial_might_be_the_one_child_of_the_household),
        TEST(an_initial_is_nobody_where_an_agency_knows_two_of_the_household),
        TEST(two_of_one_agency_are_two),
        TEST(whom_numbers_tell_apart_are_not_shown),
        TEST(confirmed_they_are_one_child_and_the_alert_is_raised),
        TEST(refused_they_are_never_shown_or_joined),
        TEST(only_a_front_door_answers_and_only_what_it_was_asked),
    };
#undef TEST
    return cmocka_run_group_tests_name("candidates", tests, NULL, NULL);
}
