/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever holds the disk of a broker that has been at work for a while changes bytes, pages, rows:
 * it is found, or it changes nothing. The store has so many MiB (CAIRN_ATTACK_STORE_MIB); of each
 * sort there are CAIRN_ATTACK_CHANGES changes. Each is looked at for itself, near where it is
 * (nearby.h), and some a second time: by comparing all rows, and by the commands as they are. In
 * the short form every one is compared with all rows.
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
#include "support/ledger_store.h"
#include "support/setting.h"

#define SHORT_MIB     3
#define SHORT_CHANGES 150
#define ONCE          65536
#define SECOND_LOOKS  8 /* of each sort: at all rows, and, of what is found, by the commands */

struct scene {
    struct world *world;
    struct tampering tampering;
    struct nearby nearby;
    uint64_t seed;
    uint64_t changes;
    bool is_long;
    size_t *inner; /* pages that lead to rows: branches and leaves */
    size_t n_inner;
    struct change batch[ONCE];
    uint64_t forged[FATES]; /* rows */
};

static struct scene *scene;

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

static uint64_t one_in(uint64_t changes)
{
    return changes / SECOND_LOOKS + 1;
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
    say_time("the whole store is verified");
    tampering_look_nearby(&scene->tampering, &scene->nearby);
    scene->tampering.confirm_every = one_in(scene->changes);
    scene->tampering.compare_every = scene->is_long ? one_in(scene->changes) : 1;
    find_inner_pages();
    say_time("what lies behind each page is known");
    return setenv("TMPDIR", scene->tampering.spoiled.dir, 1); /* of the replays */
}

static int close_scene(void **state)
{
    (void)state;
    tampering_deinit(&scene->tampering);
    world_free(&scene->world);
    base_free(&scene->inner);
    base_free(&scene);
    return 0;
}

static int start_counting(void **state)
{
    (void)state;
    tampering_forget(&scene->tampering);
    return 0;
}

/* --- bytes and pages --- */

static void expect_none_silent(void)
{
    const struct tampering *tampering = &scene->tampering;

    if (scene->is_long) {
        tampering_print(tampering);
    }
    say_time("and until here");
    assert_int_equal(tampering->unlike, 0);
    assert_int_equal(tampering->hung, 0);
    assert_int_equal(tampering_silent(tampering), 0);
    assert_true(tampering->looked_at > 0 && tampering->compared > 0);
}

static void try_each(void (*draw)(struct change *ret))
{
    for (uint64_t done = 0; done < scene->changes;) {
        size_t n = 0;
        for (; n < ONCE && done < scene->changes; n++, done++) {
            scene->batch[n] = (struct change){.len = 0};
            draw(&scene->batch[n]);
        }
        tampering_try(&scene->tampering, scene->batch, n);
    }
}

/* Half of them in pages that lead to rows, of which there are few. */
static void draw_bytes(struct change *ret)
{
    ret->len = 2 + (size_t)(setting_draw(&scene->seed) % 15);
    size_t inner = scene->inner[setting_draw(&scene->seed) % scene->n_inner] * PAGE_BYTES +
                   (size_t)(setting_draw(&scene->seed) % (PAGE_BYTES - ret->len));
    size_t any = (size_t)(setting_draw(&scene->seed) % (scene->tampering.spoiled.len - ret->len));

    ret->at = setting_draw(&scene->seed) % 2 == 0 ? inner : any;
    for (size_t byte = 0; byte < ret->len; byte++) {
        ret->bytes[byte] = (uint8_t)setting_draw(&scene->seed);
    }
}

static void several_changed_bytes_are_found_or_change_nothing(void **state)
{
    (void)state;

    try_each(draw_bytes);

    expect_none_silent();
}

static void draw_pages(struct change *ret)
{
    size_t pages = scene->tampering.spoiled.len / PAGE_BYTES;
    size_t inner = scene->inner[setting_draw(&scene->seed) % scene->n_inner];
    size_t any = (size_t)(setting_draw(&scene->seed) % (pages - 1));

    ret->at = (setting_draw(&scene->seed) % 2 == 0 ? inner : any) * PAGE_BYTES;
    ret->page = 1 + (size_t)(setting_draw(&scene->seed) % (pages - 1));
}

static void exchanged_pages_are_found_or_change_nothing(void **state)
{
    (void)state;

    try_each(draw_pages);

    expect_none_silent();
}

/* --- rows --- */

static void any_row(uint64_t *seed, unsigned table, struct forged_key *ret)
{
    const struct span *span = &scene->nearby.spans.of_table[table];
    size_t row = span->first + (size_t)(setting_draw(seed) % (span->end - span->first));

    forged_key_set(ret, scene->tampering.spoiled.rows[row].key);
}

/* The nth of this run, in a transaction that is not committed here: the same whenever it is made.
 * False when there is nothing to forge. */
static bool forge_nth(struct store_txn *txn, uint64_t nth, struct forged *ret)
{
    uint64_t seed = scene->seed + nth * UINT64_C(0x9e3779b97f4a7c15);

    *ret = (struct forged){.table = (unsigned)(setting_draw(&seed) % N_TABLES),
                           .forgery = (enum forgery)(setting_draw(&seed) % FORGERIES)};
    any_row(&seed, ret->table, &ret->one);
    any_row(&seed, ret->table, &ret->other);
    return forge(txn, ret, &seed);
}

NORETURN static void judge_forged(uint64_t from, size_t n, struct looked *looked)
{
    struct store *store = ledger_store_open(scene->tampering.spoiled.copy);

    die_as_programs_do();
    memo_begin(NULL);
    for (size_t i = 0; i < n; i++) {
        struct forged forged;
        struct store_txn *txn = store_begin(store);
        looked[i] = (struct looked){.near = true};
        bool done = forge_nth(txn, from + i, &forged);
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
static enum fate fate_of_nth(uint64_t nth)
{
    struct tampering *tampering = &scene->tampering;
    struct store *store = ledger_store_open(tampering->spoiled.copy);
    struct store_txn *txn = store_begin(store);
    struct forged forged;

    (void)forge_nth(txn, nth, &forged);
    assert_int_equal(store_commit(&txn), 0);
    store_close(&store);
    enum fate fate = tampering_verify(tampering, tampering->spoiled.copy, true);
    spoiled_restore(&tampering->spoiled);
    return fate;
}

static void tally_forged(uint64_t nth, const struct looked *looked)
{
    struct tampering *tampering = &scene->tampering;
    enum fate fate = looked->seen == SEEN_SAME ? FATE_HARMLESS : (enum fate)looked->said;

    tampering->nearby_seen++;
    tampering->undecided += looked->undecided ? 1 : 0;
    if (fate != FATE_HARMLESS &&
        (looked->undecided || ++tampering->confirmable % tampering->confirm_every == 0)) {
        enum fate said = fate_of_nth(nth);
        if (!looked->undecided && !tampering_is_like(tampering, looked, said)) {
            tampering->unlike++;
            (void)printf("forged row %" PRIu64 ": nearby %s, the commands say %s\n", nth,
                         fate_texts[fate], fate_texts[said]);
        }
        fate = looked->undecided || said == FATE_SILENT ? said : fate;
    }
    scene->forged[fate]++;
    if (fate == FATE_SILENT) {
        (void)printf("nobody finds the forged row %" PRIu64 "\n", nth);
    }
}

static void try_forged(uint64_t from, size_t n, struct looked *looked)
{
    int status = 0;

    (void)fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        judge_forged(from, n, looked);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    for (size_t i = 0; i < n; i++) {
        tally_forged(from + i, &looked[i]);
    }
}

static void print_forged(void)
{
    (void)printf("| forged rows |");
    for (size_t fate = 0; fate < FATES; fate++) {
        (void)printf(" %s: %" PRIu64 " |", fate_texts[fate], scene->forged[fate]);
    }
    (void)printf("\n%" PRIu64 " of them given to the commands as they are, %" PRIu64
                 " because nothing else decides; %" PRIu64 " were judged otherwise\n",
                 scene->tampering.looked_at, scene->tampering.undecided, scene->tampering.unlike);
}

static void forged_rows_are_found(void **state)
{
    (void)state;
    struct looked *looked = mmap(NULL, ONCE * sizeof(*looked), PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(looked != MAP_FAILED);
    for (uint64_t done = 0; done < scene->changes;) {
        size_t n = scene->changes - done < ONCE ? (size_t)(scene->changes - done) : ONCE;
        try_forged(done, n, looked);
        done += n;
    }
    (void)munmap(looked, ONCE * sizeof(*looked));

    if (scene->is_long) {
        print_forged();
    }
    say_time("and until here");
    assert_int_equal(scene->tampering.unlike, 0);
    assert_int_equal(scene->forged[FATE_SILENT], 0);
    assert_true(scene->tampering.looked_at > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(several_changed_bytes_are_found_or_change_nothing, start_counting),
        cmocka_unit_test_setup(exchanged_pages_are_found_or_change_nothing, start_counting),
        cmocka_unit_test_setup(forged_rows_are_found, start_counting),
    };

    return cmocka_run_group_tests_name("tampering_large", tests, open_scene, close_scene);
}
