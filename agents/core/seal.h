/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal: freezes what the agency says into entries and spools them. After it nothing of header or
 * body ever changes; grants and signatures are made when it is sent (parcel.h).
 *
 *   record       card and account sealed, each under its own fresh key; AAD = SHA-256(header)
 *   involvement  account sealed
 *   decision     account sealed: {"format":"cairn-decision-account/v1", name, role, reason}
 *   request      nothing sealed: whoever is asked must be able to judge it
 *
 * All functions work inside the caller's transaction. A result below 0 leaves it to be aborted.
 */
#ifndef AGENTS_SEAL_H
#define AGENTS_SEAL_H

#include "agents/core/agent.h"
#include "agents/core/decide.h"
#include "agents/core/spool.h"
#include "agents/core/subjects.h"
#include "agents/core/tie.h"

struct seal {
    struct store_txn *txn;
    const struct own_keys *keys;
    struct governance *governance;
    struct own_place place;
    int64_t now_ms;
    int64_t review_after_ms; /* of a record that nobody will have seen (review.h) */
};
#define SEAL_NULL ((struct seal){.place = OWN_PLACE_NULL})
/* -EAGAIN while our place in the partnership is not known: nothing can be sealed yet. `txn` may be
 * NULL for seal_check alone. */
int seal_begin(struct agent *agent, struct store_txn *txn, struct seal *ret) MUST_USE;
void seal_end(struct seal *seal); /* wipes; accepts SEAL_NULL */

/* Whether the event can be sealed under the governance held: -EINVAL and the error when it leaves
 * out an agency that the directory does not know, or itself. */
int seal_check(const struct seal *seal, const struct event *event, struct error *error) MUST_USE;

/* What stating a child needs, of the same occasion. */
struct subjects seal_subjects(const struct seal *seal);

/* The lane of a record: urgent for what is immediate and for referrals. */
enum lane seal_lane(enum record_kind kind, enum urgency urgency);

/* A record. For a retraction `retracts` is the OUT row of the record it takes back, whose lane it
 * takes, else NULL.
 * Updates *out, which the caller puts. -EINVAL as seal_check. */
int seal_record(const struct seal *seal, const struct event *event,
                const struct reference *reference, const struct out_row *retracts,
                struct out_row *out) MUST_USE;
int seal_involvement(const struct seal *seal, const struct involvement *involvement,
                     const struct reference *reference, struct out_row *out) MUST_USE;
/* -EEXIST when the child and the one it was expected as are one handle already. */
int seal_tie(const struct seal *seal, const struct tying *tying, const struct reference *reference,
             struct out_row *out) MUST_USE;
int seal_request(const struct seal *seal, const struct asking *asking,
                 const struct reference *reference, struct out_row *out) MUST_USE;
int seal_decision(const struct seal *seal, const struct decide_request *decision,
                  const struct reference *reference, struct out_row *out) MUST_USE;

#endif
