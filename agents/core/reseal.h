/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reseal: an entry of the spool whose id the broker knows for something else. The store came back
 * from a backup, or another one ran under the same keys: numbers were used that this store has
 * forgotten. The broker has refused it under that id, so nobody has had it. It keeps its place and
 * its number in the lane and gets a stream that was drawn since; its parts are opened and sealed
 * again under fresh keys, because they are bound to the header. Only the
 * link's thread, inside its transaction.
 */
#ifndef AGENTS_RESEAL_H
#define AGENTS_RESEAL_H

#include "agents/core/spool.h"

/* 0, also when there is no such row; -EBADMSG for a broken one; else what the crypto says. The
 * transaction is then to be aborted. */
int reseal_entry(struct store_txn *txn, const struct secret *store_key, enum lane lane,
                 uint64_t seq) MUST_USE;

#endif
