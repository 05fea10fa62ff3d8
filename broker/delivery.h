/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delivery: turns committed mailbox rows into what goes to an agency: the entry with its path to
 * the origin's signature, only the recipient's grants, and the proof that the telling is in the
 * log. Reads through publish's transaction, on its thread.
 */
#ifndef BROKER_DELIVERY_H
#define BROKER_DELIVERY_H

#include "broker/applying.h"
#include "broker/board.h"
#include "broker/parcel_tree.h"
#include "broker/waiting.h"
#include "ledger/state.h"
#include "wire/leaf.h"

/* What is borrowed is kept from one delivery to the next: it is large, and most agencies that wait
 * have nothing to get. */
struct delivery {
    struct store_txn *txn; /* read */
    struct log_source *log;
    const struct head *head;
    uint32_t agency;
    struct parcel_tree *tree; /* of the parcel at hand */
    struct apply *view;       /* the rules of apply over `txn`, as of its newest batch */
    const struct waiting_place *passed;
    struct wire_item *items; /* room for CAIRN_CREDIT_MAX */
    struct arena arena;      /* items borrow from here or from the transaction */
    size_t n_items;
    size_t bytes;
};

/* Adds the rows after `after`: at most credit, at most what one frame holds, nothing that the head
 * does not cover yet, nothing behind what may not go any more and is about to be withheld. -EIO
 * when the store does not hold what a row names. */
int delivery_fill(struct delivery *delivery, uint64_t after, uint32_t credit) MUST_USE;
void delivery_deinit(struct delivery *delivery);
/* Proof of a leaf under the head's size. -ERANGE when it is not covered. */
int delivery_prove(struct log_source *log, const struct head *head, uint64_t log_index,
                   struct slice *ret_leaf, struct tree_proof *ret_path) MUST_USE;

#endif
