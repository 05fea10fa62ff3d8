/* SPDX-License-Identifier: Apache-2.0 */
/* What a start finds without reading a row: a table that has not as many as its last batch left. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/counted.h"
#include "support/stories.h"

#define TABLES_MIN 12 /* of which the story leaves rows */

static int look(struct store_txn *txn, struct error *ret)
{
    *ret = ERROR_NULL;
    return counted_check(txn, "a store", ret);
}

static void remove_rows(struct store_txn *txn, unsigned table, uint64_t most)
{
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, table, SLICE_NULL);
    for (uint64_t i = 0; walk.live && i < most; i++) {
        assert_true(store_delete(txn, table, walk.key));
        store_walk_next(&walk);
    }
}

/* Aborted behind it. The journal tells of META: how many batches there were is gone with it. */
static void expect_missed(struct world *world, unsigned table, uint64_t most)
{
    char words[64];
    struct error error;
    _cleanup_(store_end) struct store_txn *txn = store_begin(world->store);
    remove_rows(txn, table, most);
    assert_int_equal(look(txn, &error), -EBADMSG);
    (void)snprintf(words, sizeof(words), "the table %s has ",
                   state_table_names[table == T_META ? T_JOURNAL : table]);
    assert_non_null(strstr(error.what, words));
}

static void the_rows_of_each_table_are_missed_all_of_them_or_one(void **state)
{
    struct world *world = *state;
    unsigned looked = 0;
    three_missed(world, ALIX);
    (void)report_danger(world);

    for (unsigned table = 0; table < N_TABLES; table++) {
        struct store_txn *txn = store_read(world->store);
        uint64_t rows = store_table_rows(txn, table);
        store_end(&txn);
        if (rows > 0 && table != T_BLOB && table != T_PARCEL) {
            expect_missed(world, table, rows);
            looked++;
            if (table != T_META) {
                expect_missed(world, table, 1);
            }
        }
    }

    assert_true(looked >= TABLES_MIN);
}

static void a_row_too_many_is_found(void **state)
{
    struct world *world = *state;
    struct error error;
    _cleanup_(store_end) struct store_txn *txn = store_begin(world->store);
    store_put(txn, T_HOLD, slice_of_text("put in"), slice_of_text("here"));

    assert_int_equal(look(txn, &error), -EBADMSG);
}

static void what_cannot_be_read_is_not_told_as_rows_that_are_missing(void **state)
{
    struct world *world = *state;
    struct error error;
    const struct store_key first = store_key_u64(1);
    three_missed(world, ALIX);
    _cleanup_(store_end) struct store_txn *txn = store_begin(world->store);
    store_append(txn, T_JOURNAL, store_key_slice(&first), slice_of_text("there is one"));

    assert_int_equal(look(txn, &error), -EEXIST);
    assert_non_null(strstr(error.what, "cannot be read"));
}

static void what_batches_left_is_in_order(void **state)
{
    struct world *world = *state;
    struct error error;
    three_missed(world, ALIX);

    struct store_txn *txn = store_read(world->store);
    assert_int_equal(look(txn, &error), 0);
    store_end(&txn);
}

static void a_broker_whose_mailboxes_were_emptied_does_not_start(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    struct store_txn *txn = store_begin(world->store);
    remove_rows(txn, T_MAILBOX, UINT64_MAX);
    assert_int_equal(store_commit(&txn), 0);

    assert_int_equal(world_restart(world), -EBADMSG);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(the_rows_of_each_table_are_missed_all_of_them_or_one),
        STORY(a_row_too_many_is_found),
        STORY(what_cannot_be_read_is_not_told_as_rows_that_are_missing),
        STORY(what_batches_left_is_in_order),
        STORY(a_broker_whose_mailboxes_were_emptied_does_not_start),
    };
    return cmocka_run_group_tests_name("counted", tests, NULL, NULL);
}
