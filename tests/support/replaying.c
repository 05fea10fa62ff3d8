/* SPDX-License-Identifier: Apache-2.0 */
#include "support/replaying.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/apply.h"
#include "support/ledger_store.h"

static const bool replayed[N_TABLES] = {
#define X(name, text, is_replayed) [T_##name] = (is_replayed),
    STATE_TABLES(X)
#undef X
};

/* Bodies and signatures are not there, as after they were destroyed. */
static void replay_batch(struct store *store, struct governance **governance, uint64_t batch,
                         struct slice row)
{
    struct batch_head head;
    struct apply apply;
    _cleanup_(store_end) struct store_txn *txn = store_begin(store);
    struct store_key key = store_key_u64(batch);
    assert_true(journal_head_read(row, &head));
    store_append(txn, T_JOURNAL, store_key_slice(&key), row);
    assert_int_equal(apply_begin(&apply, txn, batch, &head, *governance), 0);
    assert_int_equal(apply_batch(&apply, row, NULL, NULL), 0);
    governance_unref(governance);
    *governance = apply.governance == NULL ? NULL : governance_ref(apply.governance);
    apply_end(&apply);
    assert_int_equal(store_commit(&txn), 0);
}

static void expect_same_table(struct store_txn *a, struct store_txn *b, unsigned table)
{
    _cleanup_(store_walk_end) struct store_walk of_a = store_walk_from(a, table, SLICE_NULL);
    _cleanup_(store_walk_end) struct store_walk of_b = store_walk_from(b, table, SLICE_NULL);
    while (of_a.live && of_b.live) {
        if (!slice_equal(of_a.key, of_b.key) || !slice_equal(of_a.value, of_b.value)) {
            print_error("a row of %s differs\n", state_table_names[table]);
            fail();
        }
        store_walk_next(&of_a);
        store_walk_next(&of_b);
    }
    if (of_a.live || of_b.live) {
        print_error("%s has more rows here than there\n", state_table_names[table]);
        fail();
    }
}

void expect_same_state(struct store *a, struct store *b)
{
    _cleanup_(store_end) struct store_txn *of_a = store_read(a);
    _cleanup_(store_end) struct store_txn *of_b = store_read(b);
    for (unsigned table = 0; table < N_TABLES; table++) {
        if (replayed[table]) {
            expect_same_table(of_a, of_b, table);
        }
    }
}

void expect_replay_is_the_same(struct store *live)
{
    char dir[SCRATCH_BYTES];
    _cleanup_(governance_unref) struct governance *governance = NULL;
    scratch_make(dir);
    struct store *again = ledger_store_open(dir);
    struct store_txn *txn = store_read(live);
    struct store_walk walk = store_walk_from(txn, T_JOURNAL, SLICE_NULL);
    assert_true(walk.live);
    while (walk.live) {
        struct reader reader = reader_over(walk.key);
        replay_batch(again, &governance, read_u64(&reader), walk.value);
        store_walk_next(&walk);
    }
    store_walk_end(&walk);
    store_end(&txn);
    expect_same_state(live, again);
    store_close(&again);
    scratch_remove(dir);
}
