/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox: what the broker delivered, checked and on disk, until the agency's own applications have
 * acknowledged it. Rows lie in the tables INBOX, RECEIVED, RELEASED, ALERT, PICTURE and READING of
 * state.h.
 */
#ifndef AGENTS_INBOX_H
#define AGENTS_INBOX_H

#include "agents/core/agent.h"
#include "tree/checkpoint.h"
#include "wire/wire.h"

/*
 * Called by the link's thread for each DELIVERY, after `head` was verified as a continuation of the
 * head last verified, and saved. Checks each item: its leaf's inclusion under `head`, that the leaf
 * tells of exactly this payload to us, and of an entry its parcel path, signature and origin in the
 * governance in force. Items at positions held already are nothing; a gap before an item ends the
 * taking there. Stores all that holds in ONE synced transaction, then tells news.
 *
 * 0 and *ret_position, the highest position such that it and all before it are on disk (also when
 * nothing new was in it): what the link acknowledges. -EBADMSG when an item's proof does not hold:
 * what stood before it was stored, *ret_position says how far; the link closes and dials again.
 * -ENOSPC when the store is full.
 */
int inbox_take(struct agent *agent, const struct wire_delivery *delivery,
               const struct checkpoint *head, uint64_t *ret_position) MUST_USE;

/* The highest contiguous position on disk, 0 for none: FETCH asks for what follows it. */
uint64_t inbox_position(struct store_txn *txn);

#endif
