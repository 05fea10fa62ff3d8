/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intake: bytes from the agency's own systems -> events -> the store. When intake_submit returns 0
 * everything it answers is on disk: only then may the caller be told "accepted".
 *
 * The same version of the same thing again is the same record: the same reference comes back and
 * nothing is written. Another version that says the same is the same record too. A newer version
 * that says something else takes the earlier one back (before it left, or by a retraction) and
 * stands in its place; an older one that comes late changes nothing. Which is the older: sources.h.
 *
 * Any thread. Blocks on the disk.
 */
#ifndef AGENTS_INTAKE_H
#define AGENTS_INTAKE_H

#include "agents/core/agent.h"

/* Column 3: the media type that the local interface knows it by. */
#define INTAKE_CONTENTS(X)                                                                         \
    X(RECORD, 1, "application/vnd.cairn.record+json")                                              \
    X(INVOLVEMENT, 2, "application/vnd.cairn.involvement+json")                                    \
    X(APPOINTMENT, 3, "application/fhir+json")                                                     \
    X(ATTENDANCE, 4, "text/csv; profile=attendance")                                               \
    X(ROLL, 5, "text/csv; profile=roll")                                                           \
    X(INCIDENT, 6, "application/vnd.cairn.police-incident+json")                                   \
    X(PLAN, 7, "application/vnd.cairn.plan+json")                                                  \
    X(ADULT, 8, "application/vnd.cairn.adult+json")                                                \
    X(TIE, 9, "application/vnd.cairn.tie+json")

enum intake_content {
#define X(name, number, text) INTAKE_##name = (number),
    INTAKE_CONTENTS(X)
#undef X
};

/* What became of one thing in a submission. Column 3: its text. */
#define INTAKE_OUTCOMES(X)                                                                         \
    X(ACCEPTED, 1, "accepted")   /* on disk; `reference` names it */                               \
    X(SAME, 2, "known-already")  /* said before; `reference` names what was accepted then */       \
    X(WITHDRAWN, 3, "withdrawn") /* took back what `reference` names, before it left */            \
    X(RETRACTED, 4, "retracted") /* took back what has left; `reference` names the retraction */   \
    X(COUNTED, 5, "counted")     /* not to be told to anybody: counted by name and day */          \
    X(SET_ASIDE, 6, "set-aside") /* could not be judged: `reason` says why; a person must look */  \
    X(OLDER, 7, "older-version") /* came after what took its place, as `reason` says: not told */  \
    X(NOTED, 8, "noted")         /* a row was taken, and `reason` says what is odd about it */

enum intake_outcome {
#define X(name, number, text) INTAKE_##name = (number),
    INTAKE_OUTCOMES(X)
#undef X
};
const char *intake_outcome_text(enum intake_outcome outcome);

struct intake_item {
    enum intake_outcome outcome;
    bool has_reference;
    struct reference reference;
    bool danger;      /* it spoke of danger, whatever became of it: whom to telephone is said */
    bool flawed;      /* it was taken with a number by which nobody is found, as `reason` says */
    char reason[484]; /* of one counted, set aside, older or noted; of one accepted what is odd
                         about it, and which it replaces; of one known already that it does not
                         hold any more: names members, never values */
};

struct intake_answer {
    bool replayed; /* the answer of an earlier submission with this idempotency key */
    uint64_t rows; /* of a register or roll, below the header; and how many were taken */
    uint64_t rows_taken;
    size_t n;
    struct intake_item *items; /* at most CAIRN_BUNDLE_ENTRIES_MAX, in the order of the input */
};
#define INTAKE_ANSWER_NULL ((struct intake_answer){.n = 0})
void intake_answer_deinit(struct intake_answer *answer);

struct intake_request {
    enum intake_content content;
    struct slice body;
    struct slice idempotency_key; /* empty: none; at most INTAKE_KEY_MAX_BYTES */
    uint32_t by_uid;              /* who calls: kept with what is accepted */
    const char *feed;             /* noted with it (feeds.h); NULL: not here */
};
#define INTAKE_KEY_MAX_BYTES 128

/*
 * 0 and the answer; or, with nothing written:
 *   -EINVAL   the body cannot be accepted: the error says where and why
 *   -EEXIST   this idempotency key came from this user with something else before
 *   -ENOSPC   the store is full
 * *ret was INTAKE_ANSWER_NULL.
 */
int intake_submit(struct agent *agent, const struct intake_request *request,
                  struct intake_answer *ret, struct error *error) MUST_USE;

/* What an adapter made of a file, a piece at a time: all of it, and what `also` does, become true
 * with one commit. Answers in the order events, involvements. */
struct intake_batch {
    uint32_t by_uid;
    size_t n_events;
    struct event *events; /* changed by taking them; the caller deinits them */
    size_t n_involvements;
    const struct slice *involvements;               /* in our own JSON */
    int (*also)(void *data, struct store_txn *txn); /* NULL: nothing */
    void *data;
};
int intake_batch(struct agent *agent, const struct intake_batch *batch, struct intake_answer *ret,
                 struct error *error) MUST_USE;

#endif
