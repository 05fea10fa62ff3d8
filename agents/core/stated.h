/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stated: what documents that name several people have said last, so that a later version ends what
 * it does not say any more. The sources' ids and the involvements are sealed or hashed under the
 * store key: either may hold a child's number.
 *
 *   document     its newest version, and the source ids of the records that it told
 *   thing        a record of a document, or a plan: the involvements that go with it
 *   claim        of a child, a role and what states it: an involvement that was sealed. One that
 *                several things state holds until the last of them has ended
 *
 * None stays for ever: a claim goes when it has ended, a document when no version of it came for
 * CAIRN_STATED_KEPT_DAYS, and a thing then too unless one of its claims still holds.
 *
 * All functions work inside the caller's transaction.
 */
#ifndef AGENTS_STATED_H
#define AGENTS_STATED_H

#include "agents/core/family.h"
#include "agents/core/sources.h"
#include "agents/core/state.h"

/* An involvement that a person or a roll says of itself: the newest replaces the one before. */
extern const struct stated_by stated_by_hand;
/* What an adapter's source calls so. */
struct stated_by stated_by_source(const struct secret *store_key, const char *adapter,
                                  const char *source_id);

/* --- documents --- */

struct stated_document {
    struct source_rank rank;
    int32_t said_day; /* on which this version came */
    size_t n;
    char (*records)[EVENT_SOURCE_ID_BYTES]; /* FAMILY_CHILDREN_MAX of them */
};
#define STATED_DOCUMENT_NULL ((struct stated_document){.rank = {.count = -1}})
void stated_document_deinit(struct stated_document *document); /* wipes */
/* *ret was STATED_DOCUMENT_NULL, and stays so when nothing was said of it before. */
int stated_document_get(struct store_txn *txn, const struct secret *store_key,
                        const struct stated_by *by, struct stated_document *ret) MUST_USE;
int stated_document_put(struct store_txn *txn, const struct secret *store_key,
                        const struct stated_by *by,
                        const struct stated_document *document) MUST_USE;
bool stated_document_has(const struct stated_document *document, const char *source_id);

/* --- things --- */

struct stated_involvement {
    enum role role;
    struct hash content; /* of all that it says */
    struct reference reference;
};
struct stated_thing {
    int32_t said_day; /* on which it was last said */
    size_t n;
    struct stated_involvement involvements[FAMILY_INVOLVEMENTS_MAX];
};
void stated_thing_get(struct store_txn *txn, const struct stated_by *by, struct stated_thing *ret);
void stated_thing_put(struct store_txn *txn, const struct stated_by *by,
                      const struct stated_thing *thing);
/* NULL when it has none of that role. */
const struct stated_involvement *stated_find(const struct stated_thing *thing, enum role role);
int stated_content(const struct secret *store_key, const struct involvement *involvement,
                   struct hash *ret) MUST_USE;

/* --- claims --- */

struct stated_key {
    uint8_t handle[CAIRN_HANDLE_BYTES];
    enum role role;
    struct stated_by by;
};
/* What has been sealed as `row` on that day; nothing when that is stated by nothing. */
int stated_claim(struct store_txn *txn, const struct secret *store_key,
                 const struct involvement *involvement, const struct out_row *row,
                 int32_t today) MUST_USE;
/* Takes the claim out. *ret_json (empty) gets what is to be said now: the claim that lasts longest
 * of those that others make of this child and role, *ret_others; or else the one taken out. Nothing
 * when there was none, or it had ended by `day` and nobody else makes one. */
int stated_take_out(struct store_txn *txn, const struct secret *store_key,
                    const struct stated_key *key, int32_t day, struct buf *ret_json,
                    bool *ret_others) MUST_USE;

#endif
