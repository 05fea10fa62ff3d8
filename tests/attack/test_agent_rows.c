/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever holds an agent's disk, and copies of it from every commit before, but no key: he removes
 * rows, puts rows back as they were once, with their tags and with the sum of that time, and pages
 * of the file, one or any number of them, and keeps the meta pages that lead to them. The agent
 * refuses to start; or every row reads the same; or, as a whole, what an earlier commit left.
 * CAIRN_ATTACK_CHANGES sets how many mixtures are tried, of rows and of pages, of all commits
 * together.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "attack/agent_life.h"
#include "attack/pages.h"
#include "os/files.h"
#include "support/setting.h"

#define SHORT_MIXTURES 4
#define TOLD_MORE      4
#define ROWS_MAX       4096
#define META_PAGES     2
#define FILE_MAX_BYTES (64U << 20)

/* As the disk has it, with its tag. */
struct raw_row {
    unsigned table;
    size_t at; /* of its key, and then its value, in `bytes` */
    size_t key_len;
    size_t value_len;
};

struct raw_rows {
    struct buf bytes;
    struct raw_row all[ROWS_MAX];
    size_t n;
};

static struct scene {
    struct agent_life life;
    char dir[SCRATCH_BYTES];
    char copy[SCRATCH_BYTES + 16];
    struct raw_rows now;
    struct raw_rows then;
    uint64_t mixtures;
    uint64_t seed;
    uint64_t tried;
    uint64_t found;
    uint64_t same;
    uint64_t older;
} scene;

static uint64_t chance(uint64_t below)
{
    return setting_draw(&scene.seed) % below;
}

/* --- a copy of the store, changed and judged --- */

static const struct buf *newest(void)
{
    return &scene.life.files[scene.life.n_files - 1];
}

static void lay_out(struct slice file)
{
    char path[sizeof(scene.copy) + 16];

    scratch_remove(scene.copy);
    assert_int_equal(mkdir(scene.copy, 0700), 0);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", scene.copy);
    assert_int_equal(file_write_atomic(path, file, 0600), 0);
}

/* Nothing that an agent would start with and that was never so. */
static void judge(const char *what, size_t which, size_t commit)
{
    scene.tried++;
    if (agent_life_refuses(&scene.life, scene.copy)) {
        scene.found++;
        return;
    }
    switch (agent_life_reads(&scene.life, scene.copy)) {
    case LIFE_READS_AS_NOW:
        scene.same++;
        break;
    case LIFE_READS_AS_EARLIER:
        scene.older++;
        break;
    case LIFE_READS_OTHERWISE:
        fail_msg("an agent starts with %s %zu of commit %zu", what, which, commit);
    }
}

static struct store *open_raw(void)
{
    struct store *store = NULL;
    struct error error = ERROR_NULL;
    const struct store_options options = agent_life_options_raw(scene.copy);

    assert_int_equal(store_open(&options, &store, &error), 0);
    return store;
}

/* --- rows --- */

static void read_rows(struct raw_rows *rows, const struct buf *file)
{
    lay_out(buf_slice(file));
    struct store *store = open_raw();
    struct store_txn *txn = store_read(store);

    buf_deinit(&rows->bytes);
    rows->bytes = BUF_MAX(FILE_MAX_BYTES);
    rows->n = 0;
    size_t sums = 0;
    for (unsigned table = 0; table < LIFE_TABLES_RAW; table++) {
        struct store_walk walk = store_walk_from(txn, table, SLICE_NULL);
        for (; walk.live; store_walk_next(&walk)) {
            assert_true(rows->n < ROWS_MAX);
            sums += table == AGENT_TABLE_COUNT ? 1 : 0;
            rows->all[rows->n++] = (struct raw_row){.table = table,
                                                    .at = rows->bytes.len,
                                                    .key_len = walk.key.len,
                                                    .value_len = walk.value.len};
            buf_add_slice(&rows->bytes, walk.key);
            buf_add_slice(&rows->bytes, walk.value);
        }
        store_walk_end(&walk);
    }
    assert_int_equal(sums, 1); /* found by its name on the disk: otherwise it is never put back */
    assert_true(buf_ok(&rows->bytes));
    store_end(&txn);
    store_close(&store);
}

static struct slice key_of(const struct raw_rows *rows, size_t i)
{
    return slice_make(rows->bytes.data + rows->all[i].at, rows->all[i].key_len);
}

static struct slice value_of(const struct raw_rows *rows, size_t i)
{
    const struct raw_row *row = &rows->all[i];

    return slice_make(rows->bytes.data + row->at + row->key_len, row->value_len);
}

/* The place of that row's key in `others`; their number when there is none. */
static size_t find(const struct raw_rows *others, const struct raw_rows *rows, size_t i)
{
    size_t at = 0;

    while (at < others->n && (others->all[at].table != rows->all[i].table ||
                              !slice_equal(key_of(others, at), key_of(rows, i)))) {
        at++;
    }
    return at;
}

/* The row i of `then` is as it was then, or, of `now`, gone when there was none. */
enum which {
    WHICH_THEN,
    WHICH_NOW
};
struct step {
    enum which which;
    size_t i;
};

static size_t steps_back(struct step *steps)
{
    size_t n = 0;

    for (size_t i = 0; i < scene.then.n; i++) {
        size_t at = find(&scene.now, &scene.then, i);
        if (at == scene.now.n || !slice_equal(value_of(&scene.now, at), value_of(&scene.then, i))) {
            steps[n++] = (struct step){.which = WHICH_THEN, .i = i};
        }
    }
    for (size_t i = 0; i < scene.now.n; i++) {
        if (find(&scene.then, &scene.now, i) == scene.then.n) {
            steps[n++] = (struct step){.which = WHICH_NOW, .i = i};
        }
    }
    return n;
}

static void take(struct store_txn *txn, const struct step *step)
{
    if (step->which == WHICH_NOW) {
        assert_true(store_delete(txn, scene.now.all[step->i].table, key_of(&scene.now, step->i)));
        return;
    }
    store_put(txn, scene.then.all[step->i].table, key_of(&scene.then, step->i),
              value_of(&scene.then, step->i));
}

/* Each step by itself, and any of them together. */
static void try_steps(const struct step *steps, size_t n, size_t commit)
{
    for (size_t turn = 0; turn < n + scene.mixtures; turn++) {
        lay_out(buf_slice(newest()));
        struct store *store = open_raw();
        struct store_txn *txn = store_begin(store);
        for (size_t i = 0; i < n; i++) {
            if (turn < n ? i == turn : chance(4) != 0) {
                take(txn, &steps[i]);
            }
        }
        assert_int_equal(store_commit(&txn), 0);
        store_close(&store);
        judge("rows", turn, commit);
    }
}

static void remove_each_row(void)
{
    for (size_t i = 0; i < scene.now.n; i++) {
        const struct step gone = {.which = WHICH_NOW, .i = i};
        lay_out(buf_slice(newest()));
        struct store *store = open_raw();
        struct store_txn *txn = store_begin(store);
        take(txn, &gone);
        assert_int_equal(store_commit(&txn), 0);
        store_close(&store);
        judge("no row", i, scene.life.n_files);
    }
}

static void put_back_rows(void)
{
    static struct step steps[2 * ROWS_MAX];

    for (size_t commit = 0; commit + 1 < scene.life.n_files; commit++) {
        read_rows(&scene.then, &scene.life.files[commit]);
        try_steps(steps, steps_back(steps), commit);
    }
}

/* --- pages --- */

/* Which of the pages that were others then are as they were. */
enum mixture {
    MIXTURE_ONE,
    MIXTURE_ALL,
    MIXTURE_ANY
};

/* False when it is the newest file still. */
static bool mix(const struct buf *file, enum mixture mixture, size_t one)
{
    const struct buf *now = newest();
    _cleanup_(base_free) uint8_t *bytes = base_zalloc(1, now->len);
    bool differs = false;

    memcpy(bytes, now->data, now->len);
    for (size_t at = META_PAGES * PAGE_BYTES; at < file->len && at < now->len; at += PAGE_BYTES) {
        bool chosen = mixture == MIXTURE_ALL || (mixture == MIXTURE_ANY && chance(2) != 0) ||
                      (mixture == MIXTURE_ONE && at == one * PAGE_BYTES);
        if (chosen && memcmp(bytes + at, file->data + at, PAGE_BYTES) != 0) {
            memcpy(bytes + at, file->data + at, PAGE_BYTES);
            differs = true;
        }
    }
    if (differs) {
        lay_out(slice_make(bytes, now->len));
    }
    return differs;
}

static void try_mixture(size_t commit, enum mixture mixture, size_t which)
{
    if (mix(&scene.life.files[commit], mixture, which)) {
        judge("pages", which, commit);
    }
}

static void put_back_pages(void)
{
    for (size_t commit = 0; commit + 1 < scene.life.n_files; commit++) {
        try_mixture(commit, MIXTURE_ALL, 0);
        for (size_t page = META_PAGES; page < newest()->len / PAGE_BYTES; page++) {
            try_mixture(commit, MIXTURE_ONE, page);
        }
        for (size_t turn = 0; turn < scene.mixtures; turn++) {
            try_mixture(commit, MIXTURE_ANY, turn);
        }
    }
}

/* --- the programme --- */

static void say(const char *whose, const char *what)
{
    if (setting("CAIRN_ATTACK_STEP", 0) != 0) {
        (void)printf("%s, %s of %zu commits: %" PRIu64 " changes: %" PRIu64
                     " refused with a reason, %" PRIu64 " the same rows, %" PRIu64
                     " an earlier commit as a whole, 0 silent\n",
                     whose, what, scene.life.n_files, scene.tried, scene.found, scene.same,
                     scene.older);
    }
    assert_true(scene.found > 0);
    scene.tried = scene.found = scene.same = scene.older = 0;
}

static void with_store_of(void (*live)(struct agent_life *life), const char *whose)
{
    scene = (struct scene){.seed = setting("CAIRN_ATTACK_SEED", 1)};
    live(&scene.life);
    agent_life_go_on(&scene.life, TOLD_MORE);
    scene.mixtures =
        setting("CAIRN_ATTACK_CHANGES", scene.life.n_files * SHORT_MIXTURES) / scene.life.n_files;
    scratch_make(scene.dir);
    (void)snprintf(scene.copy, sizeof(scene.copy), "%s/copy", scene.dir);
    lay_out(buf_slice(newest()));
    assert_false(agent_life_refuses(&scene.life, scene.copy));
    assert_int_equal(agent_life_reads(&scene.life, scene.copy), LIFE_READS_AS_NOW);
    read_rows(&scene.now, newest());

    remove_each_row();
    put_back_rows();
    say(whose, "rows");
    put_back_pages();
    say(whose, "pages");

    buf_deinit(&scene.now.bytes);
    buf_deinit(&scene.then.bytes);
    scratch_remove(scene.dir);
    agent_life_end(&scene.life);
}

static void no_row_or_page_of_one_that_was_told_is_gone_or_older_unseen(void **state)
{
    (void)state;
    with_store_of(agent_life_told, "told");
}

static void no_row_or_page_of_one_that_tells_is_gone_or_older_unseen(void **state)
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
        cmocka_unit_test(no_row_or_page_of_one_that_was_told_is_gone_or_older_unseen),
        cmocka_unit_test(no_row_or_page_of_one_that_tells_is_gone_or_older_unseen),
    };

    return cmocka_run_group_tests_name("agent_rows", tests, open_scene, NULL);
}
