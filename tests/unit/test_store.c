/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cairn/limits.h"
#include "store/store.h"
#include "support/scratch.h"

#define MAP_BYTES (16U << 20)

enum table {
    TABLE_NUMBERS,
    TABLE_WORDS,
    TABLES
};
static const char *const table_names[] = {"numbers", "words"};

/* One environment in a directory of its own, with a clock that the test moves. */
struct world {
    char dir[SCRATCH_BYTES];
    struct clock_fake clock;
    struct store_options options;
    struct store *store;
};

static struct store_options options_for(const char *dir, const struct clock *clock)
{
    return (struct store_options){
        .dir = dir,
        .map_bytes = MAP_BYTES,
        .tables = table_names,
        .n_tables = TABLES,
        .allow_tmpfs = true,
        .clock = clock,
    };
}

static void join(char out[PATH_MAX], const char *dir, const char *name)
{
    assert_in_range(snprintf(out, PATH_MAX, "%s/%s", dir, name), 1, PATH_MAX - 1);
}

static struct world *new_world(void)
{
    struct world *world = base_zalloc(1, sizeof(*world));

    scratch_make(world->dir);
    clock_fake_init(&world->clock, 0);
    world->options = options_for(world->dir, &world->clock.clock);
    return world;
}

static int open_world(void **state)
{
    struct error error = ERROR_NULL;
    struct world *world = new_world();

    *state = world;
    return store_open(&world->options, &world->store, &error);
}

static int prepare_world(void **state)
{
    *state = new_world();
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;

    store_close(&world->store);
    scratch_remove(world->dir);
    free(world);
    return 0;
}

static struct slice number(uint64_t value)
{
    static struct store_key keys[8];
    static size_t next;
    struct store_key *key = &keys[next++ % ARRAY_LEN(keys)];

    *key = store_key_u64(value);
    return store_key_slice(key);
}

static void put_numbers(struct world *world, uint64_t from, uint64_t to)
{
    struct store_txn *txn = store_begin(world->store);
    assert_non_null(txn);
    for (uint64_t i = from; i < to; i++) {
        store_append(txn, TABLE_NUMBERS, number(i), number(i * i));
    }
    assert_int_equal(store_commit(&txn), 0);
}

static void expect_number(const struct store_walk *walk, uint64_t value)
{
    assert_true(walk->live);
    assert_true(slice_equal(walk->key, number(value)));
    assert_true(slice_equal(walk->value, number(value * value)));
}

static void expect_open_refused(const struct store_options *options, int fault)
{
    struct error error = ERROR_NULL;
    struct store *store = NULL;

    assert_int_equal(store_open(options, &store, &error), fault);
    assert_null(store);
    assert_string_not_equal(error.what, "");
}

static void only_versions_without_known_faults_are_good(void **state)
{
    (void)state;
    static const struct {
        int major;
        int minor;
        int patch;
        bool good;
    } rows[] = {
        {0, 9, 24, true},  {0, 9, 32, true},   {0, 9, 33, true},  {0, 9, 70, true},
        {0, 9, 23, false}, {0, 9, 22, false},  {0, 9, 25, false}, {0, 9, 26, false},
        {0, 9, 31, false}, {0, 10, 32, false}, {0, 8, 32, false}, {1, 0, 0, false},
        {1, 9, 24, false}, {0, 9, 0, false},   {0, 9, -1, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(store_version_good(rows[i].major, rows[i].minor, rows[i].patch),
                         rows[i].good);
    }
}

static void what_is_committed_is_there_after_reopening(void **state)
{
    struct world *world = *state;
    struct error error = ERROR_NULL;
    struct slice value;
    put_numbers(world, 1, 100);

    store_close(&world->store);
    assert_int_equal(store_open(&world->options, &world->store, &error), 0);

    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    assert_true(store_get(txn, TABLE_NUMBERS, number(7), &value));
    assert_true(slice_equal(value, number(49)));
    assert_false(store_get(txn, TABLE_NUMBERS, number(100), &value));
    assert_false(store_get(txn, TABLE_WORDS, number(7), &value));
    assert_int_equal(store_fault(txn), 0);
}

static void what_is_not_committed_is_gone(void **state)
{
    struct world *world = *state;
    struct slice value;
    struct store_txn *writing = store_begin(world->store);
    store_put(writing, TABLE_WORDS, slice_of_text("a"), slice_of_text("b"));
    assert_true(store_get(writing, TABLE_WORDS, slice_of_text("a"), &value));

    store_end(&writing);

    assert_null(writing);
    store_end(&writing);
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    assert_false(store_get(txn, TABLE_WORDS, slice_of_text("a"), &value));
}

static void a_reader_sees_the_state_in_which_it_began(void **state)
{
    struct world *world = *state;
    struct slice value;
    put_numbers(world, 1, 2);
    _cleanup_(store_end) struct store_txn *before = store_read(world->store);

    put_numbers(world, 2, 3);

    _cleanup_(store_end) struct store_txn *after = store_read(world->store);
    assert_false(store_get(before, TABLE_NUMBERS, number(2), &value));
    assert_true(store_get(after, TABLE_NUMBERS, number(2), &value));
}

static void files_are_private_whatever_the_umask(void **state)
{
    struct world *world = *state;
    struct error error = ERROR_NULL;
    struct stat status;
    char path[PATH_MAX];
    mode_t before = umask(0);

    int r = store_open(&world->options, &world->store, &error);
    (void)umask(before);

    assert_int_equal(r, 0);
    join(path, world->dir, "data.mdb");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    join(path, world->dir, "lock.mdb");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void a_place_that_others_can_reach_is_refused(void **state)
{
    struct world *world = *state;
    struct error error = ERROR_NULL;
    char path[PATH_MAX];
    assert_int_equal(store_open(&world->options, &world->store, &error), 0);
    store_close(&world->store);

    assert_int_equal(chmod(world->dir, 0750), 0);
    expect_open_refused(&world->options, -EPERM);

    assert_int_equal(chmod(world->dir, 0700), 0);
    join(path, world->dir, "data.mdb");
    assert_int_equal(chmod(path, 0640), 0);
    expect_open_refused(&world->options, -EPERM);

    assert_int_equal(chmod(path, 0600), 0);
    join(path, world->dir, "lock.mdb");
    assert_int_equal(chmod(path, 0604), 0);
    expect_open_refused(&world->options, -EPERM);

    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(store_open(&world->options, &world->store, &error), 0);
}

static void a_symbolic_link_in_place_of_the_data_is_refused(void **state)
{
    struct world *world = *state;
    char path[PATH_MAX];
    join(path, world->dir, "data.mdb");

    assert_int_equal(symlink("/tmp/elsewhere.mdb", path), 0);

    expect_open_refused(&world->options, -EINVAL);
}

static void a_missing_directory_is_refused(void **state)
{
    struct world *world = *state;
    char path[PATH_MAX];
    join(path, world->dir, "absent");
    const struct store_options options = options_for(path, NULL);

    expect_open_refused(&options, -ENOENT);
}

static void a_file_system_that_keeps_nothing_is_refused(void **state)
{
    (void)state;
    char dir[] = "/dev/shm/cairn-store-XXXXXX";
    struct error error = ERROR_NULL;
    _cleanup_(store_close) struct store *store = NULL;
    if (mkdtemp(dir) == NULL) {
        skip();
    }
    struct store_options options = options_for(dir, NULL);
    options.allow_tmpfs = false;

    int refused = store_open(&options, &store, &error);
    options.allow_tmpfs = true;
    int allowed = store_open(&options, &store, &error);

    scratch_remove(dir);
    assert_true(refused < 0);
    assert_int_equal(allowed, 0);
}

static void a_store_opens_once_in_a_process(void **state)
{
    struct world *world = *state;

    expect_open_refused(&world->options, -EBUSY);

    put_numbers(world, 1, 2);
}

static void something_else_in_place_of_the_data_is_refused(void **state)
{
    struct world *world = *state;
    static const char text[] = "this is not a database, but it is long enough to hold a header of "
                               "one, which has a magic number that this does not have";
    char path[PATH_MAX];
    join(path, world->dir, "data.mdb");
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
    }
    assert_int_equal(close(fd), 0);

    expect_open_refused(&world->options, -EIO);
}

static void tools_do_not_create_a_store_or_a_table(void **state)
{
    struct world *world = *state;
    static const char *const more_names[] = {"numbers", "words", "unheard-of"};
    struct error error = ERROR_NULL;
    char path[PATH_MAX];
    struct store_options reading = world->options;
    reading.read_only = true;
    expect_open_refused(&reading, -ENOENT);
    join(path, world->dir, "data.mdb");
    assert_int_equal(access(path, F_OK), -1);

    assert_int_equal(store_open(&world->options, &world->store, &error), 0);
    store_close(&world->store);

    reading.tables = more_names;
    reading.n_tables = ARRAY_LEN(more_names);
    expect_open_refused(&reading, -EBADMSG);
}

static void a_store_that_is_there_is_given_no_table(void **state)
{
    struct world *world = *state;
    static const char *const more_names[] = {"numbers", "words", "new"};
    struct store_options more = world->options;
    struct error error = ERROR_NULL;
    struct slice value;
    more.tables = more_names;
    more.n_tables = ARRAY_LEN(more_names);
    put_numbers(world, 1, 10);
    store_close(&world->store);

    assert_int_equal(store_open(&more, &world->store, &error), -EBADMSG);

    assert_non_null(strstr(error.what, "the table new is missing"));
    expect_open_refused(&more, -EBADMSG); /* it got none that time */
    error = ERROR_NULL;
    assert_int_equal(store_open(&world->options, &world->store, &error), 0);
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    assert_true(store_get(txn, TABLE_NUMBERS, number(3), &value));
}

static void puts_replace_and_adds_do_not(void **state)
{
    struct world *world = *state;
    struct slice key = slice_of_text("key");
    struct slice value;
    struct store_txn *txn = store_begin(world->store);

    store_add(txn, TABLE_WORDS, key, slice_of_text("one"));
    store_put(txn, TABLE_WORDS, key, slice_of_text("two"));
    assert_true(store_get(txn, TABLE_WORDS, key, &value));
    assert_true(slice_is_text(value, "two"));
    assert_int_equal(store_fault(txn), 0);
    store_add(txn, TABLE_WORDS, key, slice_of_text("three"));

    assert_int_equal(store_fault(txn), -EEXIST);
    assert_int_equal(store_commit(&txn), -EEXIST);
    assert_null(txn);
}

static void appends_must_rise(void **state)
{
    struct world *world = *state;
    static const uint64_t not_rising[] = {5, 4, 0};

    for (size_t i = 0; i < ARRAY_LEN(not_rising); i++) {
        struct store_txn *txn = store_begin(world->store);
        store_append(txn, TABLE_NUMBERS, number(5), SLICE_NULL);
        assert_int_equal(store_fault(txn), 0);
        store_append(txn, TABLE_NUMBERS, number(not_rising[i]), SLICE_NULL);
        assert_int_equal(store_commit(&txn), -EEXIST);
    }
}

static void after_a_fault_nothing_happens_and_commit_reports_the_first(void **state)
{
    struct world *world = *state;
    struct slice value = slice_of_text("untouched");
    struct store_txn *txn = store_begin(world->store);
    store_put(txn, TABLE_WORDS, slice_of_text("a"), slice_of_text("1"));

    store_fail(txn, -EBADMSG);
    store_fail(txn, -ENOSPC);
    store_put(txn, TABLE_WORDS, slice_of_text("b"), slice_of_text("2"));

    assert_false(store_get(txn, TABLE_WORDS, slice_of_text("a"), &value));
    assert_true(slice_is_text(value, "untouched"));
    assert_false(store_delete(txn, TABLE_WORDS, slice_of_text("a")));
    assert_null(store_reserve(txn, TABLE_WORDS, slice_of_text("c"), 4));
    struct store_walk walk = store_walk_from(txn, TABLE_WORDS, SLICE_NULL);
    assert_false(walk.live);
    store_walk_next(&walk);
    assert_false(walk.live);
    store_walk_end(&walk);
    assert_int_equal(store_commit(&txn), -EBADMSG);
    _cleanup_(store_end) struct store_txn *after = store_read(world->store);
    assert_false(store_get(after, TABLE_WORDS, slice_of_text("a"), &value));
}

static void a_full_map_is_a_sticky_fault_and_loses_only_that_transaction(void **state)
{
    struct world *world = *state;
    static uint8_t block[16 * 1024];
    struct slice value;
    put_numbers(world, 1, 10);
    struct store_txn *txn = store_begin(world->store);

    uint64_t i = 10;
    for (; store_fault(txn) == 0; i++) {
        assert_in_range(i, 10, 10 + MAP_BYTES / sizeof(block));
        store_append(txn, TABLE_NUMBERS, number(i), SLICE_OF(block));
    }

    assert_int_equal(store_fault(txn), -ENOSPC);
    store_append(txn, TABLE_NUMBERS, number(i), SLICE_NULL);
    assert_int_equal(store_fault(txn), -ENOSPC);
    assert_int_equal(store_commit(&txn), -ENOSPC);
    put_numbers(world, 10, 20);
    _cleanup_(store_end) struct store_txn *after = store_read(world->store);
    assert_true(store_get(after, TABLE_NUMBERS, number(19), &value));
    assert_false(store_get(after, TABLE_NUMBERS, number(20), &value));
}

static void keys_that_are_too_long_or_empty_are_faults(void **state)
{
    struct world *world = *state;
    static const uint8_t long_key[STORE_KEY_MAX + 1];
    struct store_txn *txn = store_begin(world->store);
    struct slice value;

    store_put(txn, TABLE_WORDS, slice_make(long_key, STORE_KEY_MAX), SLICE_NULL);
    assert_true(store_get(txn, TABLE_WORDS, slice_make(long_key, STORE_KEY_MAX), &value));
    store_put(txn, TABLE_WORDS, SLICE_OF(long_key), SLICE_NULL);
    assert_int_equal(store_commit(&txn), -EINVAL);

    txn = store_begin(world->store);
    store_put(txn, TABLE_WORDS, SLICE_NULL, slice_of_text("value"));
    assert_int_equal(store_commit(&txn), -EINVAL);
}

static void reserved_space_is_part_of_the_commit(void **state)
{
    struct world *world = *state;
    struct slice value;
    struct store_txn *txn = store_begin(world->store);

    uint8_t *room = store_reserve(txn, TABLE_WORDS, slice_of_text("key"), 5);
    assert_non_null(room);
    memcpy(room, "hello", 5);
    assert_int_equal(store_commit(&txn), 0);

    _cleanup_(store_end) struct store_txn *after = store_read(world->store);
    assert_true(store_get(after, TABLE_WORDS, slice_of_text("key"), &value));
    assert_true(slice_is_text(value, "hello"));
}

static void what_is_reserved_last_must_rise(void **state)
{
    struct world *world = *state;
    struct store_txn *txn = store_begin(world->store);

    assert_non_null(store_reserve_last(txn, TABLE_NUMBERS, number(5), 1));
    assert_null(store_reserve_last(txn, TABLE_NUMBERS, number(4), 1));

    assert_int_equal(store_commit(&txn), -EEXIST);
}

/* Of a row that fits twice into a page and no more. */
static void rows_reserved_last_leave_no_page_half_empty(void **state)
{
    struct world *world = *state;
    struct store_stats before;
    struct store_stats after;
    assert_int_equal(store_stats(world->store, &before), 0);
    struct store_txn *txn = store_begin(world->store);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t rows = 100;

    for (size_t i = 1; i <= rows; i++) {
        uint8_t *room = store_reserve_last(txn, TABLE_NUMBERS, number(i), page * 3 / 8);
        assert_non_null(room);
        memset(room, 1, page * 3 / 8);
    }
    assert_int_equal(store_commit(&txn), 0);

    assert_int_equal(store_stats(world->store, &after), 0);
    assert_in_range(after.used_bytes - before.used_bytes, 1, (rows / 2 + 10) * page);
}

static void deleting_says_whether_it_was_there(void **state)
{
    struct world *world = *state;
    struct slice value;
    put_numbers(world, 1, 5);
    struct store_txn *txn = store_begin(world->store);

    assert_true(store_delete(txn, TABLE_NUMBERS, number(3)));
    assert_false(store_delete(txn, TABLE_NUMBERS, number(3)));
    assert_int_equal(store_commit(&txn), 0);

    _cleanup_(store_end) struct store_txn *after = store_read(world->store);
    assert_false(store_get(after, TABLE_NUMBERS, number(3), &value));
    assert_true(store_get(after, TABLE_NUMBERS, number(4), &value));
}

static void a_walk_goes_forwards_in_number_order(void **state)
{
    struct world *world = *state;
    put_numbers(world, 250, 600);
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, TABLE_NUMBERS, SLICE_NULL);

    for (uint64_t i = 250; i < 600; i++, store_walk_next(&walk)) {
        expect_number(&walk, i);
    }

    assert_false(walk.live);
    store_walk_next(&walk);
    store_walk_prev(&walk);
    assert_false(walk.live);
}

static void a_walk_goes_backwards_in_number_order(void **state)
{
    struct world *world = *state;
    put_numbers(world, 250, 600);
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_last(txn, TABLE_NUMBERS, SLICE_NULL);

    for (uint64_t i = 600; i-- > 250; store_walk_prev(&walk)) {
        expect_number(&walk, i);
    }

    assert_false(walk.live);
}

static void put_even_numbers(struct world *world)
{
    struct store_txn *txn = store_begin(world->store);
    for (uint64_t i = 2; i <= 10; i += 2) {
        store_append(txn, TABLE_NUMBERS, number(i), number(i * i));
    }
    assert_int_equal(store_commit(&txn), 0);
}

static void a_walk_starts_at_its_bound_or_the_nearest_inside(void **state)
{
    struct world *world = *state;
    static const struct {
        uint64_t bound;
        uint64_t from; /* 0: nothing there */
        uint64_t last;
    } rows[] = {{1, 2, 0},    {2, 2, 2},   {3, 4, 2},   {9, 10, 8},
                {10, 10, 10}, {11, 0, 10}, {300, 0, 10}};
    put_even_numbers(world);
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store_walk from = store_walk_from(txn, TABLE_NUMBERS, number(rows[i].bound));
        struct store_walk last = store_walk_last(txn, TABLE_NUMBERS, number(rows[i].bound));
        assert_int_equal(from.live, rows[i].from != 0);
        assert_int_equal(last.live, rows[i].last != 0);
        if (from.live) {
            expect_number(&from, rows[i].from);
        }
        if (last.live) {
            expect_number(&last, rows[i].last);
        }
        store_walk_end(&from);
        store_walk_end(&last);
    }
    assert_int_equal(store_fault(txn), 0);
}

static void a_walk_turns_round(void **state)
{
    struct world *world = *state;
    put_even_numbers(world);
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, TABLE_NUMBERS, number(4));

    store_walk_next(&walk);
    expect_number(&walk, 6);
    store_walk_prev(&walk);
    expect_number(&walk, 4);
    store_walk_prev(&walk);
    expect_number(&walk, 2);
    store_walk_prev(&walk);
    assert_false(walk.live);
}

static void an_empty_table_has_nothing_to_walk(void **state)
{
    struct world *world = *state;
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    _cleanup_(store_walk_end) struct store_walk from =
        store_walk_from(txn, TABLE_WORDS, SLICE_NULL);
    _cleanup_(store_walk_end) struct store_walk last =
        store_walk_last(txn, TABLE_WORDS, slice_of_text("z"));

    assert_false(from.live);
    assert_false(last.live);
    assert_int_equal(store_fault(txn), 0);
}

static void a_walk_may_delete_the_rows_it_stands_on(void **state)
{
    struct world *world = *state;
    put_numbers(world, 0, 2000);
    struct store_txn *txn = store_begin(world->store);
    uint64_t seen = 0;

    struct store_walk walk = store_walk_from(txn, TABLE_NUMBERS, SLICE_NULL);
    for (; walk.live; store_walk_next(&walk), seen++) {
        expect_number(&walk, seen);
        if (seen % 3 != 0) {
            assert_true(store_delete(txn, TABLE_NUMBERS, number(seen)));
        }
    }
    store_walk_end(&walk);
    assert_int_equal(store_commit(&txn), 0);

    assert_int_equal(seen, 2000);
    _cleanup_(store_end) struct store_txn *after = store_read(world->store);
    _cleanup_(store_walk_end) struct store_walk left =
        store_walk_from(after, TABLE_NUMBERS, SLICE_NULL);
    for (uint64_t i = 0; i < 2000; i += 3, store_walk_next(&left)) {
        expect_number(&left, i);
    }
    assert_false(left.live);
}

static void the_age_of_the_oldest_read_is_told(void **state)
{
    struct world *world = *state;
    struct store_stats stats;
    put_numbers(world, 1, 8);
    struct store_txn *old = store_read(world->store);
    clock_fake_advance(&world->clock, 400);
    _cleanup_(store_end) struct store_txn *young = store_read(world->store);
    clock_fake_advance(&world->clock, 50);

    assert_int_equal(store_stats(world->store, &stats), 0);
    assert_int_equal(stats.oldest_read_ms, 450);
    store_end(&old);
    assert_int_equal(store_stats(world->store, &stats), 0);
    assert_int_equal(stats.oldest_read_ms, 50);
    store_end(&young);
    assert_int_equal(store_stats(world->store, &stats), 0);

    assert_int_equal(stats.oldest_read_ms, 0);
    assert_int_equal(stats.map_bytes, MAP_BYTES);
    assert_in_range(stats.used_bytes, 4096, 64 * 4096);
}

static void the_rows_of_each_table_are_counted(void **state)
{
    struct world *world = *state;
    uint64_t rows[STORE_TABLES_MAX];
    put_numbers(world, 1, 8);

    assert_int_equal(store_rows(world->store, rows), 0);

    assert_int_equal(rows[TABLE_NUMBERS], 7);
    assert_int_equal(rows[TABLE_WORDS], 0);
}

static void there_are_so_many_readers_and_no_more(void **state)
{
    struct world *world = *state;
    struct store_txn *readers[CAIRN_READERS_MAX];

    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        readers[i] = store_read(world->store);
        assert_non_null(readers[i]);
    }
    assert_null(store_read(world->store));
    store_end(&readers[5]);
    readers[5] = store_read(world->store);
    assert_non_null(readers[5]);

    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        store_end(&readers[i]);
    }
}

/* In a child: waits for the word on `go`, reads beside the parent's open store, answers through its
 * exit status. */
static int read_beside(const char *dir, int go)
{
    struct store_options options = options_for(dir, NULL);
    struct error error = ERROR_NULL;
    struct store *store = NULL;
    struct slice value;
    char word = 0;

    options.read_only = true;
    if (read(go, &word, 1) != 1 || store_open(&options, &store, &error) < 0) {
        return 1;
    }
    struct store_txn *txn = store_read(store);
    bool seen = txn != NULL && store_get(txn, TABLE_NUMBERS, number(41), &value) &&
                slice_equal(value, number(41 * 41)) &&
                !store_get(txn, TABLE_NUMBERS, number(42), &value);
    store_end(&txn);
    store_close(&store);
    return seen ? 0 : 2;
}

static void a_tool_reads_beside_a_running_writer(void **state)
{
    struct world *world = *state;
    struct error error = ERROR_NULL;
    int go[2];
    int status = 0;
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    pid_t child = fork(); /* before the store is open: an environment must not cross a fork */
    assert_true(child >= 0);
    if (child == 0) {
        _exit(read_beside(world->dir, go[0]));
    }
    assert_int_equal(store_open(&world->options, &world->store, &error), 0);
    put_numbers(world, 1, 42);
    struct store_txn *writing = store_begin(world->store);
    store_append(writing, TABLE_NUMBERS, number(42), number(1764));

    assert_int_equal(write(go[1], "g", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(store_commit(&writing), 0);
    (void)close(go[0]);
    (void)close(go[1]);
}

/* In a child: opens, reads if it is to, says so on `ready`, and dies without ending anything when
 * `until` closes. */
static void hold_open(const char *dir, bool reading, int ready, int until)
{
    struct store_options options = options_for(dir, NULL);
    struct error error = ERROR_NULL;
    struct store *store = NULL;
    char word = 0;

    options.read_only = true;
    bool good = store_open(&options, &store, &error) == 0 &&
                (!reading || store_read(store) != NULL) && write(ready, "r", 1) == 1;
    _exit(good && read(until, &word, 1) == 0 ? 0 : 1);
}

struct holder {
    pid_t child;
    int until;
};

static struct holder start_holder(const char *dir, bool reading)
{
    int ready[2];
    int until[2];
    char word = 0;

    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    assert_int_equal(pipe2(until, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(until[1]);
        hold_open(dir, reading, ready[1], until[0]);
    }
    (void)close(ready[1]);
    (void)close(until[0]);
    assert_int_equal(read(ready[0], &word, 1), 1);
    (void)close(ready[0]);
    return (struct holder){child, until[1]};
}

static void stop_holder(const struct holder *holder)
{
    int status = 0;

    (void)close(holder->until);
    assert_int_equal(waitpid(holder->child, &status, 0), holder->child);
    assert_int_equal(status, 0);
}

static void readers_that_died_give_their_places_back(void **state)
{
    struct world *world = *state;
    struct error error = ERROR_NULL;
    struct store_txn *readers[CAIRN_READERS_MAX];
    assert_int_equal(store_open(&world->options, &world->store, &error), 0);
    store_close(&world->store);
    /* Somebody keeps the table of readers in use, or the next to open would begin a new one. */
    struct holder keeper = start_holder(world->dir, false);
    struct holder reader = start_holder(world->dir, true);
    stop_holder(&reader);

    assert_int_equal(store_open(&world->options, &world->store, &error), 0);

    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        readers[i] = store_read(world->store);
        assert_non_null(readers[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        store_end(&readers[i]);
    }
    stop_holder(&keeper);
}

static void keys_of_numbers_sort_like_the_numbers(void **state)
{
    (void)state;
    static const uint64_t rising[] = {0,         1, 255, 256, 65536, 1ULL << 32, UINT64_MAX - 1,
                                      UINT64_MAX};

    for (size_t i = 1; i < ARRAY_LEN(rising); i++) {
        struct store_key low = store_key_u64(rising[i - 1]);
        struct store_key high = store_key_u64(rising[i]);
        assert_int_equal(low.len, 8);
        assert_true(memcmp(low.bytes, high.bytes, 8) < 0);
    }
}

#define ON_OPEN(test)   cmocka_unit_test_setup_teardown(test, open_world, close_world)
#define ON_CLOSED(test) cmocka_unit_test_setup_teardown(test, prepare_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_versions_without_known_faults_are_good),
        ON_OPEN(what_is_committed_is_there_after_reopening),
        ON_OPEN(what_is_not_committed_is_gone),
        ON_OPEN(a_reader_sees_the_state_in_which_it_began),
        ON_CLOSED(files_are_private_whatever_the_umask),
        ON_CLOSED(a_place_that_others_can_reach_is_refused),
        ON_CLOSED(a_symbolic_link_in_place_of_the_data_is_refused),
        ON_CLOSED(a_missing_directory_is_refused),
        cmocka_unit_test(a_file_system_that_keeps_nothing_is_refused),
        ON_OPEN(a_store_opens_once_in_a_process),
        ON_CLOSED(something_else_in_place_of_the_data_is_refused),
        ON_CLOSED(tools_do_not_create_a_store_or_a_table),
        ON_OPEN(a_store_that_is_there_is_given_no_table),
        ON_OPEN(puts_replace_and_adds_do_not),
        ON_OPEN(appends_must_rise),
        ON_OPEN(after_a_fault_nothing_happens_and_commit_reports_the_first),
        ON_OPEN(a_full_map_is_a_sticky_fault_and_loses_only_that_transaction),
        ON_OPEN(keys_that_are_too_long_or_empty_are_faults),
        ON_OPEN(reserved_space_is_part_of_the_commit),
        ON_OPEN(what_is_reserved_last_must_rise),
        ON_OPEN(rows_reserved_last_leave_no_page_half_empty),
        ON_OPEN(deleting_says_whether_it_was_there),
        ON_OPEN(a_walk_goes_forwards_in_number_order),
        ON_OPEN(a_walk_goes_backwards_in_number_order),
        ON_OPEN(a_walk_starts_at_its_bound_or_the_nearest_inside),
        ON_OPEN(a_walk_turns_round),
        ON_OPEN(an_empty_table_has_nothing_to_walk),
        ON_OPEN(a_walk_may_delete_the_rows_it_stands_on),
        ON_OPEN(the_age_of_the_oldest_read_is_told),
        ON_OPEN(the_rows_of_each_table_are_counted),
        ON_OPEN(there_are_so_many_readers_and_no_more),
        ON_CLOSED(a_tool_reads_beside_a_running_writer),
        ON_CLOSED(readers_that_died_give_their_places_back),
        cmocka_unit_test(keys_of_numbers_sort_like_the_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
