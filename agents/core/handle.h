/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handle: what the agent keeps of one child under the random number that the broker knows it by.
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
#ifndef AGENTS_HANDLE_H
#define AGENTS_HANDLE_H

#include "agents/core/identity.h"
#include "agents/core/state.h"
#include "crypto/seal.h"

#define IDENTITY_MAX_BYTES      2048 /* packed */
#define HANDLE_SEALED_MAX_BYTES (IDENTITY_MAX_BYTES + WRAP_OVERHEAD_BYTES)

struct handle_row {
    struct hash digest; /* of the newest statement; zeros before the first */
    uint64_t revision;
    bool stated;
    bool spooled[CAIRN_LANES];
    struct slice sealed; /* borrowed from the store until the transaction writes or ends */
};

/* False when there is none; a broken row is the transaction's fault as well. */
bool handle_get(struct store_txn *txn, const uint8_t handle[CAIRN_HANDLE_BYTES],
                struct handle_row *ret);
/* row->sealed may be what handle_get lent. */
void handle_put(struct store_txn *txn, const uint8_t handle[CAIRN_HANDLE_BYTES],
                const struct handle_row *row);

int handle_seal(const struct secret *store_key, const struct identity *identity,
                uint8_t out[HANDLE_SEALED_MAX_BYTES], size_t *ret_len) MUST_USE;
/* False when it does not open; then *ret may be half set, and is the caller's to wipe. */
bool handle_open(const struct secret *store_key, struct slice sealed, struct identity *ret);
/* Whether both would be kept as the same. */
bool handle_same(const struct identity *a, const struct identity *b);

#endif
