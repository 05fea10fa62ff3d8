/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subjects: this agency's handles for children, and the statements that tell the broker which
 * tokens belong to a handle. A statement goes before the first record that names the handle in a
 * lane, unless it was already receipted; saying it twice does no harm. Every change has a higher
 * revision, and the highest holds at the broker: lanes may overtake each other.
 *
 * HANDLE row, at the handle:
 *   digest[32]       of the newest statement: epoch and tokens; zeros before the first
 *   revision u64     of that statement
 *   stated u8        whether the broker has receipted it
 *   spooled u8[3]    whether it was spooled, by lane, and not refused
 *   sealed identity  (wrap_seal) so that statements can be made again for a new epoch
 *
 * All functions work inside the caller's transaction.
 */
#ifndef AGENTS_SUBJECTS_H
#define AGENTS_SUBJECTS_H

#include "agents/core/govern_keep.h"
#include "agents/core/identity.h"
#include "agents/core/state.h"
#include "wire/wire.h"

/* What sealing for a child needs. */
struct subjects {
    struct store_txn *txn;
    const struct secret *store_key;
    const struct own_place *place;
    int64_t now_ms;
};

/* The handle of this child; a new random one for a child never seen. Keeps the newest identity. 0
 * or -EIO. */
int subjects_handle(const struct subjects *subjects, const struct identity *identity,
                    uint8_t ret[CAIRN_HANDLE_BYTES]) MUST_USE;
/* Spools a statement in this lane if one has to stand there before the next record. */
void subjects_state(const struct subjects *subjects, enum lane lane,
                    const uint8_t handle[CAIRN_HANDLE_BYTES]);
/* The broker's final answer to a statement of that lane. A refused one counts as never said: the
 * child is stated again with the next record that names it, and in the bulk lane at once. */
void subjects_answered(struct store_txn *txn, enum lane lane, const struct subject_header *header,
                       bool stored);
/* After a change of the linkage key's epoch: states up to `max` children again in the bulk lane.
 * True when there are more. */
bool subjects_restate(const struct subjects *subjects, size_t max);
/* The epoch that every child was last stated for; 0 before the first. */
uint64_t subjects_restated(struct store_txn *txn);
/* The identity behind a handle, as last told; false when there is none or it does not open. */
bool subjects_identity(struct store_txn *txn, const struct secret *store_key,
                       const uint8_t handle[CAIRN_HANDLE_BYTES], struct identity *ret);

#endif
