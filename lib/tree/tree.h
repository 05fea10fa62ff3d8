/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The RFC 6962 section 2.1 Merkle tree over SHA-256: leaf = H(0x00 || data), node = H(0x01 || left
 * || right), split at the largest power of two smaller than n, empty tree = H(""). Pure functions;
 * verification follows RFC 9162 2.1.3.2 and 2.1.4.2. Used for the log and for parcels.
 *
 * Storage is the caller's: a complete subtree is named (level, index) and covers leaves [index <<
 * level, (index+1) << level).
 */
#ifndef TREE_TREE_H
#define TREE_TREE_H

#include "base/slice.h"
#include "cairn/ids.h"
#include "cairn/limits.h"

/* Leaves of a tree at most: then a consistency proof has at most 62 + 1 hashes, and every shift
 * stays inside 64 bits. */
#define TREE_SIZE_MAX ((uint64_t)1 << 62)
static_assert(CAIRN_PROOF_MAX_HASHES >= 63, "every proof of the largest tree fits");

struct hash {
    uint8_t bytes[CAIRN_HASH_BYTES];
};

void tree_leaf(struct slice data, struct hash *ret);
void tree_node(const struct hash *left, const struct hash *right, struct hash *ret);
void tree_empty_root(struct hash *ret);
bool hash_equal(const struct hash *a, const struct hash *b);

/* range: the right edge of a growing tree (a compact range from 0), enough to append and to know
 * the root. edge[k] is the complete subtree of level k, valid when bit k of size is set. */
struct tree_range {
    uint64_t size;
    struct hash edge[64];
};
#define TREE_RANGE_NULL ((struct tree_range){.size = 0})
/* Appends a leaf hash. completed[0..n-1] are the subtrees of levels 0..n-1 that this leaf completes
 * (n >= 1, <= 64): completed[0] is the leaf itself, node (k, leaf_index >> k). Returns n. */
size_t tree_append(struct tree_range *range, const struct hash *leaf, struct hash completed[64]);
void tree_root(const struct tree_range *range, struct hash *ret);
/* Root of a small list of leaf hashes, as for a parcel. n may be 0. */
void tree_root_of(const struct hash *leaves, size_t n, struct hash *ret);

/* proof: hashes from the leaf upwards. */
struct tree_proof {
    size_t n;
    struct hash hashes[CAIRN_PROOF_MAX_HASHES];
};

/* Reads a stored complete subtree. 0 or -errno. */
struct tree_source {
    int (*node)(void *data, unsigned level, uint64_t index, struct hash *ret);
    void *data;
};
/* -ERANGE unless index < size <= TREE_SIZE_MAX. */
int tree_prove_inclusion(const struct tree_source *source, uint64_t index, uint64_t size,
                         struct tree_proof *ret) MUST_USE;
/* -ERANGE unless 0 < old_size <= new_size <= TREE_SIZE_MAX; for equal sizes the proof is empty. */
int tree_prove_consistency(const struct tree_source *source, uint64_t old_size, uint64_t new_size,
                           struct tree_proof *ret) MUST_USE;
int tree_root_at(const struct tree_source *source, uint64_t size, struct hash *ret) MUST_USE;
/* The edge of the tree at `size`, read back from stored nodes (recovery). */
int tree_range_load(const struct tree_source *source, uint64_t size,
                    struct tree_range *ret) MUST_USE;
/* A source over an array of leaf hashes (parcels, tests); computes inner nodes as needed. `leaves`
 * borrowed. */
struct tree_leaves {
    const struct hash *leaves;
    size_t n;
};
struct tree_source tree_source_of(struct tree_leaves *leaves);

struct tree_inclusion {
    uint64_t index;
    uint64_t size;
    const struct hash *leaf;
    const struct hash *root;
};
bool tree_check_inclusion(const struct tree_inclusion *claim,
                          const struct tree_proof *proof) MUST_USE;

struct tree_consistency {
    uint64_t old_size;
    uint64_t new_size;
    const struct hash *old_root;
    const struct hash *new_root;
};
/* old_size 0 is consistent with everything when the proof is empty and old_root is the empty
 * tree's. */
bool tree_check_consistency(const struct tree_consistency *claim,
                            const struct tree_proof *proof) MUST_USE;

#endif
