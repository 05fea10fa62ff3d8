/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fhir_patient: the one patient of an Appointment, from a contained resource, an entry of the
 * Bundle, or a bare identifier (UK Core shapes). Personal data: wiped by fhir_patient_deinit.
 */
#ifndef AGENTS_GP_FHIR_PATIENT_H
#define AGENTS_GP_FHIR_PATIENT_H

#include "agents/core/identity.h"
#include "agents/gp/fhir_bundle.h"

struct fhir_patient {
    struct identity identity;
    bool deceased;
    bool found; /* there is one, and something says who it is */
};

#define FHIR_PATIENT_NULL ((struct fhir_patient){.identity = IDENTITY_NULL})
void fhir_patient_deinit(struct fhir_patient *patient);

/*
 * Notes in the appointment's error what keeps the patient from being known: none, more than one,
 * a reference that leads nowhere, a birth date that is missing or not whole. What was found until
 * then is in *ret all the same. `live` as in struct identifier_terms.
 *
 * NHS number: VERIFIED only with the UK Core verification status 01. Local id: "system|value" of
 * the first other identifier that has both, else "server address|id" when the reference or the
 * entry names the server; two systems that use the same numbers mean two children. An identifier
 * without a system, "Patient/1" alone and an id made for one message (contained, urn:uuid) are
 * nobody's; a patient with no more than that, and no name, is noted.
 */
void fhir_patient_find(const struct fhir_bundle *bundle, const struct json_view *appointment,
                       bool live, struct fhir_patient *ret);

#endif
