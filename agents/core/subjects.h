/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subjects: this agency's handles for children, and the statements that tell the broker which
 * tokens belong to a handle. A statement goes before the first record that names the handle in a
 * lane, unless one with the same tokens was already receipted; saying it twice does no harm.
 *
 * HANDLE row, at the handle:
 *   stated[32]       what the broker has receipted: digest of epoch and tokens; zeros for nothing
 *   spooled[3][32]   what was last spooled in each lane
 *   sealed identity  (wrap_seal) so that statements can be made again for a new epoch
 *
 * All functions work inside the caller's transaction.
 */
#ifndef AGENTS_SUBJECTS_H
#define AGENTS_SUBJECTS_H

#include "agents/core/govern_keep.h"
#include "agents/core/identity.h"
#include "agents/core/state.h"

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
/* A statement was receipted as stored. */
void subjects_stated(struct store_txn *txn, struct slice header, struct slice body);
/* After a change of the linkage key's epoch: states up to `max` children again in the bulk lane.
 * True when there are more. */
bool subjects_restate(const struct subjects *subjects, size_t max);
/* The epoch that every child was last stated for; 0 before the first. */
uint64_t subjects_restated(struct store_txn *txn);
/* The identity behind a handle, as last told; false when there is none or it does not open. */
bool subjects_identity(struct store_txn *txn, const struct secret *store_key,
                       const uint8_t handle[CAIRN_HANDLE_BYTES], struct identity *ret);

#endif
