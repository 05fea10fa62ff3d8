/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources: what was told before, so that the same input makes no second record and a correction
 * finds what it corrects; and idempotency keys with their answers. Of a thing (an adapter's source
 * id) there is one row, its newest version; and one of each version that became something. Keys are
 * HMACs under the store key: a source's id may be a child's number.
 *
 * Which of two versions of a thing is the older:
 *
 *   both say when the source changed it to this, and at      by that time
 *   different times
 *   else, and both versions are counts, different ones       by the count
 *   (one to six digits: a longer number is no count)
 *   else                                                     nobody can say: the order in which
 *                                                            they come
 *
 * A version is the same as another one when id, version, time of change and content are: a source
 * that reuses a version for other words has said something new.
 *
 * All functions work inside the caller's transaction.
 */
#ifndef AGENTS_SOURCES_H
#define AGENTS_SOURCES_H

#include "agents/core/event.h"
#include "agents/core/state.h"
#include "tree/tree.h"

/* --- things --- */

/* What orders the versions of one thing. */
struct source_rank {
    int64_t changed_ms; /* 0: not said */
    int32_t count;      /* -1: the version is none */
};
struct source_rank source_rank(const struct event *event);
/* Whether it says anything of order. */
bool source_is_ranked(const struct source_rank *rank);

enum source_age {
    SOURCE_OLDER = 1,
    SOURCE_NEWER,
    SOURCE_UNRANKED /* the same rank, or nobody can say */
};
/* Of the event, against the newest told before. */
enum source_age source_age(const struct source_rank *told, const struct event *event);

/* The newest version of a thing. */
struct source_row {
    bool tells; /* false: its source says that there is nothing to tell */
    bool final; /* and that there never was: entered in error, or retracted by name */
    bool has_reference;
    struct reference reference; /* of the last record told of it, whether or not it stands */
    struct source_rank rank;
    struct hash content; /* of what it says */
    int64_t kept_ms;     /* when this row was written */
};
#define SOURCE_ROW_NULL ((struct source_row){.rank = {.count = -1}})

/* Of the thing that the event is about: of a retraction, what it retracts. */
bool source_get(struct store_txn *txn, const struct secret *store_key, const struct event *event,
                struct source_row *ret);
/* Also forgets some things of which nothing was ever told, a month after their last version. */
void source_put(struct store_txn *txn, const struct secret *store_key, const struct event *event,
                const struct source_row *row);

/* --- versions --- */

/* What an event says, whatever its version and time of recording: equal for equal content. Leaves
 * the event as it was. Neither the title of our own standing decision matters, nor a day that is
 * only the one on which we heard of it; a retraction says no more than what it takes back. */
int source_content(const struct secret *store_key, struct event *event, struct hash *ret) MUST_USE;
/* The reference of what this version became. */
bool source_known(struct store_txn *txn, const struct secret *store_key, const struct event *event,
                  const struct hash *content, struct reference *ret);
void source_put_known(struct store_txn *txn, const struct secret *store_key,
                      const struct event *event, const struct hash *content,
                      const struct reference *reference);

/* --- idempotency keys --- */

struct idempotency {
    struct slice key;
    uint32_t by_uid; /* whose key: users do not share theirs */
    uint32_t sort;   /* of request: with the body, all that the answer depends on */
    struct slice body;
};
enum idempotency_result {
    IDEMPOTENCY_NEW = 1,
    IDEMPOTENCY_SAME, /* *ret_answer, borrowed until the next write */
    IDEMPOTENCY_OTHER /* this key came with something else */
};
enum idempotency_result idempotency_look(struct store_txn *txn, const struct secret *store_key,
                                         const struct idempotency *request,
                                         struct slice *ret_answer);
/* Also forgets some keys that are older than a week. */
void idempotency_keep(struct store_txn *txn, const struct secret *store_key,
                      const struct idempotency *request, int64_t now_ms, struct slice answer);

#endif
