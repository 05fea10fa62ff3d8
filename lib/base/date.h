/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Civil dates without a zone (a birth date, the day of an appointment) as days since 1970-01-01,
 * and RFC 3339 instants as milliseconds since 1970 UTC. Proleptic Gregorian, years 1900 to 2199.
 * Strict: what is not exactly the form is false.
 */
#ifndef BASE_DATE_H
#define BASE_DATE_H

#include "base/slice.h"

#define DATE_TEXT_BYTES    11 /* "2026-11-22" and NUL */
#define DAY_MS             INT64_C(86400000)
#define INSTANT_TEXT_BYTES 25 /* "2026-11-22T08:00:00.000Z" and NUL */

bool date_parse(struct slice text, int32_t *ret_day) MUST_USE; /* YYYY-MM-DD */
/* Whether a day from elsewhere lies in the years above. The formatters write a date of zeros for
 * one that does not. */
bool date_in_range(int32_t day);
void date_format(int32_t day, char out[DATE_TEXT_BYTES]);
void date_split(int32_t day, int *ret_year, int *ret_month, int *ret_day);
bool date_join(int year, int month, int day,
               int32_t *ret) MUST_USE; /* false when there is no such day */
/* Same day of the month `months` later (may be negative); the last day of the month when there is
 * none. */
int32_t date_add_months(int32_t day, int months);
/* Whole years from birth to day; 29 February has its birthday on 1 March. Negative before birth. */
int date_age(int32_t birth, int32_t day);
/* 0 Monday to 6 Sunday. */
int date_weekday(int32_t day);
/* RFC 3339 with Z or an offset; up to nanoseconds, of which milliseconds are kept. */
bool instant_parse(struct slice text, int64_t *ret_ms) MUST_USE;
void instant_format(int64_t ms, char out[INSTANT_TEXT_BYTES]);
/* The civil date in Europe/London at that instant (GMT and BST by the rule in force since 1996). */
int32_t instant_london_day(int64_t ms);
/* Minutes after local midnight in Europe/London. */
int instant_london_minute(int64_t ms);

#endif
