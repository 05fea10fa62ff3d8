/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fhir_bundle: the resources of one input, a Bundle or a single resource, and how references among
 * them are followed. Borrows from the document it was read from; bounded by
 * CAIRN_BUNDLE_ENTRIES_MAX.
 */
#ifndef AGENTS_GP_FHIR_BUNDLE_H
#define AGENTS_GP_FHIR_BUNDLE_H

#include "json/json.h"

#define FHIR_NHS_NUMBER_SYSTEM "https://fhir.nhs.uk/Id/nhs-number"

struct fhir_resource {
    struct slice full_url; /* of its entry; empty when it has none */
    struct slice type;     /* resourceType; empty when the entry holds no resource */
    struct slice id;
    struct slice nhs_number; /* of a Patient, as written; else empty */
    struct json_view view;
};

struct fhir_bundle {
    size_t n;
    struct fhir_resource *resources;
};

#define FHIR_BUNDLE_NULL ((struct fhir_bundle){.n = 0})
void fhir_bundle_deinit(struct fhir_bundle *bundle);
/* One resource per entry, entries without one included; a resource that is no Bundle is its only
 * one. -EINVAL and the error for what is neither. */
int fhir_bundle_read(const struct json_view *document, struct fhir_bundle *ret) MUST_USE;

/*
 * The resource that a reference in `from` names: "#id" among its contained resources, else by
 * fullUrl, else, for a relative "Type/id", by type and id. A version ("/_history/3") is not looked
 * at. A view of nothing when it is not here. Notes problems in the error of `from`.
 */
struct json_view fhir_resolve(const struct fhir_bundle *bundle, const struct json_view *from,
                              struct slice reference);
/* The Patient entry with this NHS number, for a reference by identifier alone. */
struct json_view fhir_patient_by_number(const struct fhir_bundle *bundle,
                                        const struct json_view *from, struct slice nhs_number);
/* resourceType of a resource; empty when it has none that is text. */
struct slice fhir_resource_type(const struct json_view *resource);
/* The address of the server that a resource came from, "https://host/r4/Patient", and its id there:
 * from the reference that named it, else from the fullUrl of its entry. False when neither says: an
 * id alone, or one made for this message, is another patient's on another server. */
bool fhir_origin(const struct fhir_bundle *bundle, const struct json_view *resource,
                 struct slice reference, struct slice *ret_server, struct slice *ret_id);
/* Whether a reference names this type: "Patient/1", "https://host/Patient/1". */
bool fhir_reference_is_to(struct slice reference, const char *type);

#endif
