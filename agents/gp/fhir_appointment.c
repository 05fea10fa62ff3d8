/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One appointment: schema -> source id -> status -> (noshow and cancelled only) service, patient,
 * age -> event. The order keeps two promises. A confidential service is found before anything of
 * the patient is kept. And what says that an earlier noshow was wrong (RETRACT) needs no more than
 * the source id, so a correction is never lost because something else in it cannot be read.
 */
#include "agents/gp/fhir_appointment.h"

#include <stdio.h>
#include <string.h>

#include "agents/gp/fhir_judge.h"
#include "gp_schemas.h"
#include "json/json.h"
#include "json/schema.h"

struct appointment_reader {
    struct schema *schema;
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
        reading_set_aside(reading, APPOINTMENT_WHY_UNREADABLE);
        return;
    }
    reading_source(reading);
    if (!json_ok(&reading->appointment)) {
        reading_set_aside(reading, APPOINTMENT_WHY_UNREADABLE);
        return;
    }
    reading_judge(reading);
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
        reading_conclude(&reading, APPOINTMENT_SET_ASIDE, APPOINTMENT_WHY_UNREADABLE, NULL,
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
