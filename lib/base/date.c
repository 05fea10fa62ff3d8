/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Day numbers by eras of 400 years whose years begin on 1 March, so that the leap day comes last
 * and needs no case.
 */
#include "base/date.h"

#include <stdio.h>

#define YEAR_MIN       1900
#define YEAR_MAX       2199
#define DAY_MIN        (-25567) /* 1900-01-01 */
#define DAY_MAX        84005    /* 2199-12-31 */
#define DAYS_PER_ERA   146097
#define DAYS_TO_EPOCH  719468 /* 0000-03-01 to 1970-01-01 */
#define MS_PER_MINUTE  60000LL
#define MINUTES_PER_HR 60

struct civil {
    int64_t year;
    int month;
    int day;
};

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

static int64_t day_of_civil(int64_t year, int month, int day)
{
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t era = floor_div(shifted, 400);
    int64_t year_of_era = shifted - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

static struct civil civil_of_day(int64_t day)
{
    int64_t shifted = day + DAYS_TO_EPOCH;
    int64_t era = floor_div(shifted, DAYS_PER_ERA);
    int64_t day_of_era = shifted - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);

    return (struct civil){
        .year = year_of_era + era * 400 + (month <= 2 ? 1 : 0),
        .month = month,
        .day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1),
    };
}

static int days_in_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && leap ? 29 : days[month - 1];
}

bool date_join(int year, int month, int day, int32_t *ret)
{
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month)) {
        return false;
    }
    *ret = (int32_t)day_of_civil(year, month, day);
    return true;
}

void date_split(int32_t day, int *ret_year, int *ret_month, int *ret_day)
{
    struct civil civil = civil_of_day(day);

    *ret_year = (int)civil.year;
    *ret_month = civil.month;
    *ret_day = civil.day;
}

bool date_in_range(int32_t day)
{
    return day >= DAY_MIN && day <= DAY_MAX;
}

static bool read_char(struct reader *reader, char wanted)
{
    return read_u8(reader) == (uint8_t)wanted;
}

/* Exactly `digits` decimal digits; anything else fails the reader. */
static int read_digits(struct reader *reader, int digits)
{
    int value = 0;

    for (int i = 0; i < digits; i++) {
        uint8_t c = read_u8(reader);
        if (c < '0' || c > '9') {
            reader->failed = true;
            return 0;
        }
        value = value * 10 + (c - '0');
    }
    return value;
}

static bool read_date(struct reader *reader, int32_t *ret_day)
{
    int year = read_digits(reader, 4);
    bool dashes = read_char(reader, '-');
    int month = read_digits(reader, 2);
    dashes = read_char(reader, '-') && dashes;
    int day = read_digits(reader, 2);

    return reader_ok(reader) && dashes && date_join(year, month, day, ret_day);
}

bool date_parse(struct slice text, int32_t *ret_day)
{
    struct reader reader = reader_over(text);
    int32_t day = 0;

    if (!read_date(&reader, &day) || !reader_end(&reader)) {
        return false;
    }
    *ret_day = day;
    return true;
}

void date_format(int32_t day, char out[DATE_TEXT_BYTES])
{
    if (!date_in_range(day)) {
        (void)snprintf(out, DATE_TEXT_BYTES, "%s", "0000-00-00");
        return;
    }
    struct civil civil = civil_of_day(day);
    (void)snprintf(out, DATE_TEXT_BYTES, "%04u-%02u-%02u", (unsigned)civil.year % 10000U,
                   (unsigned)civil.month % 100U, (unsigned)civil.day % 100U);
}

int32_t date_add_months(int32_t day, int months)
{
    struct civil civil = civil_of_day(day);
    int64_t count = civil.year * 12 + civil.month - 1 + months;
    int64_t year = floor_div(count, 12);
    int month = (int)(count - year * 12) + 1;
    int last = days_in_month(year, month);

    return (int32_t)day_of_civil(year, month, civil.day < last ? civil.day : last);
}

int date_age(int32_t birth, int32_t day)
{
    struct civil born = civil_of_day(birth);
    struct civil now = civil_of_day(day);
    bool before_birthday =
        now.month < born.month || (now.month == born.month && now.day < born.day);

    return (int)(now.year - born.year) - (before_birthday ? 1 : 0);
}

int date_weekday(int32_t day)
{
    int64_t since_monday = (int64_t)day + 3; /* 1970-01-01 was a Thursday */

    return (int)(since_monday - floor_div(since_monday, 7) * 7);
}

/* Hours, minutes and seconds after midnight; a leap second has no millisecond of its own and is
 * refused. */
static bool read_time(struct reader *reader, int64_t *ret_ms)
{
    int hour = read_digits(reader, 2);
    bool colons = read_char(reader, ':');
    int minute = read_digits(reader, 2);
    colons = read_char(reader, ':') && colons;
    int second = read_digits(reader, 2);

    if (!reader_ok(reader) || !colons || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    *ret_ms = ((int64_t)hour * MINUTES_PER_HR + minute) * MS_PER_MINUTE + (int64_t)second * 1000;
    return true;
}

/* ".123456789": one to nine digits, of which three count. No fraction at all is 0. */
static bool read_fraction(struct reader *reader, int64_t *ret_ms)
{
    int64_t ms = 0;
    int digits = 0;

    if (reader->left == 0 || *reader->at != '.') {
        *ret_ms = 0;
        return true;
    }
    (void)read_u8(reader);
    while (reader->left > 0 && *reader->at >= '0' && *reader->at <= '9') {
        int digit = read_digits(reader, 1);
        ms = digits < 3 ? ms * 10 + digit : ms;
        digits++;
    }
    for (int i = digits; i < 3; i++) {
        ms *= 10;
    }
    *ret_ms = ms;
    return digits >= 1 && digits <= 9;
}

static bool read_offset(struct reader *reader, int64_t *ret_ms)
{
    uint8_t sign = read_u8(reader);

    if (sign == 'Z') {
        *ret_ms = 0;
        return true;
    }
    int hour = read_digits(reader, 2);
    bool colon = read_char(reader, ':');
    int minute = read_digits(reader, 2);
    if (!reader_ok(reader) || !colon || (sign != '+' && sign != '-') || hour > 23 || minute > 59) {
        return false;
    }
    int64_t ms = ((int64_t)hour * MINUTES_PER_HR + minute) * MS_PER_MINUTE;
    *ret_ms = sign == '+' ? ms : -ms;
    return true;
}

static bool instant_in_range(int64_t ms)
{
    return ms >= DAY_MIN * DAY_MS && ms < (DAY_MAX + 1) * DAY_MS;
}

bool instant_parse(struct slice text, int64_t *ret_ms)
{
    struct reader reader = reader_over(text);
    int32_t day = 0;
    int64_t time = 0;
    int64_t fraction = 0;
    int64_t offset = 0;

    if (!read_date(&reader, &day) || !read_char(&reader, 'T') || !read_time(&reader, &time) ||
        !read_fraction(&reader, &fraction) || !read_offset(&reader, &offset) ||
        !reader_end(&reader)) {
        return false;
    }
    int64_t ms = day * DAY_MS + time + fraction - offset;
    if (!instant_in_range(ms)) {
        return false;
    }
    *ret_ms = ms;
    return true;
}

void instant_format(int64_t ms, char out[INSTANT_TEXT_BYTES])
{
    if (!instant_in_range(ms)) {
        (void)snprintf(out, INSTANT_TEXT_BYTES, "%s", "0000-00-00T00:00:00.000Z");
        return;
    }
    int32_t day = (int32_t)floor_div(ms, DAY_MS);
    unsigned rest = (unsigned)(ms - day * DAY_MS);
    char date[DATE_TEXT_BYTES];
    date_format(day, date);
    (void)snprintf(out, INSTANT_TEXT_BYTES, "%sT%02u:%02u:%02u.%03uZ", date, rest / 3600000U % 24U,
                   rest / 60000U % 60U, rest / 1000U % 60U, rest % 1000U);
}

/* 01:00 UTC on the last Sunday of a month of 31 days: when London's clocks change. */
static int64_t clock_change_ms(int64_t year, int month)
{
    int32_t last = (int32_t)day_of_civil(year, month, 31);
    int32_t sunday = last - (date_weekday(last) + 1) % 7;

    return sunday * DAY_MS + 60 * MS_PER_MINUTE;
}

static int64_t london_ms(int64_t ms)
{
    int64_t year = civil_of_day(floor_div(ms, DAY_MS)).year;
    bool summer = ms >= clock_change_ms(year, 3) && ms < clock_change_ms(year, 10);

    return ms + (summer ? 60 * MS_PER_MINUTE : 0);
}

/* Asked several times for each record. London's day is the one of UTC but for the last hour of a
 * summer's. */
int32_t instant_london_day(int64_t ms)
{
    int64_t day = floor_div(ms, DAY_MS);
    bool last_hour = ms - day * DAY_MS >= DAY_MS - 60 * MS_PER_MINUTE;

    return (int32_t)(last_hour ? floor_div(london_ms(ms), DAY_MS) : day);
}

int instant_london_minute(int64_t ms)
{
    int64_t local = london_ms(ms);

    return (int)((local - floor_div(local, DAY_MS) * DAY_MS) / MS_PER_MINUTE);
}
