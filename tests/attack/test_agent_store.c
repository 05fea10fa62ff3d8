/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever holds an agent's disk, or the disk itself, changes a bit, a page, a row: every table
 * still gives the same rows, or the agent refuses to start and says what is damaged (store_check,
 * which an agent begins with). What is changed while it runs is not read either, by the tag of each
 * row (test_store_tags). The stores of two agencies: one that was sent an alert and what was
 * released with it, one with records of its own that are kept, sent, and wait.
 *
 * What is not found is the whole store put back to an earlier commit, which agents are made for
 * (docs/operations.md, "Restore"). A bit of the transaction's number on one of LMDB's two meta
 * pages does that, and so does an earlier copy of the page that everything hangs from, exchanged
 * for the one in use: such a store must read exactly as one commit left it. The short form takes a
 * sample of bits, and every exchange of two pages; `./run attack` as in test_tampering.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "attack/agent_life.h"
#include "attack/memo.h"
#include "attack/spoiled.h"
#include "support/setting.h"
#include "support/store_copy.h"

#define SHORT_STEP   1999
#define SHORT_OTHERS 60
#define CHANGES_ONCE 65536

enum fate {
    FATE_FOUND,
    FATE_OLDER,
    FATE_SILENT
};

static struct scene {
    struct agent_life life;
    struct spoiled spoiled;
    struct change *changes;
    size_t n;
    uint64_t seed;
    uint64_t step;
    uint64_t others;
    uint64_t tried;
    uint64_t harmless;
    uint64_t found;
    uint64_t died; /* and so found: the process that looks is not the agent */
    uint64_t older_read;
    uint64_t silent;
    uint64_t hung;
} scene;

/* --- what an agent says of a store --- */

static uint8_t judge(void *data, struct store *store, struct looked *looked)
{
    (void)data;
    (void)looked;
    memo_begin(store);
    bool refused = agent_life_refuses(&scene.life, scene.spoiled.copy);
    memo_end();
    if (refused) {
        return FATE_FOUND;
    }
    bool older =
        store == NULL && agent_life_reads(&scene.life, scene.spoiled.copy) == LIFE_READS_AS_EARLIER;
    return older ? FATE_OLDER : FATE_SILENT;
}

static void tally(void *data, const struct change *change, const struct looked *looked)
{
    const struct page *page = &scene.spoiled.pages[change->at / PAGE_BYTES];

    (void)data;
    scene.tried++;
    scene.hung += looked->hung ? 1 : 0;
    if (looked->seen == SEEN_SAME) {
        scene.harmless++;
    } else if (looked->said == SAID_DIED) {
        scene.died++;
    } else if (looked->said == FATE_FOUND) {
        scene.found++;
    } else if (looked->said == FATE_OLDER) {
        scene.older_read++;
    } else {
        scene.silent++;
        (void)printf("an agent starts with byte %zu changed, of page %zu (%s %s), seen %u\n",
                     change->at, change->at / PAGE_BYTES, page_kind_texts[page->kind], page->table,
                     looked->seen);
    }
}

/* --- changes --- */

static void flush(void)
{
    spoiled_try(&scene.spoiled, scene.changes, scene.n, tally);
    scene.n = 0;
}

static void gather(const struct change *change)
{
    scene.changes[scene.n++] = *change;
    if (scene.n == CHANGES_ONCE) {
        flush();
    }
}

static void gather_bits(void)
{
    uint64_t bits = (uint64_t)scene.spoiled.len * 8;

    for (uint64_t bit = setting_draw(&scene.seed) % scene.step; bit < bits; bit += scene.step) {
        size_t at = (size_t)(bit / 8);
        const struct change change = {
            .at = at,
            .len = 1,
            .bytes = {(uint8_t)(scene.spoiled.original[at] ^ 1U << bit % 8)},
        };
        gather(&change);
    }
}

static void gather_exchanges(void)
{
    size_t pages = scene.spoiled.len / PAGE_BYTES;

    for (size_t page = 0; page < pages; page++) {
        for (size_t other = page + 1; other < pages; other++) {
            const struct change change = {.at = page * PAGE_BYTES, .page = other};
            gather(&change);
        }
    }
}

static void gather_several(void)
{
    for (uint64_t i = 0; i < scene.others; i++) {
        struct change change = {.len = 2 + (size_t)(setting_draw(&scene.seed) % 15)};
        change.at = (size_t)(setting_draw(&scene.seed) % (scene.spoiled.len - change.len));
        for (size_t byte = 0; byte < change.len; byte++) {
            change.bytes[byte] = (uint8_t)setting_draw(&scene.seed);
        }
        gather(&change);
    }
}

static void change_everything(const char *whose)
{
    gather_bits();
    gather_exchanges();
    gather_several();
    flush();

    if (setting("CAIRN_ATTACK_STEP", 0) != 0) {
        (void)printf("%s: %zu pages, %zu rows: %" PRIu64 " changes: %" PRIu64
                     " the same rows, %" PRIu64 " refused with a reason, %" PRIu64
                     " more because the process that looks died, %" PRIu64
                     " an earlier commit as a whole, %" PRIu64 " silent\n",
                     whose, scene.spoiled.len / PAGE_BYTES, scene.spoiled.n_rows, scene.tried,
                     scene.harmless, scene.found, scene.died, scene.older_read, scene.silent);
    }
    assert_true(scene.found > 0);
    assert_int_equal(scene.hung, 0);
    assert_int_equal(scene.silent, 0);
}

/* --- rows, through LMDB itself, by whoever has no key --- */

static struct store *open_without_key(const char *dir)
{
    struct store *store = NULL;
    struct error error = ERROR_NULL;
    const struct store_options options = agent_life_options_raw(dir);

    assert_int_equal(store_open(&options, &store, &error), 0);
    return store;
}

enum forgery {
    FORGE_REPLACE,
    FORGE_MOVE,
    FORGE_STRETCH,
    FORGE_COPY
};
#define FORGERIES 4

/* The first row of the table. */
static void forge(struct store_txn *txn, unsigned table, enum forgery forgery)
{
    uint8_t key[STORE_KEY_MAX + 1];
    _cleanup_(buf_deinit) struct buf value = BUF_MAX(1 << 20);
    struct store_walk walk = store_walk_from(txn, table, SLICE_NULL);
    size_t len = walk.key.len;

    memcpy(key, walk.key.data, len);
    buf_add_slice(&value, walk.value);
    store_walk_end(&walk);
    switch (forgery) {
    case FORGE_REPLACE:
        value.data[0] ^= 1;
        break;
    case FORGE_MOVE:
        assert_true(store_delete(txn, table, slice_make(key, len)));
        key[len - 1] ^= 0x80;
        break;
    case FORGE_STRETCH:
        assert_true(store_delete(txn, table, slice_make(key, len)));
        key[len++] = 0;
        break;
    case FORGE_COPY:
        key[len - 1] ^= 0x80;
        break;
    }
    store_put(txn, table, slice_make(key, len), buf_slice(&value));
}

static void forge_each_table(void)
{
    char dir[128];
    uint64_t rows[STORE_TABLES_MAX];

    assert_int_equal(store_rows(scene.life.member->agent.store, rows), 0);
    (void)snprintf(dir, sizeof(dir), "%s/forged", scene.spoiled.dir);
    for (unsigned i = 0; i < AGENT_TABLE_COUNT * FORGERIES; i++) {
        unsigned table = i / FORGERIES;
        if (rows[table] == 0) {
            continue;
        }
        scratch_remove(dir);
        assert_int_equal(store_copy(scene.life.member->agent.store, dir), 0);
        struct store *store = open_without_key(dir);
        struct store_txn *txn = store_begin(store);
        forge(txn, table, (enum forgery)(i % FORGERIES));
        assert_int_equal(store_commit(&txn), 0);
        store_close(&store);
        if (!agent_life_refuses(&scene.life, dir)) {
            fail_msg("an agent starts with a forged row of %s, forgery %u",
                     agent_table_names[table], i % FORGERIES);
        }
    }
}

/* --- the programme --- */

static struct spoiled spoiled_none(void)
{
    return (struct spoiled){.tables = agent_table_names,
                            .n_tables = AGENT_TABLE_COUNT,
                            .map_bytes = LIFE_MAP_BYTES,
                            .row_key = &scene.life.row_key,
                            .judge = judge};
}

static void with_store_of(void (*live)(struct agent_life *life), const char *whose)
{
    scene = (struct scene){.seed = setting("CAIRN_ATTACK_SEED", 1),
                           .step = setting("CAIRN_ATTACK_STEP", SHORT_STEP),
                           .others = setting("CAIRN_ATTACK_CHANGES", SHORT_OTHERS)};
    live(&scene.life);
    scene.changes = base_zalloc(CHANGES_ONCE, sizeof(*scene.changes));
    scene.spoiled = spoiled_none();
    spoiled_init(&scene.spoiled, scene.life.member->dir, NULL);

    assert_false(agent_life_refuses(&scene.life, scene.spoiled.copy));
    change_everything(whose);
    forge_each_table();

    spoiled_deinit(&scene.spoiled);
    base_free(&scene.changes);
    agent_life_end(&scene.life);
}

static void a_changed_store_of_one_that_was_told_is_refused_or_reads_the_same(void **state)
{
    (void)state;
    with_store_of(agent_life_told, "told");
}

static void a_changed_store_of_one_that_tells_is_refused_or_reads_the_same(void **state)
{
    (void)state;
    with_store_of(agent_life_telling, "telling");
}

static int open_scene(void **state)
{
    (void)state;
    scratch_under("/dev/shm");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_store_of_one_that_was_told_is_refused_or_reads_the_same),
        cmocka_unit_test(a_changed_store_of_one_that_tells_is_refused_or_reads_the_same),
    };

    return cmocka_run_group_tests_name("agent_store", tests, open_scene, NULL);
}
