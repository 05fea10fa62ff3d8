/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal alone rebuilds the state: every state table byte for byte, and so the same root. And
 * what apply may not see cannot matter: bodies and signatures are not there when it is replayed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "support/ledger_store.h"
#include "support/world.h"

static const bool replayed[N_TABLES] = {
#define X(name, text, is_replayed) [T_##name] = (is_replayed),
    STATE_TABLES(X)
#undef X
};

struct replay {
    char dir[SCRATCH_BYTES];
    struct store *store;
};

static void replay_open(struct replay *replay)
{
    scratch_make(replay->dir);
    replay->store = ledger_store_open(replay->dir);
}

static void replay_close(struct replay *replay)
{
    store_close(&replay->store);
    scratch_remove(replay->dir);
}

static void replay_batch(struct replay *replay, struct governance **governance, uint64_t batch,
                         struct slice row)
{
    struct batch_head head;
    struct apply apply;
    _cleanup_(store_end) struct store_txn *txn = store_begin(replay->store);
    struct store_key key = store_key_u64(batch);
    assert_true(journal_head_read(row, &head));
    store_append(txn, T_JOURNAL, store_key_slice(&key), row);
    assert_int_equal(apply_begin(&apply, txn, batch, &head, *governance), 0);
    assert_int_equal(apply_batch(&apply, row, NULL, NULL), 0);
    governance_unref(governance);
    *governance = governance_ref(apply.governance);
    apply_end(&apply);
    assert_int_equal(store_commit(&txn), 0);
}

static void replay_journal(struct replay *replay, struct store *from)
{
    struct governance *governance = NULL;
    _cleanup_(store_end) struct store_txn *txn = store_read(from);
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, T_JOURNAL, SLICE_NULL);
    while (walk.live) {
        struct reader reader = reader_over(walk.key);
        replay_batch(replay, &governance, read_u64(&reader), walk.value);
        store_walk_next(&walk);
    }
    governance_unref(&governance);
}

static void expect_same_table(struct store_txn *live, struct store_txn *again, unsigned table)
{
    struct store_walk a = store_walk_from(live, table, SLICE_NULL);
    struct store_walk b = store_walk_from(again, table, SLICE_NULL);
    while (a.live && b.live) {
        assert_true(slice_equal(a.key, b.key));
        assert_true(slice_equal(a.value, b.value));
        store_walk_next(&a);
        store_walk_next(&b);
    }
    assert_false(a.live);
    assert_false(b.live);
    store_walk_end(&a);
    store_walk_end(&b);
}

static void expect_same_state(struct store *live, struct store *again)
{
    _cleanup_(store_end) struct store_txn *a = store_read(live);
    _cleanup_(store_end) struct store_txn *b = store_read(again);
    for (unsigned table = 0; table < N_TABLES; table++) {
        if (replayed[table]) {
            expect_same_table(a, b, table);
        }
    }
    assert_true(log_size(a, T_LOG) > 0);
}

static void send(struct world *world, uint32_t agency, struct world_entry *entry)
{
    (void)world_send_one(world, agency, entry);
}

static void become_involved(struct world *world)
{
    struct world_entry entry;
    for (uint32_t agency = GP; agency <= HEALTH_VISITING; agency++) {
        world_statement(world, agency, ALIX, agency != HEALTH_VISITING, &entry);
        send(world, agency, &entry);
        world_involvement(world, agency, ALIX, &entry);
        send(world, agency, &entry);
    }
}

/* Of two children, by three agencies. The first, and the last by whoever knows the child by its
 * name alone. */
static void tell(struct world *world, unsigned seed, struct entry_id *ret_first,
                 struct entry_id *ret_by_name)
{
    struct world_entry entry;
    int32_t day = instant_london_day(world->clock.real_ms);
    for (unsigned i = 0; i < 12; i++) {
        seed = seed * 1103515245U + 12345U;
        const struct world_record record = {
            .from = GP + (seed >> 16) % 3,
            .child = ALIX + (int)((seed >> 20) % 2),
            .day = day - (int32_t)((seed >> 8) % 500),
            .service = (seed >> 24) % 2 == 0 ? "paediatrics" : NULL,
        };
        world_record(world, &record, &entry);
        send(world, record.from, &entry);
        clock_fake_advance(&world->clock, 60000);
        if (i == 0) {
            *ret_first = entry.header.id;
        }
        if (record.from == HEALTH_VISITING && record.child == ALIX) {
            *ret_by_name = entry.header.id;
        }
    }
}

static void undo_link(struct world *world, const struct entry_id *record)
{
    const struct world_link link = {.action = ACTION_UNDO_LINK, .record = record};
    struct world_entry entry;
    world_link_decision(world, HEALTH_VISITING, &link, &entry);
    send(world, HEALTH_VISITING, &entry);
}

static void take_back(struct world *world, const struct entry_id *record)
{
    const struct world_record retraction = {.from = record->agency,
                                            .child = ALIX,
                                            .day = instant_london_day(world->clock.real_ms),
                                            .record_kind = RECORD_RETRACTION,
                                            .retracts = record};
    struct world_entry entry;
    world_record(world, &retraction, &entry);
    send(world, record->agency, &entry);
}

static void decide(struct world *world, uint32_t agency, uint64_t alert, enum action action)
{
    struct world_entry entry;
    world_decision(world, agency, alert, action,
                   action == ACTION_CLOSE ? OUTCOME_EARLY_HELP : OUTCOME_NONE, &entry);
    send(world, agency, &entry);
}

/* A small life: statements, records, an alert, a decision, a link undone, an acknowledgement, a
 * retraction, refusals, a revocation. */
static void live_a_little(struct world *world, unsigned seed)
{
    struct world_entry acknowledgement;
    struct entry_id first = {.agency = 0};
    struct entry_id by_name = {.agency = HEALTH_VISITING, .stream = 1, .seq = 1};
    become_involved(world);
    tell(world, seed, &first, &by_name);
    undo_link(world, &by_name);
    decide(world, MASH, 1, ACTION_OPEN);
    take_back(world, &first);
    world_acknowledgement(world, MASH, 1, &acknowledgement);
    send(world, MASH, &acknowledgement);
    decide(world, GP, 99, ACTION_OPEN);
    world_revoke(world, 1U << HOSPITAL);
    decide(world, MASH, 1, ACTION_CLOSE);
}

static void replay_of_the_journal_gives_the_same_bytes_and_the_same_root(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 8; seed++) {
        struct world *world = world_new();
        struct replay replay = {.store = NULL};
        live_a_little(world, seed);

        replay_open(&replay);
        replay_journal(&replay, world->store);

        expect_same_state(world->store, replay.store);
        replay_close(&replay);
        world_free(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replay_of_the_journal_gives_the_same_bytes_and_the_same_root),
    };
    return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
