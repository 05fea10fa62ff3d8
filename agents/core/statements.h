/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statements: what tells the broker which tokens belong to a handle. A statement goes before the
 * first record that names the handle in a lane, unless it was already receipted; saying it twice
 * does no harm. Every change has a higher revision, and the highest holds at the broker: lanes may
 * overtake each other.
 *
 * All functions work inside the caller's transaction.
 */
#ifndef AGENTS_STATEMENTS_H
#define AGENTS_STATEMENTS_H

#include "agents/core/subjects.h"

/* Spools a statement in this lane if one has to stand there before the next record. */
void statements_add(const struct subjects *subjects, enum lane lane,
                    const uint8_t handle[CAIRN_HANDLE_BYTES]);
/* The broker may keep nothing of the handle any more: what is said of it next states it anew. */
void statements_forget(const struct subjects *subjects, const uint8_t handle[CAIRN_HANDLE_BYTES]);
/* The broker's final answer to a statement of that lane. A refused one counts as never said: the
 * child is stated again with the next record that names it, and in the bulk lane at once. */
void statements_answered(struct store_txn *txn, enum lane lane, const struct subject_header *header,
                         bool stored);
/* After a change of the linkage key's epoch: states up to `max` children again in the bulk lane.
 * True when there are more. */
bool statements_restate(const struct subjects *subjects, size_t max);
/* The epoch that every child was last stated for; 0 before the first. */
uint64_t statements_restated(struct store_txn *txn);

#endif
