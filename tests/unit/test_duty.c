/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "govern/duty.h"
#include "support/governing.h"

static const struct test_agency gp = {1, "gp-elm", "gp", false};
static const struct test_agency mash = {6, "mash", "mash", false};
static const struct test_agency mash_gone = {6, "mash", "mash", true};
static const struct test_agency other_door = {7, "north-hub", "mash", false};

static int set_up(void **state)
{
    *state = governing_world_new();
    return 0;
}

static void offer(struct governing_world *world, enum governance_document document,
                  const char *template)
{
    buf_reset(&world->text);
    governing_template(template, &world->text);
    assert_int_equal(governing_offer(&world->governing, document, 1, buf_slice(&world->text)),
                     GOVERN_ACCEPTED);
}

static void agencies_are(struct governing_world *world, uint64_t version,
                         const struct test_agency *door)
{
    const struct test_agency agencies[] = {gp, *door};
    buf_reset(&world->text);
    governing_directory_text(agencies, door->number == gp.number ? 1 : 2, &world->text);
    assert_int_equal(
        governing_offer(&world->governing, GOVERNANCE_DIRECTORY, version, buf_slice(&world->text)),
        GOVERN_ACCEPTED);
}

static enum duty_gap gap(const struct governing_world *world)
{
    return duty_gap(world->governing.governance);
}

static void what_is_missing_is_named_the_gravest_first(void **state)
{
    struct governing_world *world = *state;

    assert_int_equal(gap(world), DUTY_GAP_NONE); /* nothing is known yet */
    agencies_are(world, 1, &gp);
    assert_int_equal(gap(world), DUTY_GAP_FRONT_DOOR);
    agencies_are(world, 2, &mash);
    assert_int_equal(gap(world), DUTY_GAP_CALENDAR);
    offer(world, GOVERNANCE_CALENDAR, "calendar");
    assert_int_equal(gap(world), DUTY_GAP_NONE);
    agencies_are(world, 3, &mash_gone);
    assert_int_equal(gap(world), DUTY_GAP_FRONT_DOOR);
}

static void a_calendar_whose_desks_are_at_no_front_door_of_the_directory_is_a_gap(void **state)
{
    struct governing_world *world = *state;
    agencies_are(world, 1, &other_door);

    offer(world, GOVERNANCE_CALENDAR, "calendar");

    assert_int_equal(gap(world), DUTY_GAP_DESK);
}

static void every_gap_says_what_to_do(void **state)
{
    (void)state;

    assert_string_equal(duty_gap_words(DUTY_GAP_NONE), "");
    for (uint64_t i = DUTY_GAP_FRONT_DOOR; i <= DUTY_GAP_DESK; i++) {
        assert_non_null(strstr(duty_gap_words(i), "the partnership"));
        assert_non_null(strstr(duty_gap_words(i), "`cairn "));
    }
    assert_string_not_equal(duty_gap_words(UINT64_MAX), "");
    assert_string_equal(duty_gap_text(DUTY_GAP_DESK), "desk");
}

#define STORY(story) cmocka_unit_test_setup_teardown(story, set_up, governing_world_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(what_is_missing_is_named_the_gravest_first),
        STORY(a_calendar_whose_desks_are_at_no_front_door_of_the_directory_is_a_gap),
        STORY(every_gap_says_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
