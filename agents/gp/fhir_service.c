/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/gp/fhir_service.h"

#include <stdio.h>

#include "agents/gp/confidential.h"
#include "agents/gp/phrases.h"
#include "base/text.h"

static const char snomed_system[] = "http://snomed.info/sct";
static const char service_type_system[] = "http://terminology.hl7.org/CodeSystem/service-type";
static const char service_type_immunization[] = "57";

static const char *const vaccination_snomed[] = {
    "33879002",        /* Administration of vaccine to produce active immunity */
    "127785005",       /* Administration of substance to produce immunity */
    "148621000000100", /* School aged immunisation service */
};

static const char *const vaccination_phrases[] = {
    "vaccin", "immunis", "immuniz", "imms ", "mmr ", "baby jabs ", "jab ", "jabs ",
};

/* What the concepts of one member of the appointment say, first come first kept. */
struct said {
    struct slice snomed;
    struct slice words;
    bool vaccination;
    bool confidential;
};

static bool is_vaccination(struct slice system, struct slice code)
{
    if (slice_is_text(system, service_type_system)) {
        return slice_is_text(code, service_type_immunization);
    }
    for (size_t i = 0; i < ARRAY_LEN(vaccination_snomed); i++) {
        if (slice_is_text(code, vaccination_snomed[i])) {
            return true;
        }
    }
    return false;
}

static void hear_words(struct slice words, struct said *said)
{
    if (words.len == 0) {
        return;
    }
    said->confidential = said->confidential || confidential_words(words);
    said->vaccination = said->vaccination ||
                        phrases_any(words, vaccination_phrases, ARRAY_LEN(vaccination_phrases));
    if (said->words.len == 0) {
        said->words = words;
    }
}

static void hear_concept(const struct json_view *concept, struct said *said)
{
    struct json_view codings = json_opt_array(concept, "coding");
    size_t n = json_length(&codings);

    hear_words(json_opt_text(concept, "text"), said);
    for (size_t i = 0; i < n; i++) {
        struct json_view coding = json_item(&codings, i);
        struct slice system = json_opt_text(&coding, "system");
        struct slice code = json_opt_text(&coding, "code");
        hear_words(json_opt_text(&coding, "display"), said);
        said->confidential = said->confidential || confidential_code(system, code);
        said->vaccination = said->vaccination || is_vaccination(system, code);
        if (said->snomed.len == 0 && slice_is_text(system, snomed_system)) {
            said->snomed = code;
        }
    }
}

/* All concepts of a member that is one concept or an array of them. */
static struct said hear(const struct json_view *appointment, const char *key)
{
    struct json_view member = json_member(appointment, key);
    struct said said = {.vaccination = false};

    if (json_holds_object(&member)) {
        hear_concept(&member, &said);
        return said;
    }
    size_t n = json_holds_array(&member) ? json_length(&member) : 0;
    for (size_t i = 0; i < n; i++) {
        struct json_view concept = json_item(&member, i);
        hear_concept(&concept, &said);
    }
    return said;
}

static void copy_words(char *out, size_t out_bytes, struct slice words)
{
    if (out[0] == '\0' && words.len > 0 && !text_copy(out, out_bytes, words)) {
        out[0] = '\0';
    }
}

static bool is_plain_code(struct slice code)
{
    for (size_t i = 0; i < code.len; i++) {
        if (code.data[i] < '0' || code.data[i] > '9') {
            return false;
        }
    }
    return code.len > 0 && code.len <= 18; /* SNOMED CT identifiers have at most 18 digits */
}

static void set_occurrence(const struct said *type, const struct said *specialty,
                           char out[EVENT_OCCURRENCE_BYTES])
{
    const struct said *in_order[] = {type, specialty};

    for (size_t i = 0; i < ARRAY_LEN(in_order); i++) {
        struct slice code = in_order[i]->snomed;
        if (is_plain_code(code)) {
            (void)snprintf(out, EVENT_OCCURRENCE_BYTES, "sct:%.*s", (int)code.len, code.data);
            return;
        }
    }
    event_occurrence_of_words(type->words.len > 0 ? type->words : specialty->words, out);
}

/* --- where --- */

/* Location, HealthcareService and Organization have a name, the first two a specialty and a type.
 */
static void hear_place(const struct json_view *place, struct fhir_service *ret)
{
    static const char *const members[] = {"type", "specialty", "category"};
    struct json_view name = json_member(place, "name");

    if (json_holds_text(&name)) {
        ret->confidential = ret->confidential || confidential_words(json_as_text(&name));
        copy_words(ret->place, sizeof(ret->place), json_as_text(&name));
    }
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct said said = hear(place, members[i]);
        ret->confidential = ret->confidential || said.confidential;
    }
}

static bool is_place(struct slice type)
{
    return slice_is_text(type, "Location") || slice_is_text(type, "HealthcareService") ||
           slice_is_text(type, "Organization");
}

/* An actor's display is a person's name unless the actor is a place. */
static void hear_actor(const struct fhir_bundle *bundle, const struct json_view *appointment,
                       const struct json_view *actor, struct fhir_service *ret)
{
    struct slice reference = json_opt_text(actor, "reference");
    struct slice display = json_opt_text(actor, "display");
    struct json_view resource = fhir_resolve(bundle, appointment, reference);

    ret->confidential = ret->confidential || confidential_words(display);
    if (is_place(fhir_resource_type(&resource))) {
        hear_place(&resource, ret);
    } else if (fhir_reference_is_to(reference, "Location") ||
               fhir_reference_is_to(reference, "HealthcareService")) {
        copy_words(ret->place, sizeof(ret->place), display);
    }
}

static void hear_actors(const struct fhir_bundle *bundle, const struct json_view *appointment,
                        struct fhir_service *ret)
{
    struct json_view participants = json_opt_array(appointment, "participant");
    size_t n = json_length(&participants);

    for (size_t i = 0; i < n; i++) {
        struct json_view participant = json_item(&participants, i);
        struct json_view actor = json_opt_object(&participant, "actor");
        hear_actor(bundle, appointment, &actor, ret);
    }
}

static bool has_label(const struct json_view *appointment)
{
    struct json_view meta = json_opt_object(appointment, "meta");
    struct json_view security = json_opt_array(&meta, "security");
    size_t n = json_length(&security);

    for (size_t i = 0; i < n; i++) {
        struct json_view label = json_item(&security, i);
        if (confidential_label(json_opt_text(&label, "code"))) {
            return true;
        }
    }
    return false;
}

void fhir_service_read(const struct fhir_bundle *bundle, const struct json_view *appointment,
                       struct fhir_service *ret)
{
    static const char *const others[] = {"serviceCategory", "appointmentType", "reasonCode"};
    struct said type = hear(appointment, "serviceType");
    struct said specialty = hear(appointment, "specialty");

    *ret = (struct fhir_service){
        .confidential = type.confidential || specialty.confidential || has_label(appointment) ||
                        confidential_words(json_opt_text(appointment, "description")),
        .vaccination = type.vaccination || specialty.vaccination,
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct said said = hear(appointment, others[i]);
        ret->confidential = ret->confidential || said.confidential;
        ret->vaccination = ret->vaccination || said.vaccination;
    }
    set_occurrence(&type, &specialty, ret->occurrence);
    copy_words(ret->words, sizeof(ret->words), type.words);
    copy_words(ret->words, sizeof(ret->words), specialty.words);
    hear_actors(bundle, appointment, ret);
}
