/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open: grant -> data key -> text of a part that another agency sealed. The one place where what
 * others wrote about a child becomes readable, and so the one place that asks who decided:
 *
 *   card                       as soon as there is a grant: a screener must know which child it is
 *   account of a record        only after a named person's decision with a reason is on disk: about
 *                              the record, or about the alert that released the account
 *   account of a decision, of  as soon as there is a grant: words that were meant for us
 *   an involvement
 *
 * Works inside the caller's transaction; any thread.
 */
#ifndef AGENTS_OPEN_H
#define AGENTS_OPEN_H

#include "agents/core/agent.h"
#include "wire/wire.h"

#define OPEN_RESULTS(X)                                                                            \
    X(DONE, 1, "open")                                                                             \
    X(NOT_SEALED, 2, "none")       /* the entry has no such part */                                \
    X(NO_GRANT, 3, "kept")         /* not ours to read, or not yet */                              \
    X(NEEDS_DECISION, 4, "closed") /* ours to read once a named person gives a reason */           \
    X(OTHER_KEY, 5, "other-key")   /* sealed to an opening key that this agent does not hold */    \
    X(DOES_NOT_OPEN, 6, "does-not-open") /* the origin sealed something that cannot be read */

enum open_result {
#define X(name, number, text) OPEN_##name = (number),
    OPEN_RESULTS(X)
#undef X
};
const char *open_result_text(enum open_result result);

struct opening {
    const struct agent *agent;
    struct store_txn *txn;
    uint32_t own; /* our agency number: grants are bound to it */
};

/* What open_part would answer, without opening anything (DOES_NOT_OPEN cannot be known before). */
enum open_result open_may(const struct opening *opening, const struct wire_delivered *delivered,
                          enum part part);
/* Fills *ret (empty, with its own ceiling) with the part's text on OPEN_DONE; deinit wipes it. */
enum open_result open_part(const struct opening *opening, const struct wire_delivered *delivered,
                           enum part part, struct buf *ret) MUST_USE;

#endif
