/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that carry a tag: whatever is changed of one, it is never read. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "store/store.h"
#include "support/scratch.h"

static const char *const tables[] = {"first", "second"};

static struct store *open_with(const char *dir, const struct secret *key, bool tags)
{
    struct store *store = NULL;
    struct error error = ERROR_NULL;
    const struct store_options options = {.dir = dir,
                                          .map_bytes = 1 << 20,
                                          .tables = tables,
                                          .n_tables = ARRAY_LEN(tables),
                                          .allow_tmpfs = true,
                                          .row_tags = tags,
                                          .row_key = key};

    assert_int_equal(store_open(&options, &store, &error), 0);
    return store;
}

static const char *make(struct scratch *scratch, const struct secret *key)
{
    const char *dir = scratch->dir;
    struct store *store = open_with(dir, key, true);
    struct store_txn *txn = store_begin(store);

    store_put(txn, 0, slice_of_text("a"), slice_of_text("one"));
    store_put(txn, 0, slice_of_text("b"), slice_of_text("two"));
    store_put(txn, 1, slice_of_text("empty"), SLICE_NULL);
    uint8_t *reserved = store_reserve(txn, 1, slice_of_text("reserved"), 3);
    memcpy(reserved, "six", 3);
    assert_int_equal(store_commit(&txn), 0);
    store_close(&store);
    return dir;
}

static struct secret key_of(uint8_t byte)
{
    struct secret key = SECRET_NULL;
    uint8_t bytes[32];

    memset(bytes, byte, sizeof(bytes));
    secret_set(&key, bytes, sizeof(bytes));
    return key;
}

static int read_fault(struct store *store, unsigned table, const char *key, const char *expected)
{
    struct slice value = SLICE_NULL;
    _cleanup_(store_end) struct store_txn *txn = store_read(store);
    bool there = store_get(txn, table, slice_of_text(key), &value);

    if (there) {
        assert_true(slice_equal(value, slice_of_text(expected)));
    }
    assert_true(there == (store_fault(txn) == 0));
    return store_fault(txn);
}

static size_t rows_walked(struct store *store, unsigned table, int *ret_fault)
{
    size_t n = 0;
    _cleanup_(store_end) struct store_txn *txn = store_read(store);
    struct store_walk walk = store_walk_from(txn, table, SLICE_NULL);

    while (walk.live) {
        n++;
        store_walk_next(&walk);
    }
    store_walk_end(&walk);
    *ret_fault = store_fault(txn);
    return n;
}

static void rows_are_read_as_they_were_written(void **state)
{
    const struct secret key = key_of(1);
    const char *dir = make(*state, &key);
    int fault = 0;

    struct store *store = open_with(dir, &key, true);

    assert_int_equal(read_fault(store, 0, "a", "one"), 0);
    assert_int_equal(read_fault(store, 1, "empty", ""), 0);
    assert_int_equal(read_fault(store, 1, "reserved", "six"), 0);
    assert_int_equal(rows_walked(store, 0, &fault), 2);
    assert_int_equal(fault, 0);
    store_close(&store);
}

static void another_key_reads_none(void **state)
{
    const struct secret key = key_of(1);
    const struct secret other = key_of(2);
    const char *dir = make(*state, &key);
    int fault = 0;

    struct store *store = open_with(dir, &other, true);

    assert_int_equal(read_fault(store, 0, "a", ""), -EBADMSG);
    assert_int_equal(rows_walked(store, 0, &fault), 0);
    assert_int_equal(fault, -EBADMSG);
    store_close(&store);
}

static void without_a_key_the_tags_are_passed_over(void **state)
{
    const struct secret key = key_of(1);
    const char *dir = make(*state, &key);

    struct store *store = open_with(dir, NULL, true);

    assert_int_equal(read_fault(store, 1, "reserved", "six"), 0);
    store_close(&store);
}

/* As the disk has it: the row with its tag. */
static void put_raw(const char *dir, unsigned table, const char *key, struct slice value)
{
    struct store *store = open_with(dir, NULL, false);
    struct store_txn *txn = store_begin(store);

    store_put(txn, table, slice_of_text(key), value);
    assert_int_equal(store_commit(&txn), 0);
    store_close(&store);
}

static struct slice get_raw(const char *dir, unsigned table, const char *key, uint8_t out[64])
{
    struct slice value = SLICE_NULL;
    struct store *store = open_with(dir, NULL, false);
    struct store_txn *txn = store_read(store);

    assert_true(store_get(txn, table, slice_of_text(key), &value) && value.len <= 64);
    memcpy(out, value.data, value.len);
    store_end(&txn);
    store_close(&store);
    return slice_make(out, value.len);
}

static void expect_fault(const char *dir, const struct secret *key, unsigned table,
                         const char *name)
{
    struct store *store = open_with(dir, key, true);

    assert_int_equal(read_fault(store, table, name, ""), -EBADMSG);
    store_close(&store);
}

static void no_changed_bit_of_a_row_is_read(void **state)
{
    const struct secret key = key_of(1);
    const char *dir = make(*state, &key);
    uint8_t raw[64];
    struct slice row = get_raw(dir, 0, "a", raw);

    for (size_t bit = 0; bit < row.len * 8; bit++) {
        raw[bit / 8] ^= (uint8_t)(1U << bit % 8);
        put_raw(dir, 0, "a", row);
        raw[bit / 8] ^= (uint8_t)(1U << bit % 8);

        expect_fault(dir, &key, 0, "a");
    }
}

static void a_row_of_another_key_or_table_or_without_a_tag_is_not_read(void **state)
{
    const struct secret key = key_of(1);
    const char *dir = make(*state, &key);
    uint8_t raw[64];
    struct slice row = get_raw(dir, 0, "b", raw);

    put_raw(dir, 0, "a", row);
    put_raw(dir, 1, "b", row);
    put_raw(dir, 1, "empty", slice_of_text("short"));

    expect_fault(dir, &key, 0, "a");
    expect_fault(dir, &key, 1, "b");
    expect_fault(dir, &key, 1, "empty");
}

static void what_is_based_on_a_changed_row_is_not_committed(void **state)
{
    const struct secret key = key_of(1);
    const char *dir = make(*state, &key);
    struct slice value;
    put_raw(dir, 0, "a", slice_of_text("something of seventeen"));
    struct store *store = open_with(dir, &key, true);
    struct store_txn *txn = store_begin(store);

    assert_false(store_get(txn, 0, slice_of_text("a"), &value));
    store_put(txn, 0, slice_of_text("c"), slice_of_text("three"));

    assert_int_equal(store_commit(&txn), -EBADMSG);
    store_close(&store);
}

static int start_crypto(void **state)
{
    struct error error = ERROR_NULL;

    (void)state;
    return crypto_init(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_read_as_they_were_written, scratch_set_up,
                                        scratch_tear_down),
        cmocka_unit_test_setup_teardown(another_key_reads_none, scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(without_a_key_the_tags_are_passed_over, scratch_set_up,
                                        scratch_tear_down),
        cmocka_unit_test_setup_teardown(no_changed_bit_of_a_row_is_read, scratch_set_up,
                                        scratch_tear_down),
        cmocka_unit_test_setup_teardown(a_row_of_another_key_or_table_or_without_a_tag_is_not_read,
                                        scratch_set_up, scratch_tear_down),
        cmocka_unit_test_setup_teardown(what_is_based_on_a_changed_row_is_not_committed,
                                        scratch_set_up, scratch_tear_down),
    };

    return cmocka_run_group_tests_name("store_tags", tests, start_crypto, NULL);
}
