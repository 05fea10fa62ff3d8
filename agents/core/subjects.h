/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subjects: which handle stands for a child at this agency, and what is known of the child behind
 * it: what its sources have said, put together.
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

/* The handle of this child; a new random one for a child never seen. Keeps the newest identity. 0,
 * -EIO without random bytes, -EBADMSG for a row that does not read. */
int subjects_handle(const struct subjects *subjects, const struct identity *identity,
                    uint8_t ret[CAIRN_HANDLE_BYTES]) MUST_USE;
/* The identity behind a handle, as last told; false when there is none or it does not open. */
bool subjects_identity(struct store_txn *txn, const struct secret *store_key,
                       const uint8_t handle[CAIRN_HANDLE_BYTES], struct identity *ret);

#endif
