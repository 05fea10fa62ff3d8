/* SPDX-License-Identifier: Apache-2.0 */
/*
 * incident: what the police were called to (config/schemas/police-incident.schema.json) -> a record
 * for each child, all of one event, and an involvement open-case of the police with each for
 * INCIDENT_OPEN_DAYS: so that colleagues of these children know that they are there, and see to it
 * that what they seal can reach them.
 *
 *   domestic-abuse-incident   kind domestic-abuse-incident; code child-present for a child who was
 *                             present or heard it, else none; same-day unless it says otherwise, so
 *                             that the school knows before its day begins (Operation Encompass)
 *   any other notice          kind police-notice with the notice as its code; routine
 *
 * Nothing that is shared may name anybody of never_share (unnamed.h): the format has no member for
 * an alleged perpetrator, and text that names one is refused. The names are not kept.
 */
#ifndef AGENTS_POLICE_INCIDENT_H
#define AGENTS_POLICE_INCIDENT_H

#include "agents/core/family.h"

#define INCIDENT_OPEN_DAYS 90 /* what two incidents of one child can be seen together in */

/* *ret was FAMILY_NULL. -EINVAL and the error, *ret untouched, when the text says no incident. */
int incident_json_read(const struct record_reader *reader, struct slice text,
                       const struct event_terms *terms, struct family *ret,
                       struct error *error) MUST_USE;

#endif
