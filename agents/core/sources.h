/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sources: what was told before. Maps (adapter, source id, source version) to the reference it got,
 * and (adapter, source id) to its newest record, so that the same input makes no second record and
 * a correction finds what it corrects; and idempotency keys to their answers. Keys are HMACs under
 * the store key: a source's id may be a child's number.
 *
 * All functions work inside the caller's transaction.
 */
#ifndef AGENTS_SOURCES_H
#define AGENTS_SOURCES_H

#include "agents/core/event.h"
#include "agents/core/state.h"
#include "tree/tree.h"

/* --- sources --- */

enum source_sort {
    SOURCE_VERSION = 1, /* this state of it */
    SOURCE_NEWEST = 2   /* whatever its state */
};
struct source_key {
    uint8_t bytes[1 + CAIRN_HASH_BYTES];
};
/* False for an input without a source id: it cannot be told from another one. */
bool source_key(const struct secret *store_key, enum source_sort sort, const struct event *event,
                struct source_key *ret) MUST_USE;
/* The newest record of what a retraction names. */
void source_key_retracted(const struct secret *store_key, const struct event *retraction,
                          struct source_key *ret);

struct source_row {
    struct reference reference;
    struct hash content; /* of what it said */
};
bool source_get(struct store_txn *txn, const struct source_key *key, struct source_row *ret);
void source_put(struct store_txn *txn, const struct source_key *key, const struct source_row *row);
/* What an event says, whatever its version and time of recording: equal for equal content. Leaves
 * the event as it was. */
int source_content(const struct secret *store_key, struct event *event, struct hash *ret) MUST_USE;

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
