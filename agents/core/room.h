/* SPDX-License-Identifier: Apache-2.0 */
/*
 * room: whether the agent's store can take something more, asked before it is written, so that a
 * full disk is an answer and not the end of the agent. What is urgent is taken to the last; all
 * else leaves a tenth of the map and a reserve on disk for it, and a delivery, which may be urgent
 * or not, half of them. Nothing takes what is left for writing that does not ask: receipts,
 * acknowledgements, a newer document.
 */
#ifndef AGENTS_ROOM_H
#define AGENTS_ROOM_H

#include "agents/core/state.h"

/* For n entries of that lane, inside the write transaction that is to keep them. 0, or -ENOSPC and
 * nothing changed. */
int room_for(struct store_txn *txn, enum lane lane, size_t n) MUST_USE;
/* Likewise for n items that were delivered. */
int room_for_delivery(struct store_txn *txn, size_t n) MUST_USE;

#endif
