/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fhir_service: what an Appointment is for, as far as it matters here.
 *
 * The occurrence text names the service and no organisation, so that the same appointment told by
 * the hospital and by the GP has one occurrence key (with the day). In this order, the first that
 * is there:
 *   "sct:CODE"     first SNOMED CT code of serviceType, then of specialty
 *   "text:WORDS"   folded words of serviceType, then of specialty: the text, else the first display
 *   ""             nothing said: such an appointment is an occurrence of its own
 * Codes of other systems are not taken: they are local, or differ between primary and secondary
 * care, where the words beside them agree more often.
 */
#ifndef AGENTS_GP_FHIR_SERVICE_H
#define AGENTS_GP_FHIR_SERVICE_H

#include "agents/core/event.h"
#include "agents/gp/fhir_bundle.h"

#define FHIR_SERVICE_WORDS_BYTES 200 /* of a service or a place; longer ones are left out */

struct fhir_service {
    bool confidential; /* agents/gp/confidential.h */
    bool vaccination;
    char occurrence[EVENT_OCCURRENCE_BYTES];
    char words[FHIR_SERVICE_WORDS_BYTES]; /* for people: "Paediatric clinic"; "" when not said */
    char place[FHIR_SERVICE_WORDS_BYTES]; /* a Location, HealthcareService or Organization */
};

/* The appointment keeps its schema. */
void fhir_service_read(const struct fhir_bundle *bundle, const struct json_view *appointment,
                       struct fhir_service *ret);

#endif
