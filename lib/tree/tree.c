/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/tree.h"

#include <errno.h>
#include <string.h>

#include "crypto/digest.h"

void tree_leaf(struct slice data, struct hash *ret)
{
    static const uint8_t prefix = 0x00;
    const struct slice parts[] = {slice_make(&prefix, 1), data};

    sha256_many(parts, ARRAY_LEN(parts), ret->bytes);
}

void tree_node(const struct hash *left, const struct hash *right, struct hash *ret)
{
    uint8_t block[1 + 2 * CAIRN_HASH_BYTES];

    block[0] = 0x01;
    memcpy(block + 1, left->bytes, CAIRN_HASH_BYTES);
    memcpy(block + 1 + CAIRN_HASH_BYTES, right->bytes, CAIRN_HASH_BYTES);
    sha256(SLICE_OF(block), ret->bytes);
}

void tree_empty_root(struct hash *ret)
{
    sha256(SLICE_NULL, ret->bytes);
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, CAIRN_HASH_BYTES) == 0;
}

static unsigned bit_length(uint64_t value)
{
    return value == 0 ? 0 : 64U - (unsigned)__builtin_clzll(value);
}

size_t tree_append(struct tree_range *range, const struct hash *leaf, struct hash completed[64])
{
    assert(range->size < TREE_SIZE_MAX);
    completed[0] = *leaf;
    size_t level = 0;
    for (; (range->size >> level & 1) != 0; level++) {
        tree_node(&range->edge[level], &completed[level], &completed[level + 1]);
    }
    range->edge[level] = completed[level];
    range->size++;
    return level + 1;
}

void tree_root(const struct tree_range *range, struct hash *ret)
{
    if (range->size == 0) {
        tree_empty_root(ret);
        return;
    }
    unsigned level = (unsigned)__builtin_ctzll(range->size);
    struct hash root = range->edge[level];
    for (level++; range->size >> level != 0; level++) {
        if ((range->size >> level & 1) != 0) {
            tree_node(&range->edge[level], &root, &root);
        }
    }
    *ret = root;
}

void tree_root_of(const struct hash *leaves, size_t n, struct hash *ret)
{
    struct tree_range range = TREE_RANGE_NULL;
    struct hash completed[64];

    for (size_t i = 0; i < n; i++) {
        (void)tree_append(&range, &leaves[i], completed);
    }
    tree_root(&range, ret);
}

int tree_range_load(const struct tree_source *source, uint64_t size, struct tree_range *ret)
{
    if (size > TREE_SIZE_MAX) {
        return -ERANGE;
    }
    struct tree_range range = TREE_RANGE_NULL;
    range.size = size;
    for (unsigned level = 0; size >> level != 0; level++) {
        if ((size >> level & 1) != 0) {
            int r = source->node(source->data, level, (size >> level) - 1, &range.edge[level]);
            if (r < 0) {
                return r;
            }
        }
    }
    *ret = range;
    return 0;
}

int tree_root_at(const struct tree_source *source, uint64_t size, struct hash *ret)
{
    struct tree_range range;

    int r = tree_range_load(source, size, &range);
    if (r < 0) {
        return r;
    }
    tree_root(&range, ret);
    return 0;
}

/* The root over leaves [begin, end), end > begin, where the lowest set bit of begin is above end -
 * begin: the one node of a proof that may be incomplete. Folds its complete subtrees from the
 * smallest upwards. */
static int root_between(const struct tree_source *source, uint64_t begin, uint64_t end,
                        struct hash *ret)
{
    struct hash root;
    bool first = true;

    for (unsigned level = 0; (end - begin) >> level != 0; level++) {
        if (((end - begin) >> level & 1) == 0) {
            continue;
        }
        struct hash node;
        int r = source->node(source->data, level, (end >> level) - 1, &node);
        if (r < 0) {
            return r;
        }
        if (first) {
            root = node;
        } else {
            tree_node(&node, &root, &root);
        }
        first = false;
    }
    *ret = root;
    return 0;
}

/* Adds the siblings on the way from node (level, index) to the root at `size`, lowest first. */
static int prove_path(const struct tree_source *source, unsigned level, uint64_t index,
                      uint64_t size, struct tree_proof *proof)
{
    /* Up to `fork` the way stays in complete subtrees; there it meets the way of the last leaf,
     * whose subtree may be incomplete; above, only left siblings are left, and these are complete.
     */
    uint64_t last = (size - 1) >> level;
    unsigned fork = level + bit_length(index ^ last);

    for (unsigned k = level; last != 0; k++, index >>= 1, last >>= 1) {
        if (k >= fork && (index & 1) == 0) {
            continue;
        }
        assert(proof->n < CAIRN_PROOF_MAX_HASHES);
        struct hash *sibling = &proof->hashes[proof->n];
        int r = k + 1 == fork ? root_between(source, (index ^ 1) << k, size, sibling)
                              : source->node(source->data, k, index ^ 1, sibling);
        if (r < 0) {
            return r;
        }
        proof->n++;
    }
    return 0;
}

int tree_prove_inclusion(const struct tree_source *source, uint64_t index, uint64_t size,
                         struct tree_proof *ret)
{
    if (index >= size || size > TREE_SIZE_MAX) {
        return -ERANGE;
    }
    struct tree_proof proof = {.n = 0};
    int r = prove_path(source, 0, index, size, &proof);
    if (r < 0) {
        return r;
    }
    *ret = proof;
    return 0;
}

int tree_prove_consistency(const struct tree_source *source, uint64_t old_size, uint64_t new_size,
                           struct tree_proof *ret)
{
    if (old_size == 0 || old_size > new_size || new_size > TREE_SIZE_MAX) {
        return -ERANGE;
    }
    struct tree_proof proof = {.n = 0};
    if (old_size == new_size) {
        *ret = proof;
        return 0;
    }
    /* Start at the last complete subtree of the old tree. It is left out when it is the whole old
     * tree: the verifier has that root. */
    unsigned level = (unsigned)__builtin_ctzll(old_size);
    uint64_t index = (old_size >> level) - 1;
    if (index != 0) {
        int r = source->node(source->data, level, index, &proof.hashes[0]);
        if (r < 0) {
            return r;
        }
        proof.n = 1;
    }
    int r = prove_path(source, level, index, new_size, &proof);
    if (r < 0) {
        return r;
    }
    *ret = proof;
    return 0;
}

static int leaves_node(void *data, unsigned level, uint64_t index, struct hash *ret)
{
    const struct tree_leaves *leaves = data;

    if (level > 62 || index >= (uint64_t)leaves->n >> level) {
        return -ENOENT;
    }
    tree_root_of(leaves->leaves + (index << level), (size_t)1 << level, ret);
    return 0;
}

struct tree_source tree_source_of(struct tree_leaves *leaves)
{
    return (struct tree_source){.node = leaves_node, .data = leaves};
}

/* RFC 9162 2.1.3.2 */
bool tree_check_inclusion(const struct tree_inclusion *claim, const struct tree_proof *proof)
{
    if (claim->index >= claim->size || proof->n > CAIRN_PROOF_MAX_HASHES) {
        return false;
    }
    uint64_t fn = claim->index;
    uint64_t sn = claim->size - 1;
    struct hash r = *claim->leaf;

    for (size_t i = 0; i < proof->n; i++) {
        const struct hash *p = &proof->hashes[i];
        if (sn == 0) {
            return false;
        }
        if ((fn & 1) != 0 || fn == sn) {
            tree_node(p, &r, &r);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            tree_node(&r, p, &r);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && hash_equal(&r, claim->root);
}

/* The part of RFC 9162 2.1.4.2 after its special cases; path[0] is the node that both trees share.
 */
static bool check_consistency_path(const struct tree_consistency *claim, const struct hash *path,
                                   size_t n)
{
    uint64_t fn = claim->old_size - 1;
    uint64_t sn = claim->new_size - 1;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    struct hash fr = path[0];
    struct hash sr = path[0];

    for (size_t i = 1; i < n; i++) {
        const struct hash *c = &path[i];
        if (sn == 0) {
            return false;
        }
        if ((fn & 1) != 0 || fn == sn) {
            tree_node(c, &fr, &fr);
            tree_node(c, &sr, &sr);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            tree_node(&sr, c, &sr);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && hash_equal(&fr, claim->old_root) && hash_equal(&sr, claim->new_root);
}

bool tree_check_consistency(const struct tree_consistency *claim, const struct tree_proof *proof)
{
    if (claim->old_size > claim->new_size || proof->n > CAIRN_PROOF_MAX_HASHES) {
        return false;
    }
    if (claim->old_size == 0) {
        struct hash empty;
        tree_empty_root(&empty);
        return proof->n == 0 && hash_equal(claim->old_root, &empty) &&
               (claim->new_size != 0 || hash_equal(claim->new_root, &empty));
    }
    if (claim->old_size == claim->new_size) {
        return proof->n == 0 && hash_equal(claim->old_root, claim->new_root);
    }
    if (proof->n == 0) {
        return false;
    }
    struct hash path[CAIRN_PROOF_MAX_HASHES + 1];
    size_t n = 0;
    if ((claim->old_size & (claim->old_size - 1)) == 0) {
        path[n++] = *claim->old_root;
    }
    memcpy(&path[n], proof->hashes, proof->n * sizeof(struct hash));
    return check_consistency_path(claim, path, n + proof->n);
}
