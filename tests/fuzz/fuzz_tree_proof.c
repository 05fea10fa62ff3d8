/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs that a leaf is in the log, and that one log goes on from another: the sizes and the leaf's
 * place, a byte for the number of hashes, and what is changed in them. First with roots that no
 * tree has, where no proof holds, whatever the sizes are; then with a tree that there is, where the
 * true proof holds and no other.
 */
#include <string.h>

#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"
#include "tree/tree.h"

#define LEAVES 64

static struct hash leaves[LEAVES];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (crypto_init(NULL) != 0) {
        return 1;
    }
    for (size_t i = 0; i < LEAVES; i++) {
        const uint8_t data = (uint8_t)i;
        tree_leaf(slice_make(&data, 1), &leaves[i]);
    }
    return 0;
}

struct change {
    uint64_t old_size;
    uint64_t new_size;
    uint64_t index;
    uint8_t longer; /* by so many hashes, beginning again with none after the most */
    struct slice bits;
};

static void bend(const struct change *change, struct tree_proof *proof)
{
    uint8_t *bytes = proof->hashes[0].bytes;

    proof->n = (proof->n + change->longer) % (CAIRN_PROOF_MAX_HASHES + 1);
    for (size_t i = 0; i < change->bits.len && i < sizeof(proof->hashes); i++) {
        bytes[i] ^= change->bits.data[i];
    }
}

static bool same_proof(const struct tree_proof *a, const struct tree_proof *b)
{
    return a->n == b->n && memcmp(a->hashes, b->hashes, a->n * sizeof(a->hashes[0])) == 0;
}

static void check_nowhere(const struct change *change)
{
    const struct hash roots[] = {{.bytes = {1}}, {.bytes = {2}}, {.bytes = {3}}};
    const struct tree_inclusion leaf = {
        .index = change->index, .size = change->new_size, .leaf = &roots[0], .root = &roots[1]};
    const struct tree_consistency heads = {.old_size = change->old_size,
                                           .new_size = change->new_size,
                                           .old_root = &roots[1],
                                           .new_root = &roots[2]};
    struct tree_proof proof = {.n = 0};

    bend(change, &proof);
    assert(!tree_check_inclusion(&leaf, &proof));
    assert(!tree_check_consistency(&heads, &proof));
}

static void check_inclusion(const struct change *change, size_t size)
{
    struct tree_leaves all = {.leaves = leaves, .n = size};
    const struct tree_source source = tree_source_of(&all);
    const uint64_t index = change->index % size;
    struct tree_proof proof = {.n = 0};
    struct hash root;

    tree_root_of(leaves, size, &root);
    const struct tree_inclusion claim = {
        .index = index, .size = size, .leaf = &leaves[index], .root = &root};
    int r = tree_prove_inclusion(&source, index, size, &proof);
    assert(r == 0);
    struct tree_proof bent = proof;
    bend(change, &bent);
    assert(tree_check_inclusion(&claim, &bent) == same_proof(&proof, &bent));
}

static void check_consistency(const struct change *change, size_t size)
{
    struct tree_leaves all = {.leaves = leaves, .n = size};
    const struct tree_source source = tree_source_of(&all);
    const size_t old_size = change->old_size % (size + 1);
    struct tree_proof proof = {.n = 0};
    struct hash roots[2];

    tree_root_of(leaves, old_size, &roots[0]);
    tree_root_of(leaves, size, &roots[1]);
    const struct tree_consistency claim = {
        .old_size = old_size, .new_size = size, .old_root = &roots[0], .new_root = &roots[1]};
    int r = old_size == 0 ? 0 : tree_prove_consistency(&source, old_size, size, &proof);
    assert(r == 0);
    struct tree_proof bent = proof;
    bend(change, &bent);
    assert(tree_check_consistency(&claim, &bent) == same_proof(&proof, &bent));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct reader reader = reader_over(slice_make(data, size));
    struct change change = {.old_size = read_u64(&reader),
                            .new_size = read_u64(&reader),
                            .index = read_u64(&reader),
                            .longer = read_u8(&reader)};

    change.bits = read_bytes(&reader, reader.left);
    if (!reader_ok(&reader)) {
        return 0;
    }
    check_nowhere(&change);
    check_inclusion(&change, 1 + change.new_size % LEAVES);
    check_consistency(&change, 1 + change.new_size % LEAVES);
    return 0;
}
