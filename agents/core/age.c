/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/age.h"

#include "base/date.h"

#define PREGNANCY_DAYS 310 /* as it is dated, with some to spare */

const char *age_refusal_of_future(const struct identity *identity, int32_t today)
{
    if (!identity->has_birth || identity->birth_day <= today + AGE_CLOCK_TOLERANCE_DAYS) {
        return NULL;
    }
    return identity->person ? "lies in the future: correct it where it came from, or leave it out"
                            : "lies in the future: correct it where it came from; a child who is "
                              "not born yet has none, but an expected_date";
}

const char *age_refusal(const struct identity *identity, int32_t day)
{
    if (!identity->has_birth) {
        return NULL;
    }
    int age = date_age(identity->birth_day, day);
    if (!identity->person && age >= AGE_NO_CHILD) {
        return "makes the child 26 or older that day: correct it where it came from, or leave it "
               "out; of an adult a tie to a child is told";
    }
    if (identity->person && age < AGE_NO_ADULT) {
        return "makes the adult younger than 10: correct it where it came from, or leave it out";
    }
    return identity->person && age > AGE_IMPLAUSIBLE
               ? "makes the adult older than 120: correct it where it came from, or leave it out"
               : NULL;
}

const char *age_finding(const struct identity *identity, int32_t day)
{
    const char *refusal = age_refusal(identity, day);
    if (refusal != NULL || !identity->has_birth) {
        return refusal;
    }
    int age = date_age(identity->birth_day, day);
    if (!identity->person && age >= AGE_ADULT) {
        return "makes the child 18 or older that day: right up to 25 with a plan or after care, "
               "else correct it";
    }
    return identity->person && age < AGE_ADULT
               ? "makes the adult younger than 18: what there is of a child say as a child's"
               : NULL;
}

/* Of the time before: that an adult was known, and what an unborn child is told of or has a plan
 * for. */
static bool may_be_before_birth(const struct event *event)
{
    bool in_pregnancy = event->event_day >= event->child.birth_day - PREGNANCY_DAYS;
    return event->kind == RECORD_ADULT_SERVICE ||
           (in_pregnancy && (event->kind == RECORD_PLAN || event->code == CODE_NEGLECT_PRENATAL));
}

const char *age_finding_of_event(const struct event *event)
{
    if (event->child.has_birth && !event->child.person &&
        event->child.birth_day > event->event_day && !may_be_before_birth(event)) {
        return "lies after the day on which it happened: correct whichever is wrong";
    }
    return age_finding(&event->child, event->event_day);
}
