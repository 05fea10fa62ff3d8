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
 * An appointment goes from one of these to another, so all but EVENT and SET_ASIDE also say that
 * there is nothing to tell of it now: booked again, seen after all, of an adult since the birth
 * date was put right. What was told before is taken back (agents/core/correct.h). An EVENT that
 * says something else than before, or of another patient, takes its place. A SET_ASIDE changes
 * nothing.
 *
 * Which of two versions is the older (agents/core/sources.h): meta.lastUpdated decides when both
 * have one and they differ. FHIR calls versionId opaque, but small whole numbers are counts
 * everywhere: they decide next. Otherwise, or when a source repeats the same meta with other
 * content, or gives none, the order in which they come decides; what was said before in exactly
 * these words and under this meta is known again and changes nothing. entered-in-error is the last
 * word: without a newer version by those rules nothing is told of that appointment any more. A
 * lastUpdated more than a day ahead of our clock is not believed.
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

enum appointment_outcome {
    APPOINTMENT_EVENT,
    APPOINTMENT_RETRACT,
    APPOINTMENT_LOCAL_ONLY,
    APPOINTMENT_CONFIDENTIAL,
    APPOINTMENT_IGNORED,
    APPOINTMENT_SET_ASIDE
};

/* Why nothing is told. Column 2: name in the counters. */
#define APPOINTMENT_WHYS(X)                                                                        \
    X(TOLD, "told") /* it is: of an EVENT */                                                       \
    X(NOT_YET, "nothing-yet")                                                                      \
    X(SEEN, "seen")                                                                                \
    X(MISTAKEN, "entered-in-error")                                                                \
    X(BY_SERVICE, "cancelled-by-service")                                                          \
    X(CONFIDENTIAL, "confidential")                                                                \
    X(YOUNG_PERSON, "aged-16-or-17")                                                               \
    X(ADULT, "adult")                                                                              \
    X(NO_PATIENT, "no-patient")                                                                    \
    X(NO_AGE, "age-not-known")                                                                     \
    X(DIED, "patient-died")                                                                        \
    X(UNREADABLE, "not-readable")

enum appointment_why {
#define X(name, text) APPOINTMENT_WHY_##name,
    APPOINTMENT_WHYS(X)
#undef X
};
enum {
#define X(name, text) +1
    APPOINTMENT_WHY_COUNT = 0 APPOINTMENT_WHYS(X)
#undef X
};
const char *appointment_why_text(enum appointment_why why);

/* Whether an event told before under the same source id no longer holds: all but EVENT and
 * SET_ASIDE. Withdraw it if there is one; if there is none, nothing was ever said. */
bool appointment_outcome_withdraws(enum appointment_outcome outcome);

struct appointment_result {
    enum appointment_outcome outcome;
    enum appointment_why why;
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
