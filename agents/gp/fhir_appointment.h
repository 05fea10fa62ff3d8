/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fhir_appointment: FHIR R4 Appointments (UK Core shapes), one or a Bundle of them, as a practice's
 * or a hospital's system hands them over at the end of the day -> what is to be told of each.
 *
 *   status                           becomes
 *   noshow, under 16                 EVENT was-not-brought; a vaccination: vaccination-not-brought
 *   noshow, 16 or 17                 LOCAL_ONLY did-not-attend: counted here, not sent
 *   cancelled by the family, < 16    EVENT cancelled-by-carer;  at 16 or 17: IGNORED
 *   cancelled by the service, or     RETRACT: counts for nothing, and takes back a noshow that was
 *   nobody says by whom                  corrected to it
 *   fulfilled, arrived, checked-in   RETRACT: corrected next morning
 *   entered-in-error                 RETRACT
 *   proposed, pending, booked,       IGNORED
 *   waitlist
 *   any of these, 18 or older        IGNORED
 *   a confidential service           CONFIDENTIAL (agents/gp/confidential.h), for noshow and
 *                                        cancelled
 *   what cannot be judged            SET_ASIDE with the reason: age not known, no patient,
 *                                        malformed
 *
 * What it takes over is the least that tells the story: day, service, place, why it was cancelled.
 * Comments and notes on the appointment are not read.
 *
 * The reader is immutable; any thread may read with it.
 */
#ifndef AGENTS_GP_FHIR_APPOINTMENT_H
#define AGENTS_GP_FHIR_APPOINTMENT_H

#include "agents/core/event.h"

#define FHIR_APPOINTMENT_ADAPTER "fhir-appointment"

/* Column 2: name in logs, counters and answers. */
#define APPOINTMENT_OUTCOMES(X)                                                                    \
    X(EVENT, "event")                                                                              \
    X(RETRACT, "retract")                                                                          \
    X(LOCAL_ONLY, "local-only")                                                                    \
    X(CONFIDENTIAL, "confidential")                                                                \
    X(IGNORED, "ignored")                                                                          \
    X(SET_ASIDE, "set-aside")

enum appointment_outcome {
#define X(name, text) APPOINTMENT_##name,
    APPOINTMENT_OUTCOMES(X)
#undef X
};
enum {
#define X(name, text) +1
    APPOINTMENT_OUTCOME_COUNT = 0 APPOINTMENT_OUTCOMES(X)
#undef X
};

const char *appointment_outcome_text(enum appointment_outcome outcome);
/* Whether an event told before under the same source id no longer holds: RETRACT, LOCAL_ONLY,
 * CONFIDENTIAL. Withdraw it if there is one; if there is none, nothing was ever said. */
bool appointment_outcome_withdraws(enum appointment_outcome outcome);

struct appointment_result {
    enum appointment_outcome outcome;
    /* EVENT: all of it. RETRACT: a retraction without a child. LOCAL_ONLY: kind, code and day, no
     * child. Of the others only adapter, source id and version, where they could be read. */
    struct event event;
    /* Where and why, in words that name members and never values; `what` is empty for an EVENT. */
    struct error reason;
};

/* One per Appointment, and one SET_ASIDE per entry that holds no resource, in their order.
 * Resources of other types are only looked up. */
struct appointment_results {
    size_t n;
    struct appointment_result *items;
};
#define APPOINTMENT_RESULTS_NULL ((struct appointment_results){.n = 0})
void appointment_results_deinit(struct appointment_results *results); /* wipes */

struct appointment_reader;
/* NULL and the error when the compiled-in schema does not load. */
struct appointment_reader *appointment_reader_new(struct error *error) MUST_USE;
void appointment_reader_free(struct appointment_reader **reader);
/* -EINVAL and the error, *ret (APPOINTMENT_RESULTS_NULL before) untouched, when the input as a
 * whole is not JSON, not FHIR, too large, or another resource than Appointment or Bundle. */
int appointment_read(const struct appointment_reader *reader, struct slice text,
                     const struct event_terms *terms, struct appointment_results *ret,
                     struct error *error) MUST_USE;

#endif
