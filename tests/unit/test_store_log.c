/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "store/log.h"
#include "support/scratch.h"

#define LEAVES    70000 /* more than two full tiles of 256 x 256, and no power of two */
#define FEW       23
#define BATCH     997
#define TABLE_LOG 0

static const char *const table_names[] = {"log", "other"};

/* A store with a log in it, and the same leaves as plain hashes. */
struct world {
    char dir[SCRATCH_BYTES];
    struct store *store;
    struct tree_range range;
    struct hash *leaves;
};

static struct slice leaf_data(uint64_t index)
{
    static char text[40];

    int len = snprintf(text, sizeof(text), "leaf %llu", (unsigned long long)index);
    assert_in_range(len, 1, sizeof(text) - 1);
    return slice_make(text, (size_t)len);
}

static void append_leaves(struct world *world, uint64_t to)
{
    while (world->range.size < to) {
        struct store_txn *txn = store_begin(world->store);
        struct tree_range range;
        assert_non_null(txn);
        assert_int_equal(log_load(txn, TABLE_LOG, &range), 0);
        assert_int_equal(range.size, world->range.size);
        for (size_t i = 0; i < BATCH && range.size < to; i++) {
            struct slice data = leaf_data(range.size);
            tree_leaf(data, &world->leaves[range.size]);
            uint64_t expected = range.size;
            assert_int_equal(log_append(txn, TABLE_LOG, &range, data), expected);
        }
        assert_int_equal(store_commit(&txn), 0);
        world->range = range;
    }
}

static int open_world(void **state)
{
    struct error error = ERROR_NULL;
    struct world *world = base_zalloc(1, sizeof(*world));
    *state = world;
    world->leaves = base_zalloc(LEAVES, sizeof(*world->leaves));
    scratch_make(world->dir);
    if (crypto_init(&error) < 0) {
        return -1;
    }
    const struct store_options options = {
        .dir = world->dir,
        .map_bytes = 64U << 20,
        .tables = table_names,
        .n_tables = ARRAY_LEN(table_names),
        .allow_tmpfs = true,
    };
    return store_open(&options, &world->store, &error);
}

static int open_world_of_few(void **state)
{
    int r = open_world(state);

    append_leaves(*state, FEW);
    return r;
}

static int close_world(void **state)
{
    struct world *world = *state;

    store_close(&world->store);
    scratch_remove(world->dir);
    free(world->leaves);
    free(world);
    crypto_deinit();
    return 0;
}

/* The tree over the first `n` leaves, kept apart from the store. */
static void remembered_root(const struct world *world, uint64_t n, struct hash *ret)
{
    tree_root_of(world->leaves, n, ret);
}

static int reread_all(struct world *world, uint64_t to)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct tree_range range = TREE_RANGE_NULL;

    return log_reread(txn, TABLE_LOG, to, &range);
}

static void an_empty_log_has_no_leaves_and_the_empty_root(void **state)
{
    struct world *world = *state;
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct tree_range range = {.size = 99};
    struct slice data;

    assert_int_equal(log_load(txn, TABLE_LOG, &range), 0);

    assert_int_equal(range.size, 0);
    assert_int_equal(log_size(txn, TABLE_LOG), 0);
    assert_int_equal(log_leaf(txn, TABLE_LOG, 0, &data), -ENOENT);
    assert_int_equal(log_reread(txn, TABLE_LOG, 0, &range), 0);
    assert_int_equal(log_reread(txn, TABLE_LOG, 1, &range), -EBADMSG);
}

static void leaves_read_back_as_they_were_written(void **state)
{
    struct world *world = *state;
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct slice data;

    for (uint64_t i = 0; i < FEW; i++) {
        assert_int_equal(log_leaf(txn, TABLE_LOG, i, &data), 0);
        assert_true(slice_equal(data, leaf_data(i)));
    }

    assert_int_equal(log_leaf(txn, TABLE_LOG, FEW, &data), -ENOENT);
    assert_int_equal(log_size(txn, TABLE_LOG), FEW);
}

static void leaves_may_be_empty_or_as_long_as_the_limit(void **state)
{
    struct world *world = *state;
    static uint8_t longest[LOG_LEAF_MAX_BYTES];
    struct tree_range range = TREE_RANGE_NULL;
    struct slice data;
    struct store_txn *txn = store_begin(world->store);

    (void)log_append(txn, TABLE_LOG, &range, SLICE_NULL);
    (void)log_append(txn, TABLE_LOG, &range, SLICE_OF(longest));
    assert_int_equal(store_commit(&txn), 0);

    _cleanup_(store_end) struct store_txn *after = store_read(world->store);
    assert_int_equal(log_leaf(after, TABLE_LOG, 0, &data), 0);
    assert_int_equal(data.len, 0);
    assert_int_equal(log_leaf(after, TABLE_LOG, 1, &data), 0);
    assert_int_equal(data.len, LOG_LEAF_MAX_BYTES);
    struct tree_range reread = TREE_RANGE_NULL;
    assert_int_equal(log_reread(after, TABLE_LOG, 2, &reread), 0);
}

static void expect_inclusion(struct world *world, const struct tree_source *tree, uint64_t i,
                             uint64_t n)
{
    struct tree_proof proof;
    struct hash root;

    remembered_root(world, n, &root);
    assert_int_equal(tree_prove_inclusion(tree, i, n, &proof), 0);
    const struct tree_inclusion claim = {i, n, &world->leaves[i], &root};
    assert_true(tree_check_inclusion(&claim, &proof));
}

static void expect_consistency(struct world *world, const struct tree_source *tree, uint64_t m,
                               uint64_t n)
{
    struct tree_proof proof;
    struct hash roots[2];

    remembered_root(world, m, &roots[0]);
    remembered_root(world, n, &roots[1]);
    assert_int_equal(tree_prove_consistency(tree, m, n, &proof), 0);
    const struct tree_consistency claim = {m, n, &roots[0], &roots[1]};
    assert_true(tree_check_consistency(&claim, &proof));
}

static void every_proof_of_a_small_log_holds(void **state)
{
    struct world *world = *state;
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct log_source source = {.txn = txn, .table = TABLE_LOG};
    const struct tree_source tree = log_tree(&source);

    for (uint64_t n = 1; n <= FEW; n++) {
        for (uint64_t i = 0; i < n; i++) {
            expect_inclusion(world, &tree, i, n);
            expect_consistency(world, &tree, i + 1, n);
        }
    }
}

static void a_large_log_proves_itself_across_many_transactions(void **state)
{
    struct world *world = *state;
    static const uint64_t sizes[] = {1,    2,     3,     255,   256,   257,
                                     4095, 32768, 65535, 65536, 65537, LEAVES};
    append_leaves(world, LEAVES);
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct log_source source = {.txn = txn, .table = TABLE_LOG};
    const struct tree_source tree = log_tree(&source);

    for (size_t a = 0; a < ARRAY_LEN(sizes); a++) {
        struct hash root;
        struct hash remembered;
        assert_int_equal(tree_root_at(&tree, sizes[a], &root), 0);
        remembered_root(world, sizes[a], &remembered);
        assert_true(hash_equal(&root, &remembered));
    }
    for (size_t a = 0; a < ARRAY_LEN(sizes); a += 3) {
        expect_consistency(world, &tree, sizes[a], LEAVES);
        expect_inclusion(world, &tree, sizes[a] - 1, LEAVES);
        expect_inclusion(world, &tree, sizes[a] / 2, 65537);
    }
    struct tree_range range = TREE_RANGE_NULL;
    assert_int_equal(log_reread(txn, TABLE_LOG, LEAVES, &range), 0);
    struct hash root;
    struct hash running;
    tree_root(&range, &root);
    tree_root(&world->range, &running);
    assert_true(hash_equal(&root, &running));
}

static void a_loaded_range_is_the_running_one(void **state)
{
    struct world *world = *state;

    for (uint64_t n = 0; n < 300; n += 7) {
        append_leaves(world, n);
        _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
        struct tree_range loaded;
        assert_int_equal(log_load(txn, TABLE_LOG, &loaded), 0);
        assert_int_equal(loaded.size, n);
        for (unsigned level = 0; level < 64; level++) {
            if ((n >> level & 1) != 0) {
                assert_true(hash_equal(&loaded.edge[level], &world->range.edge[level]));
            }
        }
    }
}

static void rereading_goes_on_from_where_it_stopped(void **state)
{
    struct world *world = *state;
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct tree_range range = TREE_RANGE_NULL;
    struct hash root;
    struct hash remembered;

    assert_int_equal(log_reread(txn, TABLE_LOG, 9, &range), 0);
    assert_int_equal(range.size, 9);
    assert_int_equal(log_reread(txn, TABLE_LOG, 9, &range), 0);
    assert_int_equal(log_reread(txn, TABLE_LOG, FEW, &range), 0);

    tree_root(&range, &root);
    remembered_root(world, FEW, &remembered);
    assert_true(hash_equal(&root, &remembered));
}

static void a_log_shorter_than_what_was_seen_does_not_reread(void **state)
{
    struct world *world = *state;
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct tree_range range = world->range;

    assert_int_equal(log_reread(txn, TABLE_LOG, FEW + 1, &range), -EBADMSG);
    assert_int_equal(log_reread(txn, TABLE_LOG, FEW - 1, &range), -EBADMSG);

    assert_int_equal(range.size, FEW);
}

/* Exchanges a stored row, as a bad disk or a bad hand would. */
static void overwrite_row(struct world *world, uint64_t index, struct slice row)
{
    const struct store_key key = store_key_u64(index);
    struct store_txn *txn = store_begin(world->store);

    store_put(txn, TABLE_LOG, store_key_slice(&key), row);
    assert_int_equal(store_commit(&txn), 0);
}

static size_t copy_row(struct world *world, uint64_t index, uint8_t *out, size_t max)
{
    const struct store_key key = store_key_u64(index);
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct slice row;

    assert_true(store_get(txn, TABLE_LOG, store_key_slice(&key), &row));
    assert_true(row.len <= max);
    memcpy(out, row.data, row.len);
    return row.len;
}

static int reread_in(struct store_txn *txn)
{
    struct tree_range range = TREE_RANGE_NULL;

    return log_reread(txn, TABLE_LOG, FEW, &range);
}

static void any_flipped_bit_of_a_row_is_found(void **state)
{
    struct world *world = *state;
    _cleanup_(store_end) struct store_txn *txn = store_begin(world->store);

    for (uint64_t i = 0; i < FEW; i++) {
        const struct store_key key = store_key_u64(i);
        uint8_t row[256];
        size_t len = copy_row(world, i, row, sizeof(row));
        for (size_t bit = 0; bit < len * 8; bit++) {
            row[bit / 8] ^= (uint8_t)(1U << bit % 8);
            store_put(txn, TABLE_LOG, store_key_slice(&key), slice_make(row, len));
            assert_int_equal(reread_in(txn), -EBADMSG);
            row[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        store_put(txn, TABLE_LOG, store_key_slice(&key), slice_make(row, len));
        assert_int_equal(reread_in(txn), 0);
    }
}

static void a_shortened_or_lengthened_row_is_found(void **state)
{
    struct world *world = *state;
    uint8_t row[1024] = {0};
    struct slice data;
    size_t len = copy_row(world, 15, row, sizeof(row));
    const size_t lengths[] = {0, 1, 32, 33, len - 1, len + 1, sizeof(row)};

    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        overwrite_row(world, 15, slice_make(row, lengths[i]));
        assert_int_equal(reread_all(world, FEW), -EBADMSG);
    }
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    assert_int_equal(log_leaf(txn, TABLE_LOG, 15, &data), -EBADMSG);
}

static void a_missing_row_is_found(void **state)
{
    struct world *world = *state;
    const struct store_key key = store_key_u64(7);
    struct store_txn *txn = store_begin(world->store);
    assert_true(store_delete(txn, TABLE_LOG, store_key_slice(&key)));
    assert_int_equal(store_commit(&txn), 0);

    assert_int_equal(reread_all(world, FEW), -EBADMSG);

    _cleanup_(store_end) struct store_txn *after = store_read(world->store);
    struct log_source source = {.txn = after, .table = TABLE_LOG};
    const struct tree_source tree = log_tree(&source);
    struct tree_proof proof;
    assert_int_equal(tree_prove_inclusion(&tree, 6, FEW, &proof), -ENOENT);
    assert_int_equal(reread_all(world, 7), 0);
}

static void a_row_under_a_foreign_key_is_found(void **state)
{
    struct world *world = *state;
    struct store_txn *txn = store_begin(world->store);
    store_put(txn, TABLE_LOG, slice_of_text("zzz"), slice_of_text("not a leaf"));
    assert_int_equal(store_commit(&txn), 0);

    txn = store_begin(world->store);
    struct tree_range range;

    assert_int_equal(log_load(txn, TABLE_LOG, &range), -EBADMSG);
    assert_int_equal(log_size(txn, TABLE_LOG), 0);
    assert_int_equal(store_commit(&txn), -EBADMSG);
}

static void a_range_that_is_behind_the_log_cannot_append(void **state)
{
    struct world *world = *state;
    struct tree_range behind = TREE_RANGE_NULL;
    struct store_txn *txn = store_begin(world->store);

    (void)log_append(txn, TABLE_LOG, &behind, leaf_data(0));

    assert_int_equal(store_fault(txn), -EEXIST);
    assert_int_equal(store_commit(&txn), -EEXIST);
    assert_int_equal(reread_all(world, FEW), 0);
}

static void an_abandoned_append_leaves_the_log_as_it_was(void **state)
{
    struct world *world = *state;
    struct tree_range range = world->range;
    struct store_txn *txn = store_begin(world->store);
    (void)log_append(txn, TABLE_LOG, &range, leaf_data(FEW));
    assert_int_equal(log_size(txn, TABLE_LOG), FEW + 1);

    store_end(&txn);

    _cleanup_(store_end) struct store_txn *after = store_read(world->store);
    assert_int_equal(log_size(after, TABLE_LOG), FEW);
}

static void a_faulty_transaction_answers_with_its_fault(void **state)
{
    struct world *world = *state;
    _cleanup_(store_end) struct store_txn *txn = store_begin(world->store);
    struct tree_range range = TREE_RANGE_NULL;
    struct slice data;

    store_fail(txn, -ENOSPC);

    assert_int_equal(log_load(txn, TABLE_LOG, &range), -ENOSPC);
    assert_int_equal(log_leaf(txn, TABLE_LOG, 0, &data), -ENOSPC);
    assert_int_equal(log_reread(txn, TABLE_LOG, 1, &range), -ENOSPC);
    assert_int_equal(log_size(txn, TABLE_LOG), 0);
}

#define ON_EMPTY(test) cmocka_unit_test_setup_teardown(test, open_world, close_world)
#define ON_FEW(test)   cmocka_unit_test_setup_teardown(test, open_world_of_few, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EMPTY(an_empty_log_has_no_leaves_and_the_empty_root),
        ON_FEW(leaves_read_back_as_they_were_written),
        ON_EMPTY(leaves_may_be_empty_or_as_long_as_the_limit),
        ON_FEW(every_proof_of_a_small_log_holds),
        ON_EMPTY(a_large_log_proves_itself_across_many_transactions),
        ON_EMPTY(a_loaded_range_is_the_running_one),
        ON_FEW(rereading_goes_on_from_where_it_stopped),
        ON_FEW(a_log_shorter_than_what_was_seen_does_not_reread),
        ON_FEW(any_flipped_bit_of_a_row_is_found),
        ON_FEW(a_shortened_or_lengthened_row_is_found),
        ON_FEW(a_missing_row_is_found),
        ON_FEW(a_row_under_a_foreign_key_is_found),
        ON_FEW(a_range_that_is_behind_the_log_cannot_append),
        ON_FEW(an_abandoned_append_leaves_the_log_as_it_was),
        ON_FEW(a_faulty_transaction_answers_with_its_fault),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
