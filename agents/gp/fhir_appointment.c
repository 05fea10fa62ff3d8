/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One appointment: schema -> source id -> status -> (noshow and cancelled only) service, patient,
 * age -> event. The order keeps two promises. A confidential service is found before anything of
 * the patient is kept. And what says that an earlier noshow was wrong (RETRACT) needs no more than
 * the source id, so a correction is never lost because something else in it cannot be read.
 */
#include "agents/gp/fhir_appointment.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents/gp/fhir_bundle.h"
#include "agents/gp/fhir_patient.h"
#include "agents/gp/fhir_service.h"
#include "base/date.h"
#include "base/text.h"
#include "gp_schemas.h"
#include "json/json.h"
#include "json/schema.h"

#define AGE_YOUNG_PERSON     16 /* from here "did not attend", and not sent by default */
#define AGE_ADULT            18
#define CHANGED_AHEAD_MAX_MS (86400 * INT64_C(1000)) /* of lastUpdated, beyond our clock */
#define AGE_IMPLAUSIBLE      120 /* "1900-01-01" stands for a date that nobody knew */

struct appointment_reader {
    struct schema *schema;
};

/* All that judging one appointment looks at. */
struct reading {
    const struct appointment_reader *reader;
    const struct fhir_bundle *bundle;
    const struct event_terms *terms;
    struct json_view appointment;
    struct appointment_result *result;
};

struct appointment_reader *appointment_reader_new(struct error *error)
{
    struct appointment_reader *reader = base_zalloc(1, sizeof(*reader));

    reader->schema = schema_load(gp_schemas_file("fhir-appointment.schema.json"), error);
    if (reader->schema == NULL) {
        appointment_reader_free(&reader);
    }
    return reader;
}

void appointment_reader_free(struct appointment_reader **reader)
{
    if (*reader != NULL) {
        schema_free(&(*reader)->schema);
        base_free(reader);
        *reader = NULL;
    }
}

const char *appointment_outcome_text(enum appointment_outcome outcome)
{
    static const char *const texts[] = {
#define X(name, text) text,
        APPOINTMENT_OUTCOMES(X)
#undef X
    };

    static_assert(ARRAY_LEN(texts) == APPOINTMENT_OUTCOME_COUNT, "every outcome has its name");
    assert((size_t)outcome < ARRAY_LEN(texts));
    return texts[outcome];
}

const char *appointment_why_text(enum appointment_why why)
{
    static const char *const texts[] = {
#define X(name, text) text,
        APPOINTMENT_WHYS(X)
#undef X
    };

    static_assert(ARRAY_LEN(texts) == APPOINTMENT_WHY_COUNT, "every reason has its name");
    assert((size_t)why < ARRAY_LEN(texts));
    return texts[why];
}

bool appointment_outcome_withdraws(enum appointment_outcome outcome)
{
    return outcome != APPOINTMENT_EVENT && outcome != APPOINTMENT_SET_ASIDE;
}

void appointment_results_deinit(struct appointment_results *results)
{
    for (size_t i = 0; i < results->n; i++) {
        event_deinit(&results->items[i].event);
    }
    base_free(&results->items);
    *results = APPOINTMENT_RESULTS_NULL;
}

/* No person looked: the feed rests on a standing decision of the partnership. */
static void set_lawfulness(const struct event_terms *terms, struct lawfulness *ret)
{
    *ret = (struct lawfulness){
        .judged_by = JUDGED_BY_STANDING_DECISION,
        .basis = BASIS_PUBLIC_TASK,
        .detriment = DETRIMENT_NOT_MORE,
        .family_told = FAMILY_NOT_KNOWN,
        .function = "Protecting and promoting the health and welfare of the child.",
    };
    (void)snprintf(ret->judge, sizeof(ret->judge), "%s",
                   terms->standing_decision != NULL
                       ? terms->standing_decision
                       : "Standing decision on missed appointments; not named in the "
                         "configuration");
}

/* --- how a reading ends --- */

static void conclude(struct reading *reading, enum appointment_outcome outcome,
                     enum appointment_why why, const char *member, const char *words)
{
    struct json_view at = reading->appointment;

    reading->result->outcome = outcome;
    reading->result->why = why;
    if (member != NULL) {
        at = json_member(&at, member);
    }
    reading->result->reason = ERROR_NULL;
    (void)json_refuse(&at, "%s", words);
}

/* The reason is in the result's error already. */
static void set_aside(struct reading *reading, enum appointment_why why)
{
    reading->result->outcome = APPOINTMENT_SET_ASIDE;
    reading->result->why = why;
}

static void retract(struct reading *reading, enum appointment_why why, const char *words)
{
    struct event *event = &reading->result->event;

    event->kind = RECORD_RETRACTION;
    event->urgency = URGENCY_ROUTINE;
    memcpy(event->retracts, event->source_id, sizeof(event->retracts));
    set_lawfulness(reading->terms, &event->lawfulness);
    event->final = why == APPOINTMENT_WHY_MISTAKEN;
    conclude(reading, APPOINTMENT_RETRACT, why, "status", words);
}

/* --- source --- */

static void read_source_id(const struct json_view *appointment, struct event *event)
{
    struct json_view identifiers = json_opt_array(appointment, "identifier");
    struct json_view first = json_item(&identifiers, 0);

    json_opt_copy(appointment, "id", event->source_id, sizeof(event->source_id));
    if (event->source_id[0] == '\0') {
        json_opt_copy(&first, "value", event->source_id, sizeof(event->source_id));
    }
    if (event->source_id[0] == '\0') {
        (void)json_refuse(appointment, "has neither id nor identifier: send one, so that "
                                       "a correction can be matched to it");
    }
}

/* The version as the source calls it, else its time of change as written. Without either the
 * versions of an appointment differ by what they say. */
static void read_source_version(const struct json_view *meta, struct event *event)
{
    json_opt_copy(meta, "versionId", event->source_version, sizeof(event->source_version));
    if (event->source_version[0] == '\0') {
        json_opt_copy(meta, "lastUpdated", event->source_version, sizeof(event->source_version));
    }
}

/* A source whose clock runs far ahead of ours must not make all its later versions look old. */
static bool read_changed(const struct json_view *meta, int64_t now_ms, int64_t *ret_ms)
{
    int64_t ms = 0;

    if (!instant_parse(json_opt_text(meta, "lastUpdated"), &ms) ||
        ms > now_ms + CHANGED_AHEAD_MAX_MS) {
        return false;
    }
    *ret_ms = ms;
    return true;
}

static void read_source(struct reading *reading)
{
    struct event *event = &reading->result->event;
    struct json_view meta = json_opt_object(&reading->appointment, "meta");

    (void)snprintf(event->adapter, sizeof(event->adapter), "%s", FHIR_APPOINTMENT_ADAPTER);
    read_source_id(&reading->appointment, event);
    read_source_version(&meta, event);
    event->recorded_ms = reading->terms->now_ms;
    if (read_changed(&meta, reading->terms->now_ms, &event->changed_ms)) {
        event->recorded_ms = event->changed_ms;
    }
    event->event_day = instant_london_day(event->recorded_ms);
}

/* --- status --- */

enum course {
    COURSE_MISSED,
    COURSE_CANCELLED,
    COURSE_ATTENDED,
    COURSE_MISTAKEN,
    COURSE_OPEN,
};

static const struct {
    const char *status;
    enum course course;
} courses[] = {
    {"noshow", COURSE_MISSED},       {"cancelled", COURSE_CANCELLED},
    {"fulfilled", COURSE_ATTENDED},  {"arrived", COURSE_ATTENDED},
    {"checked-in", COURSE_ATTENDED}, {"entered-in-error", COURSE_MISTAKEN},
    {"proposed", COURSE_OPEN},       {"pending", COURSE_OPEN},
    {"booked", COURSE_OPEN},         {"waitlist", COURSE_OPEN},
};

static enum course course_of(const struct json_view *appointment)
{
    struct slice status = json_get_text(appointment, "status");

    for (size_t i = 0; i < ARRAY_LEN(courses); i++) {
        if (slice_is_text(status, courses[i].status)) {
            return courses[i].course;
        }
    }
    (void)json_refuse(appointment, "status is not one of FHIR R4"); /* the schema's enum */
    return COURSE_OPEN;
}

/* Who cancelled (http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason). */
enum canceller {
    CANCELLED_BY_SERVICE, /* or nobody says by whom */
    CANCELLED_BY_FAMILY,
    CANCELLED_FOR_DEATH,
    CANCELLED_FOR_PREGNANCY,
};

static const struct {
    const char *code;
    enum canceller canceller;
} cancellations[] = {
    {"pat", CANCELLED_BY_FAMILY},          {"pat-crs", CANCELLED_BY_FAMILY},
    {"pat-cpp", CANCELLED_BY_FAMILY},      {"pat-fb", CANCELLED_BY_FAMILY},
    {"pat-lt", CANCELLED_BY_FAMILY},       {"pat-mt", CANCELLED_BY_FAMILY},
    {"pat-mv", CANCELLED_BY_FAMILY},       {"pat-ucp", CANCELLED_BY_FAMILY},
    {"pat-uwp", CANCELLED_BY_FAMILY},      {"pat-dec", CANCELLED_FOR_DEATH},
    {"pat-preg", CANCELLED_FOR_PREGNANCY}, {"pat-swl", CANCELLED_BY_SERVICE}, /* seen earlier */
};

static enum canceller canceller_of(const struct json_view *appointment)
{
    struct json_view reason = json_opt_object(appointment, "cancelationReason");
    struct json_view codings = json_opt_array(&reason, "coding");
    size_t n = json_length(&codings);

    for (size_t i = 0; i < n; i++) {
        struct json_view coding = json_item(&codings, i);
        struct slice code = json_opt_text(&coding, "code");
        for (size_t k = 0; k < ARRAY_LEN(cancellations); k++) {
            if (slice_is_text(code, cancellations[k].code)) {
                return cancellations[k].canceller;
            }
        }
    }
    return CANCELLED_BY_SERVICE;
}

/* --- the event --- */

static void write_summary(uint32_t code, int32_t day, struct writer *out)
{
    static const char *const months[] = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December",
    };
    const char *what = "Was not brought to an appointment on";
    int year = 0;
    int month = 0;
    int day_of_month = 0;

    if (code == CODE_CANCELLED_BY_CARER) {
        what = "The family cancelled an appointment:";
    } else if (code == CODE_VACCINATION_NOT_BROUGHT) {
        what = "Was not brought to a vaccination appointment on";
    }
    date_split(day, &year, &month, &day_of_month);
    write_format(out, "%s %d %s %d.", what, day_of_month, months[month - 1], year);
}

/* Only what the list of reasons says; free text may be about anybody. */
static struct slice cancellation_words(const struct json_view *appointment)
{
    struct json_view reason = json_opt_object(appointment, "cancelationReason");
    struct json_view codings = json_opt_array(&reason, "coding");
    struct json_view first = json_item(&codings, 0);

    return json_opt_text(&first, "display");
}

/* The narrative, with the members of the account in config/schemas/record.schema.json. */
static void write_account(const struct json_view *appointment, const struct fhir_service *service,
                          int32_t start_day, struct event *event)
{
    _cleanup_(json_free) struct json *account = json_object_new();
    char summary[128] = "";
    struct writer out = writer_over(summary, sizeof(summary) - 1);
    char detail[FHIR_SERVICE_WORDS_BYTES];

    write_summary(event->code, start_day, &out);
    json_set_word(account, "summary", summary);
    if (service->words[0] != '\0') {
        json_set_word(account, "service", service->words);
    }
    if (service->place[0] != '\0') {
        json_set_word(account, "setting", service->place);
    }
    if (event->code == CODE_CANCELLED_BY_CARER &&
        text_copy(detail, sizeof(detail), cancellation_words(appointment)) && detail[0] != '\0') {
        json_set_word(account, "detail", detail);
    }
    json_set_word(account, "evidence", "told");
    json_set_word(account, "reported_by", "the appointment system, without a person looking");
    json_set_word(account, "handling", "not for online or proxy access");
    int r = json_write(account, JSON_STYLE_COMPACT, &event->account);
    assert(r == 0); /* a few short sentences */
}

/* --- noshow and cancelled --- */

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
    write_account(&reading->appointment, &facts->service, facts->start_day, event);
    set_lawfulness(reading->terms, &event->lawfulness);
    reading->result->outcome = APPOINTMENT_EVENT;
}

static void count_here_only(struct reading *reading, enum course course, const struct facts *facts)
{
    struct event *event = &reading->result->event;

    if (course == COURSE_CANCELLED) {
        conclude(reading, APPOINTMENT_IGNORED, APPOINTMENT_WHY_YOUNG_PERSON, "cancelationReason",
                 "a young person of 16 or 17 may cancel");
        return;
    }
    event->kind = RECORD_MISSED_APPOINTMENT;
    event->code = CODE_DID_NOT_ATTEND;
    event->event_day = facts->start_day;
    conclude(reading, APPOINTMENT_LOCAL_ONLY, APPOINTMENT_WHY_YOUNG_PERSON, "status",
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

/* True when the reading ended because something must be looked at by a person. */
static bool is_doubtful(struct reading *reading, enum course course, const struct facts *facts)
{
    int32_t today = instant_london_day(reading->terms->now_ms);

    if (facts->problem.what[0] != '\0') {
        reading->result->reason = facts->problem;
        set_aside(reading, why_of(facts));
        return true;
    }
    if (facts->patient.deceased) {
        conclude(reading, APPOINTMENT_SET_ASIDE, APPOINTMENT_WHY_DIED, "participant",
                 "the patient is recorded as having died: a person must look");
        return true;
    }
    if (facts->age < 0 || facts->age > AGE_IMPLAUSIBLE) {
        conclude(reading, APPOINTMENT_SET_ASIDE, APPOINTMENT_WHY_NO_AGE, "participant",
                 "the patient's birth date cannot be right for this day");
        return true;
    }
    if (course == COURSE_MISSED && facts->start_day > today) {
        conclude(reading, APPOINTMENT_SET_ASIDE, APPOINTMENT_WHY_UNREADABLE, "start",
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
        conclude(reading, APPOINTMENT_IGNORED, APPOINTMENT_WHY_ADULT, "participant",
                 "the patient is an adult");
        return;
    }
    if (confidential || facts.service.confidential) {
        conclude(reading, APPOINTMENT_CONFIDENTIAL, APPOINTMENT_WHY_CONFIDENTIAL, NULL,
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

static void judge_cancelled(struct reading *reading)
{
    switch (canceller_of(&reading->appointment)) {
    case CANCELLED_BY_FAMILY:
        judge_absence(reading, COURSE_CANCELLED, false);
        return;
    case CANCELLED_FOR_PREGNANCY:
        judge_absence(reading, COURSE_CANCELLED, true);
        return;
    case CANCELLED_FOR_DEATH:
        conclude(reading, APPOINTMENT_SET_ASIDE, APPOINTMENT_WHY_DIED, "cancelationReason",
                 "says that the patient has died: a person must look");
        return;
    case CANCELLED_BY_SERVICE:
        retract(reading, APPOINTMENT_WHY_BY_SERVICE,
                "cancelled, and not by the family: counts for nothing");
        return;
    }
}

static void judge(struct reading *reading)
{
    enum course course = course_of(&reading->appointment);

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
        conclude(reading, APPOINTMENT_IGNORED, APPOINTMENT_WHY_NOT_YET, "status",
                 "nothing has happened yet");
        return;
    }
}

/* --- one appointment, and all of them --- */

/* The schema speaks of places inside the resource; the reason names the place in the input. */
static bool keeps_schema(struct reading *reading)
{
    struct error inside = ERROR_NULL;
    struct error *reason = &reading->result->reason;

    if (schema_check(reading->reader->schema, reading->appointment.node, &inside) == 0) {
        return true;
    }
    (void)error_set(reason, NULL, "%s", inside.what);
    (void)snprintf(reason->where, sizeof(reason->where), "%.79s%.79s", reading->appointment.path,
                   inside.where);
    return false;
}

static void read_appointment(struct reading *reading)
{
    if (!keeps_schema(reading)) {
        set_aside(reading, APPOINTMENT_WHY_UNREADABLE);
        return;
    }
    read_source(reading);
    if (!json_ok(&reading->appointment)) {
        set_aside(reading, APPOINTMENT_WHY_UNREADABLE);
        return;
    }
    judge(reading);
}

static struct appointment_result *next_result(struct appointment_results *results)
{
    struct appointment_result *result = &results->items[results->n++];

    result->event = EVENT_NULL;
    return result;
}

static void read_resource(const struct reading *common, const struct fhir_resource *resource,
                          struct appointment_results *results)
{
    struct reading reading = *common;

    if (resource->type.len > 0 && !slice_is_text(resource->type, "Appointment")) {
        return;
    }
    reading.result = next_result(results);
    reading.appointment = resource->view;
    reading.appointment.error = &reading.result->reason;
    if (resource->type.len == 0) {
        conclude(&reading, APPOINTMENT_SET_ASIDE, APPOINTMENT_WHY_UNREADABLE, NULL,
                 "the entry holds no resource");
        return;
    }
    read_appointment(&reading);
}

int appointment_read(const struct appointment_reader *reader, struct slice text,
                     const struct event_terms *terms, struct appointment_results *ret,
                     struct error *error)
{
    struct error problem = ERROR_NULL;
    _cleanup_(json_free) struct json *document = json_parse(text, &problem);
    _cleanup_(fhir_bundle_deinit) struct fhir_bundle bundle = FHIR_BUNDLE_NULL;

    if (document == NULL) {
        return error_set(error, problem.where, "%s", problem.what);
    }
    struct json_view whole = json_view(document, &problem);
    if (fhir_bundle_read(&whole, &bundle) != 0) {
        return error_set(error, problem.where, "%s", problem.what);
    }
    struct slice type = fhir_resource_type(&whole);
    if (!slice_is_text(type, "Bundle") && !slice_is_text(type, "Appointment")) {
        return error_set(error, "/resourceType", "must be Appointment or Bundle");
    }
    struct reading common = {.reader = reader, .bundle = &bundle, .terms = terms};
    ret->items = bundle.n > 0 ? base_zalloc(bundle.n, sizeof(*ret->items)) : NULL;
    for (size_t i = 0; i < bundle.n; i++) {
        read_resource(&common, &bundle.resources[i], ret);
    }
    return 0;
}
