/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever holds the broker's disk changes a bit, a page, a row: it is found, or it changes nothing.
 * The short form takes a sample by a seed that meets every page, and every byte of the meta pages.
 * `./run attack` takes every bit: CAIRN_ATTACK_STEP is the number of bits from one change to the
 * next (1: every bit; every page is met, however far apart they are), CAIRN_ATTACK_SEED where the
 * sample starts.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attack/forging.h"
#include "attack/store_life.h"
#include "attack/tampering.h"
#include "broker/replay.h"
#include "ledger/journal.h"
#include "support/ledger_store.h"
#include "support/setting.h"
#include "support/store_copy.h"

#define SHORT_STEP   1999 /* bits; no multiple of a byte, so that bits of every weight are met */
#define PAGE_BITS    (UINT64_C(8) * PAGE_BYTES)
#define EXCHANGES    120
#define SEVERAL      120
#define CHANGES_ONCE 65536

struct scene {
    struct world *world;
    struct tampering tampering;
    uint64_t seed;
    uint64_t step;
};

static struct scene scene;

static int open_scene(void **state)
{
    (void)state;
    scratch_under("/dev/shm"); /* nothing that is kept, and much of it */
    scene.seed = setting("CAIRN_ATTACK_SEED", 1);
    scene.world = world_new();
    store_life(scene.world);
    tampering_init(&scene.tampering, scene.world);
    uint64_t bits = (uint64_t)scene.tampering.spoiled.len * 8;
    uint64_t step = setting("CAIRN_ATTACK_STEP", SHORT_STEP);
    scene.step = step < bits ? step : bits;
    return setenv("TMPDIR", scene.tampering.spoiled.dir, 1); /* of the replays */
}

static int close_scene(void **state)
{
    (void)state;
    tampering_deinit(&scene.tampering);
    world_free(&scene.world);
    return 0;
}

/* Each programme has counts of its own. */
static int start_counting(void **state)
{
    (void)state;
    tampering_forget(&scene.tampering);
    return 0;
}

/* --- bits --- */

struct gathered {
    struct change changes[CHANGES_ONCE];
    size_t n;
};

static void flush(struct gathered *gathered)
{
    tampering_try(&scene.tampering, gathered->changes, gathered->n);
    gathered->n = 0;
}

static void gather(struct gathered *gathered, const struct change *change)
{
    gathered->changes[gathered->n++] = *change;
    if (gathered->n == CHANGES_ONCE) {
        flush(gathered);
    }
}

static void gather_bit(struct gathered *gathered, uint64_t bit)
{
    size_t at = (size_t)(bit / 8);
    const struct change change = {
        .at = at,
        .len = 1,
        .bytes = {(uint8_t)(scene.tampering.spoiled.original[at] ^ 1U << bit % 8)},
    };

    gather(gathered, &change);
}

static void expect_none_silent(void)
{
    if (setting("CAIRN_ATTACK_STEP", 0) != 0) {
        tampering_print(&scene.tampering, &scene.tampering.counted);
    }
    assert_int_equal(scene.tampering.counted.hung, 0);
    assert_int_equal(scene.tampering.counted.unlike, 0);
    assert_int_equal(tampered_silent(&scene.tampering.counted), 0);
}

static void a_flipped_bit_is_found_or_changes_nothing(void **state)
{
    (void)state;
    _cleanup_(base_free) struct gathered *gathered = base_zalloc(1, sizeof(*gathered));
    uint64_t bits = (uint64_t)scene.tampering.spoiled.len * 8;

    for (uint64_t bit = setting_draw(&scene.seed) % scene.step; bit < bits; bit += scene.step) {
        gather_bit(gathered, bit);
    }
    for (uint64_t page = 0; scene.step > PAGE_BITS && page < bits / PAGE_BITS; page++) {
        gather_bit(gathered, page * PAGE_BITS + setting_draw(&scene.seed) % PAGE_BITS);
    }
    for (uint64_t byte = 0; scene.step > 1 && byte < 2 * PAGE_BYTES; byte++) {
        gather_bit(gathered, byte * 8 + setting_draw(&scene.seed) % 8);
    }
    flush(gathered);

    expect_none_silent();
    for (size_t kind = 0; kind < PAGE_KINDS; kind++) {
        if (scene.tampering.counted.of_kind[kind] == 0) {
            fail_msg("no change met a page of the kind %s", page_kind_texts[kind]);
        }
    }
}

/* --- pages and several bytes --- */

static void exchanged_pages_are_found_or_change_nothing(void **state)
{
    (void)state;
    size_t pages = scene.tampering.spoiled.len / PAGE_BYTES;
    uint64_t n = setting("CAIRN_ATTACK_CHANGES", EXCHANGES);
    _cleanup_(base_free) struct gathered *gathered = base_zalloc(1, sizeof(*gathered));

    for (uint64_t i = 0; i < n; i++) {
        const struct change change = {
            .at = (size_t)(setting_draw(&scene.seed) % (pages - 1)) * PAGE_BYTES,
            .page = 1 + (size_t)(setting_draw(&scene.seed) % (pages - 1)),
        };
        gather(gathered, &change);
    }
    flush(gathered);

    expect_none_silent();
}

static void several_changed_bytes_are_found_or_change_nothing(void **state)
{
    (void)state;
    uint64_t n = setting("CAIRN_ATTACK_CHANGES", SEVERAL);
    _cleanup_(base_free) struct gathered *gathered = base_zalloc(1, sizeof(*gathered));

    for (uint64_t i = 0; i < n; i++) {
        struct change change = {.len = 2 + (size_t)(setting_draw(&scene.seed) % 15)};
        change.at =
            (size_t)(setting_draw(&scene.seed) % (scene.tampering.spoiled.len - change.len));
        for (size_t byte = 0; byte < change.len; byte++) {
            change.bytes[byte] = (uint8_t)setting_draw(&scene.seed);
        }
        gather(gathered, &change);
    }
    flush(gathered);

    expect_none_silent();
}

/* --- rows, through LMDB itself --- */

static void key_of_nth(struct store_txn *txn, unsigned table, size_t nth, struct forged_key *ret)
{
    struct store_walk walk = store_walk_from(txn, table, SLICE_NULL);

    for (size_t i = 0; i < nth; i++) {
        store_walk_next(&walk);
    }
    assert_true(walk.live);
    forged_key_set(ret, walk.key);
    store_walk_end(&walk);
}

/* False when the table is not such that this can be done. */
static bool forge_in(struct store_txn *txn, unsigned table, enum forgery forgery, size_t rows)
{
    struct forged forged = {.table = table, .forgery = forgery};
    size_t nth = (size_t)(setting_draw(&scene.seed) % rows);

    key_of_nth(txn, table, nth, &forged.one);
    key_of_nth(txn, table, (nth + 1) % rows, &forged.other);
    return forge(txn, &forged, &scene.seed);
}

/* What the commands say of a copy in which a row was forged. */
static enum fate fate_of(unsigned table, enum forgery forgery, bool *ret_done)
{
    char dir[128];
    uint64_t rows[STORE_TABLES_MAX];

    (void)snprintf(dir, sizeof(dir), "%s/forged", scene.tampering.spoiled.dir);
    scratch_remove(dir);
    assert_int_equal(store_copy(scene.world->store, dir), 0);
    struct store *store = ledger_store_open(dir);
    assert_int_equal(store_rows(store, rows), 0);
    struct store_txn *txn = store_begin(store);
    *ret_done = forge_in(txn, table, forgery, (size_t)rows[table]);
    assert_int_equal(store_commit(&txn), 0);
    store_close(&store);
    return *ret_done ? tampering_verify(&scene.tampering, dir, true) : FATE_HARMLESS;
}

static void a_forged_row_of_any_table_is_found(void **state)
{
    (void)state;
    uint64_t rounds = setting("CAIRN_ATTACK_ROUNDS", 1);
    uint64_t found = 0;
    uint64_t silent = 0;

    for (uint64_t round = 0; round < rounds; round++) {
        for (unsigned table = 0; table < N_TABLES; table++) {
            for (unsigned forgery = 0; forgery < FORGERIES; forgery++) {
                bool done = false;
                enum fate fate = fate_of(table, (enum forgery)forgery, &done);
                found += done && fate != FATE_SILENT ? 1 : 0;
                if (done && fate == FATE_SILENT) {
                    (void)printf("nobody finds a row of %s that was %s\n", state_table_names[table],
                                 forgery_texts[forgery]);
                    silent++;
                }
            }
        }
    }

    if (rounds > 1) {
        (void)printf("%" PRIu64 " forged rows, all found\n", found);
    }
    assert_int_equal(silent, 0);
    assert_true(found > N_TABLES * 3);
}

static void the_store_as_it_was_written_is_sound_and_replays(void **state)
{
    (void)state;
    const struct change none = {.at = 2 * PAGE_BYTES,
                                .len = 1,
                                .bytes = {scene.tampering.spoiled.original[2 * PAGE_BYTES]}};

    tampering_try(&scene.tampering, &none, 1);
    uint64_t harmless = 0;
    for (size_t kind = 0; kind < PAGE_KINDS; kind++) {
        harmless += scene.tampering.counted.fates[kind][FATE_HARMLESS];
    }
    assert_int_equal(harmless, 1);

    enum fate fate = tampering_verify(&scene.tampering, scene.tampering.spoiled.copy, true);

    if (fate != FATE_SILENT) {
        fail_msg("found in a whole store: %s: %s", fate_texts[fate],
                 scene.tampering.console->complained);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_store_as_it_was_written_is_sound_and_replays),
        cmocka_unit_test_setup(a_flipped_bit_is_found_or_changes_nothing, start_counting),
        cmocka_unit_test_setup(exchanged_pages_are_found_or_change_nothing, start_counting),
        cmocka_unit_test_setup(several_changed_bytes_are_found_or_change_nothing, start_counting),
        cmocka_unit_test(a_forged_row_of_any_table_is_found),
    };

    return cmocka_run_group_tests_name("tampering", tests, open_scene, close_scene);
}
