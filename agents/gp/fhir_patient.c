/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/gp/fhir_patient.h"

#include <string.h>

#include "base/date.h"
#include "base/text.h"

#define NAMES_LOOKED_AT 8 /* of a patient's names, identifiers, addresses: more are history */

/* UK Core and the Personal Demographics Service publish the same extension at different places. */
static const char verification_extension[] = "/Extension-UKCore-NHSNumberVerificationStatus";
static const char *const verified_codes[] = {"01", "number-present-and-verified"};

void fhir_patient_deinit(struct fhir_patient *patient)
{
    identity_deinit(&patient->identity);
    *patient = FHIR_PATIENT_NULL;
}

/* --- pieces of the Patient resource --- */

static size_t looked_at(const struct json_view *array)
{
    size_t n = json_length(array);

    return n < NAMES_LOOKED_AT ? n : NAMES_LOOKED_AT;
}

/* "old" and "temp" names, addresses and numbers say nothing of today; "nickname" and "maiden" are
 * not what other agencies write. */
static bool is_passed_over(const struct json_view *item)
{
    static const char *const uses[] = {"old", "temp", "nickname", "maiden", "anonymous", "billing"};
    struct slice use = json_opt_text(item, "use");

    for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
        if (slice_is_text(use, uses[i])) {
            return true;
        }
    }
    return false;
}

/* The official one of an array of names, addresses, ...; else the first that is not passed over. */
static struct json_view preferred(const struct json_view *array)
{
    struct json_view best = {.node = NULL, .error = array->error};

    for (size_t i = 0; i < looked_at(array); i++) {
        struct json_view item = json_item(array, i);
        if (slice_is_text(json_opt_text(&item, "use"), "official")) {
            return item;
        }
        if (best.node == NULL && !is_passed_over(&item)) {
            best = item;
        }
    }
    return best;
}

static void read_name(const struct json_view *patient, struct identity *ret)
{
    struct json_view names = json_opt_array(patient, "name");
    struct json_view name = preferred(&names);
    struct json_view given = json_opt_array(&name, "given");
    struct json_view first = json_item(&given, 0);

    json_opt_copy(&name, "family", ret->family, sizeof(ret->family));
    if (first.node != NULL && !text_copy(ret->given, sizeof(ret->given), json_as_text(&first))) {
        (void)json_refuse(&first, "is too long or holds control characters");
    }
}

/* Appends a line to the address; one that does not fit is left out, as is all after it. */
static bool add_line(struct writer *address, struct slice line)
{
    if (line.len == 0 || !utf8_is_prose(line)) {
        return true;
    }
    size_t needed = line.len + (address->len > 0 ? 2 : 0);
    if (address->len + needed >= IDENTITY_ADDRESS_BYTES) {
        return false;
    }
    write_text(address, address->len > 0 ? ", " : "");
    write_slice(address, line);
    return true;
}

static void read_address(const struct json_view *patient, struct identity *ret)
{
    static const char *const rest[] = {"city", "district"};
    struct json_view addresses = json_opt_array(patient, "address");
    struct json_view address = preferred(&addresses);
    struct json_view lines = json_opt_array(&address, "line");
    struct writer out = writer_over(ret->address, sizeof(ret->address));
    bool fits = true;

    json_opt_copy(&address, "postalCode", ret->postcode, sizeof(ret->postcode));
    for (size_t i = 0; fits && i < looked_at(&lines); i++) {
        struct json_view line = json_item(&lines, i);
        fits = add_line(&out, json_as_text(&line));
    }
    for (size_t i = 0; fits && i < ARRAY_LEN(rest); i++) {
        fits = add_line(&out, json_opt_text(&address, rest[i]));
    }
    if (out.len == 0) {
        (void)add_line(&out, json_opt_text(&address, "text"));
    }
}

static bool ends_with(struct slice text, const char *tail)
{
    size_t len = strlen(tail);

    return text.len >= len && memcmp(text.data + text.len - len, tail, len) == 0;
}

static bool says_verified(const struct json_view *extension)
{
    struct json_view concept = json_opt_object(extension, "valueCodeableConcept");
    struct json_view codings = json_opt_array(&concept, "coding");

    if (!ends_with(json_opt_text(extension, "url"), verification_extension)) {
        return false;
    }
    for (size_t i = 0; i < looked_at(&codings); i++) {
        struct json_view coding = json_item(&codings, i);
        struct slice code = json_opt_text(&coding, "code");
        for (size_t k = 0; k < ARRAY_LEN(verified_codes); k++) {
            if (slice_is_text(code, verified_codes[k])) {
                return true;
            }
        }
    }
    return false;
}

static void read_nhs_number(const struct json_view *identifier, bool live, struct identifier *ret)
{
    struct identifier_terms terms = {.verified = false, .live = live};
    struct json_view extensions = json_opt_array(identifier, "extension");
    struct json_view value = json_member(identifier, "value");

    for (size_t i = 0; i < looked_at(&extensions); i++) {
        struct json_view extension = json_item(&extensions, i);
        terms.verified = terms.verified || says_verified(&extension);
    }
    if (value.node != NULL && !nhs_number_classify(json_as_text(&value), terms, ret)) {
        (void)json_refuse(&value, "is too long or not text that can be shown");
    }
    const char *refusal = nhs_number_refusal(ret, live);
    if (refusal != NULL) {
        (void)json_refuse(&value, "%s", refusal);
    }
}

/* One that does not fit is left out: half a number is another child's. */
static void set_local_id(struct slice system, struct slice value, struct identity *ret)
{
    char text[IDENTITY_LOCAL_ID_BYTES] = "";
    struct writer out = writer_over(text, sizeof(text) - 1);

    if (value.len == 0 || system.len + 1 + value.len >= sizeof(text)) {
        return;
    }
    write_slice(&out, system);
    write_text(&out, "|");
    write_slice(&out, value);
    if (!text_copy(ret->local_id, sizeof(ret->local_id), writer_slice(&out))) {
        ret->local_id[0] = '\0';
    }
}

/* One identifier of a patient, into the first free place it fits. */
static void read_identifier(const struct json_view *identifier, bool live, struct identity *ret)
{
    struct slice system = json_opt_text(identifier, "system");

    if (is_passed_over(identifier) || system.len == 0) {
        return;
    }
    if (slice_is_text(system, FHIR_NHS_NUMBER_SYSTEM)) {
        if (ret->nhs_number.status == IDENTIFIER_ABSENT) {
            read_nhs_number(identifier, live, &ret->nhs_number);
        }
    } else if (ret->local_id[0] == '\0') {
        set_local_id(system, json_opt_text(identifier, "value"), ret);
    }
}

static void read_birth_date(const struct json_view *patient, struct identity *ret)
{
    struct json_view birth = json_member(patient, "birthDate");

    if (birth.node == NULL) {
        (void)json_refuse(&birth, "is missing: send it whole, or nobody knows the age on that day");
    } else if (!date_parse(json_as_text(&birth), &ret->birth_day)) {
        (void)json_refuse(&birth,
                          "is not a whole date, like 2022-03-14: nobody knows the age on that day");
    } else {
        ret->has_birth = true;
    }
}

/* v3-Confidentiality R or V on a patient: the address is withheld from everybody. */
static bool is_restricted(const struct json_view *patient)
{
    struct json_view meta = json_opt_object(patient, "meta");
    struct json_view security = json_opt_array(&meta, "security");

    for (size_t i = 0; i < looked_at(&security); i++) {
        struct json_view label = json_item(&security, i);
        struct slice code = json_opt_text(&label, "code");
        if (slice_is_text(code, "R") || slice_is_text(code, "V")) {
            return true;
        }
    }
    return false;
}

static bool is_deceased(const struct json_view *patient)
{
    return json_has(patient, "deceasedDateTime") ||
           json_opt_bool(patient, "deceasedBoolean", false);
}

static bool says_who(const struct identity *identity)
{
    return identity->given[0] != '\0' || identity->family[0] != '\0' ||
           identity->nhs_number.value[0] != '\0' || identity->local_id[0] != '\0';
}

static void read_patient(const struct json_view *patient, bool live, struct fhir_patient *ret)
{
    struct identity *identity = &ret->identity;
    struct json_view identifiers = json_opt_array(patient, "identifier");

    read_name(patient, identity);
    for (size_t i = 0; i < looked_at(&identifiers); i++) {
        struct json_view identifier = json_item(&identifiers, i);
        read_identifier(&identifier, live, identity);
    }
    read_address(patient, identity);
    if (is_restricted(patient)) {
        identity_restrict(identity);
    }
    ret->deceased = is_deceased(patient);
    read_birth_date(patient, identity);
}

/* --- finding it --- */

/* What one participant says of the patient. */
struct claim {
    bool is_patient;
    struct slice reference;
    struct json_view actor;
    struct json_view resource; /* of nothing when it is not here */
};

static struct claim claim_of(const struct fhir_bundle *bundle, const struct json_view *appointment,
                             const struct json_view *participant)
{
    struct claim claim = {.actor = json_opt_object(participant, "actor")};
    struct json_view identifier = json_opt_object(&claim.actor, "identifier");
    bool has_number = slice_is_text(json_opt_text(&identifier, "system"), FHIR_NHS_NUMBER_SYSTEM);

    claim.reference = json_opt_text(&claim.actor, "reference");
    claim.resource = fhir_resolve(bundle, appointment, claim.reference);
    if (claim.resource.node != NULL) {
        claim.is_patient = slice_is_text(fhir_resource_type(&claim.resource), "Patient");
        return claim;
    }
    claim.is_patient = has_number || fhir_reference_is_to(claim.reference, "Patient") ||
                       slice_is_text(json_opt_text(&claim.actor, "type"), "Patient");
    if (has_number) {
        claim.resource =
            fhir_patient_by_number(bundle, appointment, json_opt_text(&identifier, "value"));
    }
    return claim;
}

/* The participant that is the patient; one without resource or identifier notes why it is none. */
static bool find_claim(const struct fhir_bundle *bundle, const struct json_view *appointment,
                       struct claim *ret)
{
    struct json_view participants = json_get_array(appointment, "participant");
    size_t n = json_length(&participants);
    bool found = false;

    for (size_t i = 0; i < n; i++) {
        struct json_view participant = json_item(&participants, i);
        struct claim claim = claim_of(bundle, appointment, &participant);
        if (!claim.is_patient) {
            continue;
        }
        if (found && (claim.resource.node == NULL || claim.resource.node != ret->resource.node)) {
            (void)json_refuse(&participants,
                              "names more than one patient: send an appointment for each");
            return false;
        }
        *ret = claim;
        found = true;
    }
    if (!found) {
        (void)json_refuse(&participants,
                          "names no patient: send the Patient contained or in the Bundle");
    }
    return found;
}

/* Where there is no identifier: the server that the patient is known at, and the id there. */
static void read_origin(const struct fhir_bundle *bundle, const struct claim *claim,
                        struct identity *ret)
{
    struct slice server;
    struct slice id;

    if (ret->local_id[0] == '\0' &&
        fhir_origin(bundle, &claim->resource, claim->reference, &server, &id)) {
        set_local_id(server, id, ret);
    }
}

void fhir_patient_find(const struct fhir_bundle *bundle, const struct json_view *appointment,
                       bool live, struct fhir_patient *ret)
{
    struct claim claim = {.is_patient = false};

    if (!find_claim(bundle, appointment, &claim)) {
        return;
    }
    if (claim.resource.node != NULL) {
        read_patient(&claim.resource, live, ret);
        read_origin(bundle, &claim, &ret->identity);
        ret->found = says_who(&ret->identity);
        if (!ret->found) {
            (void)json_refuse(&claim.resource,
                              "nothing says who the patient is: send an NHS number, an identifier "
                              "with its system, or a name");
        }
        return;
    }
    struct json_view identifier = json_opt_object(&claim.actor, "identifier");
    if (identifier.node != NULL) {
        read_identifier(&identifier, live, &ret->identity);
    }
    (void)json_refuse(&claim.actor, "names a patient that is not in this input: send the Patient "
                                    "contained or in the Bundle");
}
