/* SPDX-License-Identifier: Apache-2.0 */
/* The paths in a parcel's tree that is kept are those of its leaves. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/parcel_tree.h"
#include "crypto/digest.h"
#include "support/crypto.h"

/* A parcel of n entries; another mark, other entries. */
static struct parcel_row parcel_of(size_t n, uint8_t mark)
{
    struct parcel_row parcel = {.n = n};
    for (size_t i = 0; i < n; i++) {
        const uint8_t text[] = {mark, (uint8_t)i};
        sha256(SLICE_OF(text), parcel.digests[i].bytes);
    }
    return parcel;
}

static void expect_path(struct parcel_tree *tree, const struct parcel_row *parcel, size_t index)
{
    struct hash leaves[CAIRN_PARCEL_ENTRIES_MAX];
    struct tree_leaves list = {.leaves = leaves, .n = parcel->n};
    struct tree_source source = tree_source_of(&list);
    struct tree_proof expected;
    struct tree_proof path;
    for (size_t i = 0; i < parcel->n; i++) {
        tree_leaf(SLICE_OF(parcel->digests[i].bytes), &leaves[i]);
    }
    assert_int_equal(tree_prove_inclusion(&source, index, parcel->n, &expected), 0);

    assert_int_equal(parcel_tree_prove(tree, parcel, index, &path), 0);

    assert_int_equal(path.n, expected.n);
    assert_memory_equal(path.hashes, expected.hashes, path.n * sizeof(path.hashes[0]));
}

static void every_entry_of_a_parcel_of_any_size_has_its_path(void **state)
{
    struct parcel_tree tree = PARCEL_TREE_NULL;
    (void)state;
    for (size_t n = 1; n <= CAIRN_PARCEL_ENTRIES_MAX; n++) {
        const struct parcel_row parcel = parcel_of(n, 1);
        for (size_t i = 0; i < n; i++) {
            expect_path(&tree, &parcel, i);
        }
    }
}

static void parcels_that_take_turns_have_their_own_paths(void **state)
{
    struct parcel_tree tree = PARCEL_TREE_NULL;
    const struct parcel_row one = parcel_of(13, 1);
    const struct parcel_row other = parcel_of(13, 2);
    (void)state;
    for (size_t i = 0; i < one.n; i++) {
        expect_path(&tree, &one, i);
        expect_path(&tree, &other, one.n - 1 - i);
    }
}

/* Whatever was kept before is of no use for it, however much is the same. */
static void a_parcel_that_differs_in_one_entry_is_another(void **state)
{
    struct parcel_tree tree = PARCEL_TREE_NULL;
    struct parcel_row parcel = parcel_of(CAIRN_PARCEL_ENTRIES_MAX, 1);
    (void)state;
    for (size_t i = 0; i < parcel.n; i++) {
        expect_path(&tree, &parcel, 0);
        parcel.digests[i].bytes[31] ^= 1;
        expect_path(&tree, &parcel, 0);
    }
}

static void an_entry_that_is_not_there_has_no_path(void **state)
{
    struct parcel_tree tree = PARCEL_TREE_NULL;
    const struct parcel_row parcel = parcel_of(5, 1);
    const struct parcel_row empty = {.n = 0};
    struct tree_proof path;
    (void)state;

    assert_int_equal(parcel_tree_prove(&tree, &parcel, 5, &path), -ERANGE);
    assert_int_equal(parcel_tree_prove(&tree, &empty, 0, &path), -ERANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_entry_of_a_parcel_of_any_size_has_its_path),
        cmocka_unit_test(parcels_that_take_turns_have_their_own_paths),
        cmocka_unit_test(a_parcel_that_differs_in_one_entry_is_another),
        cmocka_unit_test(an_entry_that_is_not_there_has_no_path),
    };
    return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
