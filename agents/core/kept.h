/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kept: what is kept of our own records and involvements once they have left: the header as it was
 * frozen and the data keys, wrapped under the store key, so that they can be disclosed later
 * (granting.h). Bodies are the broker's to keep.
 *
 *   KEYS row   sized header | keys[SPOOL_WRAP_BYTES]
 *   OWN        handle, created, reference -> nothing: a child's entries in order
 *
 * All functions work inside the caller's transaction; any thread.
 */
#ifndef AGENTS_KEPT_H
#define AGENTS_KEPT_H

#include "agents/core/spool.h"

/* An entry of ours that was frozen just now: its row in the spool, and in OUT. */
void kept_add(struct store_txn *txn, const struct spool_entry *entry, const struct out_row *out);
/* It was frozen again under another id (reseal.h); nothing for what is not kept. */
void kept_rename(struct store_txn *txn, const struct entry_id *from, const struct entry_id *to,
                 const struct spool_entry *entry);

struct kept {
    struct slice header; /* borrowed from the transaction; likewise the keys */
    struct slice keys;
};
bool kept_get(struct store_txn *txn, const struct entry_id *entry, struct kept *ret);

/* Calls `each` for what we said about the child, the newest first, until it returns false. The
 * transaction is not to be written meanwhile. */
void kept_each(struct store_txn *txn, const uint8_t handle[CAIRN_HANDLE_BYTES],
               bool (*each)(void *data, const struct reference *reference), void *data);

#endif
