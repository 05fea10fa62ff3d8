/* SPDX-License-Identifier: Apache-2.0 */
/*
 * age: whether a birth date can be right for whom it is said of: the one place that judges it,
 * whatever a submission was written in. Years are whole, on the day that something is said of.
 *
 *   of a child    up to 17; 18 to 25 with a finding (a plan for special needs, leaving care); 26
 *                 and more is refused: there is no list of adults
 *   of an adult   from 18; 10 to 17 with a finding (a mother of sixteen is a child as well); less
 *                 is refused
 *   of anybody    a birth in the future is refused
 *
 * Pure functions; any thread.
 */
#ifndef AGENTS_AGE_H
#define AGENTS_AGE_H

#include "agents/core/event.h"

#define AGE_YOUNG_PERSON 16 /* from here "did not attend", and not sent by default */
#define AGE_ADULT        18
#define AGE_NO_CHILD     26  /* nobody's plan or care leaver's adviser goes beyond 25 */
#define AGE_NO_ADULT     10  /* younger than anybody who was ever a parent */
#define AGE_IMPLAUSIBLE  120 /* "1900-01-01" stands for a date that nobody knew */

#define AGE_CLOCK_TOLERANCE_DAYS 1 /* a source's day may have begun before ours */

/* Why a birth date is refused, for the person who gave it, as a clause about "it"; NULL when it is
 * not, or there is none. The rest is of `day`, on which it happened. */
const char *age_refusal_of_future(const struct identity *identity, int32_t today);
const char *age_refusal(const struct identity *identity, int32_t day);
/* What is odd about one that was taken; NULL nothing. Of an event, what is refused unless it cannot
 * wait, and a birth after it as well. */
const char *age_finding(const struct identity *identity, int32_t day);
const char *age_finding_of_event(const struct event *event);

#endif
