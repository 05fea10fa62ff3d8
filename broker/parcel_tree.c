/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/parcel_tree.h"

#include <errno.h>
#include <string.h>

/* Where a level begins: below it lie n, n/2, n/4 ... nodes, fewer than 2n together. */
static size_t level_at(size_t n, unsigned level)
{
    size_t at = 0;
    for (unsigned k = 0; k < level; k++) {
        at += n >> k;
    }
    return at;
}

static void build(struct parcel_tree *tree, const struct parcel_row *parcel)
{
    assert(parcel->n <= CAIRN_PARCEL_ENTRIES_MAX);
    for (size_t i = 0; i < parcel->n; i++) {
        tree->digests[i] = parcel->digests[i];
        tree_leaf(SLICE_OF(parcel->digests[i].bytes), &tree->nodes[i]);
    }
    for (unsigned level = 1; parcel->n >> level != 0; level++) {
        const struct hash *below = &tree->nodes[level_at(parcel->n, level - 1)];
        struct hash *here = &tree->nodes[level_at(parcel->n, level)];
        for (size_t i = 0; i < parcel->n >> level; i++) {
            tree_node(&below[2 * i], &below[2 * i + 1], &here[i]);
        }
    }
    tree->n = parcel->n;
}

static int node(void *data, unsigned level, uint64_t index, struct hash *ret)
{
    const struct parcel_tree *tree = data;
    if (level > 62 || /* no parcel is as high, and beyond 63 a shift is undefined */
        index >= (uint64_t)tree->n >> level) {
        return -ENOENT;
    }
    *ret = tree->nodes[level_at(tree->n, level) + (size_t)index];
    return 0;
}

int parcel_tree_prove(struct parcel_tree *tree, const struct parcel_row *parcel, size_t index,
                      struct tree_proof *ret)
{
    const struct tree_source source = {.node = node, .data = tree};
    if (tree->n != parcel->n ||
        memcmp(tree->digests, parcel->digests, parcel->n * sizeof(parcel->digests[0])) != 0) {
        build(tree, parcel);
    }
    return tree_prove_inclusion(&source, index, parcel->n, ret);
}
