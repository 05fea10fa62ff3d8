/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/tampering.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

#include "broker/replay.h"
#include "os/fd.h"
#include "os/files.h"

#define FILE_MAX_BYTES  (64U * 1024 * 1024)
#define ROWS_MAX        100000
#define PATIENCE_S      20
#define NOT_SEEN        0xff
#define SEEN_SAME       0xfe
#define SEEN_UNREADABLE 0xfd
/* below: the first table that differs */

const char *const fate_texts[FATES] = {"the same rows",  "by comparison", "by log verify",
                                       "by its sandbox", "by replay",     "SILENT"};

static const bool replayed[N_TABLES] = {
#define X(name, text, is_replayed) [T_##name] = (is_replayed),
    STATE_TABLES(X)
#undef X
};

/* --- the whole store --- */

static struct store *open_read_only(const char *dir, struct error *error)
{
    struct store *store = NULL;
    const struct store_options options = {
        .dir = dir,
        .map_bytes = CAIRN_BROKER_MAP_BYTES,
        .tables = state_table_names,
        .n_tables = N_TABLES,
        .read_only = true,
        .allow_tmpfs = true,
    };

    return store_open(&options, &store, error) == 0 ? store : NULL;
}

static void note_rows(struct tampering *tampering, bool of_replayed)
{
    for (unsigned table = 0; table < N_TABLES; table++) {
        if (replayed[table] != of_replayed) {
            continue;
        }
        struct store_walk walk = store_walk_from(tampering->rows_txn, table, SLICE_NULL);
        while (walk.live) {
            assert_true(tampering->n_rows < ROWS_MAX);
            tampering->rows[tampering->n_rows++] =
                (struct tampered_row){.table = table, .key = walk.key, .value = walk.value};
            store_walk_next(&walk);
        }
        store_walk_end(&walk);
    }
}

static void put_file(const char *path, struct slice bytes)
{
    assert_int_equal(file_write_atomic(path, bytes, 0600), 0);
}

static void copy_to(struct tampering *tampering, const char *name, char *path, size_t path_bytes)
{
    char file[160];

    (void)snprintf(path, path_bytes, "%s/%s", tampering->dir, name);
    assert_int_equal(mkdir(path, 0700), 0);
    (void)snprintf(file, sizeof(file), "%s/data.mdb", path);
    put_file(file, slice_make(tampering->original, tampering->len));
}

/* As it lies there, pages that are not used any more included; nobody writes. */
static void read_original(struct tampering *tampering, struct world *world)
{
    char file[160];
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(FILE_MAX_BYTES);

    (void)snprintf(file, sizeof(file), "%s/data.mdb", world->dir);
    assert_int_equal(file_read(file, &bytes), 0);
    tampering->len = bytes.len - bytes.len % PAGE_BYTES;
    tampering->original = base_zalloc(1, tampering->len);
    memcpy(tampering->original, bytes.data, tampering->len);
    tampering->pages = base_zalloc(tampering->len / PAGE_BYTES, sizeof(*tampering->pages));
    pages_of(tampering->original, tampering->len, tampering->pages);
}

void tampering_init(struct tampering *tampering, struct world *world)
{
    char whole[96];
    struct head head;
    struct error error = ERROR_NULL;

    *tampering = (struct tampering){.console = console_new(), .confirm_every = 64};
    scratch_make(tampering->dir);
    read_original(tampering, world);
    copy_to(tampering, "whole", whole, sizeof(whole));
    copy_to(tampering, "copy", tampering->copy, sizeof(tampering->copy));
    (void)snprintf(tampering->head, sizeof(tampering->head), "%s/head", tampering->dir);
    board_head(world->board, &head);
    put_file(tampering->head, head_note(&head));
    note_vkey_format(&world->commit.checkpoint_key, tampering->vkey);

    tampering->rows = base_zalloc(ROWS_MAX, sizeof(*tampering->rows));
    tampering->rows_store = open_read_only(whole, &error);
    assert_non_null(tampering->rows_store);
    tampering->rows_txn = store_read(tampering->rows_store);
    note_rows(tampering, false);
    note_rows(tampering, true);
}

void tampering_deinit(struct tampering *tampering)
{
    store_end(&tampering->rows_txn);
    store_close(&tampering->rows_store);
    base_free(&tampering->rows);
    base_free(&tampering->pages);
    base_free(&tampering->original);
    console_free(&tampering->console);
    scratch_remove(tampering->dir);
}

/* --- one change --- */

static void write_at(const struct tampering *tampering, size_t at, const uint8_t *bytes, size_t len)
{
    char file[160];

    /* open for so long only: a store whose file this process has open is not opened */
    (void)snprintf(file, sizeof(file), "%s/data.mdb", tampering->copy);
    _cleanup_(fd_close) int fd = open(file, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || pwrite(fd, bytes, len, (off_t)at) != (ssize_t)len) {
        (void)printf("cannot change the copy: %s\n", strerrordesc_np(errno));
        (void)fflush(NULL);
        _exit(EXIT_FAILURE);
    }
}

static void make_change(const struct tampering *tampering, const struct change *change)
{
    if (change->page != 0) {
        size_t other = change->page * PAGE_BYTES;
        size_t page = change->at - change->at % PAGE_BYTES;
        write_at(tampering, page, tampering->original + other, PAGE_BYTES);
        write_at(tampering, other, tampering->original + page, PAGE_BYTES);
        return;
    }
    write_at(tampering, change->at, change->bytes, change->len);
}

static void undo_change(const struct tampering *tampering, const struct change *change)
{
    if (change->page != 0) {
        size_t other = change->page * PAGE_BYTES;
        size_t page = change->at - change->at % PAGE_BYTES;
        write_at(tampering, page, tampering->original + page, PAGE_BYTES);
        write_at(tampering, other, tampering->original + other, PAGE_BYTES);
        return;
    }
    write_at(tampering, change->at, tampering->original + change->at, change->len);
}

/* --- the same rows? in a process of its own --- */

/* Those of a table, and no more. */
static bool table_is_same(struct store_txn *txn, const struct tampered_row *rows, size_t n)
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

static uint8_t look(const struct tampering *tampering, struct store *store)
{
    struct store_txn *txn = store_read(store);
    uint8_t seen = txn == NULL ? SEEN_UNREADABLE : SEEN_SAME;
    size_t i = 0;

    while (seen == SEEN_SAME && i < tampering->n_rows) {
        size_t n = 1;
        while (i + n < tampering->n_rows &&
               tampering->rows[i + n].table == tampering->rows[i].table) {
            n++;
        }
        if (!table_is_same(txn, tampering->rows + i, n)) {
            seen = (uint8_t)tampering->rows[i].table;
        }
        i += n;
    }
    store_end(&txn);
    return seen;
}

/* Changes of these pages are read by who opens the file, and not again afterwards. */
static bool needs_opening(const struct tampering *tampering, const struct change *change)
{
    enum page_kind kind = tampering->pages[change->at / PAGE_BYTES].kind;

    return kind == PAGE_META || kind == PAGE_TABLES || change->page != 0;
}

static void watch_over(int seconds)
{
    const struct itimerval timer = {.it_value = {.tv_sec = seconds}};

    (void)setitimer(ITIMER_REAL, &timer, NULL);
}

/* cmocka's handlers would have a process that dies of what it reads go on with the test. */
static void die_as_programs_do(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGALRM, SIGSYS};

    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        (void)signal(signals[i], SIG_DFL);
    }
}

NORETURN static void look_at_each(const struct tampering *tampering, const struct change *changes,
                                  size_t n, uint8_t *seen)
{
    const struct rlimit no_core = {0, 0};
    struct error error = ERROR_NULL;
    struct store *store = NULL;

    (void)setrlimit(RLIMIT_CORE, &no_core);
    die_as_programs_do();
    (void)close(STDERR_FILENO);
    for (size_t i = 0; i < n; i++) {
        bool anew = needs_opening(tampering, &changes[i]);
        if (anew) {
            store_close(&store);
        }
        if (!anew && store == NULL) {
            store = open_read_only(tampering->copy, &error);
        }
        make_change(tampering, &changes[i]);
        if (i % 256 == 0 || anew) {
            watch_over(PATIENCE_S);
        }
        if (store == NULL) {
            store = open_read_only(tampering->copy, &error);
        }
        seen[i] = store == NULL ? SEEN_UNREADABLE : look(tampering, store);
        if (anew) {
            store_close(&store);
        }
        undo_change(tampering, &changes[i]);
    }
    store_close(&store);
    _exit(0);
}

/* --- what the commands say --- */

/* What a process that dies of what it reads says on its way is no finding. Returns what it was. */
static int hush(void)
{
    int was = dup(STDERR_FILENO);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    assert_true(was >= 0 && nowhere >= 0 && dup2(nowhere, STDERR_FILENO) == STDERR_FILENO);
    (void)close(nowhere);
    return was;
}

static void speak(int was)
{
    assert_int_equal(dup2(was, STDERR_FILENO), STDERR_FILENO);
    (void)close(was);
}

enum fate tampering_verify(struct tampering *tampering, const char *dir, bool replay)
{
    struct replay result;
    int was = hush();

    die_as_programs_do();
    tampering->looked_at++;
    enum status status = CONSOLE(tampering->console, "log", "verify", dir, "--checkpoint",
                                 tampering->head, "--key", tampering->vkey);
    if (status == STATUS_OK && replay) {
        replay_store(dir, &result);
    }
    speak(was);
    if (status != STATUS_OK) {
        assert_string_not_equal(tampering->console->complained, "");
        return strstr(tampering->console->complained, "cannot be walked") != NULL ? FATE_BY_SANDBOX
                                                                                  : FATE_BY_VERIFY;
    }
    return !replay || result.result == REPLAY_SAME ? FATE_SILENT : FATE_REPLAYED;
}

static enum fate confirm(struct tampering *tampering, const struct change *change)
{
    make_change(tampering, change);
    enum fate fate = tampering_verify(tampering, tampering->copy, true);
    undo_change(tampering, change);
    return fate;
}

static enum fate judge(struct tampering *tampering, const struct change *change, uint8_t seen)
{
    if (seen == SEEN_SAME) {
        return FATE_HARMLESS;
    }
    if (seen < N_TABLES && replayed[seen] &&
        ++tampering->confirmed % tampering->confirm_every != 0) {
        return FATE_BY_REPLAY;
    }
    return confirm(tampering, change);
}

static void tally(struct tampering *tampering, const struct change *change, uint8_t seen)
{
    const struct page *page = &tampering->pages[change->at / PAGE_BYTES];
    enum fate fate = judge(tampering, change, seen);

    tampering->of_kind[page->kind]++;
    tampering->counts[page->kind][fate]++;
    if (fate == FATE_SILENT) {
        (void)printf("nobody finds the change of byte %zu, of page %zu (%s %s), seen %u\n",
                     change->at, change->at / PAGE_BYTES, page_kind_texts[page->kind], page->table,
                     seen);
    }
}

/* What one process looked at; how many. It may have died of the last. */
static size_t look_at_some(struct tampering *tampering, const struct change *changes, size_t n,
                           uint8_t *seen)
{
    int status = 0;
    size_t done = 0;

    memset(seen, NOT_SEEN, n);
    (void)fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        look_at_each(tampering, changes, n, seen);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    while (done < n && seen[done] != NOT_SEEN) {
        done++;
    }
    if (done == n) {
        return n;
    }
    undo_change(tampering, &changes[done]);
    tampering->hung += WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? 1 : 0;
    return done + 1;
}

#define ROUND 4096

void tampering_try(struct tampering *tampering, const struct change *changes, size_t n)
{
    uint8_t *seen = mmap(NULL, ROUND, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(seen != MAP_FAILED);
    for (size_t at = 0; at < n;) {
        size_t round = n - at < ROUND ? n - at : ROUND;
        size_t done = look_at_some(tampering, changes + at, round, seen);
        for (size_t i = 0; i < done; i++) {
            tally(tampering, &changes[at + i], seen[i]);
        }
        at += done;
    }
    (void)munmap(seen, ROUND);
}

uint64_t tampering_silent(const struct tampering *tampering)
{
    uint64_t silent = 0;

    for (size_t kind = 0; kind < PAGE_KINDS; kind++) {
        silent += tampering->counts[kind][FATE_SILENT];
    }
    return silent;
}

void tampering_print(const struct tampering *tampering)
{
    (void)printf("| page | changes |");
    for (size_t fate = 0; fate < FATES; fate++) {
        (void)printf(" %s |", fate_texts[fate]);
    }
    (void)printf("\n| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t kind = 0; kind < PAGE_KINDS; kind++) {
        (void)printf("| %s | %" PRIu64 " |", page_kind_texts[kind], tampering->of_kind[kind]);
        for (size_t fate = 0; fate < FATES; fate++) {
            (void)printf(" %" PRIu64 " |", tampering->counts[kind][fate]);
        }
        (void)printf("\n");
    }
    (void)printf("store of %zu pages, %zu rows; %" PRIu64 " stores given to the commands; %" PRIu64
                 " readers did not end\n",
                 tampering->len / PAGE_BYTES, tampering->n_rows, tampering->looked_at,
                 tampering->hung);
}
