/* SPDX-License-Identifier: Apache-2.0 */
/* What all rows come to: a store of whose rows one is gone, or of an earlier commit, is not taken
 * for whole, although each row that is there was written so. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "store/store.h"
#include "support/scratch.h"

#define SUM      2 /* of raw_tables */
#define MAP      (1 << 20)
#define TINY_MAP (128 << 10)
#define RAW_MAX  256
#define KEYS     8
#define TURNS    150

static const char *const raw_tables[] = {"first", "second", "row-sum"};

static struct secret row_key(void)
{
    struct secret key = SECRET_NULL;
    const uint8_t bytes[32] = {1};

    secret_set(&key, bytes, sizeof(bytes));
    return key;
}

static struct store_options options_of(const char *dir, const struct secret *key)
{
    return (struct store_options){.dir = dir,
                                  .map_bytes = MAP,
                                  .tables = raw_tables,
                                  .n_tables = key != NULL ? SUM : SUM + 1,
                                  .allow_tmpfs = true,
                                  .row_tags = key != NULL,
                                  .row_key = key};
}

static struct store *open_store(const struct store_options *options)
{
    struct store *store = NULL;
    struct error error = ERROR_NULL;

    assert_int_equal(store_open(options, &store, &error), 0);
    return store;
}

static struct store *open_with_key(const char *dir)
{
    const struct secret key = row_key();
    const struct store_options options = options_of(dir, &key);

    return open_store(&options);
}

/* --- what an agent does --- */

static void put(struct store *store, unsigned table, const char *key, const char *value)
{
    struct store_txn *txn = store_begin(store);

    store_put(txn, table, slice_of_text(key), slice_of_text(value));
    assert_int_equal(store_commit(&txn), 0);
}

static void take_out(struct store *store, unsigned table, const char *key)
{
    struct store_txn *txn = store_begin(store);

    assert_true(store_delete(txn, table, slice_of_text(key)));
    assert_int_equal(store_commit(&txn), 0);
}

/* Two rows in one table, and one in the other. */
static const char *make(struct scratch *scratch)
{
    struct store *store = open_with_key(scratch->dir);

    put(store, 0, "a", "one");
    put(store, 0, "b", "two");
    put(store, 1, "a", "three");
    store_close(&store);
    return scratch->dir;
}

static int check(const char *dir, struct error *error)
{
    const struct secret key = row_key();
    const struct store_options options = options_of(dir, &key);

    return store_check(&options, error);
}

static void expect_whole(const char *dir)
{
    struct error error = ERROR_NULL;

    if (check(dir, &error) != 0) {
        fail_msg("refused: %s", error.what);
    }
}

static void expect_missed(const char *dir)
{
    struct error error = ERROR_NULL;

    assert_int_equal(check(dir, &error), -EBADMSG);
    assert_non_null(strstr(error.what, "rows are missing, or older than the rest"));
}

/* --- what somebody does who has no key --- */

struct raw {
    uint8_t bytes[RAW_MAX];
    size_t len;
};

static struct store *open_raw(const char *dir)
{
    const struct store_options options = options_of(dir, NULL);

    return open_store(&options);
}

static struct raw raw_of(const char *dir, unsigned table, struct slice key)
{
    struct raw raw = {.len = 0};
    struct slice value = SLICE_NULL;
    struct store *store = open_raw(dir);
    struct store_txn *txn = store_read(store);

    if (store_get(txn, table, key, &value)) {
        assert_true(value.len <= sizeof(raw.bytes));
        memcpy(raw.bytes, value.data, value.len);
        raw.len = value.len;
    }
    store_end(&txn);
    store_close(&store);
    return raw;
}

/* An empty one: no such row. */
static void put_raw(const char *dir, unsigned table, struct slice key, const struct raw *raw)
{
    struct store *store = open_raw(dir);
    struct store_txn *txn = store_begin(store);

    if (raw->len == 0) {
        (void)store_delete(txn, table, key);
    } else {
        store_put(txn, table, key, slice_make(raw->bytes, raw->len));
    }
    assert_int_equal(store_commit(&txn), 0);
    store_close(&store);
}

static const struct raw no_row = {.len = 0};

static struct slice sum_key(void)
{
    static const uint8_t key[1] = {0};

    return SLICE_OF(key);
}

/* --- whole --- */

static void a_store_that_was_written_in_any_way_is_whole(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = open_with_key(scratch->dir);
    struct store_txn *txn = store_begin(store);

    store_append(txn, 0, slice_of_text("a"), slice_of_text("one"));
    store_add(txn, 0, slice_of_text("b"), SLICE_NULL);
    store_put(txn, 0, slice_of_text("b"), slice_of_text("two"));
    memcpy(store_reserve(txn, 1, slice_of_text("c"), 3), "six", 3);
    memcpy(store_reserve(txn, 1, slice_of_text("c"), 5), "seven", 5);
    assert_true(store_delete(txn, 0, slice_of_text("a")));
    assert_false(store_delete(txn, 0, slice_of_text("a")));
    assert_int_equal(store_commit(&txn), 0);
    store_close(&store);

    expect_whole(scratch->dir);
}

static void a_store_that_was_emptied_again_is_whole(void **state)
{
    const char *dir = make(*state);
    struct store *store = open_with_key(dir);

    take_out(store, 0, "a");
    take_out(store, 0, "b");
    take_out(store, 1, "a");
    store_close(&store);

    expect_whole(dir);
}

static void a_store_without_rows_is_whole(void **state)
{
    struct scratch *scratch = *state;
    struct store *store = open_with_key(scratch->dir);

    store_close(&store);

    expect_whole(scratch->dir);
}

static void what_was_not_committed_is_in_no_sum(void **state)
{
    const char *dir = make(*state);
    struct store *store = open_with_key(dir);
    struct store_txn *txn = store_begin(store);
    store_put(txn, 0, slice_of_text("a"), slice_of_text("other"));
    (void)store_delete(txn, 1, slice_of_text("a"));

    store_end(&txn);
    put(store, 0, "c", "four");
    store_close(&store);

    expect_whole(dir);
}

static void a_transaction_with_a_fault_leaves_the_sum_of_the_one_before(void **state)
{
    const char *dir = make(*state);
    struct store *store = open_with_key(dir);
    struct store_txn *txn = store_begin(store);
    store_put(txn, 0, slice_of_text("b"), slice_of_text("other"));
    store_add(txn, 0, slice_of_text("a"), slice_of_text("there is one"));

    assert_int_equal(store_commit(&txn), -EEXIST);
    store_close(&store);

    expect_whole(dir);
}

static void a_store_that_is_full_stays_whole(void **state)
{
    struct scratch *scratch = *state;
    const struct secret key = row_key();
    struct store_options options = options_of(scratch->dir, &key);
    options.map_bytes = TINY_MAP;
    struct store *store = open_store(&options);
    int fault = 0;

    for (uint64_t i = 0; fault == 0; i++) {
        const struct store_key number = store_key_u64(i);
        static const uint8_t value[1000];
        struct store_txn *txn = store_begin(store);
        store_put(txn, 0, store_key_slice(&number), SLICE_OF(value));
        fault = store_commit(&txn);
    }
    store_close(&store);

    assert_int_equal(fault, -ENOSPC);
    expect_whole(scratch->dir);
}

/* --- rows that are missing, or older --- */

static void each_row_that_was_removed_is_missed(void **state)
{
    static const struct {
        unsigned table;
        const char *key;
    } rows[] = {{0, "a"}, {0, "b"}, {1, "a"}};
    const char *dir = make(*state);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice key = slice_of_text(rows[i].key);
        const struct raw row = raw_of(dir, rows[i].table, key);

        put_raw(dir, rows[i].table, key, &no_row);
        expect_missed(dir);
        put_raw(dir, rows[i].table, key, &row);
        expect_whole(dir);
    }
}

static void an_older_row_is_found_although_its_tag_holds(void **state)
{
    const char *dir = make(*state);
    const struct raw older = raw_of(dir, 0, slice_of_text("a"));
    struct store *store = open_with_key(dir);
    put(store, 0, "a", "newer");
    store_close(&store);

    put_raw(dir, 0, slice_of_text("a"), &older);

    expect_missed(dir);
}

static void a_row_that_came_back_after_it_was_removed_is_found(void **state)
{
    const char *dir = make(*state);
    const struct raw older = raw_of(dir, 0, slice_of_text("b"));
    struct store *store = open_with_key(dir);
    take_out(store, 0, "b");
    store_close(&store);

    put_raw(dir, 0, slice_of_text("b"), &older);

    expect_missed(dir);
}

static void the_sum_of_an_earlier_commit_is_not_that_of_this_one(void **state)
{
    const char *dir = make(*state);
    const struct raw older = raw_of(dir, SUM, sum_key());
    struct store *store = open_with_key(dir);
    put(store, 1, "b", "four");
    store_close(&store);

    put_raw(dir, SUM, sum_key(), &older);

    expect_missed(dir);
}

static void rows_without_a_sum_are_missed(void **state)
{
    const char *dir = make(*state);

    put_raw(dir, SUM, sum_key(), &no_row);

    expect_missed(dir);
}

static void no_changed_bit_of_the_sum_is_taken(void **state)
{
    const char *dir = make(*state);
    struct raw sum = raw_of(dir, SUM, sum_key());

    for (size_t bit = 0; bit < sum.len * 8; bit++) {
        sum.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        put_raw(dir, SUM, sum_key(), &sum);
        sum.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);

        expect_missed(dir);
    }
}

static void nothing_is_written_upon_a_changed_sum_or_row(void **state)
{
    const char *dir = make(*state);
    const struct raw sum = raw_of(dir, SUM, sum_key());
    const struct raw row = raw_of(dir, 0, slice_of_text("b"));
    struct raw changed = sum;
    changed.bytes[0] ^= 1;
    put_raw(dir, SUM, sum_key(), &changed);
    put_raw(dir, 0, slice_of_text("a"), &row);
    struct store *store = open_with_key(dir);
    struct store_txn *txn = store_begin(store);

    store_put(txn, 1, slice_of_text("c"), slice_of_text("four"));
    assert_int_equal(store_commit(&txn), -EBADMSG);
    store_close(&store);
    put_raw(dir, SUM, sum_key(), &sum);
    store = open_with_key(dir);
    txn = store_begin(store);
    store_put(txn, 0, slice_of_text("a"), slice_of_text("written over"));

    assert_int_equal(store_commit(&txn), -EBADMSG);
    store_close(&store);
}

/* --- any history --- */

static uint32_t seed;

static uint32_t chance(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static struct slice some_key(void)
{
    static const char *const keys[KEYS] = {"a", "b", "c", "d", "e", "f", "g", "h"};

    return slice_of_text(keys[chance(KEYS)]);
}

static void do_something(struct store_txn *txn)
{
    char value[32];
    unsigned table = chance(2);

    (void)snprintf(value, sizeof(value), "%u", chance(5));
    if (chance(3) == 0) {
        (void)store_delete(txn, table, some_key());
    } else {
        store_put(txn, table, some_key(), slice_of_text(value));
    }
}

static void live(const char *dir, unsigned transactions)
{
    struct store *store = open_with_key(dir);

    for (unsigned i = 0; i < transactions; i++) {
        struct store_txn *txn = store_begin(store);
        for (uint32_t n = 1 + chance(4); n > 0; n--) {
            do_something(txn);
        }
        if (chance(4) == 0) {
            store_end(&txn);
        } else {
            assert_int_equal(store_commit(&txn), 0);
        }
    }
    store_close(&store);
}

static bool same(const struct raw *one, const struct raw *other)
{
    return one->len == other->len && memcmp(one->bytes, other->bytes, one->len) == 0;
}

static void whatever_was_done_a_row_of_an_earlier_time_is_found(void **state)
{
    struct scratch *scratch = *state;
    unsigned changed = 0;

    seed = 1;
    for (unsigned turn = 0; turn < TURNS; turn++) {
        unsigned table = chance(2);
        struct slice key = some_key();
        live(scratch->dir, 3);
        const struct raw then = raw_of(scratch->dir, table, key);
        live(scratch->dir, 1 + chance(5));
        const struct raw now = raw_of(scratch->dir, table, key);

        put_raw(scratch->dir, table, key, &then);
        if (same(&then, &now)) {
            expect_whole(scratch->dir);
        } else {
            changed++;
            expect_missed(scratch->dir);
        }
        put_raw(scratch->dir, table, key, &now);
        expect_whole(scratch->dir);
    }
    assert_in_range(changed, TURNS / 5, TURNS);
}

static int start_crypto(void **state)
{
    struct error error = ERROR_NULL;

    (void)state;
    scratch_under("/dev/shm");
    return crypto_init(&error);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(a_store_that_was_written_in_any_way_is_whole),
        IN_SCRATCH(a_store_that_was_emptied_again_is_whole),
        IN_SCRATCH(a_store_without_rows_is_whole),
        IN_SCRATCH(what_was_not_committed_is_in_no_sum),
        IN_SCRATCH(a_transaction_with_a_fault_leaves_the_sum_of_the_one_before),
        IN_SCRATCH(a_store_that_is_full_stays_whole),
        IN_SCRATCH(each_row_that_was_removed_is_missed),
        IN_SCRATCH(an_older_row_is_found_although_its_tag_holds),
        IN_SCRATCH(a_row_that_came_back_after_it_was_removed_is_found),
        IN_SCRATCH(the_sum_of_an_earlier_commit_is_not_that_of_this_one),
        IN_SCRATCH(rows_without_a_sum_are_missed),
        IN_SCRATCH(no_changed_bit_of_the_sum_is_taken),
        IN_SCRATCH(nothing_is_written_upon_a_changed_sum_or_row),
        IN_SCRATCH(whatever_was_done_a_row_of_an_earlier_time_is_found),
    };

    return cmocka_run_group_tests_name("store_sum", tests, start_crypto, NULL);
}
