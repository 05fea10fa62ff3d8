/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "broker/timekeeper.h"

#define MINUTE_MS INT64_C(60000)

static int64_t at(const char *text)
{
    int64_t ret = 0;
    assert_true(instant_parse(slice_of_text(text), &ret));
    return ret;
}

struct desk {
    struct clock_fake clock;
    struct timekeeper keeper;
};

static int set_up(void **state)
{
    static struct desk desk;
    clock_fake_init(&desk.clock, at("2026-11-22T08:00:00Z"));
    assert_int_equal(timekeeper_init(&desk.keeper, &desk.clock.clock, 0, false, NULL), 0);
    *state = &desk;
    return 0;
}

static void a_batch_has_the_time_of_the_clock(void **state)
{
    struct desk *desk = *state;

    assert_int_equal(timekeeper_batch(&desk->keeper), at("2026-11-22T08:00:00Z"));
    clock_fake_advance(&desk->clock, 1500);

    assert_int_equal(timekeeper_batch(&desk->keeper), at("2026-11-22T08:00:01.5Z"));
    assert_false(desk->keeper.frozen);
}

static void a_clock_set_back_a_little_never_takes_a_batch_back(void **state)
{
    struct desk *desk = *state;
    int64_t before = timekeeper_batch(&desk->keeper);

    clock_fake_step(&desk->clock, -30000);

    assert_int_equal(timekeeper_batch(&desk->keeper), before);
    assert_false(desk->keeper.frozen);
    clock_fake_advance(&desk->clock, 31000);
    assert_int_equal(timekeeper_batch(&desk->keeper), before + 1000);
}

static void a_step_of_more_than_a_minute_freezes_and_time_goes_on_by_boot_time(void **state)
{
    static const int64_t steps[] = {MINUTE_MS + 1, -MINUTE_MS - 1, 365 * DAY_MS, -365 * DAY_MS};

    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        (void)set_up(state);
        struct desk *desk = *state;
        int64_t before = timekeeper_batch(&desk->keeper);
        clock_fake_step(&desk->clock, steps[i]);
        clock_fake_advance(&desk->clock, 5000);

        assert_int_equal(timekeeper_batch(&desk->keeper), before + 5000);
        assert_true(desk->keeper.frozen);
    }
}

static void a_step_of_just_a_minute_is_followed(void **state)
{
    struct desk *desk = *state;
    int64_t before = timekeeper_batch(&desk->keeper);

    clock_fake_step(&desk->clock, MINUTE_MS);

    assert_int_equal(timekeeper_batch(&desk->keeper), before + MINUTE_MS);
    assert_false(desk->keeper.frozen);
}

static void a_clock_put_right_again_thaws(void **state)
{
    struct desk *desk = *state;
    int64_t before = timekeeper_batch(&desk->keeper);
    clock_fake_step(&desk->clock, DAY_MS);
    (void)timekeeper_batch(&desk->keeper);
    assert_true(desk->keeper.frozen);

    clock_fake_step(&desk->clock, -DAY_MS);
    clock_fake_advance(&desk->clock, 1000);

    assert_int_equal(timekeeper_batch(&desk->keeper), before + 1000);
    assert_false(desk->keeper.frozen);
}

static void slow_corrections_add_up_to_more_than_a_minute_without_freezing(void **state)
{
    struct desk *desk = *state;

    for (int i = 0; i < 600; i++) {
        clock_fake_advance(&desk->clock, 1000);
        clock_fake_step(&desk->clock, 500);
        (void)timekeeper_batch(&desk->keeper);
        assert_false(desk->keeper.frozen);
    }
}

struct clock_row {
    const char *now;
    const char *newest; /* batch in the store; NULL none */
    bool absurd;
};

static const struct clock_row rows[] = {
    {"2026-10-31T23:59:59Z", NULL, true}, /* before this release was made */
    {"1970-01-01T00:00:00Z", NULL, true},
    {"2026-11-02T00:00:00Z", NULL, false},
    {"2046-10-01T00:00:00Z", NULL, false},
    {"2047-12-01T00:00:00Z", NULL, true},
    {"2026-11-22T08:00:00Z", "2026-11-22T07:00:00Z", false},
    {"2026-11-22T08:00:00Z", "2026-11-23T07:00:00Z", false}, /* less than a day */
    {"2026-11-22T08:00:00Z", "2026-11-23T08:00:00.001Z", true},
    {"2026-11-22T08:00:00Z", "2030-01-01T00:00:00Z", true},
    {"2027-02-20T08:00:00Z", "2026-11-22T08:00:00Z", false}, /* ninety days */
    {"2027-02-20T08:00:00.001Z", "2026-11-22T08:00:00Z", true},
    {"2036-11-22T08:00:00Z", "2026-11-22T08:00:00Z", true},
};

static void an_absurd_clock_is_refused_unless_it_was_accepted(void **state)
{
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct clock_fake clock;
        struct timekeeper keeper = {.last_ms = -7};
        struct error error = ERROR_NULL;
        int64_t newest = rows[i].newest == NULL ? 0 : at(rows[i].newest);
        clock_fake_init(&clock, at(rows[i].now));

        int r = timekeeper_init(&keeper, &clock.clock, newest, false, &error);

        assert_int_equal(r, rows[i].absurd ? -EINVAL : 0);
        assert_int_equal(keeper.last_ms, rows[i].absurd ? -7 : newest);
        assert_int_equal(strstr(error.what, "--accept-clock") != NULL, rows[i].absurd);
        assert_int_equal(timekeeper_init(&keeper, &clock.clock, newest, true, &error), 0);
    }
}

static void a_store_from_the_near_future_keeps_its_time(void **state)
{
    struct desk *desk = *state;
    int64_t newest = desk->clock.real_ms + 3 * 3600 * 1000;

    assert_int_equal(timekeeper_init(&desk->keeper, &desk->clock.clock, newest, false, NULL), 0);

    assert_int_equal(timekeeper_batch(&desk->keeper), newest);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        STORY(a_batch_has_the_time_of_the_clock),
        STORY(a_clock_set_back_a_little_never_takes_a_batch_back),
        STORY(a_step_of_more_than_a_minute_freezes_and_time_goes_on_by_boot_time),
        STORY(a_step_of_just_a_minute_is_followed),
        STORY(a_clock_put_right_again_thaws),
        STORY(slow_corrections_add_up_to_more_than_a_minute_without_freezing),
        STORY(an_absurd_clock_is_refused_unless_it_was_accepted),
        STORY(a_store_from_the_near_future_keeps_its_time),
    };
    return cmocka_run_group_tests_name("timekeeper", tests, NULL, NULL);
}
