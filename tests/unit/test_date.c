/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/date.h"

static int32_t day_of(const char *text)
{
    int32_t day = INT32_MIN;

    assert_true(date_parse(slice_of_text(text), &day));
    return day;
}

static int64_t ms_of(const char *text)
{
    int64_t ms = INT64_MIN;

    assert_true(instant_parse(slice_of_text(text), &ms));
    return ms;
}

static void every_day_agrees_with_the_c_library(void **state)
{
    int32_t first = day_of("1900-01-01");
    int32_t last = day_of("2199-12-31");
    (void)state;

    for (int32_t day = first; day <= last; day++) {
        time_t seconds = (time_t)day * 86400;
        struct tm tm;
        char expected[DATE_TEXT_BYTES];
        char text[DATE_TEXT_BYTES];
        int year;
        int month;
        int mday;
        assert_non_null(gmtime_r(&seconds, &tm));
        assert_int_equal(strftime(expected, sizeof(expected), "%Y-%m-%d", &tm), 10);
        date_format(day, text);
        assert_string_equal(text, expected);
        assert_int_equal(day_of(text), day);
        date_split(day, &year, &month, &mday);
        assert_int_equal(year, tm.tm_year + 1900);
        assert_int_equal(month, tm.tm_mon + 1);
        assert_int_equal(mday, tm.tm_mday);
        assert_int_equal(date_weekday(day), (tm.tm_wday + 6) % 7);
        assert_true(date_in_range(day));
    }
    assert_false(date_in_range(first - 1));
    assert_false(date_in_range(last + 1));
}

static void what_is_not_exactly_a_date_is_refused(void **state)
{
    static const char *const bad[] = {
        "",           "2026",        "2026-11",     "2026-11-2",   "2026-1-22",
        "26-11-22",   "2026-11-022", "2026-11-22 ", " 2026-11-22", "2026/11/22",
        "22-11-2026", "22/11/2026",  "2026-00-10",  "2026-13-01",  "2026-11-00",
        "2026-11-31", "2026-02-29",  "1900-02-29",  "2100-02-29",  "1899-12-31",
        "2200-01-01", "-026-11-22",  "2026-1a-22",  "2026-11-22T", "20261122",
        "2026-+1-22", "2026-11--2",  "99999-01-01",
    };
    int32_t day = 5;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(date_parse(slice_of_text(bad[i]), &day));
    }
    assert_false(date_parse(slice_make("2026-11-2\0", 10), &day));
    assert_int_equal(day, 5);
    assert_int_equal(day_of("2000-02-29"), 11016);
    assert_int_equal(day_of("1970-01-01"), 0);
}

static void days_that_do_not_exist_cannot_be_joined(void **state)
{
    int32_t day = 5;
    (void)state;

    assert_false(date_join(2026, 2, 29, &day));
    assert_false(date_join(2026, 0, 1, &day));
    assert_false(date_join(2026, 13, 1, &day));
    assert_false(date_join(2026, 1, 0, &day));
    assert_false(date_join(2026, 1, 32, &day));
    assert_false(date_join(1899, 12, 31, &day));
    assert_false(date_join(2200, 1, 1, &day));
    assert_false(date_join(INT32_MAX, INT32_MAX, INT32_MAX, &day));
    assert_int_equal(day, 5);
    assert_true(date_join(2024, 2, 29, &day));
    assert_int_equal(day, day_of("2024-02-29"));
}

static void a_day_out_of_range_is_written_as_zeros(void **state)
{
    char date[DATE_TEXT_BYTES];
    char instant[INSTANT_TEXT_BYTES];
    (void)state;

    date_format(INT32_MAX, date);
    assert_string_equal(date, "0000-00-00");
    date_format(INT32_MIN, date);
    assert_string_equal(date, "0000-00-00");
    instant_format(INT64_MAX, instant);
    assert_string_equal(instant, "0000-00-00T00:00:00.000Z");
    instant_format(INT64_MIN, instant);
    assert_string_equal(instant, "0000-00-00T00:00:00.000Z");
}

static void months_are_added_to_the_same_day_or_the_last(void **state)
{
    static const struct {
        const char *from;
        int months;
        const char *to;
    } rows[] = {
        {"2026-01-15", 1, "2026-02-15"},   {"2026-01-31", 1, "2026-02-28"},
        {"2024-01-31", 1, "2024-02-29"},   {"2026-03-31", -1, "2026-02-28"},
        {"2026-11-22", 12, "2027-11-22"},  {"2026-11-22", -12, "2025-11-22"},
        {"2024-02-29", 12, "2025-02-28"},  {"2026-12-31", 1, "2027-01-31"},
        {"2026-01-31", -1, "2025-12-31"},  {"2026-05-31", 0, "2026-05-31"},
        {"2026-01-01", -13, "2024-12-01"}, {"2026-10-31", 4, "2027-02-28"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(date_add_months(day_of(rows[i].from), rows[i].months), day_of(rows[i].to));
    }
}

static void age_changes_on_the_birthday(void **state)
{
    static const struct {
        const char *birth;
        const char *day;
        int age;
    } rows[] = {
        {"2010-06-15", "2026-06-14", 15}, {"2010-06-15", "2026-06-15", 16},
        {"2010-06-15", "2026-06-16", 16}, {"2026-06-15", "2026-06-15", 0},
        {"2008-02-29", "2026-02-28", 17}, {"2008-02-29", "2026-03-01", 18},
        {"2008-02-29", "2024-02-29", 16}, {"2008-02-29", "2024-02-28", 15},
        {"2026-12-31", "2027-01-01", 0},  {"2027-03-01", "2026-12-01", -1},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(date_age(day_of(rows[i].birth), day_of(rows[i].day)), rows[i].age);
    }
}

static void instants_are_read_with_fraction_and_offset(void **state)
{
    static const struct {
        const char *text;
        const char *utc;
    } rows[] = {
        {"2026-11-22T08:00:00Z", "2026-11-22T08:00:00.000Z"},
        {"2026-11-22T08:00:00.5Z", "2026-11-22T08:00:00.500Z"},
        {"2026-11-22T08:00:00.123456789Z", "2026-11-22T08:00:00.123Z"},
        {"2026-11-22T08:00:00.0019Z", "2026-11-22T08:00:00.001Z"},
        {"2026-11-22T00:30:00+01:00", "2026-11-21T23:30:00.000Z"},
        {"2026-12-31T23:30:00-01:30", "2027-01-01T01:00:00.000Z"},
        {"2026-11-22T08:00:00-00:00", "2026-11-22T08:00:00.000Z"},
        {"1900-01-01T00:00:00.000Z", "1900-01-01T00:00:00.000Z"},
        {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
        {"2199-12-31T23:59:59.999Z", "2199-12-31T23:59:59.999Z"},
    };
    char text[INSTANT_TEXT_BYTES];
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        instant_format(ms_of(rows[i].text), text);
        assert_string_equal(text, rows[i].utc);
    }
    assert_true(ms_of("1970-01-01T00:00:00Z") == 0);
    assert_true(ms_of("1969-12-31T23:59:59.999Z") == -1);
    assert_true(ms_of("2026-11-22T08:00:00Z") == 1795334400000);
}

static void what_is_not_exactly_an_instant_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "2026-11-22",
        "2026-11-22T08:00:00",
        "2026-11-22T08:00Z",
        "2026-11-22 08:00:00Z",
        "2026-11-22t08:00:00Z",
        "2026-11-22T08:00:00z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T08:60:00Z",
        "2026-11-22T08:00:60Z",
        "2026-11-22T08:00:00.Z",
        "2026-11-22T08:00:00.1234567890Z",
        "2026-11-22T08:00:00,5Z",
        "2026-11-22T08:00:00+1:00",
        "2026-11-22T08:00:00+0100",
        "2026-11-22T08:00:00+24:00",
        "2026-11-22T08:00:00+01:60",
        "2026-11-22T08:00:00+01",
        "2026-11-22T08:00:00ZZ",
        "2026-11-22T08:00:00Z ",
        "2026-11-22T8:00:00Z",
        "2026-11-31T08:00:00Z",
        "1900-01-01T00:00:00+00:01",
        "2199-12-31T23:59:59-00:01",
        "2026-11-22T08:00:00 Z",
        "2026-11-22T-8:00:00Z",
        "2026-11-22T08:00:00*01:00",
    };
    int64_t ms = 5;
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(instant_parse(slice_of_text(bad[i]), &ms));
    }
    assert_true(ms == 5);
}

static void london_changes_its_clocks_on_the_last_sundays(void **state)
{
    static const struct {
        const char *instant;
        const char *day;
        int minute;
    } rows[] = {
        {"2026-03-29T00:59:59.999Z", "2026-03-29", 59},
        {"2026-03-29T01:00:00Z", "2026-03-29", 120},
        {"2026-10-25T00:59:59.999Z", "2026-10-25", 119},
        {"2026-10-25T01:00:00Z", "2026-10-25", 60},
        {"2026-06-30T23:00:00Z", "2026-07-01", 0},
        {"2026-06-30T22:59:59Z", "2026-06-30", 1439},
        {"2026-12-31T23:59:59Z", "2026-12-31", 1439},
        {"2027-01-01T00:00:00Z", "2027-01-01", 0},
        {"2024-03-31T01:00:00Z", "2024-03-31", 120},
        {"2024-03-31T00:59:00Z", "2024-03-31", 59},
        {"2025-10-26T01:00:00Z", "2025-10-26", 60},
        {"2025-10-26T00:59:00Z", "2025-10-26", 119},
        {"1969-12-31T23:59:59Z", "1969-12-31", 1439},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t ms = ms_of(rows[i].instant);
        assert_int_equal(instant_london_day(ms), day_of(rows[i].day));
        assert_int_equal(instant_london_minute(ms), rows[i].minute);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_agrees_with_the_c_library),
        cmocka_unit_test(what_is_not_exactly_a_date_is_refused),
        cmocka_unit_test(days_that_do_not_exist_cannot_be_joined),
        cmocka_unit_test(a_day_out_of_range_is_written_as_zeros),
        cmocka_unit_test(months_are_added_to_the_same_day_or_the_last),
        cmocka_unit_test(age_changes_on_the_birthday),
        cmocka_unit_test(instants_are_read_with_fraction_and_offset),
        cmocka_unit_test(what_is_not_exactly_an_instant_is_refused),
        cmocka_unit_test(london_changes_its_clocks_on_the_last_sundays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
