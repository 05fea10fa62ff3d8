/* SPDX-License-Identifier: Apache-2.0 */
/* Room in the agent's store: a full disk or a full map is an answer, and what is urgent is taken to
 * the last. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "agents/core/room.h"
#include "cairn/limits.h"
#include "support/scratch.h"

#define MAP_BYTES   (64ULL << 20)
#define VALUE_BYTES (128 * 1024)

struct story {
    char dir[SCRATCH_BYTES];
    struct store *store;
    uint64_t written;
};

static int set_up(void **state)
{
    struct story *story = base_zalloc(1, sizeof(*story));
    struct error error = ERROR_NULL;
    scratch_make(story->dir);
    const struct store_options options = {
        .dir = story->dir,
        .map_bytes = MAP_BYTES,
        .tables = agent_table_names,
        .n_tables = AGENT_TABLE_COUNT,
        .allow_tmpfs = true,
    };
    assert_int_equal(store_open(&options, &story->store, &error), 0);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    *state = story;
    return 0;
}

static int tear_down(void **state)
{
    struct story *story = *state;
    store_close(&story->store);
    scratch_remove(story->dir);
    base_free(&story);
    return 0;
}

static int room(struct story *story, enum lane lane, size_t n)
{
    struct store_txn *txn = store_begin(story->store);
    int r = room_for(txn, lane, n);
    store_end(&txn);
    return r;
}

/* One entry as intake keeps it: asked for, written, synced. What room_for allows never fails. */
static int keep(struct story *story, enum lane lane)
{
    static const uint8_t value[VALUE_BYTES];
    struct store_txn *txn = store_begin(story->store);
    struct store_key key = store_key_u64(story->written);
    int r = room_for(txn, lane, 1);
    if (r != 0) {
        store_end(&txn);
        return r;
    }
    store_put(txn, AT_SPOOL, store_key_slice(&key), SLICE_OF(value));
    assert_int_equal(store_commit(&txn), 0);
    story->written++;
    return 0;
}

static uint64_t keep_until_refused(struct story *story, enum lane lane)
{
    uint64_t before = story->written;
    int r;
    while ((r = keep(story, lane)) == 0) {
        assert_true(story->written * VALUE_BYTES < MAP_BYTES);
    }
    assert_int_equal(r, -ENOSPC);
    return story->written - before;
}

static void forget_all(struct story *story)
{
    for (uint64_t i = 0; i < story->written; i += 64) {
        struct store_txn *txn = store_begin(story->store);
        for (uint64_t j = i; j < i + 64 && j < story->written; j++) {
            struct store_key key = store_key_u64(j);
            (void)store_delete(txn, AT_SPOOL, store_key_slice(&key));
        }
        assert_int_equal(store_commit(&txn), 0);
    }
}

/* No file may grow beyond what the store's has now. */
static void fill_disk(const struct story *story)
{
    char path[96];
    struct stat status;
    struct rlimit limit;
    (void)snprintf(path, sizeof(path), "%s/data.mdb", story->dir);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = (rlim_t)status.st_size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void make_room_on_disk(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_map_refuses_what_can_wait_and_takes_what_is_urgent(void **state)
{
    struct story *story = *state;

    uint64_t normal = keep_until_refused(story, LANE_NORMAL);
    int bulk = room(story, LANE_BULK, 1);
    uint64_t urgent = keep_until_refused(story, LANE_URGENT);

    assert_int_equal(bulk, -ENOSPC);
    assert_true(normal * VALUE_BYTES > MAP_BYTES / 2);
    assert_true(urgent * VALUE_BYTES > MAP_BYTES / 100 * 5); /* of the tenth that was left */
}

static void room_that_was_freed_is_room_again(void **state)
{
    struct story *story = *state;
    (void)keep_until_refused(story, LANE_URGENT);

    forget_all(story);

    assert_int_equal(keep(story, LANE_NORMAL), 0);
}

static void a_full_disk_refuses_what_can_wait_and_takes_what_is_urgent(void **state)
{
    struct story *story = *state;
    assert_int_equal(keep(story, LANE_NORMAL), 0);

    fill_disk(story);
    (void)keep_until_refused(story, LANE_NORMAL);
    uint64_t urgent = keep_until_refused(story, LANE_URGENT);
    make_room_on_disk();

    assert_true(urgent * VALUE_BYTES > CAIRN_AGENT_RESERVE_BYTES / 2);
    assert_int_equal(keep(story, LANE_NORMAL), 0);
}

/* What the agent writes without asking: receipts, acknowledgements, a newer document. */
static void write_unasked(struct story *story, size_t bytes)
{
    static const uint8_t value[CAIRN_GOVERNANCE_DOC_MAX_BYTES];
    assert_true(bytes <= sizeof(value));
    struct store_txn *txn = store_begin(story->store);
    for (uint64_t i = 0; i < 64 && i < story->written; i++) {
        struct store_key key = store_key_u64(i);
        (void)store_delete(txn, AT_SPOOL, store_key_slice(&key));
        store_put(txn, AT_OUT, store_key_slice(&key), SLICE_OF(key.bytes));
    }
    agent_meta_put_bytes(txn, "document", slice_make(value, bytes));
    assert_int_equal(store_commit(&txn), 0);
}

static void what_is_never_asked_for_has_room_when_the_last_urgent_one_had(void **state)
{
    struct story *story = *state;
    assert_int_equal(keep(story, LANE_NORMAL), 0);
    fill_disk(story);
    (void)keep_until_refused(story, LANE_URGENT);

    for (int i = 0; i < 20; i++) {
        write_unasked(story, CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    }
    make_room_on_disk();
}

static int room_to_deliver(struct story *story)
{
    struct store_txn *txn = store_begin(story->store);
    int r = room_for_delivery(txn, 1);
    store_end(&txn);
    return r;
}

static void what_is_delivered_leaves_half_of_the_reserve_to_what_is_urgent_here(void **state)
{
    struct story *story = *state;
    assert_int_equal(keep(story, LANE_NORMAL), 0);
    fill_disk(story);
    (void)keep_until_refused(story, LANE_NORMAL);
    uint64_t delivered = 0;

    while (room_to_deliver(story) == 0) {
        assert_int_equal(keep(story, LANE_URGENT), 0);
        delivered++;
    }
    uint64_t urgent = keep_until_refused(story, LANE_URGENT);
    make_room_on_disk();

    assert_in_range(delivered * VALUE_BYTES, CAIRN_AGENT_RESERVE_BYTES / 4,
                    CAIRN_AGENT_RESERVE_BYTES * 3 / 4);
    assert_in_range(urgent * VALUE_BYTES, CAIRN_AGENT_RESERVE_BYTES / 4,
                    CAIRN_AGENT_RESERVE_BYTES * 3 / 4);
}

static void a_large_submission_needs_more_room_than_a_small_one(void **state)
{
    struct story *story = *state;
    assert_int_equal(keep(story, LANE_NORMAL), 0);
    fill_disk(story);

    int small = room(story, LANE_NORMAL, 1);
    int large = room(story, LANE_NORMAL, CAIRN_BUNDLE_ENTRIES_MAX);
    make_room_on_disk();

    assert_int_equal(small, 0);
    assert_int_equal(large, -ENOSPC);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_full_map_refuses_what_can_wait_and_takes_what_is_urgent),
        STORY(room_that_was_freed_is_room_again),
        STORY(a_full_disk_refuses_what_can_wait_and_takes_what_is_urgent),
        STORY(what_is_never_asked_for_has_room_when_the_last_urgent_one_had),
        STORY(what_is_delivered_leaves_half_of_the_reserve_to_what_is_urgent_here),
        STORY(a_large_submission_needs_more_room_than_a_small_one),
    };
    return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
