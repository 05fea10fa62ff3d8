/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agents/gp/confidential.h"
#include "agents/gp/fhir_appointment.h"
#include "agents/gp/phrases.h"
#include "base/date.h"
#include "crypto/crypto.h"
#include "os/files.h"
#include "support/nobody.h"

#define DATA SOURCE_DIR "/tests/data/"
#define NOW  "2026-11-22T09:00:00Z"

#define NAMED      "\"name\":[{\"family\":\"Thistledown\"}],"
#define NHS_SYSTEM "https://fhir.nhs.uk/Id/nhs-number"
#define VERIFICATION                                                                               \
    "{\"url\":\"https://fhir.hl7.org.uk/StructureDefinition/"                                      \
    "Extension-UKCore-NHSNumberVerificationStatus\",\"valueCodeableConcept\":{\"coding\":[{"       \
    "\"code\":\"01\"}]}}"

static struct appointment_reader *reader;
static struct event_terms terms;

static int start(void **state)
{
    struct error error = ERROR_NULL;

    (void)state;
    if (crypto_init(&error) != 0) {
        return -1;
    }
    reader = appointment_reader_new(&error);
    return reader != NULL && instant_parse(slice_of_text(NOW), &terms.now_ms) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    appointment_reader_free(&reader);
    crypto_deinit();
    return 0;
}

static int32_t day(const char *text)
{
    int32_t ret = 0;

    assert_true(date_parse(slice_of_text(text), &ret));
    return ret;
}

/* --- making appointments --- */

/* What a test says of one appointment; what it leaves out is as in the commonest one. */
struct told {
    const char *status;      /* noshow */
    const char *start;       /* 2026-06-16T15:20:00+01:00; "-" none */
    const char *birth;       /* 2022-03-14; "-" none */
    const char *appointment; /* further members of the appointment, each with a comma behind it */
    const char *patient;     /* likewise of the patient */
};

static const char *or_else(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

static void member(struct buf *out, const char *key, const char *text)
{
    if (strcmp(text, "-") != 0) {
        buf_format(out, "\"%s\":\"%s\",", key, text);
    }
}

static struct buf appointment_of(const struct told *told)
{
    struct buf out = BUF_MAX(CAIRN_JSON_MAX_BYTES);

    buf_add_text(&out, "{\"resourceType\":\"Appointment\",\"id\":\"a-1\",");
    member(&out, "status", or_else(told->status, "noshow"));
    member(&out, "start", or_else(told->start, "2026-06-16T15:20:00+01:00"));
    buf_add_text(&out, or_else(told->appointment, ""));
    buf_add_text(&out, "\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"p\",");
    member(&out, "birthDate", or_else(told->birth, "2022-03-14"));
    buf_add_text(&out, or_else(told->patient, "\"name\":[{\"family\":\"Thistledown\",\"given\":["
                                              "\"Peregrina\"]}],"));
    buf_add_text(&out, "\"active\":true}],\"participant\":[{\"actor\":{\"reference\":\"#p\"}}]}");
    assert_true(buf_ok(&out));
    return out;
}

static struct appointment_results read_text(struct slice text)
{
    struct appointment_results results = APPOINTMENT_RESULTS_NULL;
    struct error error = ERROR_NULL;

    if (appointment_read(reader, text, &terms, &results, &error) != 0) {
        fail_msg("%s: %s", error.where, error.what);
    }
    return results;
}

static struct appointment_results read_told(const struct told *told)
{
    _cleanup_(buf_deinit) struct buf text = appointment_of(told);

    return read_text(buf_slice(&text));
}

static struct appointment_results read_file(const char *name)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);
    char path[256];
    struct writer out = writer_over(path, sizeof(path) - 1);

    write_format(&out, "%s%s", DATA, name);
    path[out.len] = '\0';
    assert_int_equal(file_read(path, &text), 0);
    return read_text(buf_slice(&text));
}

/* --- looking at results --- */

struct expected {
    enum appointment_outcome outcome;
    enum record_kind kind;
    enum record_code code;
    const char *where; /* of the reason; NULL: any */
};

static void expect_result(const struct appointment_result *result, const struct expected *expected,
                          const char *row)
{
    if (result->outcome != expected->outcome ||
        (expected->kind != 0 && result->event.kind != expected->kind) ||
        (expected->code != 0 && result->event.code != (uint32_t)expected->code) ||
        (expected->where != NULL && strcmp(result->reason.where, expected->where) != 0)) {
        fail_msg("%s: outcome %d, kind %d, code %u, %s: %s", row, (int)result->outcome,
                 (int)result->event.kind, result->event.code, result->reason.where,
                 result->reason.what);
    }
    if (result->outcome == APPOINTMENT_EVENT) {
        assert_string_equal(result->reason.what, "");
        assert_true(result->event.settles);
    } else {
        assert_string_not_equal(result->reason.what, "");
        assert_true(is_nobody(&result->event.child));
        assert_null(result->event.account.data);
    }
}

static void expect_told(const struct told *told, const struct expected *expected, const char *row)
{
    _cleanup_(appointment_results_deinit) struct appointment_results results = read_told(told);

    assert_int_equal(results.n, 1);
    expect_result(&results.items[0], expected, row);
}

static bool says(struct buf *account, const char *text)
{
    return strstr(buf_text(account), text) != NULL;
}

/* --- the demonstration files --- */

static void each_demonstration_file_becomes_what_its_description_says(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        struct expected expected;
        const char *date;
        const char *occurrence;
    } rows[] = {
        {"demo/gp-noshow-1.json",
         {APPOINTMENT_EVENT, RECORD_MISSED_APPOINTMENT, CODE_WAS_NOT_BROUGHT, NULL},
         "2026-02-10",
         "sct:1060971000000108"},
        {"demo/gp-noshow-2.json",
         {APPOINTMENT_EVENT, RECORD_MISSED_APPOINTMENT, CODE_WAS_NOT_BROUGHT, NULL},
         "2026-06-16",
         "sct:1060971000000108"},
        {"demo/hospital-noshow.json",
         {APPOINTMENT_EVENT, RECORD_MISSED_APPOINTMENT, CODE_WAS_NOT_BROUGHT, NULL},
         "2026-09-08",
         "sct:893801000000101"},
        {"demo/gp-same-hospital-appointment.json",
         {APPOINTMENT_EVENT, RECORD_MISSED_APPOINTMENT, CODE_WAS_NOT_BROUGHT, NULL},
         "2026-09-08",
         "sct:893801000000101"},
        {"demo/gp-cancelled-by-service.json",
         {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"},
         NULL,
         ""},
        {"demo/gp-cancelled-by-family.json",
         {APPOINTMENT_EVENT, RECORD_MISSED_APPOINTMENT, CODE_CANCELLED_BY_CARER, NULL},
         "2026-05-11",
         "sct:1060971000000108"},
        {"demo/gp-confidential.json", {APPOINTMENT_CONFIDENTIAL, 0, 0, "/"}, NULL, ""},
        {"demo/gp-corrected-evening.json",
         {APPOINTMENT_EVENT, RECORD_MISSED_APPOINTMENT, CODE_WAS_NOT_BROUGHT, NULL},
         "2026-10-05",
         "sct:1060971000000108"},
        {"demo/gp-corrected-morning.json",
         {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"},
         NULL,
         ""},
        {"demo/gp-young-person.json",
         {APPOINTMENT_LOCAL_ONLY, RECORD_MISSED_APPOINTMENT, CODE_DID_NOT_ATTEND, "/status"},
         "2026-08-18",
         ""},
        {"demo/gp-vaccination.json",
         {APPOINTMENT_EVENT, RECORD_MISSED_VACCINATION, CODE_VACCINATION_NOT_BROUGHT, NULL},
         "2026-11-03",
         "sct:33879002"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_file(rows[i].file);
        assert_int_equal(results.n, 1);
        expect_result(&results.items[0], &rows[i].expected, rows[i].file);
        assert_string_equal(results.items[0].event.occurrence, rows[i].occurrence);
        if (rows[i].date != NULL) {
            assert_int_equal(results.items[0].event.event_day, day(rows[i].date));
        }
    }
}

static void a_missed_appointment_carries_who_where_and_on_what_ground(void **state)
{
    (void)state;

    _cleanup_(appointment_results_deinit) struct appointment_results results =
        read_file("demo/gp-noshow-1.json");

    struct event *event = &results.items[0].event;
    assert_string_equal(event->adapter, FHIR_APPOINTMENT_ADAPTER);
    assert_string_equal(event->source_id, "es-a-1001");
    assert_string_equal(event->source_version, "1");
    assert_int_equal(event->urgency, URGENCY_ROUTINE);
    assert_int_equal(event->level, 0);
    assert_string_equal(event->child.given, "Peregrina");
    assert_string_equal(event->child.family, "Thistledown");
    assert_int_equal(event->child.birth_day, day("2022-03-14"));
    assert_string_equal(event->child.nhs_number.value, "9994117025");
    assert_int_equal(event->child.nhs_number.status, IDENTIFIER_VERIFIED);
    assert_string_equal(event->child.local_id,
                        "https://fhir.elm-street.example/Id/patient|ES-40417");
    assert_string_equal(event->child.address, "7 Quillfeather Lane, Nethermere");
    assert_string_equal(event->child.postcode, "NM7 4QX");
    assert_int_equal(event->lawfulness.judged_by, JUDGED_BY_STANDING_DECISION);
    assert_int_equal(event->lawfulness.family_told, FAMILY_NOT_KNOWN);
    assert_string_equal(
        buf_text(&event->account),
        "{\"evidence\":\"told\",\"handling\":\"not for online or proxy access\",\"reported_by\":"
        "\"the appointment system, without a person looking\",\"service\":\"Nurse review, Elm "
        "Street\",\"setting\":\"Elm Street Surgery\",\"summary\":\"Was not brought to an "
        "appointment on 10 February 2026.\"}");
}

static void the_standing_decision_is_named_when_the_configuration_names_it(void **state)
{
    (void)state;
    struct event_terms named = terms;
    named.standing_decision = "Standing decision 3, missed appointments, 2026-01-12";
    _cleanup_(buf_deinit) struct buf text = appointment_of(&(struct told){0});
    _cleanup_(appointment_results_deinit) struct appointment_results results =
        APPOINTMENT_RESULTS_NULL;
    struct error error = ERROR_NULL;

    assert_int_equal(appointment_read(reader, buf_slice(&text), &named, &results, &error), 0);

    assert_string_equal(results.items[0].event.lawfulness.judge, named.standing_decision);
}

static void a_correction_names_the_same_source_id_and_no_child(void **state)
{
    (void)state;
    _cleanup_(appointment_results_deinit) struct appointment_results evening =
        read_file("demo/gp-corrected-evening.json");
    _cleanup_(appointment_results_deinit) struct appointment_results morning =
        read_file("demo/gp-corrected-morning.json");

    _cleanup_(buf_deinit) struct buf stored = BUF_MAX(EVENT_JSON_MAX_BYTES);
    assert_int_equal(event_to_json(&morning.items[0].event, &stored), 0);
    assert_string_equal(morning.items[0].event.retracts, evening.items[0].event.source_id);
    assert_string_equal(morning.items[0].event.source_id, evening.items[0].event.source_id);
    assert_string_not_equal(morning.items[0].event.source_version,
                            evening.items[0].event.source_version);
}

static void one_day_of_a_practice_gives_each_its_outcome_and_loses_none(void **state)
{
    (void)state;
    static const struct expected rows[] = {
        {APPOINTMENT_EVENT, RECORD_MISSED_APPOINTMENT, CODE_WAS_NOT_BROUGHT, ""},
        {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/entry/5/resource/status"},
        {APPOINTMENT_LOCAL_ONLY, 0, CODE_DID_NOT_ATTEND, "/entry/6/resource/status"},
        {APPOINTMENT_IGNORED, 0, 0, "/entry/7/resource/participant"},
        {APPOINTMENT_IGNORED, 0, 0, "/entry/8/resource/status"},
        {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/entry/9/resource/status"},
        {APPOINTMENT_CONFIDENTIAL, 0, 0, "/entry/10/resource"},
        {APPOINTMENT_SET_ASIDE, 0, 0, "/entry/11/resource/participant/0/actor"},
        {APPOINTMENT_EVENT, RECORD_MISSED_APPOINTMENT, CODE_WAS_NOT_BROUGHT, ""},
        {APPOINTMENT_SET_ASIDE, 0, 0, "/entry/13/resource/status"},
    };

    _cleanup_(appointment_results_deinit) struct appointment_results results =
        read_file("fhir/day.json");

    assert_int_equal(results.n, ARRAY_LEN(rows));
    for (size_t i = 0; i < results.n; i++) {
        expect_result(&results.items[i], &rows[i], "day");
        assert_null(strstr(results.items[i].reason.what, "Thistledown"));
    }
    assert_string_equal(results.items[8].event.child.given, "Larkspurne");
    assert_string_equal(results.items[7].event.source_id, "d8");
}

/* --- status and age --- */

static void the_status_decides_together_with_the_age_on_the_day(void **state)
{
    (void)state;
    static const struct {
        struct told told;
        struct expected expected;
    } rows[] = {
        /* the day before the birthday, the birthday */
        {{.birth = "2010-06-17"}, {APPOINTMENT_EVENT, 0, CODE_WAS_NOT_BROUGHT, ""}},
        {{.birth = "2010-06-16"}, {APPOINTMENT_LOCAL_ONLY, 0, CODE_DID_NOT_ATTEND, "/status"}},
        {{.birth = "2008-06-17"}, {APPOINTMENT_LOCAL_ONLY, 0, CODE_DID_NOT_ATTEND, "/status"}},
        {{.birth = "2008-06-16"}, {APPOINTMENT_IGNORED, 0, 0, "/participant"}},
        {{.birth = "2026-06-16"}, {APPOINTMENT_EVENT, 0, CODE_WAS_NOT_BROUGHT, ""}},
        {{.birth = "2026-06-17"}, {APPOINTMENT_SET_ASIDE, 0, 0, "/participant"}},
        {{.birth = "1900-01-01"}, {APPOINTMENT_SET_ASIDE, 0, 0, "/participant"}},
        {{.birth = "-"}, {APPOINTMENT_SET_ASIDE, 0, 0, "/contained/0/birthDate"}},
        {{.birth = "2022"}, {APPOINTMENT_SET_ASIDE, 0, 0, "/contained/0/birthDate"}},
        {{.birth = "2022-03"}, {APPOINTMENT_SET_ASIDE, 0, 0, "/contained/0/birthDate"}},
        /* the other statuses, whoever it is */
        {{.status = "fulfilled"}, {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"}},
        {{.status = "arrived"}, {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"}},
        {{.status = "checked-in"}, {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"}},
        {{.status = "entered-in-error"}, {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"}},
        {{.status = "entered-in-error", .start = "-", .birth = "-"},
         {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"}},
        {{.status = "booked"}, {APPOINTMENT_IGNORED, 0, 0, "/status"}},
        {{.status = "pending"}, {APPOINTMENT_IGNORED, 0, 0, "/status"}},
        {{.status = "proposed"}, {APPOINTMENT_IGNORED, 0, 0, "/status"}},
        {{.status = "waitlist"}, {APPOINTMENT_IGNORED, 0, 0, "/status"}},
        {{.status = "missed"}, {APPOINTMENT_SET_ASIDE, 0, 0, "/status"}},
        {{.status = "-"}, {APPOINTMENT_SET_ASIDE, 0, 0, "/status"}},
        /* the day */
        {{.start = "-"}, {APPOINTMENT_SET_ASIDE, 0, 0, "/start"}},
        {{.start = "2026-06-16"}, {APPOINTMENT_SET_ASIDE, 0, 0, "/start"}},
        {{.start = "2026-06-16T15:20:00"}, {APPOINTMENT_SET_ASIDE, 0, 0, "/start"}},
        {{.start = "2026-11-22T16:00:00Z"}, {APPOINTMENT_EVENT, 0, CODE_WAS_NOT_BROUGHT, ""}},
        {{.start = "2026-11-23T09:00:00Z"}, {APPOINTMENT_SET_ASIDE, 0, 0, "/start"}},
        /* who has died is no missed appointment */
        {{.patient = NAMED "\"deceasedBoolean\":true,"},
         {APPOINTMENT_SET_ASIDE, 0, 0, "/participant"}},
        {{.patient = NAMED "\"deceasedDateTime\":\"2026-05-01\","},
         {APPOINTMENT_SET_ASIDE, 0, 0, "/participant"}},
        {{.patient = NAMED "\"deceasedBoolean\":false,"},
         {APPOINTMENT_EVENT, 0, CODE_WAS_NOT_BROUGHT, ""}},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        expect_told(&rows[i].told, &rows[i].expected,
                    or_else(rows[i].told.birth, or_else(rows[i].told.status, "row")));
    }
}

static void a_birth_date_that_cannot_be_says_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const char *birth;
        const char *words;
    } rows[] = {
        {"2031-06-17", "lies in the future: correct it where it came from"},
        {"2026-06-17", "born after this day: correct the birth date or the appointment"},
        {"1900-01-01", "more than 120 years: correct it"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_told(&(struct told){.birth = rows[i].birth});

        assert_int_equal(results.items[0].outcome, APPOINTMENT_SET_ASIDE);
        assert_int_equal(results.items[0].why, APPOINTMENT_WHY_NO_AGE);
        assert_non_null(strstr(results.items[0].reason.what, rows[i].words));
        assert_null(strstr(results.items[0].reason.what, rows[i].birth));
    }
}

static void the_day_is_the_day_in_london(void **state)
{
    (void)state;
    static const struct {
        const char *start;
        const char *date;
    } rows[] = {
        {"2026-06-16T23:30:00Z", "2026-06-17"},
        {"2026-06-16T23:30:00+01:00", "2026-06-16"},
        {"2026-02-10T23:30:00Z", "2026-02-10"},
        {"2026-02-10T00:30:00+02:00", "2026-02-09"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_told(&(struct told){.start = rows[i].start});
        assert_int_equal(results.items[0].event.event_day, day(rows[i].date));
    }
}

static void who_cancelled_decides_whether_it_counts(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        const char *birth;
        struct expected expected;
    } rows[] = {
        {"pat", NULL, {APPOINTMENT_EVENT, 0, CODE_CANCELLED_BY_CARER, ""}},
        {"pat-crs", NULL, {APPOINTMENT_EVENT, 0, CODE_CANCELLED_BY_CARER, ""}},
        {"pat-cpp", NULL, {APPOINTMENT_EVENT, 0, CODE_CANCELLED_BY_CARER, ""}},
        {"pat-fb", NULL, {APPOINTMENT_EVENT, 0, CODE_CANCELLED_BY_CARER, ""}},
        {"pat-lt", NULL, {APPOINTMENT_EVENT, 0, CODE_CANCELLED_BY_CARER, ""}},
        {"pat-mt", NULL, {APPOINTMENT_EVENT, 0, CODE_CANCELLED_BY_CARER, ""}},
        {"pat-mv", NULL, {APPOINTMENT_EVENT, 0, CODE_CANCELLED_BY_CARER, ""}},
        {"pat-ucp", NULL, {APPOINTMENT_EVENT, 0, CODE_CANCELLED_BY_CARER, ""}},
        {"pat-uwp", NULL, {APPOINTMENT_EVENT, 0, CODE_CANCELLED_BY_CARER, ""}},
        {"pat", "2010-01-01", {APPOINTMENT_IGNORED, 0, 0, "/cancelationReason"}},
        {"pat", "1990-01-01", {APPOINTMENT_IGNORED, 0, 0, "/participant"}},
        {"pat", "-", {APPOINTMENT_SET_ASIDE, 0, 0, "/contained/0/birthDate"}},
        {"pat-dec", NULL, {APPOINTMENT_SET_ASIDE, 0, 0, "/cancelationReason"}},
        {"pat-preg", "2011-01-01", {APPOINTMENT_CONFIDENTIAL, 0, 0, "/"}},
        {"pat-swl", NULL, {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"}},
        {"prov", NULL, {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"}},
        {"prov-edu", NULL, {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"}},
        {"maint", NULL, {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"}},
        {"meds-inc", NULL, {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"}},
        {"other", NULL, {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"}},
        {"oth-weath", NULL, {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"}},
        {"patient", NULL, {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"}},
        {"", NULL, {APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"}},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf reason = BUF_MAX(1024);
        buf_format(&reason, "\"cancelationReason\":{\"coding\":[{\"code\":\"%s\"}]},",
                   rows[i].code);
        const struct told told = {
            .status = "cancelled", .birth = rows[i].birth, .appointment = buf_text(&reason)};
        expect_told(&told, &rows[i].expected, rows[i].code);
    }
    expect_told(&(struct told){.status = "cancelled"},
                &(struct expected){APPOINTMENT_RETRACT, RECORD_RETRACTION, 0, "/status"},
                "no reason");
}

static void a_cancellation_happens_on_the_day_it_is_recorded_if_that_is_earlier(void **state)
{
    (void)state;
    static const struct {
        const char *updated;
        const char *date;
    } rows[] = {
        {"2026-06-14T08:00:00Z", "2026-06-14"},
        {"2026-06-16T08:00:00Z", "2026-06-16"},
        {"2026-07-01T08:00:00Z", "2026-06-16"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf more = BUF_MAX(1024);
        buf_format(&more,
                   "\"meta\":{\"lastUpdated\":\"%s\"},\"cancelationReason\":{\"coding\":[{"
                   "\"code\":\"pat-lt\",\"display\":\"Lack of Transportation\"}]},",
                   rows[i].updated);
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_told(&(struct told){.status = "cancelled", .appointment = buf_text(&more)});
        struct event *event = &results.items[0].event;
        assert_int_equal(event->event_day, day(rows[i].date));
        assert_string_equal(event->source_version, rows[i].updated);
        assert_true(says(&event->account, "The family cancelled an appointment: 16 June 2026."));
        assert_true(says(&event->account, "\"detail\":\"Lack of Transportation\""));
    }
}

/* --- what it is for --- */

#define SNOMED(code)                                                                               \
    "[{\"coding\":[{\"system\":\"http://snomed.info/sct\",\"code\":\"" code "\"}]}]"
#define TEXT(words) "[{\"text\":\"" words "\"}]"
#define HL7(list, code)                                                                            \
    "[{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/" list                      \
    "\",\"code\":\"" code "\"}]}]"
#define TREATMENT(code)                                                                            \
    "[{\"coding\":[{\"system\":\"https://fhir.nhs.uk/CodeSystem/"                                  \
    "NHSDataModelAndDictionary-treatment-function\",\"code\":\"" code "\"}]}]"

static void a_confidential_service_is_found_wherever_it_is_said(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "\"serviceType\":" SNOMED("788122004") ",",
        "\"serviceType\":" SNOMED("310117003") ",",
        "\"specialty\":" SNOMED("394588006") ",",
        "\"specialty\":" TREATMENT("360") ",",
        "\"specialty\":" TREATMENT("711") ",",
        "\"serviceCategory\":" HL7("service-category", "22") ",",
        "\"serviceType\":" HL7("service-type", "67") ",",
        "\"serviceType\":" HL7("service-type", "543") ",",
        "\"serviceType\":" TEXT("Contraception and Sexual Health (CASH)") ",",
        "\"serviceType\":" TEXT("GUM clinic") ",",
        "\"serviceType\":" TEXT("SARC follow-up") ",",
        "\"serviceType\":" TEXT("CAMHS") ",",
        "\"serviceType\":" TEXT("Termination of pregnancy") ",",
        "\"serviceType\":[{\"coding\":[{\"display\":\"Mental-health review\"}]}],",
        "\"specialty\":" TEXT("Child & Adolescent Psychiatry") ",",
        "\"reasonCode\":" TEXT("self-harm") ",",
        "\"appointmentType\":{\"text\":\"Family planning\"},",
        "\"description\":\"Young people's clinic, Thursday\",",
        "\"meta\":{\"security\":[{\"code\":\"R\"}]},",
        "\"meta\":{\"security\":[{\"code\":\"N\"},{\"code\":\"V\"}]},",
        "\"meta\":{\"security\":[{\"code\":\"SEX\"}]},",
    };
    const struct expected confidential = {APPOINTMENT_CONFIDENTIAL, 0, 0, "/"};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        expect_told(&(struct told){.birth = "2011-05-02", .appointment = rows[i]}, &confidential,
                    rows[i]);
        /* dropped too when nobody knows how old */
        expect_told(&(struct told){.birth = "-", .appointment = rows[i]}, &confidential, rows[i]);
    }
}

static void an_adult_at_a_confidential_clinic_is_not_even_counted(void **state)
{
    (void)state;

    expect_told(&(struct told){.birth = "1990-01-01",
                               .appointment = "\"serviceType\":" SNOMED("788122004") ","},
                &(struct expected){APPOINTMENT_IGNORED, 0, 0, "/participant"}, "adult");
}

static void an_ordinary_service_is_not_taken_for_a_confidential_one(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "\"serviceType\":" SNOMED("893801000000101") ",",
        "\"serviceType\":" TEXT("Developmental review") ",",
        "\"serviceType\":" TEXT("Sarcoma follow-up") ",",
        "\"serviceType\":" TEXT("Environmental allergy") ",",
        "\"serviceType\":" TEXT("Postnatal and baby check with the midwife") ",",
        "\"serviceType\":" HL7("service-type", "44") ",",
        "\"serviceType\":[{\"coding\":[{\"system\":\"urn:local\",\"code\":\"67\"}]}],",
        "\"specialty\":" TREATMENT("420") ",",
        "\"meta\":{\"security\":[{\"code\":\"N\"}]},",
        "\"description\":\"Asthma review; therapeutic goals\",",
    };
    const struct expected event = {APPOINTMENT_EVENT, 0, CODE_WAS_NOT_BROUGHT, ""};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        expect_told(&(struct told){.appointment = rows[i]}, &event, rows[i]);
    }
}

static void every_code_of_the_confidential_table_is_reached_through_its_list(void **state)
{
    (void)state;
    static const struct {
        const char *system;
        const char *code;
        bool confidential;
    } rows[] = {
        {"http://snomed.info/sct", "310062002", true},
        {"", "310062002", true},
        {"http://snomed.info/sct", "1060971000000108", false},
        {"http://terminology.hl7.org/CodeSystem/service-type", "54", true},
        {"http://terminology.hl7.org/CodeSystem/service-type", "310062002", false},
        {"http://terminology.hl7.org/CodeSystem/service-category", "8", true},
        {"http://terminology.hl7.org/CodeSystem/service-category", "17", false},
        {"https://fhir.nhs.uk/CodeSystem/main-specialty", "502", true},
        {"https://fhir.nhs.uk/CodeSystem/main-specialty", "560", false},
        {"urn:other", "54", false},
        {"urn:other", "", false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(
            confidential_code(slice_of_text(rows[i].system), slice_of_text(rows[i].code)),
            rows[i].confidential);
    }
}

static void a_phrase_begins_where_a_word_begins(void **state)
{
    (void)state;
    static const char *const phrases[] = {"sexual health", "sarc ", "gum clinic"};
    static const struct {
        const char *text;
        bool found;
    } rows[] = {
        {"Sexual Health", true},
        {"SEXUAL-HEALTH clinic", true},
        {"sexual\xC2\xA0health", true},
        {"the (sexual)  health", true},
        {"asexual health", false},
        {"sexual wealth", false},
        {"sexual", false},
        {"SARC", true},
        {"at sarc", true},
        {"sarcoma", false},
        {"rhinosarc", false},
        {"Gum clinics", true},
        {"", false},
        {" ", false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (phrases_any(slice_of_text(rows[i].text), phrases, ARRAY_LEN(phrases)) !=
            rows[i].found) {
            fail_msg("\"%s\"", rows[i].text);
        }
    }
}

static void a_vaccination_is_known_by_code_or_words(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "\"serviceType\":" SNOMED("33879002") ",",
        "\"serviceType\":" SNOMED("148621000000100") ",",
        "\"serviceType\":" HL7("service-type", "57") ",",
        "\"serviceType\":" TEXT("Childhood immunisations") ",",
        "\"serviceType\":" TEXT("MMR catch-up") ",",
        "\"serviceType\":[{\"coding\":[{\"display\":\"Pre-school vaccination\"}]}],",
        "\"reasonCode\":" TEXT("8 week imms") ",",
        "\"appointmentType\":{\"text\":\"Baby jabs\"},",
    };
    const struct expected event = {APPOINTMENT_EVENT, RECORD_MISSED_VACCINATION,
                                   CODE_VACCINATION_NOT_BROUGHT, ""};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        expect_told(&(struct told){.appointment = rows[i]}, &event, rows[i]);
    }
    expect_told(&(struct told){.birth = "2010-01-01", .appointment = rows[0]},
                &(struct expected){APPOINTMENT_LOCAL_ONLY, RECORD_MISSED_APPOINTMENT,
                                   CODE_DID_NOT_ATTEND, "/status"},
                "16");
}

static void the_occurrence_names_the_service_and_no_organisation(void **state)
{
    (void)state;
    static const struct {
        const char *appointment;
        const char *occurrence;
    } rows[] = {
        {"\"serviceType\":" SNOMED("408443003") ",", "sct:408443003"},
        {"\"serviceType\":" SNOMED("408443003") ",\"specialty\":" SNOMED("394814009") ",",
         "sct:408443003"},
        {"\"specialty\":" SNOMED("394814009") ",", "sct:394814009"},
        {"\"serviceType\":" TEXT("Eye Clinic") ",\"specialty\":" SNOMED("394594003") ",",
         "sct:394594003"},
        {"\"serviceType\":" TEXT("Eye clinic") ",", "text:eyeclinic"},
        {"\"serviceType\":[{\"coding\":[{\"system\":\"urn:local\",\"code\":\"E1\",\"display\":"
         "\"EYE "
         "CLINIC\"}]}],",
         "text:eyeclinic"},
        {"\"specialty\":" TEXT("Eye-Clinic") ",", "text:eyeclinic"},
        {"\"serviceType\":[{\"coding\":[{\"system\":\"http://snomed.info/"
         "sct\",\"code\":\"1;2\"}]}],",
         ""},
        {"\"serviceType\":[],", ""},
        {NULL, ""},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_told(&(struct told){.appointment = rows[i].appointment});
        assert_int_equal(results.items[0].outcome, APPOINTMENT_EVENT);
        assert_string_equal(results.items[0].event.occurrence, rows[i].occurrence);
    }
}

static void comments_on_the_appointment_are_not_taken_over(void **state)
{
    (void)state;
    static const char more[] = "\"comment\":\"Mum shouted at "
                               "reception\",\"patientInstruction\":\"fasting\",\"description\":"
                               "\"Squint\",\"note\":[{\"text\":\"Dad in prison\"}],";

    _cleanup_(appointment_results_deinit) struct appointment_results results =
        read_told(&(struct told){.appointment = more});

    struct event *event = &results.items[0].event;
    assert_false(says(&event->account, "Mum"));
    assert_false(says(&event->account, "prison"));
    assert_false(says(&event->account, "Squint"));
    assert_false(says(&event->account, "fasting"));
}

/* --- who it is --- */

static void an_nhs_number_is_verified_only_by_the_extension(void **state)
{
    (void)state;
    static const struct {
        const char *extension;
        enum identifier_status status;
    } rows[] = {
        {"\"extension\":[" VERIFICATION "],", IDENTIFIER_VERIFIED},
        {"", IDENTIFIER_WELL_FORMED},
        {"\"extension\":[],", IDENTIFIER_WELL_FORMED},
        {"\"extension\":[{\"url\":\"https://fhir.nhs.uk/R4/StructureDefinition/"
         "Extension-UKCore-NHSNumberVerificationStatus\",\"valueCodeableConcept\":{\"coding\":[{"
         "\"code\":\"01\"}]}}],",
         IDENTIFIER_VERIFIED},
        {"\"extension\":[{\"url\":\"https://fhir.hl7.org.uk/StructureDefinition/"
         "Extension-UKCore-NHSNumberVerificationStatus\",\"valueCodeableConcept\":{\"coding\":[{"
         "\"code\":\"02\"}]}}],",
         IDENTIFIER_WELL_FORMED},
        {"\"extension\":[{\"url\":\"urn:something\",\"valueCodeableConcept\":{\"coding\":[{"
         "\"code\":\"01\"}]}}],",
         IDENTIFIER_WELL_FORMED},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf patient = BUF_MAX(4096);
        buf_format(&patient,
                   "\"identifier\":[{%s\"system\":\"" NHS_SYSTEM "\",\"value\":\"999 411 7025\"}],",
                   rows[i].extension);
        _cleanup_(buf_deinit) struct buf text =
            appointment_of(&(struct told){.patient = buf_text(&patient)});
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            APPOINTMENT_RESULTS_NULL;
        struct error error = ERROR_NULL;

        assert_int_equal(appointment_read(reader, buf_slice(&text), &terms, &results, &error), 0);

        assert_int_equal(results.items[0].event.child.nhs_number.status, rows[i].status);
        assert_string_equal(results.items[0].event.child.nhs_number.value, "9994117025");
        assert_string_equal(results.items[0].event.child.local_id, "");
    }
}

static void a_number_of_the_other_sort_of_partnership_is_set_aside_without_quoting_it(void **state)
{
    (void)state;
    static const struct {
        const char *number;
        bool live;
        bool aside;
    } rows[] = {
        {"999 411 7025", false, false}, {"450 557 7104", true, false},
        {"999 411 7025", true, true},   {"450 557 7104", false, true},
        {"444 444 4444", true, false},  {"444 444 4444", false, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char patient[256];
        (void)snprintf(patient, sizeof(patient),
                       "\"identifier\":[{\"system\":\"" NHS_SYSTEM "\",\"value\":\"%s\"}],",
                       rows[i].number);
        _cleanup_(buf_deinit) struct buf text = appointment_of(&(struct told){.patient = patient});
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            APPOINTMENT_RESULTS_NULL;
        struct event_terms there = terms;
        struct error error = ERROR_NULL;
        there.live = rows[i].live;

        assert_int_equal(appointment_read(reader, buf_slice(&text), &there, &results, &error), 0);

        const struct appointment_result *result = &results.items[0];
        assert_int_equal(result->outcome,
                         rows[i].aside ? APPOINTMENT_SET_ASIDE : APPOINTMENT_EVENT);
        if (rows[i].aside) {
            assert_string_equal(result->reason.where, "/contained/0/identifier/0/value");
            assert_null(strstr(result->reason.what, "411"));
            assert_null(strstr(result->reason.what, "450"));
        }
    }
}

static void names_and_addresses_of_today_are_taken_and_old_ones_are_not(void **state)
{
    (void)state;
    static const char patient[] =
        "\"name\":[{\"use\":\"old\",\"family\":\"Before\",\"given\":[\"Ancient\"]},"
        "{\"use\":\"nickname\",\"given\":[\"Perry\"]},"
        "{\"use\":\"usual\",\"family\":\"Usual\",\"given\":[\"Peri\"]},"
        "{\"use\":\"official\",\"family\":\"Thistledown\",\"given\":[\"Peregrina\",\"Anne\"]}],"
        "\"address\":[{\"use\":\"old\",\"line\":[\"1 Old Street\"],\"postalCode\":\"NM1 1AA\"},"
        "{\"line\":[\"Flat 2\",\"\",\"9 New Street\"],\"city\":\"Nethermere\",\"postalCode\":"
        "\"NM7 4QX\"}],"
        "\"identifier\":[{\"use\":\"old\",\"system\":\"urn:x\",\"value\":\"OLD\"},"
        "{\"value\":\"without system\"},{\"system\":\"urn:x\",\"value\":\"NEW\"},"
        "{\"system\":\"urn:y\",\"value\":\"OTHER\"}],";

    _cleanup_(appointment_results_deinit) struct appointment_results results =
        read_told(&(struct told){.patient = patient});

    const struct identity *child = &results.items[0].event.child;
    assert_string_equal(child->given, "Peregrina");
    assert_string_equal(child->family, "Thistledown");
    assert_string_equal(child->address, "Flat 2, 9 New Street, Nethermere");
    assert_string_equal(child->postcode, "NM7 4QX");
    assert_string_equal(child->local_id, "urn:x|NEW");
}

static void a_restricted_patient_is_told_of_without_address(void **state)
{
    (void)state;
    static const char patient[] =
        "\"meta\":{\"security\":[{\"code\":\"R\"}]},\"name\":[{\"family\":\"Thistledown\"}],"
        "\"address\":[{\"line\":[\"7 Quillfeather Lane\"],\"postalCode\":\"NM7 4QX\"}],";

    _cleanup_(appointment_results_deinit) struct appointment_results results =
        read_told(&(struct told){.patient = patient});

    const struct event *event = &results.items[0].event;
    assert_int_equal(results.items[0].outcome, APPOINTMENT_EVENT);
    assert_true(event->child.restricted);
    assert_string_equal(event->child.address, "");
    assert_string_equal(event->child.postcode, "");
}

static void an_address_that_is_too_long_loses_its_end_and_nothing_else(void **state)
{
    (void)state;
    char line[300];
    _cleanup_(buf_deinit) struct buf patient = BUF_MAX(4096);
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    buf_format(&patient,
               NAMED "\"address\":[{\"line\":[\"%s\",\"%s\",\"end\"],\"city\":\"town\"}],", line,
               line);

    _cleanup_(appointment_results_deinit) struct appointment_results results =
        read_told(&(struct told){.patient = buf_text(&patient)});

    assert_int_equal(results.items[0].outcome, APPOINTMENT_EVENT);
    assert_string_equal(results.items[0].event.child.address, line);
}

static void a_patient_that_cannot_be_read_is_set_aside_without_quoting_it(void **state)
{
    (void)state;
    static const struct {
        const char *patient;
        const char *where;
    } rows[] = {
        {"\"name\":[{\"family\":\"Thistle\\u001bdown\"}],", "/contained/0/name/0/family"},
        {"\"name\":[{\"given\":[\"Pere\\u0001grina\"]}],", "/contained/0/name/0/given/0"},
        {"\"name\":{\"family\":\"Thistledown\"},", "/contained/0/name"},
        {"\"name\":[{\"family\":7}],", "/contained/0/name/0/family"},
        {"\"address\":[{\"postalCode\":\"NM7 4QX and a great deal more\"}],",
         "/contained/0/address/0/postalCode"},
        {"\"identifier\":[{\"system\":\"" NHS_SYSTEM "\",\"value\":9994117025}],",
         "/contained/0/identifier/0/value"},
        {"\"identifier\":[{\"system\":\"" NHS_SYSTEM "\",\"value\":\"999\\u0007\"}],",
         "/contained/0/identifier/0/value"},
        {"\"deceasedBoolean\":\"no\",", "/contained/0/deceasedBoolean"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_told(&(struct told){.patient = rows[i].patient});
        const struct expected aside = {APPOINTMENT_SET_ASIDE, 0, 0, rows[i].where};
        expect_result(&results.items[0], &aside, rows[i].patient);
        assert_null(strstr(results.items[0].reason.what, "Thistle"));
        assert_null(strstr(results.items[0].reason.what, "999"));
    }
}

/* --- references --- */

#define PATIENT_1                                                                                  \
    "{\"resourceType\":\"Patient\",\"id\":\"1\",\"birthDate\":\"2022-03-14\",\"identifier\":[{"    \
    "\"system\":\"" NHS_SYSTEM "\",\"value\":\"9994117025\"}]}"
#define PATIENT_2                                                                                  \
    "{\"resourceType\":\"Patient\",\"id\":\"2\"," NAMED "\"birthDate\":\"2011-05-02\"}"

#define AT_SERVER "https://fhir.example/r4/Patient|1"

/* In a Bundle with two patients. */
static struct appointment_results read_with(const char *participants)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(16384);
    buf_format(&text,
               "{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"entry\":["
               "{\"fullUrl\":\"https://fhir.example/r4/Patient/1\",\"resource\":%s},"
               "{\"fullUrl\":\"urn:uuid:two\",\"resource\":%s},"
               "{\"resource\":{\"resourceType\":\"Practitioner\",\"id\":\"1\"}},"
               "{\"resource\":{\"resourceType\":\"Appointment\",\"id\":\"a\",\"status\":"
               "\"noshow\",\"start\":\"2026-06-16T15:20:00Z\",\"participant\":[%s]}}]}",
               PATIENT_1, PATIENT_2, participants);
    return read_text(buf_slice(&text));
}

static void the_patient_is_found_by_every_kind_of_reference(void **state)
{
    (void)state;
    static const struct {
        const char *participants;
        enum appointment_outcome outcome;
        const char *local_id;
    } rows[] = {
        {"{\"actor\":{\"reference\":\"Patient/1\"}}", APPOINTMENT_EVENT, AT_SERVER},
        {"{\"actor\":{\"reference\":\"Patient/1/_history/4\"}}", APPOINTMENT_EVENT, AT_SERVER},
        {"{\"actor\":{\"reference\":\"https://fhir.example/r4/Patient/1\"}}", APPOINTMENT_EVENT,
         AT_SERVER},
        {"{\"actor\":{\"reference\":\"urn:uuid:two\"}}", APPOINTMENT_EVENT, ""},
        {"{\"actor\":{\"identifier\":{\"system\":\"" NHS_SYSTEM "\",\"value\":\"9994117025\"}}}",
         APPOINTMENT_EVENT, AT_SERVER},
        {"{\"actor\":{\"reference\":\"Practitioner/1\"}},{\"actor\":{\"reference\":\"Patient/1\"}}",
         APPOINTMENT_EVENT, AT_SERVER},
        {"{\"actor\":{\"reference\":\"Patient/1\"}},{\"actor\":{\"reference\":"
         "\"https://fhir.example/r4/Patient/1\"}}",
         APPOINTMENT_EVENT, AT_SERVER},
        {"{\"actor\":{\"reference\":\"Patient/1\"}},{\"actor\":{\"reference\":\"urn:uuid:two\"}}",
         APPOINTMENT_SET_ASIDE, NULL},
        {"{\"actor\":{\"reference\":\"Patient/1\"}},{\"actor\":{\"reference\":\"Patient/9\"}}",
         APPOINTMENT_SET_ASIDE, NULL},
        {"{\"actor\":{\"reference\":\"Patient/9\"}}", APPOINTMENT_SET_ASIDE, NULL},
        {"{\"actor\":{\"reference\":\"https://elsewhere.example/Patient/1\"}}",
         APPOINTMENT_SET_ASIDE, NULL},
        {"{\"actor\":{\"type\":\"Patient\",\"display\":\"Peregrina\"}}", APPOINTMENT_SET_ASIDE,
         NULL},
        {"{\"actor\":{\"identifier\":{\"system\":\"" NHS_SYSTEM "\",\"value\":\"9994117114\"}}}",
         APPOINTMENT_SET_ASIDE, NULL},
        {"{\"actor\":{\"reference\":\"Practitioner/1\"}}", APPOINTMENT_SET_ASIDE, NULL},
        {"{\"actor\":{\"reference\":\"#p\"}}", APPOINTMENT_SET_ASIDE, NULL},
        {"{\"actor\":{\"reference\":\"#\"}}", APPOINTMENT_SET_ASIDE, NULL},
        {"{\"actor\":{\"reference\":\"/\"}}", APPOINTMENT_SET_ASIDE, NULL},
        {"{\"actor\":{}}", APPOINTMENT_SET_ASIDE, NULL},
        {"{}", APPOINTMENT_SET_ASIDE, NULL},
        {"", APPOINTMENT_SET_ASIDE, NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_with(rows[i].participants);
        assert_int_equal(results.n, 1);
        expect_result(&results.items[0], &(struct expected){rows[i].outcome, 0, 0, NULL},
                      rows[i].participants);
        if (rows[i].local_id != NULL) {
            assert_string_equal(results.items[0].event.child.local_id, rows[i].local_id);
        }
    }
}

static void a_clinic_in_the_bundle_is_confidential_by_its_name(void **state)
{
    (void)state;
    static const char text[] =
        "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":" PATIENT_1 "},"
        "{\"resource\":{\"resourceType\":\"Location\",\"id\":\"7\",\"name\":\"Sexual Health "
        "Hub\"}},"
        "{\"resource\":{\"resourceType\":\"HealthcareService\",\"id\":\"8\",\"name\":"
        "\"Outpatients\","
        "\"specialty\":" SNOMED(
            "394588006") "}},"
                         "{\"resource\":{\"resourceType\":\"Appointment\",\"id\":\"a\",\"status\":"
                         "\"noshow\",\"start\":"
                         "\"2026-06-16T15:20:00Z\",\"participant\":[{\"actor\":{\"reference\":"
                         "\"Patient/1\"}},"
                         "{\"actor\":{\"reference\":\"Location/7\"}}]}},"
                         "{\"resource\":{\"resourceType\":\"Appointment\",\"id\":\"b\",\"status\":"
                         "\"noshow\",\"start\":"
                         "\"2026-06-16T15:20:00Z\",\"participant\":[{\"actor\":{\"reference\":"
                         "\"Patient/1\"}},"
                         "{\"actor\":{\"reference\":\"HealthcareService/8\"}}]}}]}";

    _cleanup_(appointment_results_deinit) struct appointment_results results =
        read_text(slice_of_text(text));

    assert_int_equal(results.n, 2);
    assert_int_equal(results.items[0].outcome, APPOINTMENT_CONFIDENTIAL);
    assert_int_equal(results.items[1].outcome, APPOINTMENT_CONFIDENTIAL);
}

/* --- source id and version --- */

static void the_source_is_known_by_id_and_version(void **state)
{
    (void)state;
    static const char without_id[] =
        "{\"resourceType\":\"Appointment\",%s\"status\":\"entered-in-error\"}";
    static const struct {
        const char *more;
        const char *id;
        const char *version;
    } rows[] = {
        {"\"id\":\"x\",\"meta\":{\"versionId\":\"7\",\"lastUpdated\":\"2026-06-16T15:20:00Z\"},",
         "x", "7"},
        {"\"identifier\":[{\"system\":\"urn:x\",\"value\":\"B-1\"}],\"meta\":{\"lastUpdated\":"
         "\"2026-06-16T15:20:00Z\"},",
         "B-1", "2026-06-16T15:20:00Z"},
        {"\"id\":\"x\",", "x", ""},
        {"", NULL, NULL},
        {"\"identifier\":[],", NULL, NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[512];
        struct writer out = writer_over(text, sizeof(text));
        const char *mark = strstr(without_id, "%s");
        write_bytes(&out, without_id, (size_t)(mark - without_id));
        write_text(&out, rows[i].more);
        write_text(&out, mark + 2);
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_text(writer_slice(&out));
        const struct appointment_result *result = &results.items[0];
        if (rows[i].id == NULL) {
            assert_int_equal(result->outcome, APPOINTMENT_SET_ASIDE);
            continue;
        }
        assert_int_equal(result->outcome, APPOINTMENT_RETRACT);
        assert_string_equal(result->event.source_id, rows[i].id);
        assert_string_equal(result->event.retracts, rows[i].id);
        assert_string_equal(result->event.source_version, rows[i].version);
    }
}

/* --- when it was changed --- */

static void the_time_of_change_is_believed_up_to_a_day_ahead_of_our_clock(void **state)
{
    (void)state;
    static const struct {
        const char *updated;
        const char *changed; /* NULL: not said */
    } rows[] = {
        {"2026-06-17T08:00:00+01:00", "2026-06-17T07:00:00Z"},
        {"2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z"},
        {"2026-11-23T09:00:00.001Z", NULL},
        {"2099-01-01T00:00:00Z", NULL},
        {"yesterday", NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char meta[96] = "";
        struct writer out = writer_over(meta, sizeof(meta) - 1);
        int64_t changed = 0;
        write_format(&out, "\"meta\":{\"lastUpdated\":\"%s\"},", rows[i].updated);
        if (rows[i].changed != NULL) {
            assert_true(instant_parse(slice_of_text(rows[i].changed), &changed));
        }
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_told(&(struct told){.appointment = meta});
        assert_int_equal(results.items[0].outcome, APPOINTMENT_EVENT);
        assert_int_equal(results.items[0].event.changed_ms, changed);
    }
}

/* --- whose number it is --- */

static void a_number_of_the_agency_is_kept_with_its_system_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        const char *patient;
        const char *local_id;
    } rows[] = {
        {"\"identifier\":[{\"system\":\"urn:a\",\"value\":\"7\"}],", "urn:a|7"},
        {"\"identifier\":[{\"system\":\"urn:b\",\"value\":\"7\"}],", "urn:b|7"},
        {"\"identifier\":[{\"value\":\"7\"},{\"system\":\"urn:b\"},{\"system\":\"urn:c\",\"value\":"
         "\"8\"}],",
         "urn:c|8"},
        {NAMED "\"identifier\":[{\"value\":\"7\"}],", ""},
        {NAMED, ""},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_told(&(struct told){.patient = rows[i].patient});
        assert_int_equal(results.items[0].outcome, APPOINTMENT_EVENT);
        assert_string_equal(results.items[0].event.child.local_id, rows[i].local_id);
    }
}

static void an_identifier_too_long_to_keep_whole_is_left_out(void **state)
{
    (void)state;
    char system[IDENTITY_LOCAL_ID_BYTES];
    _cleanup_(buf_deinit) struct buf patient = BUF_MAX(4096);
    memset(system, 'x', sizeof(system) - 1);
    system[sizeof(system) - 1] = '\0';
    buf_format(&patient, NAMED "\"identifier\":[{\"system\":\"%s\",\"value\":\"7\"}],", system);

    _cleanup_(appointment_results_deinit) struct appointment_results results =
        read_told(&(struct told){.patient = buf_text(&patient)});

    assert_int_equal(results.items[0].outcome, APPOINTMENT_EVENT);
    assert_string_equal(results.items[0].event.child.local_id, "");
}

static void an_id_without_a_server_identifies_nobody(void **state)
{
    (void)state;
    static const char text[] = "{\"resourceType\":\"Bundle\",\"entry\":[{%s\"resource\":{"
                               "\"resourceType\":\"Patient\",\"id\":"
                               "\"1\",\"birthDate\":\"2022-03-14\"}},{\"resource\":{"
                               "\"resourceType\":\"Appointment\",\"id\":"
                               "\"a\",\"status\":\"noshow\",\"start\":\"2026-06-16T15:20:00Z\","
                               "\"participant\":[{\"actor\":{"
                               "\"reference\":\"Patient/1\"}}]}}]}";
    static const struct {
        const char *url;
        enum appointment_outcome outcome;
    } rows[] = {
        {"", APPOINTMENT_SET_ASIDE},
        {"\"fullUrl\":\"urn:uuid:one\",", APPOINTMENT_SET_ASIDE},
        {"\"fullUrl\":\"https://fhir.example/r4/Patient/1\",", APPOINTMENT_EVENT},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf input = BUF_MAX(4096);
        const char *mark = strstr(text, "%s");
        buf_add(&input, text, (size_t)(mark - text));
        buf_add_text(&input, rows[i].url);
        buf_add_text(&input, mark + 2);
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_text(buf_slice(&input));
        assert_int_equal(results.items[0].outcome, rows[i].outcome);
        if (rows[i].outcome == APPOINTMENT_EVENT) {
            assert_string_equal(results.items[0].event.child.local_id, AT_SERVER);
            continue;
        }
        assert_int_equal(results.items[0].why, APPOINTMENT_WHY_NO_PATIENT);
        assert_non_null(strstr(results.items[0].reason.what, "an identifier with its system"));
    }
}

/* --- why nothing is told --- */

static void what_is_not_told_says_why_for_the_counters(void **state)
{
    (void)state;
    static const struct {
        struct told told;
        enum appointment_why why;
    } rows[] = {
        {{.status = "noshow"}, APPOINTMENT_WHY_TOLD},
        {{.status = "booked"}, APPOINTMENT_WHY_NOT_YET},
        {{.status = "fulfilled"}, APPOINTMENT_WHY_SEEN},
        {{.status = "entered-in-error"}, APPOINTMENT_WHY_MISTAKEN},
        {{.status = "cancelled"}, APPOINTMENT_WHY_BY_SERVICE},
        {{.appointment = "\"serviceType\":[{\"text\":\"Sexual health\"}],"},
         APPOINTMENT_WHY_CONFIDENTIAL},
        {{.birth = "2010-01-01"}, APPOINTMENT_WHY_YOUNG_PERSON},
        {{.birth = "2000-01-01"}, APPOINTMENT_WHY_ADULT},
        {{.patient = ""}, APPOINTMENT_WHY_NO_PATIENT},
        {{.birth = "-"}, APPOINTMENT_WHY_NO_AGE},
        {{.birth = "1900-01-01"}, APPOINTMENT_WHY_NO_AGE},
        {{.patient = NAMED "\"deceasedBoolean\":true,"}, APPOINTMENT_WHY_DIED},
        {{.status = "missed"}, APPOINTMENT_WHY_UNREADABLE},
        {{.start = "-"}, APPOINTMENT_WHY_UNREADABLE},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_told(&rows[i].told);
        assert_string_equal(appointment_why_text(results.items[0].why),
                            appointment_why_text(rows[i].why));
    }
}

/* --- whole inputs --- */

static void expect_refused(struct slice text, const char *where)
{
    struct appointment_results results = APPOINTMENT_RESULTS_NULL;
    struct error error = ERROR_NULL;

    assert_int_equal(appointment_read(reader, text, &terms, &results, &error), -EINVAL);
    assert_null(results.items);
    if (strncmp(error.where, where, strlen(where)) != 0 || error.what[0] == '\0') {
        fail_msg("\"%s\" \"%s\", not \"%s\"", error.where, error.what, where);
    }
}

static void what_is_no_fhir_is_refused_as_a_whole(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *where;
    } rows[] = {
        {"", "line"},
        {"[]", "/"},
        {"{}", "/"},
        {"{\"resourceType\":7}", "/"},
        {"{\"resourceType\":\"Patient\"}", "/resourceType"},
        {"{\"resourceType\":\"Bundle\",\"entry\":{}}", "/entry"},
        {"{\"resourceType\":\"Appointment\",\"status\":\"noshow\",\"status\":\"booked\"}", "line"},
    };
    static const char *const files[] = {"not-json.json", "truncated.json", "two-keys.json",
                                        "too-deep.json", "observation.json"};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        expect_refused(slice_of_text(rows[i].text), rows[i].where);
    }
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);
        char path[256];
        struct writer out = writer_over(path, sizeof(path) - 1);
        write_format(&out, "%smalformed/%s", DATA, files[i]);
        path[out.len] = '\0';
        assert_int_equal(file_read(path, &text), 0);
        expect_refused(buf_slice(&text), "");
    }
}

static void a_bad_entry_is_set_aside_and_the_others_go(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        const char *where;
    } rows[] = {
        {"malformed/appointment-without-zone.json", "/start"},
        {"malformed/appointment-without-birth-date.json", "/contained/0/birthDate"},
        {"malformed/appointment-unknown-status.json", "/status"},
    };
    static const char bundle[] =
        "{\"resourceType\":\"Bundle\",\"entry\":[7,{},{\"resource\":[]},{\"resource\":{}},"
        "{\"resource\":{\"resourceType\":\"Appointment\",\"status\":1}},"
        "{\"fullUrl\":3,\"resource\":{\"resourceType\":\"Appointment\",\"id\":\"a\",\"status\":"
        "\"fulfilled\"}}]}";

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_file(rows[i].file);
        assert_int_equal(results.n, 1);
        expect_result(&results.items[0],
                      &(struct expected){APPOINTMENT_SET_ASIDE, 0, 0, rows[i].where}, rows[i].file);
    }
    _cleanup_(appointment_results_deinit) struct appointment_results results =
        read_text(slice_of_text(bundle));
    assert_int_equal(results.n, 6);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(results.items[i].outcome, APPOINTMENT_SET_ASIDE);
        assert_non_null(strstr(results.items[i].reason.where, "/entry/"));
    }
    assert_int_equal(results.items[5].outcome, APPOINTMENT_RETRACT);
}

static void an_empty_bundle_says_nothing(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{\"resourceType\":\"Bundle\"}",
        "{\"resourceType\":\"Bundle\",\"entry\":[]}",
        "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Slot\"}}]}",
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_text(slice_of_text(rows[i]));
        assert_int_equal(results.n, 0);
    }
}

static void a_bundle_of_the_largest_size_is_read_and_one_larger_is_refused(void **state)
{
    (void)state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);

    for (size_t n = CAIRN_BUNDLE_ENTRIES_MAX; n <= CAIRN_BUNDLE_ENTRIES_MAX + 1; n++) {
        buf_reset(&text);
        buf_add_text(&text, "{\"resourceType\":\"Bundle\",\"entry\":[");
        for (size_t i = 0; i < n; i++) {
            buf_format(&text,
                       "%s{\"resource\":{\"resourceType\":\"Appointment\",\"id\":\"%zu\","
                       "\"status\":\"fulfilled\"}}",
                       i > 0 ? "," : "", i);
        }
        buf_add_text(&text, "]}");
        if (n > CAIRN_BUNDLE_ENTRIES_MAX) {
            expect_refused(buf_slice(&text), "/entry");
            continue;
        }
        _cleanup_(appointment_results_deinit) struct appointment_results results =
            read_text(buf_slice(&text));
        assert_int_equal(results.n, n);
    }
}

static void only_some_outcomes_take_back_what_was_said_before(void **state)
{
    (void)state;
    static const bool withdraws[] = {
        [APPOINTMENT_RETRACT] = true,    [APPOINTMENT_LOCAL_ONLY] = true,
        [APPOINTMENT_IGNORED] = true,    [APPOINTMENT_CONFIDENTIAL] = true,
        [APPOINTMENT_SET_ASIDE] = false,
    };

    for (size_t i = 0; i < ARRAY_LEN(withdraws); i++) {
        assert_int_equal(appointment_outcome_withdraws((enum appointment_outcome)i), withdraws[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_demonstration_file_becomes_what_its_description_says),
        cmocka_unit_test(a_missed_appointment_carries_who_where_and_on_what_ground),
        cmocka_unit_test(the_standing_decision_is_named_when_the_configuration_names_it),
        cmocka_unit_test(a_correction_names_the_same_source_id_and_no_child),
        cmocka_unit_test(one_day_of_a_practice_gives_each_its_outcome_and_loses_none),
        cmocka_unit_test(the_status_decides_together_with_the_age_on_the_day),
        cmocka_unit_test(a_birth_date_that_cannot_be_says_what_to_do),
        cmocka_unit_test(the_day_is_the_day_in_london),
        cmocka_unit_test(who_cancelled_decides_whether_it_counts),
        cmocka_unit_test(a_cancellation_happens_on_the_day_it_is_recorded_if_that_is_earlier),
        cmocka_unit_test(a_confidential_service_is_found_wherever_it_is_said),
        cmocka_unit_test(an_adult_at_a_confidential_clinic_is_not_even_counted),
        cmocka_unit_test(an_ordinary_service_is_not_taken_for_a_confidential_one),
        cmocka_unit_test(every_code_of_the_confidential_table_is_reached_through_its_list),
        cmocka_unit_test(a_phrase_begins_where_a_word_begins),
        cmocka_unit_test(a_vaccination_is_known_by_code_or_words),
        cmocka_unit_test(the_occurrence_names_the_service_and_no_organisation),
        cmocka_unit_test(comments_on_the_appointment_are_not_taken_over),
        cmocka_unit_test(an_nhs_number_is_verified_only_by_the_extension),
        cmocka_unit_test(a_number_of_the_other_sort_of_partnership_is_set_aside_without_quoting_it),
        cmocka_unit_test(names_and_addresses_of_today_are_taken_and_old_ones_are_not),
        cmocka_unit_test(a_restricted_patient_is_told_of_without_address),
        cmocka_unit_test(an_address_that_is_too_long_loses_its_end_and_nothing_else),
        cmocka_unit_test(a_patient_that_cannot_be_read_is_set_aside_without_quoting_it),
        cmocka_unit_test(the_patient_is_found_by_every_kind_of_reference),
        cmocka_unit_test(a_clinic_in_the_bundle_is_confidential_by_its_name),
        cmocka_unit_test(the_source_is_known_by_id_and_version),
        cmocka_unit_test(the_time_of_change_is_believed_up_to_a_day_ahead_of_our_clock),
        cmocka_unit_test(a_number_of_the_agency_is_kept_with_its_system_or_not_at_all),
        cmocka_unit_test(an_identifier_too_long_to_keep_whole_is_left_out),
        cmocka_unit_test(an_id_without_a_server_identifies_nobody),
        cmocka_unit_test(what_is_not_told_says_why_for_the_counters),
        cmocka_unit_test(what_is_no_fhir_is_refused_as_a_whole),
        cmocka_unit_test(a_bad_entry_is_set_aside_and_the_others_go),
        cmocka_unit_test(an_empty_bundle_says_nothing),
        cmocka_unit_test(a_bundle_of_the_largest_size_is_read_and_one_larger_is_refused),
        cmocka_unit_test(only_some_outcomes_take_back_what_was_said_before),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
