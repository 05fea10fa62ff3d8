/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "support/governing.h"

static const struct test_agency agencies[] = {
    {1, "gp-elm", "gp", false},
    {6, "mash", "mash", false},
};

static int set_up(void **state)
{
    struct governing_world *world = governing_world_new();

    governing_fill(&world->governing, agencies, ARRAY_LEN(agencies));
    *state = world;
    return 0;
}

static int64_t instant(const char *text)
{
    int64_t ms = 0;

    assert_true(instant_parse(slice_of_text(text), &ms));
    return ms;
}

static const char *desk_at(const struct governing_world *world, const char *when)
{
    return calendar_desk(world->governing.governance->calendar, instant(when))->id;
}

static void the_mash_is_on_duty_on_weekdays_and_the_duty_team_otherwise(void **state)
{
    static const struct {
        const char *when;
        const char *desk;
    } rows[] = {
        {"2026-11-20T08:29:59.999Z", "out-of-hours"}, /* Friday, GMT */
        {"2026-11-20T08:30:00Z", "mash"},
        {"2026-11-20T16:59:59.999Z", "mash"},
        {"2026-11-20T17:00:00Z", "out-of-hours"},
        {"2026-11-21T12:00:00Z", "out-of-hours"}, /* Saturday */
        {"2026-11-22T12:00:00Z", "out-of-hours"}, /* Sunday */
        {"2026-11-23T12:00:00Z", "mash"},
        {"2026-07-01T07:29:59Z", "out-of-hours"}, /* Wednesday, BST */
        {"2026-07-01T07:30:00Z", "mash"},
        {"2026-07-01T15:59:59Z", "mash"},
        {"2026-07-01T16:00:00Z", "out-of-hours"},
        {"2026-12-24T12:00:00Z", "mash"},         /* Thursday */
        {"2026-12-25T12:00:00Z", "out-of-hours"}, /* Friday, a holiday */
        {"2026-12-28T12:00:00Z", "out-of-hours"}, /* Monday in place of the 26th */
        {"2026-12-29T12:00:00Z", "mash"},
        {"2027-03-26T12:00:00Z", "out-of-hours"}, /* Good Friday */
        {"2028-01-03T12:00:00Z", "out-of-hours"},
        {"2026-05-03T23:30:00Z", "out-of-hours"}, /* half past midnight of a holiday in BST */
        {"2026-05-04T22:59:00Z", "out-of-hours"},
        {"2031-03-05T12:00:00Z", "mash"}, /* Wednesday, long after the review date */
    };
    struct governing_world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_string_equal(desk_at(world, rows[i].when), rows[i].desk);
    }
}

static void at_the_change_of_clocks_the_wall_clock_decides(void **state)
{
    static const struct {
        const char *when;
        const char *desk;
    } rows[] = {
        {"2026-10-24T22:30:00Z", "late"},  /* Saturday 23:30 BST */
        {"2026-10-25T00:29:00Z", "late"},  /* 01:29 BST */
        {"2026-10-25T00:30:00Z", "early"}, /* 01:30 BST */
        {"2026-10-25T01:29:00Z", "late"},  /* 01:29 once more, in GMT */
        {"2026-10-25T01:30:00Z", "early"}, /* 01:30 GMT */
        {"2026-03-29T00:59:00Z", "late"},  /* 00:59 GMT, a minute later it is 02:00 BST */
        {"2026-03-29T01:00:00Z", "early"},
    };
    struct governing_world *world = *state;
    buf_add_text(&world->text,
                 "{\"format\": \"cairn-calendar/v1\", \"review_by\": \"2028-01-01\", \"desks\": ["
                 "{\"id\": \"late\", \"agency\": \"mash\", \"name\": \"L\", \"phone\": \"101\"},"
                 "{\"id\": \"early\", \"agency\": \"mash\", \"name\": \"E\", \"phone\": \"102\"}],"
                 "\"hours\": ["
                 "{\"desk\": \"late\", \"days\": [\"sun\"], \"from\": \"00:00\", "
                 "\"until\": \"01:30\"},"
                 "{\"desk\": \"early\", \"days\": [\"sun\"], \"from\": \"01:30\", "
                 "\"until\": \"24:00\"},"
                 "{\"desk\": \"late\", \"days\": [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", "
                 "\"sat\", \"holiday\"], \"from\": \"00:00\", \"until\": \"24:00\"}],"
                 "\"holidays\": []}");
    assert_int_equal(
        governing_offer(&world->governing, GOVERNANCE_CALENDAR, 2, buf_slice(&world->text)),
        GOVERN_ACCEPTED);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_string_equal(desk_at(world, rows[i].when), rows[i].desk);
    }
}

static void the_next_desk_is_the_one_after_nights_weekends_and_holidays(void **state)
{
    static const struct {
        const char *when;
        const char *desk;
        const char *from;
    } rows[] = {
        {"2026-11-20T09:00:30Z", "out-of-hours", "2026-11-20T17:00:00Z"}, /* Friday */
        {"2026-11-20T16:59:59Z", "out-of-hours", "2026-11-20T17:00:00Z"},
        {"2026-11-20T17:00:00Z", "mash", "2026-11-23T08:30:00Z"},
        {"2026-12-24T20:00:00Z", "mash", "2026-12-29T08:30:00Z"}, /* Christmas */
        {"2026-07-01T07:00:00Z", "mash", "2026-07-01T07:30:00Z"}, /* BST */
    };
    struct governing_world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t from = 0;
        const struct desk *desk =
            calendar_next_desk(world->governing.governance->calendar, instant(rows[i].when), &from);
        assert_non_null(desk);
        assert_string_equal(desk->id, rows[i].desk);
        assert_int_equal(from, instant(rows[i].from));
    }
}

static void a_desk_that_is_always_on_duty_has_no_next(void **state)
{
    struct governing_world *world = *state;
    int64_t from = -1;
    buf_add_text(
        &world->text,
        "{\"format\": \"cairn-calendar/v1\", \"review_by\": \"2028-01-01\", \"desks\": ["
        "{\"id\": \"all\", \"agency\": \"mash\", \"name\": \"A\", \"phone\": \"101\"}],"
        "\"hours\": [{\"desk\": \"all\", \"days\": [\"mon\", \"tue\", \"wed\", \"thu\", "
        "\"fri\", \"sat\", \"sun\", \"holiday\"], \"from\": \"00:00\", \"until\": \"24:00\"}],"
        "\"holidays\": []}");
    assert_int_equal(
        governing_offer(&world->governing, GOVERNANCE_CALENDAR, 2, buf_slice(&world->text)),
        GOVERN_ACCEPTED);

    assert_null(calendar_next_desk(world->governing.governance->calendar,
                                   instant("2026-11-20T09:00:00Z"), &from));
    assert_int_equal(from, -1);
}

static void every_hour_of_the_year_has_a_desk_with_a_telephone(void **state)
{
    struct governing_world *world = *state;
    int64_t hour_ms = 3600000;
    int64_t end = instant("2027-01-01T00:00:00Z");

    for (int64_t at = instant("2026-01-01T00:00:00Z"); at < end; at += hour_ms) {
        assert_string_not_equal(calendar_desk(world->governing.governance->calendar, at)->phone,
                                "");
    }
}

static void a_desk_has_its_agency_once_the_directory_has_it(void **state)
{
    static const struct test_agency more[] = {
        {1, "gp-elm", "gp", false},
        {6, "mash", "mash", false},
        {7, "out-of-hours", "out-of-hours", false},
    };
    struct governing_world *world = *state;
    const struct calendar *calendar = world->governing.governance->calendar;
    assert_int_equal(calendar_desk(calendar, instant("2026-11-20T12:00:00Z"))->agency, 6);
    assert_int_equal(calendar_desk(calendar, instant("2026-11-21T12:00:00Z"))->agency, 0);

    governing_directory_text(more, ARRAY_LEN(more), &world->text);
    assert_int_equal(
        governing_offer(&world->governing, GOVERNANCE_DIRECTORY, 2, buf_slice(&world->text)),
        GOVERN_ACCEPTED);

    calendar = world->governing.governance->calendar;
    assert_int_equal(calendar_desk(calendar, instant("2026-11-21T12:00:00Z"))->agency, 7);
}

/* The shipped calendar with these members in front. */
static enum govern_result load_with(struct governing_world *world, uint64_t version,
                                    const char *members)
{
    _cleanup_(buf_deinit) struct buf to = BUF_MAX(1024);
    buf_format(&to, "%s\"desks\"", members);
    governing_template("calendar", &world->text);
    text_replace(&world->text, "\"desks\"", buf_text(&to));
    return governing_offer(&world->governing, GOVERNANCE_CALENDAR, version,
                           buf_slice(&world->text));
}

static void a_time_to_keep_that_is_too_short_or_too_long_is_refused(void **state)
{
    static const char *const rows[] = {
        "\"delivered_kept_days\": 6, ",   "\"delivered_kept_days\": 367, ",
        "\"delivered_kept_days\": 0, ",   "\"history_kept_days\": 6, ",
        "\"history_kept_days\": 3661, ",  "\"history_kept_days\": -1, ",
        "\"delivered_kept_days\": 9.5, ", "\"keep_all\": 1, ",
        "\"keep_all\": \"yes\", ",
    };
    struct governing_world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(load_with(world, 2, rows[i]), GOVERN_BAD_DOCUMENT);
    }
}

static void it_says_how_long_bodies_are_kept_and_when_it_does_not_a_default_does(void **state)
{
    static const struct {
        const char *members;
        int32_t transit;
        int32_t history;
    } rows[] = {
        {"", 90, 366},
        {"\"delivered_kept_days\": 7, \"history_kept_days\": 7, ", 7, 7},
        {"\"delivered_kept_days\": 366, \"history_kept_days\": 3660, ", 366, 3660},
        {"\"keep_all\": false, ", 90, 366},
        {"\"keep_all\": true, \"delivered_kept_days\": 7, ", 0, 366},
    };
    struct governing_world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(load_with(world, 2 + i, rows[i].members), GOVERN_ACCEPTED);

        const struct calendar *calendar = world->governing.governance->calendar;
        assert_int_equal(calendar_transit_days(calendar), rows[i].transit);
        assert_int_equal(calendar_history_days(calendar), rows[i].history);
    }
    assert_int_equal(calendar_transit_days(NULL), 90);
    assert_int_equal(calendar_history_days(NULL), 366);
}

static void a_calendar_with_a_gap_or_an_overlap_is_refused(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        const char *what; /* NULL: any */
    } rows[] = {
        {"\"until\": \"17:00\"", "\"until\": \"16:59\"", "nobody is on duty on mon at 16:59"},
        {"\"from\": \"08:30\"", "\"from\": \"08:31\"", "nobody is on duty on mon at 08:30"},
        {"\"sun\", ", "", "nobody is on duty on sun at 00:00"},
        {", \"holiday\"]", "]", "nobody is on duty on holiday at 00:00"},
        {"\"until\": \"17:00\"", "\"until\": \"17:01\"",
         "another desk is on duty at 17:00 already"},
        {"\"until\": \"17:00\"", "\"until\": \"08:30\"",
         "must end after it begins; split what passes midnight"},
        {"\"until\": \"17:00\"", "\"until\": \"24:01\"", "must be a time from 00:00 to 24:00"},
        {"\"until\": \"17:00\"", "\"until\": \"16:60\"", "must be a time from 00:00 to 24:00"},
        {"\"until\": \"17:00\"", "\"until\": \"5 pm!\"", "must be a time from 00:00 to 24:00"},
        {"{\"desk\": \"mash\"", "{\"desk\": \"mesh\"", "the desk is not listed"},
        {"\"id\": \"out-of-hours\"", "\"id\": \"mash\"", "the desk id is used twice"},
        {"\"mon\", ", "\"monday\", ", NULL},
        {"2026-01-01", "2026-04-03", "holidays must be listed in order"},
        {"2026-01-01", "2026-02-29", NULL},
        {"\"phone\": \"01632 960100\"", "\"phone\": \"\"", NULL},
        {"\"desks\"", "\"zone\": \"UTC\", \"desks\"", NULL},
    };
    struct governing_world *world = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        governing_template("calendar", &world->text);
        text_replace(&world->text, rows[i].from, rows[i].to);

        assert_int_equal(
            governing_offer(&world->governing, GOVERNANCE_CALENDAR, 2, buf_slice(&world->text)),
            GOVERN_BAD_DOCUMENT);

        assert_string_not_equal(world->governing.error.what, "");
        if (rows[i].what != NULL) {
            assert_string_equal(world->governing.error.what, rows[i].what);
        }
    }
}

int main(void)
{
#define story(name) cmocka_unit_test_setup_teardown(name, set_up, governing_world_tear_down)
    const struct CMUnitTest tests[] = {
        story(the_mash_is_on_duty_on_weekdays_and_the_duty_team_otherwise),
        story(at_the_change_of_clocks_the_wall_clock_decides),
        story(the_next_desk_is_the_one_after_nights_weekends_and_holidays),
        story(a_desk_that_is_always_on_duty_has_no_next),
        story(every_hour_of_the_year_has_a_desk_with_a_telephone),
        story(a_desk_has_its_agency_once_the_directory_has_it),
        story(a_calendar_with_a_gap_or_an_overlap_is_refused),
        story(it_says_how_long_bodies_are_kept_and_when_it_does_not_a_default_does),
        story(a_time_to_keep_that_is_too_short_or_too_long_is_refused),
    };
#undef story

    return cmocka_run_group_tests(tests, NULL, NULL);
}
