/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/gp/fhir_judge.h"

#include <string.h>

#include "agents/core/age.h"
#include "agents/gp/fhir_account.h"
#include "agents/gp/fhir_patient.h"
#include "agents/gp/fhir_service.h"
#include "agents/gp/fhir_status.h"
#include "base/date.h"

/* What is known before anything is decided. */
struct facts {
    struct fhir_service service;
    struct fhir_patient patient;
    struct error problem; /* what keeps patient or day from being known */
    bool has_day;
    int32_t start_day;
    bool has_age;
    int age; /* whole years on that day */
};

static void facts_deinit(struct facts *facts)
{
    fhir_patient_deinit(&facts->patient);
}

static bool read_start(const struct json_view *appointment, int32_t *ret_day)
{
    struct json_view start = json_member(appointment, "start");
    int64_t ms = 0;

    if (start.node == NULL) {
        (void)json_refuse(&start, "is missing: nobody can say on which day it was");
        return false;
    }
    if (!instant_parse(json_as_text(&start), &ms)) {
        (void)json_refuse(&start, "is no time with a time zone, like 2026-06-16T15:20:00+01:00");
        return false;
    }
    *ret_day = instant_london_day(ms);
    return true;
}

static void gather(const struct reading *reading, struct facts *facts)
{
    struct error unheard = ERROR_NULL; /* a place that cannot be read does not matter */
    struct json_view for_service = reading->appointment;
    struct json_view for_patient = reading->appointment;

    for_service.error = &unheard;
    fhir_service_read(reading->bundle, &for_service, &facts->service);
    for_patient.error = &facts->problem;
    facts->has_day = read_start(&for_patient, &facts->start_day);
    fhir_patient_find(reading->bundle, &for_patient, reading->terms->live, &facts->patient);
    facts->has_age = facts->has_day && facts->patient.identity.has_birth;
    if (facts->has_age) {
        facts->age = date_age(facts->patient.identity.birth_day, facts->start_day);
    }
}

/* The event of a child under 16; the identity moves into it. */
static void tell(struct reading *reading, enum course course, struct facts *facts)
{
    struct event *event = &reading->result->event;
    int32_t recorded_day = instant_london_day(event->recorded_ms);

    event->kind = RECORD_MISSED_APPOINTMENT;
    event->code = CODE_WAS_NOT_BROUGHT;
    event->event_day = facts->start_day;
    if (course == COURSE_CANCELLED) {
        event->code = CODE_CANCELLED_BY_CARER;
        /* cancelling is what happened, and it can happen before the day of the appointment */
        event->event_day = recorded_day < facts->start_day ? recorded_day : facts->start_day;
        event->day_heard = event->changed_ms == 0;
    } else if (facts->service.vaccination) {
        event->kind = RECORD_MISSED_VACCINATION;
        event->code = CODE_VACCINATION_NOT_BROUGHT;
    }
    event->urgency = URGENCY_ROUTINE;
    event->settles = true;
    memcpy(event->occurrence, facts->service.occurrence, sizeof(event->occurrence));
    event->child = facts->patient.identity;
    account_write(&reading->appointment, &facts->service, facts->start_day, event);
    account_lawfulness(reading->terms, &event->lawfulness);
    reading->result->outcome = APPOINTMENT_EVENT;
}

static void count_here_only(struct reading *reading, enum course course, const struct facts *facts)
{
    struct event *event = &reading->result->event;

    if (course == COURSE_CANCELLED) {
        reading_conclude(reading, APPOINTMENT_IGNORED, APPOINTMENT_WHY_YOUNG_PERSON,
                         "cancelationReason", "a young person of 16 or 17 may cancel");
        return;
    }
    event->kind = RECORD_MISSED_APPOINTMENT;
    event->code = CODE_DID_NOT_ATTEND;
    event->event_day = facts->start_day;
    reading_conclude(reading, APPOINTMENT_LOCAL_ONLY, APPOINTMENT_WHY_YOUNG_PERSON, "status",
                     "a young person of 16 or 17 did not attend: counted here only");
}

/* Of what keeps patient or day from being known. */
static enum appointment_why why_of(const struct facts *facts)
{
    if (!facts->patient.found) {
        return APPOINTMENT_WHY_NO_PATIENT;
    }
    return facts->patient.identity.has_birth ? APPOINTMENT_WHY_UNREADABLE : APPOINTMENT_WHY_NO_AGE;
}

/* What cannot be the patient's birth date on that day, and what to do; NULL when it can. */
static const char *wrong_birth(const struct facts *facts, int32_t today)
{
    if (age_refusal_of_future(&facts->patient.identity, today) != NULL) {
        return "the patient's birth date lies in the future: correct it where it came from, and "
               "send the appointment again; one of an unborn child is its mother's";
    }
    if (facts->age < 0) {
        return "the patient was born after this day: correct the birth date or the appointment, "
               "and send it again";
    }
    return facts->age > AGE_IMPLAUSIBLE ? "the patient's birth date makes an age of more than 120 "
                                          "years: correct it, and send the appointment again"
                                        : NULL;
}

/* True when the reading ended because something must be looked at by a person. */
static bool is_doubtful(struct reading *reading, enum course course, const struct facts *facts)
{
    int32_t today = instant_london_day(reading->terms->now_ms);

    if (facts->problem.what[0] != '\0') {
        reading->result->reason = facts->problem;
        reading_set_aside(reading, why_of(facts));
        return true;
    }
    if (facts->patient.deceased) {
        reading_conclude(reading, APPOINTMENT_SET_ASIDE, APPOINTMENT_WHY_DIED, "participant",
                         "the patient is recorded as having died: a person must look");
        return true;
    }
    const char *wrong = wrong_birth(facts, today);
    if (wrong != NULL) {
        reading_conclude(reading, APPOINTMENT_SET_ASIDE, APPOINTMENT_WHY_NO_AGE, "participant",
                         wrong);
        return true;
    }
    if (course == COURSE_MISSED && facts->start_day > today) {
        reading_conclude(reading, APPOINTMENT_SET_ASIDE, APPOINTMENT_WHY_UNREADABLE, "start",
                         "lies in the future, so nobody can have missed it");
        return true;
    }
    return false;
}

static void judge_absence(struct reading *reading, enum course course, bool confidential)
{
    _cleanup_(facts_deinit) struct facts facts = {.patient = FHIR_PATIENT_NULL};

    gather(reading, &facts);
    if (facts.has_age && facts.age >= AGE_ADULT && facts.age <= AGE_IMPLAUSIBLE) {
        reading_conclude(reading, APPOINTMENT_IGNORED, APPOINTMENT_WHY_ADULT, "participant",
                         "the patient is an adult");
        return;
    }
    if (confidential || facts.service.confidential) {
        reading_conclude(reading, APPOINTMENT_CONFIDENTIAL, APPOINTMENT_WHY_CONFIDENTIAL, NULL,
                         "a confidential service: only counted");
        return;
    }
    if (is_doubtful(reading, course, &facts)) {
        return;
    }
    if (facts.age >= AGE_YOUNG_PERSON) {
        count_here_only(reading, course, &facts);
        return;
    }
    tell(reading, course, &facts);
}

static void retract(struct reading *reading, enum appointment_why why, const char *words)
{
    struct event *event = &reading->result->event;

    event->kind = RECORD_RETRACTION;
    event->urgency = URGENCY_ROUTINE;
    memcpy(event->retracts, event->source_id, sizeof(event->retracts));
    account_lawfulness(reading->terms, &event->lawfulness);
    event->final = why == APPOINTMENT_WHY_MISTAKEN;
    reading_conclude(reading, APPOINTMENT_RETRACT, why, "status", words);
}

static void judge_cancelled(struct reading *reading)
{
    switch (status_canceller(&reading->appointment)) {
    case CANCELLED_BY_FAMILY:
        judge_absence(reading, COURSE_CANCELLED, false);
        return;
    case CANCELLED_FOR_PREGNANCY:
        judge_absence(reading, COURSE_CANCELLED, true);
        return;
    case CANCELLED_FOR_DEATH:
        reading_conclude(reading, APPOINTMENT_SET_ASIDE, APPOINTMENT_WHY_DIED, "cancelationReason",
                         "says that the patient has died: a person must look");
        return;
    case CANCELLED_BY_SERVICE:
        retract(reading, APPOINTMENT_WHY_BY_SERVICE,
                "cancelled, and not by the family: counts for nothing");
        return;
    }
}

void reading_judge(struct reading *reading)
{
    enum course course = status_course(&reading->appointment);

    switch (course) {
    case COURSE_MISSED:
        judge_absence(reading, course, false);
        return;
    case COURSE_CANCELLED:
        judge_cancelled(reading);
        return;
    case COURSE_ATTENDED:
        retract(reading, APPOINTMENT_WHY_SEEN, "the child was seen");
        return;
    case COURSE_MISTAKEN:
        retract(reading, APPOINTMENT_WHY_MISTAKEN, "entered in error");
        return;
    case COURSE_OPEN:
        reading_conclude(reading, APPOINTMENT_IGNORED, APPOINTMENT_WHY_NOT_YET, "status",
                         "nothing has happened yet");
        return;
    }
}
