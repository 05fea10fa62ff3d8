/* SPDX-License-Identifier: Apache-2.0 */
/*
 * circle: which other agencies are involved with a child of ours, as each of them has signed it and
 * the broker delivered it. One row for each agency and role; the newest statement holds. Keyed by
 * our own handle of the child.
 *
 *   CIRCLE row   from i32 | until i32 | entry id | position u64 | by name u8
 *
 * All functions work inside the caller's transaction; any thread.
 */
#ifndef AGENTS_CIRCLE_H
#define AGENTS_CIRCLE_H

#include "agents/core/spool.h"

struct circle_member {
    uint32_t agency;
    enum role role;
    int32_t from_day;
    int32_t until_day;     /* the first day on which it no longer holds */
    struct entry_id entry; /* its involvement: opens like any other entry (open.h) */
    uint64_t position;     /* of its delivery */
    bool by_name;          /* a name is all that says that it is the same child */
};

/* What an agency is to the child on a day. */
struct circle_standing {
    uint32_t roles; /* ROLE_BIT of each; 0: it is not in the circle */
    bool by_name;   /* of any of them */
};
struct circle_standing circle_standing(struct store_txn *txn,
                                       const uint8_t handle[CAIRN_HANDLE_BYTES], uint32_t agency,
                                       int32_t day);

/* A delivered involvement whose signature held. An older statement of the same stream than the one
 * that is held changes nothing. */
void circle_put(struct store_txn *txn, const uint8_t handle[CAIRN_HANDLE_BYTES],
                const struct circle_member *member);
/* Whoever is in the child's circle on that day, by agency and role; at most `max`. Returns how
 * many.
 */
size_t circle_list(struct store_txn *txn, const uint8_t handle[CAIRN_HANDLE_BYTES], int32_t day,
                   struct circle_member *ret, size_t max);

/* Fills in whom the store knows beside a spooled entry: the circle of the child that it is about,
 * and of a later grant what is granted. The list lies in the arena. False when the arena is full or
 * the header cannot be read. */
bool circle_beside(struct store_txn *txn, int32_t day, struct arena *arena,
                   struct spool_entry *entry) MUST_USE;

#endif
