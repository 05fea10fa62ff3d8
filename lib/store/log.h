/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit log in the store: leaf i is one row, appended in order, which also holds every subtree
 * hash that this leaf completes. One put per leaf, no rewriting, and any node is one get: node
 * (level, index) lies in the row of its last leaf.
 *
 *   key   u64 leaf index
 *   value u8 n || n x hash[32] (levels 0..n-1) || leaf data
 */
#ifndef STORE_LOG_H
#define STORE_LOG_H

#include "store/store.h"
#include "tree/tree.h"

#define LOG_LEAF_MAX_BYTES 512
#define LOG_LEVELS_MAX     63

/* A log in one table of a store. The range in memory follows a write transaction: load it at its
 * start. */
int log_load(struct store_txn *txn, unsigned table, struct tree_range *ret) MUST_USE;
uint64_t log_size(struct store_txn *txn, unsigned table);
/* Appends at range->size; faults are sticky in the transaction. Returns the leaf's index. */
uint64_t log_append(struct store_txn *txn, unsigned table, struct tree_range *range,
                    struct slice leaf_data);
/* Leaf data borrowed from the transaction. -ENOENT when there is no such leaf. */
int log_leaf(struct store_txn *txn, unsigned table, uint64_t index, struct slice *ret) MUST_USE;
/* A log as tree_prove_* reads it. Of each level it keeps the two nodes that it read last, as they
 * never change: the ways of neighbouring leaves have most of theirs in common. */
struct log_kept {
    uint64_t after; /* its index + 1; 0: none */
    struct hash hash;
};
struct log_source {
    struct store_txn *txn;
    unsigned table;
    struct log_kept kept[LOG_LEVELS_MAX][2]; /* the last one first */
};
/* `source` borrowed. */
struct tree_source log_tree(struct log_source *source);
/* Re-reads leaves [from, to) through this transaction, re-hashes their data, and extends `range`
 * (whose size is `from`): what a checkpoint may be signed for. -EBADMSG when a stored hash is not
 * what its data hashes to, or the order is broken. */
int log_reread(struct store_txn *txn, unsigned table, uint64_t to,
               struct tree_range *range) MUST_USE;

#endif
