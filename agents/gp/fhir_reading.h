/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fhir_reading: one appointment while it is read: where it stands, where it came from, and how the
 * reading ends. On the reader's stack; nothing in it is owned but the result, which is the
 * caller's.
 */
#ifndef AGENTS_GP_FHIR_READING_H
#define AGENTS_GP_FHIR_READING_H

#include "agents/gp/fhir_appointment.h"
#include "agents/gp/fhir_bundle.h"
#include "json/json.h"

/* All that judging one appointment looks at. */
struct reading {
    const struct appointment_reader *reader;
    const struct fhir_bundle *bundle;
    const struct event_terms *terms;
    struct json_view appointment;
    struct appointment_result *result;
};

/* Adapter, id, version and time of change of the source; a fault of the view when there is no
 * id. */
void reading_source(struct reading *reading);
/* Ends it: `words` say why, at `member` of the appointment, or at the appointment itself (NULL). */
void reading_conclude(struct reading *reading, enum appointment_outcome outcome,
                      enum appointment_why why, const char *member, const char *words);
/* Ends it for a person to look at; the reason is in the result's error already. */
void reading_set_aside(struct reading *reading, enum appointment_why why);

#endif
