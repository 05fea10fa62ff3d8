/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parcel_tree: the paths of a parcel's entries to the root that its agency signed. Entries of one
 * parcel lie one behind another in a mailbox, so the nodes of the parcel at hand are kept until
 * another comes: then each entry's path is read off, and nothing is hashed again. What is kept is
 * known by the digests that it was made of. Owned by whoever proves; one thread.
 */
#ifndef BROKER_PARCEL_TREE_H
#define BROKER_PARCEL_TREE_H

#include "cairn/limits.h"
#include "ledger/state.h"
#include "tree/tree.h"

struct parcel_tree {
    size_t n; /* leaves of what is kept; 0: nothing yet */
    struct hash digests[CAIRN_PARCEL_ENTRIES_MAX];
    struct hash nodes[2 * CAIRN_PARCEL_ENTRIES_MAX]; /* of complete subtrees, level by level */
};

#define PARCEL_TREE_NULL ((struct parcel_tree){.n = 0})

/* The path of that entry. -ERANGE when the parcel has none of that index. */
int parcel_tree_prove(struct parcel_tree *tree, const struct parcel_row *parcel, size_t index,
                      struct tree_proof *ret) MUST_USE;

#endif
