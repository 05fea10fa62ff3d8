/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever holds the disk of a broker that has been at work for a while changes bytes, pages, rows:
 * it is found, or it changes nothing. The store has so many MiB (CAIRN_ATTACK_STORE_MIB); of each
 * sort there are CAIRN_ATTACK_CHANGES changes. Each is looked at for itself, near where it is
 * (nearby.h), and some a second time: by comparing all rows, and by the commands as they are. In
 * the short form every one is compared with all rows.
 *
 * So many processes (CAIRN_ATTACK_JOBS) take them in turns, a chunk of one sort each time, until
 * all are done or so many minutes have passed (CAIRN_ATTACK_MINUTES). A chunk follows from the seed
 * and its number, whoever takes it.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "attack/memo.h"
#include "attack/store_grown.h"
#include "attack/store_life.h"
#include "attack/tampering.h"
#include "base/clock.h"
#include "support/ledger_store.h"
#include "support/setting.h"

#define SHORT_MIB     3
#define SHORT_CHANGES 120
#define CHUNK         1024 /* changes */
#define JOBS_MAX      16
#define MINUTE_MS     60000
#define SECOND_LOOKS  8  /* of each sort: at all rows, and, of what is found, by the commands */
#define NTH_FOUND     60 /* in its chunk, is looked at by the commands */

enum sort {
    SORT_BYTES,
    SORT_PAGES,
    SORT_ROWS
};
#define SORTS 3

static const char *const sort_texts[SORTS] = {"several bytes", "exchanged pages", "forged rows"};

/* What the processes have in common. */
struct common {
    uint64_t next_chunk;
    struct tampered counted[JOBS_MAX][SORTS];
};

struct scene {
    struct world *world;
    struct tampering tampering;
    struct nearby nearby;
    uint64_t seed;
    uint64_t changes; /* of each sort */
    bool is_long;
    size_t *inner; /* pages that lead to rows: branches and leaves */
    size_t n_inner;
    struct common *common;
    struct looked *looked; /* at a chunk of forged rows, by a child */
};

static struct scene *scene;

static void *share(size_t bytes)
{
    void *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(shared != MAP_FAILED);
    return shared;
}

/* A seed for each of many. */
static uint64_t spread(uint64_t seed, uint64_t nth)
{
    return (seed ^ nth) * UINT64_C(0x9e3779b97f4a7c15) + nth;
}

/* --- the store --- */

static void find_inner_pages(void)
{
    const struct spoiled *spoiled = &scene->tampering.spoiled;
    size_t pages = spoiled->len / PAGE_BYTES;

    scene->inner = base_zalloc(pages, sizeof(*scene->inner));
    for (size_t page = 0; page < pages; page++) {
        enum page_kind kind = spoiled->pages[page].kind;
        if (kind == PAGE_BRANCH || kind == PAGE_LEAF) {
            scene->inner[scene->n_inner++] = page;
        }
    }
}

/* Of this process and of those that it has waited for. */
static double processor_s(void)
{
    struct rusage own;
    struct rusage children;

    assert_int_equal(getrusage(RUSAGE_SELF, &own), 0);
    assert_int_equal(getrusage(RUSAGE_CHILDREN, &children), 0);
    return (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec + children.ru_utime.tv_sec +
                    children.ru_stime.tv_sec) +
           (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec + children.ru_utime.tv_usec +
                    children.ru_stime.tv_usec) /
               1e6;
}

static void say_time(const char *what)
{
    if (scene->is_long) {
        (void)printf("%s: %.0f s of a processor by now\n", what, processor_s());
        (void)fflush(stdout);
    }
}

static int open_scene(void **state)
{
    (void)state;
    scratch_under("/dev/shm"); /* nothing that is kept, and much of it */
    scene = base_zalloc(1, sizeof(*scene));
    scene->seed = setting("CAIRN_ATTACK_SEED", 1);
    scene->changes = setting("CAIRN_ATTACK_CHANGES", SHORT_CHANGES);
    scene->is_long = setting("CAIRN_ATTACK_STORE_MIB", 0) != 0;
    scene->world = world_new();
    store_life(scene->world);
    store_grown(scene->world, setting("CAIRN_ATTACK_STORE_MIB", SHORT_MIB) << 20);
    say_time("the store is made");
    tampering_init(&scene->tampering, scene->world);
    tampering_look_nearby(&scene->tampering, &scene->nearby);
    find_inner_pages();
    say_time("what lies behind each page is known");
    scene->common = share(sizeof(*scene->common));
    return setenv("TMPDIR", scene->tampering.spoiled.dir, 1); /* of the replays */
}

static int close_scene(void **state)
{
    (void)state;
    (void)munmap(scene->common, sizeof(*scene->common));
    tampering_deinit(&scene->tampering);
    world_free(&scene->world);
    base_free(&scene->inner);
    base_free(&scene);
    return 0;
}

/* --- bytes and pages --- */

/* Half of them in pages that lead to rows, of which there are few. */
static void draw_bytes(uint64_t *seed, struct change *ret)
{
    ret->len = 2 + (size_t)(setting_draw(seed) % 15);
    size_t inner = scene->inner[setting_draw(seed) % scene->n_inner] * PAGE_BYTES +
                   (size_t)(setting_draw(seed) % (PAGE_BYTES - ret->len));
    size_t any = (size_t)(setting_draw(seed) % (scene->tampering.spoiled.len - ret->len));

    ret->at = setting_draw(seed) % 2 == 0 ? inner : any;
    for (size_t byte = 0; byte < ret->len; byte++) {
        ret->bytes[byte] = (uint8_t)setting_draw(seed);
    }
}

/* Likewise. */
static void draw_pages(uint64_t *seed, struct change *ret)
{
    size_t pages = scene->tampering.spoiled.len / PAGE_BYTES;
    size_t inner = scene->inner[setting_draw(seed) % scene->n_inner];
    size_t any = (size_t)(setting_draw(seed) % (pages - 1));

    ret->at = (setting_draw(seed) % 2 == 0 ? inner : any) * PAGE_BYTES;
    ret->page = 1 + (size_t)(setting_draw(seed) % (pages - 1));
}

static void try_changes(enum sort sort, uint64_t seed, size_t n)
{
    _cleanup_(base_free) struct change *changes = base_zalloc(CHUNK, sizeof(*changes));

    for (size_t i = 0; i < n; i++) {
        (sort == SORT_BYTES ? draw_bytes : draw_pages)(&seed, &changes[i]);
    }
    tampering_try(&scene->tampering, changes, n);
}

/* --- rows --- */

static void any_row(uint64_t *seed, unsigned table, struct forged_key *ret)
{
    const struct span *span = &scene->nearby.spans.of_table[table];
    size_t row = span->first + (size_t)(setting_draw(seed) % (span->end - span->first));

    forged_key_set(ret, scene->tampering.spoiled.rows[row].key);
}

/* In a transaction that is not committed here: the same whenever it is made. False when there is
 * nothing to forge. */
static bool forge_by(struct store_txn *txn, uint64_t seed, struct forged *ret)
{
    *ret = (struct forged){.table = (unsigned)(setting_draw(&seed) % N_TABLES),
                           .forgery = (enum forgery)(setting_draw(&seed) % FORGERIES)};
    any_row(&seed, ret->table, &ret->one);
    any_row(&seed, ret->table, &ret->other);
    return forge(txn, ret, &seed);
}

NORETURN static void judge_forged(uint64_t seed, size_t n, struct looked *looked)
{
    struct store *store = ledger_store_open(scene->tampering.spoiled.copy);

    die_as_programs_do();
    memo_begin(NULL);
    for (size_t i = 0; i < n; i++) {
        struct forged forged;
        struct store_txn *txn = store_begin(store);
        looked[i] = (struct looked){.near = true};
        bool done = forge_by(txn, spread(seed, i), &forged);
        enum near_verdict verdict =
            done ? nearby_forged(&scene->nearby, txn, &forged, looked[i].problem) : NEAR_SAME;
        looked[i].undecided = verdict == NEAR_UNDECIDED;
        looked[i].seen = verdict == NEAR_SAME ? SEEN_SAME : (uint8_t)forged.table;
        looked[i].said = verdict == NEAR_COMPARISON ? FATE_BY_REPLAY : FATE_BY_VERIFY;
        store_end(&txn);
    }
    store_close(&store);
    _exit(EXIT_SUCCESS);
}

/* The commands as they are, of the copy in which it is committed. */
static enum fate fate_of_forged(uint64_t seed)
{
    struct tampering *tampering = &scene->tampering;
    struct store *store = ledger_store_open(tampering->spoiled.copy);
    struct store_txn *txn = store_begin(store);
    struct forged forged;

    (void)forge_by(txn, seed, &forged);
    assert_int_equal(store_commit(&txn), 0);
    store_close(&store);
    enum fate fate = tampering_verify(tampering, tampering->spoiled.copy, true);
    spoiled_restore(&tampering->spoiled);
    return fate;
}

static void tally_forged(uint64_t seed, const struct looked *looked)
{
    struct tampering *tampering = &scene->tampering;
    struct tampered *counted = &tampering->counted;
    enum fate fate = looked->seen == SEEN_SAME ? FATE_HARMLESS : (enum fate)looked->said;

    counted->nearby++;
    counted->undecided += looked->undecided ? 1 : 0;
    if (fate != FATE_HARMLESS &&
        (looked->undecided || ++counted->confirmable % tampering->confirm_every == 0)) {
        enum fate said = fate_of_forged(seed);
        if (!looked->undecided && !tampering_is_like(tampering, looked, said)) {
            counted->unlike++;
            (void)printf("row forged by %" PRIu64 ": nearby %s, the commands say %s\n", seed,
                         fate_texts[fate], fate_texts[said]);
        }
        fate = looked->undecided || said == FATE_SILENT ? said : fate;
    }
    counted->of_kind[PAGE_LEAF]++;
    counted->fates[PAGE_LEAF][fate]++;
    if (fate == FATE_SILENT) {
        (void)printf("nobody finds the row forged by %" PRIu64 "\n", seed);
    }
}

static void try_rows(uint64_t seed, size_t n)
{
    int status = 0;

    (void)fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        judge_forged(seed, n, scene->looked);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (size_t i = 0; i < n; i++) {
        tally_forged(spread(seed, i), &scene->looked[i]);
    }
}

/* --- in turns --- */

static uint64_t chunks_of_sort(void)
{
    return (scene->changes + CHUNK - 1) / CHUNK;
}

/* Second looks in some chunks, one of each kind; without the long form everywhere. */
static void plan_second_looks(uint64_t nth, struct tampering *tampering)
{
    uint64_t every = scene->is_long ? chunks_of_sort() / SECOND_LOOKS + 1 : 1;

    tampering->confirm_every = nth % every == 0 ? CHUNK : UINT64_MAX;
    tampering->compare_every = scene->is_long ? CHUNK : 1;
    tampering->counted.confirmable = nth % every == 0 ? CHUNK - NTH_FOUND : 0;
    tampering->counted.comparable = nth % every == 0 ? CHUNK - NTH_FOUND : 0;
}

static void take_chunk(unsigned job, uint64_t chunk)
{
    struct tampering *tampering = &scene->tampering;
    enum sort sort = (enum sort)(chunk % SORTS);
    uint64_t nth = chunk / SORTS;
    uint64_t left = scene->changes - nth * CHUNK;
    size_t n = left < CHUNK ? (size_t)left : CHUNK;
    uint64_t seed = spread(scene->seed, chunk);

    tampering_forget(tampering);
    plan_second_looks(nth, tampering);
    if (sort == SORT_ROWS) {
        try_rows(seed, n);
    } else {
        try_changes(sort, seed, n);
    }
    tampered_add(&scene->common->counted[job][sort], &tampering->counted);
}

NORETURN static void work(unsigned job, int64_t until_ms)
{
    char name[16];
    uint64_t chunk = 0;

    if (job > 0) {
        (void)snprintf(name, sizeof(name), "copy%u", job);
        spoiled_copy_again(&scene->tampering.spoiled, name);
    }
    scene->looked = share(CHUNK * sizeof(*scene->looked));
    while (clock_boot_ms(clock_system()) < until_ms &&
           (chunk = __atomic_fetch_add(&scene->common->next_chunk, 1, __ATOMIC_RELAXED)) <
               chunks_of_sort() * SORTS) {
        take_chunk(job, chunk);
    }
    (void)fflush(NULL);
    _exit(EXIT_SUCCESS);
}

static void wait_for_all(size_t jobs)
{
    for (size_t i = 0; i < jobs; i++) {
        int status = 0;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
}

static void expect_none_silent(size_t jobs, enum sort sort)
{
    struct tampered all = {.looked_at = 0};

    for (size_t job = 0; job < jobs; job++) {
        tampered_add(&all, &scene->common->counted[job][sort]);
    }
    if (scene->is_long) {
        (void)printf("%s\n", sort_texts[sort]);
        tampering_print(&scene->tampering, &all);
    }
    assert_int_equal(all.unlike, 0);
    assert_int_equal(all.hung, 0);
    assert_int_equal(tampered_silent(&all), 0);
    assert_true(all.looked_at > 0);
}

static void what_is_changed_in_a_large_store_is_found_or_changes_nothing(void **state)
{
    (void)state;
    size_t jobs = setting_count("CAIRN_ATTACK_JOBS", 1, JOBS_MAX);
    uint64_t minutes = setting("CAIRN_ATTACK_MINUTES", 0);
    int64_t until_ms =
        minutes == 0 ? INT64_MAX : clock_boot_ms(clock_system()) + (int64_t)minutes * MINUTE_MS;

    (void)fflush(NULL);
    for (unsigned job = 0; job < jobs; job++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            work(job, until_ms);
        }
    }
    wait_for_all(jobs);

    say_time("all are looked at");
    for (unsigned sort = 0; sort < SORTS; sort++) {
        expect_none_silent(jobs, (enum sort)sort);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_changed_in_a_large_store_is_found_or_changes_nothing),
    };

    return cmocka_run_group_tests_name("tampering_large", tests, open_scene, close_scene);
}
