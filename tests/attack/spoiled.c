/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/spoiled.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/fd.h"
#include "os/files.h"

#define PATIENCE_S     20
#define PATIENCE_BYTES (16U * 1024 * 1024) /* of a store: for each, a second more */
#define ROUND          4096                /* changes between two looks of the parent */

enum stage {
    STAGE_NEW = 0,
    STAGE_ROWS,  /* being compared */
    STAGE_JUDGE, /* at work */
    STAGE_DONE
};

/* --- the whole store --- */

static struct store *open_read_only(const struct spoiled *spoiled, const char *dir)
{
    struct store *store = NULL;
    struct error error = ERROR_NULL;
    const struct store_options options = {
        .dir = dir,
        .map_bytes = spoiled->map_bytes,
        .tables = spoiled->tables,
        .n_tables = spoiled->n_tables,
        .read_only = true,
        .allow_tmpfs = true,
        .row_tags = spoiled->row_key != NULL,
        .row_key = spoiled->row_key,
    };

    return store_open(&options, &store, &error) == 0 ? store : NULL;
}

static size_t count_rows(const struct spoiled *spoiled)
{
    uint64_t rows[STORE_TABLES_MAX];
    uint64_t n = 0;

    assert_int_equal(store_rows(spoiled->whole, rows), 0);
    for (size_t table = 0; table < spoiled->n_tables; table++) {
        n += rows[table];
    }
    return (size_t)n;
}

static void note_table(struct spoiled *spoiled, unsigned table)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(spoiled->whole_txn, table, SLICE_NULL);

    while (walk.live) {
        spoiled->rows[spoiled->n_rows++] =
            (struct spoiled_row){.table = table, .key = walk.key, .value = walk.value};
        store_walk_next(&walk);
    }
}

static void note_rows(struct spoiled *spoiled, const bool *last, bool of_last)
{
    for (unsigned table = 0; table < spoiled->n_tables; table++) {
        if ((last != NULL && last[table]) == of_last) {
            note_table(spoiled, table);
        }
    }
}

/* Through a map: a store whose file this process has a descriptor of is not opened. */
static uint8_t *map_file(const char *dir, size_t len, bool writable)
{
    char file[160];

    (void)snprintf(file, sizeof(file), "%s/data.mdb", dir);
    _cleanup_(fd_close) int fd = open(file, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    assert_true(fd >= 0);
    uint8_t *mapped =
        mmap(NULL, len, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    assert_true(mapped != MAP_FAILED);
    return mapped;
}

static void copy_to(struct spoiled *spoiled, const char *name, const uint8_t *bytes, char *path,
                    size_t path_bytes)
{
    char file[160];

    (void)snprintf(path, path_bytes, "%s/%s", spoiled->dir, name);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(file, sizeof(file), "%s/data.mdb", path);
    assert_int_equal(file_write_atomic(file, slice_make(bytes, spoiled->len), 0600), 0);
}

/* Three times the same bytes: the caller's, a copy that stays whole, and one to be changed. What is
 * mapped is not in this process's memory, which is copied for each child. */
static void copy_twice(struct spoiled *spoiled, const char *dir, char *whole, size_t whole_bytes)
{
    char file[160];
    struct stat status;

    (void)snprintf(file, sizeof(file), "%s/data.mdb", dir);
    assert_int_equal(stat(file, &status), 0);
    uint8_t *theirs = map_file(dir, (size_t)status.st_size, false);
    spoiled->len = pages_used(theirs) * PAGE_BYTES;
    assert_true(spoiled->len <= (size_t)status.st_size);
    copy_to(spoiled, "whole", theirs, whole, whole_bytes);
    copy_to(spoiled, "copy", theirs, spoiled->copy, sizeof(spoiled->copy));
    (void)munmap(theirs, (size_t)status.st_size);
    spoiled->original = map_file(whole, spoiled->len, false);
    spoiled->mapped = map_file(spoiled->copy, spoiled->len, true);
    spoiled->pages = base_zalloc(spoiled->len / PAGE_BYTES, sizeof(*spoiled->pages));
    pages_of(spoiled->original, spoiled->len, spoiled->pages);
}

void spoiled_copy_again(struct spoiled *spoiled, const char *name)
{
    (void)munmap(spoiled->mapped, spoiled->len);
    copy_to(spoiled, name, spoiled->original, spoiled->copy, sizeof(spoiled->copy));
    spoiled->mapped = map_file(spoiled->copy, spoiled->len, true);
}

/* --- one change --- */

void spoiled_make(const struct spoiled *spoiled, const struct change *change)
{
    if (change->page != 0) {
        size_t other = change->page * PAGE_BYTES;
        size_t page = change->at - change->at % PAGE_BYTES;
        memcpy(spoiled->mapped + page, spoiled->original + other, PAGE_BYTES);
        memcpy(spoiled->mapped + other, spoiled->original + page, PAGE_BYTES);
        return;
    }
    memcpy(spoiled->mapped + change->at, change->bytes, change->len);
}

void spoiled_undo(const struct spoiled *spoiled, const struct change *change)
{
    if (change->page != 0) {
        size_t other = change->page * PAGE_BYTES;
        size_t page = change->at - change->at % PAGE_BYTES;
        memcpy(spoiled->mapped + page, spoiled->original + page, PAGE_BYTES);
        memcpy(spoiled->mapped + other, spoiled->original + other, PAGE_BYTES);
        return;
    }
    memcpy(spoiled->mapped + change->at, spoiled->original + change->at, change->len);
}

void spoiled_restore(const struct spoiled *spoiled)
{
    for (size_t at = 0; at < spoiled->len; at += PAGE_BYTES) {
        if (memcmp(spoiled->mapped + at, spoiled->original + at, PAGE_BYTES) != 0) {
            memcpy(spoiled->mapped + at, spoiled->original + at, PAGE_BYTES);
        }
    }
}

/* --- its beginning and end --- */

void spoiled_init(struct spoiled *spoiled, const char *dir, const bool *last)
{
    char whole[96];

    scratch_make(spoiled->dir);
    copy_twice(spoiled, dir, whole, sizeof(whole));
    spoiled->whole = open_read_only(spoiled, whole);
    assert_non_null(spoiled->whole);
    spoiled->whole_txn = store_read(spoiled->whole);
    spoiled->rows = base_zalloc(count_rows(spoiled), sizeof(*spoiled->rows));
    note_rows(spoiled, last, false);
    if (last != NULL) {
        note_rows(spoiled, last, true);
    }
}

void spoiled_deinit(struct spoiled *spoiled)
{
    store_end(&spoiled->whole_txn);
    store_close(&spoiled->whole);
    (void)munmap(spoiled->mapped, spoiled->len);
    (void)munmap((void *)spoiled->original, spoiled->len);
    base_free(&spoiled->rows);
    base_free(&spoiled->pages);
    scratch_remove(spoiled->dir);
}

/* --- the same rows? --- */

/* Those of a table, and no more. */
static bool table_is_same(struct store_txn *txn, const struct spoiled_row *rows, size_t n)
{
    struct store_walk walk = store_walk_from(txn, rows[0].table, SLICE_NULL);
    struct slice value;
    size_t i = 0;

    while (walk.live && i < n && slice_equal(walk.key, rows[i].key) &&
           slice_equal(walk.value, rows[i].value) &&
           store_get(txn, rows[i].table, rows[i].key, &value) &&
           slice_equal(value, rows[i].value)) {
        i++;
        store_walk_next(&walk);
    }
    bool same = i == n && !walk.live;
    store_walk_end(&walk);
    return same && store_fault(txn) == 0;
}

/* Tables that were empty, and are no more. */
static uint8_t look_at_empty(const struct spoiled *spoiled, struct store_txn *txn,
                             const bool *has_rows)
{
    for (unsigned table = 0; table < spoiled->n_tables; table++) {
        struct store_walk walk = store_walk_from(txn, table, SLICE_NULL);
        bool same = has_rows[table] || !walk.live;
        store_walk_end(&walk);
        if (!same || store_fault(txn) != 0) {
            return (uint8_t)table;
        }
    }
    return SEEN_SAME;
}

static uint8_t look(const struct spoiled *spoiled, struct store *store)
{
    bool has_rows[STORE_TABLES_MAX] = {false};
    struct store_txn *txn = store_read(store);
    uint8_t seen = txn == NULL ? SEEN_UNREADABLE : SEEN_SAME;
    size_t i = 0;

    while (seen == SEEN_SAME && i < spoiled->n_rows) {
        size_t n = 1;
        while (i + n < spoiled->n_rows && spoiled->rows[i + n].table == spoiled->rows[i].table) {
            n++;
        }
        has_rows[spoiled->rows[i].table] = true;
        if (!table_is_same(txn, spoiled->rows + i, n)) {
            seen = (uint8_t)spoiled->rows[i].table;
        }
        i += n;
    }
    if (seen == SEEN_SAME) {
        seen = look_at_empty(spoiled, txn, has_rows);
    }
    store_end(&txn);
    return seen;
}

/* --- in the child --- */

static bool is_read_on_opening(const struct spoiled *spoiled, size_t page)
{
    enum page_kind kind = spoiled->pages[page].kind;

    return kind == PAGE_META || kind == PAGE_TABLES;
}

/* Changes of these pages are read by who opens the file, and not again afterwards. */
static bool needs_opening(const struct spoiled *spoiled, const struct change *change)
{
    size_t last = change->len == 0 ? change->at : change->at + change->len - 1;

    return is_read_on_opening(spoiled, change->at / PAGE_BYTES) ||
           is_read_on_opening(spoiled, last / PAGE_BYTES) ||
           (change->page != 0 &&
            (spoiled->look == NULL || is_read_on_opening(spoiled, change->page)));
}

static void watch_over(int seconds)
{
    const struct itimerval timer = {.it_value = {.tv_sec = seconds}};

    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

void die_as_programs_do(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM, SIGSYS};

    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        (void)signal(signals[i], SIG_DFL);
    }
}

/* `store` is open from one change to the next where that is as good as opening it anew. */
static void compare_rows(const struct spoiled *spoiled, const struct change *change,
                         struct store **store, struct looked *looked)
{
    bool anew = needs_opening(spoiled, change);

    if (anew) {
        store_close(store);
    } else if (*store == NULL) {
        *store = open_read_only(spoiled, spoiled->copy);
    }
    looked->near = spoiled->look != NULL && !anew;
    looked->stage = STAGE_ROWS;
    spoiled_make(spoiled, change);
    if (*store == NULL) {
        *store = open_read_only(spoiled, spoiled->copy);
    }
    if (*store == NULL) {
        looked->seen = SEEN_UNREADABLE;
    } else if (looked->near) {
        looked->seen = spoiled->look(spoiled->data, *store, change, looked);
    } else {
        looked->seen = look(spoiled, *store);
    }
    if (anew) {
        store_close(store);
    }
}

/* A stage that is not new is where the child before this one died. */
static void look_at(const struct spoiled *spoiled, const struct change *change,
                    struct store **store, struct looked *looked)
{
    watch_over(PATIENCE_S + (int)(spoiled->len / PATIENCE_BYTES));
    if (looked->stage == STAGE_NEW || (looked->stage == STAGE_ROWS && looked->near)) {
        compare_rows(spoiled, change, store, looked);
    } else {
        spoiled_make(spoiled, change);
        looked->seen = looked->stage == STAGE_ROWS ? SEEN_UNREADABLE : looked->seen;
        looked->said = looked->stage == STAGE_JUDGE ? SAID_DIED : looked->said;
    }
    if (looked->seen != SEEN_SAME && looked->stage == STAGE_ROWS) {
        looked->stage = STAGE_JUDGE;
        looked->said = spoiled->judge(spoiled->data, *store, looked);
    }
    spoiled_undo(spoiled, change);
    looked->stage = STAGE_DONE;
}

NORETURN static void look_at_each(const struct spoiled *spoiled, const struct change *changes,
                                  size_t n, struct looked *looked)
{
    const struct rlimit no_core = {0, 0};
    struct store *store = NULL;

    (void)setrlimit(RLIMIT_CORE, &no_core);
    die_as_programs_do();
    (void)close(STDERR_FILENO);
    for (size_t i = 0; i < n; i++) {
        if (looked[i].stage != STAGE_DONE) {
            look_at(spoiled, &changes[i], &store, &looked[i]);
        }
    }
    store_close(&store);
    _exit(EXIT_SUCCESS);
}

/* --- in the parent --- */

/* True when the child came to the end. */
static bool look_at_some(struct spoiled *spoiled, const struct change *changes, size_t n,
                         struct looked *looked)
{
    int status = 0;
    size_t done = 0;

    (void)fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        look_at_each(spoiled, changes, n, looked);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    while (done < n && looked[done].stage == STAGE_DONE) {
        done++;
    }
    if (done == n) {
        return true;
    }
    if (looked[done].stage == STAGE_NEW) {
        fail_msg("a reader of the store as it was written ended: status %d", status);
    }
    spoiled_undo(spoiled, &changes[done]);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
        looked[done].hung = true;
    }
    return false;
}

void spoiled_try(struct spoiled *spoiled, const struct change *changes, size_t n,
                 void (*then)(void *data, const struct change *change, const struct looked *looked))
{
    const size_t bytes = ROUND * sizeof(struct looked);
    struct looked *looked =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(looked != MAP_FAILED);
    for (size_t at = 0; at < n; at += ROUND) {
        size_t round = n - at < ROUND ? n - at : ROUND;
        for (size_t i = 0; i < round; i++) {
            looked[i] = (struct looked){.stage = STAGE_NEW, .said = SAID_NOTHING};
        }
        while (!look_at_some(spoiled, changes + at, round, looked)) {
        }
        for (size_t i = 0; i < round; i++) {
            then(spoiled->data, &changes[at + i], &looked[i]);
        }
    }
    (void)munmap(looked, bytes);
}
