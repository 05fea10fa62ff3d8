/* SPDX-License-Identifier: Apache-2.0 */
/* The making of a store: whole or not at all, and never over one that was there. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store.h"
#include "support/scratch.h"

/* --- the calls of the making: one fails, the process dies at it, or another gets its turn --- */

struct other {
    pid_t pid;
    int go;
    int answer;
};
static const struct other OTHER_NONE = {.go = -1, .answer = -1};

static unsigned calls;
static unsigned failing; /* from 1; 0: none */
static bool dying;
static struct other other;

/* What it got. */
static int let_other_open(void)
{
    int r = 0;
    assert_int_equal(write(other.go, "g", 1), 1);
    assert_int_equal(read(other.answer, &r, sizeof(r)), sizeof(r));
    assert_int_equal(waitpid(other.pid, NULL, 0), other.pid);
    (void)close(other.go);
    (void)close(other.answer);
    other = OTHER_NONE;
    return r;
}

static int got; /* by the other */

static bool fails(void)
{
    bool now = ++calls == failing;
    if (now && other.go >= 0) {
        got = let_other_open();
        return false;
    }
    if (now && dying) {
        _exit(EXIT_FAILURE);
    }
    errno = now ? EIO : errno;
    return now;
}

__attribute__((visibility("default"))) ssize_t pwrite(int fd, const void *bytes, size_t len,
                                                      off_t at);
__attribute__((visibility("default"))) int fdatasync(int fd);
__attribute__((visibility("default"))) int flock(int fd, int how);
__attribute__((visibility("default"))) int renameat2(int from_folder, const char *from,
                                                     int to_folder, const char *to, unsigned flags);

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t);
    *(void **)&real = dlsym(RTLD_NEXT, "pwrite");
    return fails() ? -1 : real(fd, bytes, len, at);
}

int fdatasync(int fd)
{
    int (*real)(int);
    *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    return fails() ? -1 : real(fd);
}

int flock(int fd, int how)
{
    int (*real)(int, int);
    *(void **)&real = dlsym(RTLD_NEXT, "flock");
    return fails() ? -1 : real(fd, how);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    int (*real)(int, const char *, int, const char *, unsigned);
    *(void **)&real = dlsym(RTLD_NEXT, "renameat2");
    return fails() ? -1 : real(from_folder, from, to_folder, to, flags);
}

/* --- a store --- */

static const char *const tables[] = {"numbers", "words"};

struct world {
    char dir[SCRATCH_BYTES];
    char data[PATH_MAX];
    struct store_options options;
};

static int set_up(void **state)
{
    struct world *world = base_zalloc(1, sizeof(*world));
    scratch_make(world->dir);
    (void)snprintf(world->data, sizeof(world->data), "%s/data.mdb", world->dir);
    world->options = (struct store_options){.dir = world->dir,
                                            .map_bytes = 16U << 20,
                                            .tables = tables,
                                            .n_tables = ARRAY_LEN(tables),
                                            .allow_tmpfs = true};
    calls = 0;
    failing = 0;
    dying = false;
    other = OTHER_NONE;
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    scratch_remove(world->dir);
    free(world);
    return 0;
}

static int open_and_close(struct world *world)
{
    struct error error = ERROR_NULL;
    struct store *store = NULL;
    int r = store_open(&world->options, &store, &error);
    store_close(&store);
    return r;
}

static int check(struct world *world)
{
    struct error error = ERROR_NULL;
    return store_check(&world->options, &error);
}

/* Opens it, and puts something in. */
static int open_and_fill(struct world *world)
{
    struct error error = ERROR_NULL;
    struct store *store = NULL;
    int r = store_open(&world->options, &store, &error);
    if (r == 0) {
        struct store_txn *txn = store_begin(store);
        store_put(txn, 0, slice_of_text("one"), slice_of_text("two"));
        r = store_commit(&txn);
        store_close(&store);
    }
    return r;
}

static void fill(struct world *world)
{
    assert_int_equal(open_and_fill(world), 0);
}

/* A process that fills it when it is told to: begun before there is a store, because one that is
 * open must not cross a fork. */
static void start_other(struct world *world)
{
    int go[2];
    int answer[2];
    assert_int_equal(pipe2(go, O_CLOEXEC), 0);
    assert_int_equal(pipe2(answer, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        char word;
        (void)close(go[1]);
        calls = 0;
        failing = 0;
        bool told = read(go[0], &word, 1) == 1;
        int r = told ? open_and_fill(world) : 0;
        _exit(told && write(answer[1], &r, sizeof(r)) == sizeof(r) ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    (void)close(go[0]);
    (void)close(answer[1]);
    other = (struct other){.pid = pid, .go = go[1], .answer = answer[0]};
}

static uint64_t rows(struct world *world)
{
    struct error error = ERROR_NULL;
    struct store *store = NULL;
    uint64_t n[STORE_TABLES_MAX];
    assert_int_equal(store_open(&world->options, &store, &error), 0);
    assert_int_equal(store_rows(store, n), 0);
    store_close(&store);
    return n[0];
}

static void a_store_whose_making_failed_anywhere_is_made_by_the_next_start(void **state)
{
    struct world *world = *state;
    unsigned last = 0;

    for (bool made = false; !made; last++) {
        calls = 0;
        failing = last + 1;
        made = open_and_close(world) == 0;
        failing = 0;

        assert_int_equal(check(world), made ? 0 : -ENOENT);
        assert_int_equal(open_and_close(world), 0);
        assert_int_equal(check(world), 0);
        assert_int_equal(unlink(world->data), 0);
    }

    assert_true(last > 4); /* two first pages, the tables, their commit, the name */
}

static void a_store_in_whose_making_the_process_died_is_made_by_the_next_start(void **state)
{
    struct world *world = *state;
    int status = EXIT_FAILURE;

    for (unsigned n = 1; status != EXIT_SUCCESS; n++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            dying = true;
            failing = n;
            _exit(open_and_close(world) == 0 ? EXIT_SUCCESS : 2);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);

        assert_int_not_equal(WEXITSTATUS(status), 2);
        assert_int_equal(check(world), status == EXIT_SUCCESS ? 0 : -ENOENT);
        assert_int_equal(open_and_close(world), 0);
        assert_int_equal(check(world), 0);
        assert_int_equal(unlink(world->data), 0);
    }
}

/* Two first starts at once: whatever either was told is kept is in the store that remains. */
static void of_two_that_make_a_store_at_once_one_is_refused_and_nothing_is_lost(void **state)
{
    struct world *world = *state;
    unsigned refused = 0;
    bool met = true;

    for (unsigned n = 1; met; n++) {
        start_other(world);
        calls = 0;
        failing = n;
        assert_int_equal(open_and_close(world), 0);
        met = other.go < 0;
        failing = 0;
        if (!met) {
            got = let_other_open();
        }

        bool first = n == 1; /* before the folder was locked */
        assert_int_equal(got, met && !first ? -EBUSY : 0);
        assert_int_equal(rows(world), got == 0 ? 1 : 0);
        assert_int_equal(check(world), 0);
        assert_int_equal(unlink(world->data), 0);
        refused += got != 0 ? 1 : 0;
    }

    assert_true(refused > 4);
}

static void a_store_that_one_process_writes_to_is_open_to_no_other_until_that_one_ends(void **state)
{
    struct world *world = *state;
    struct error error = ERROR_NULL;
    struct store *store = NULL;
    start_other(world);
    assert_int_equal(store_open(&world->options, &store, &error), 0);

    assert_int_equal(let_other_open(), -EBUSY);
    store_close(&store);
    start_other(world);
    assert_int_equal(let_other_open(), 0);

    assert_int_equal(rows(world), 1);
}

static void a_store_whose_process_died_is_open_to_the_next(void **state)
{
    struct world *world = *state;
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct error error = ERROR_NULL;
        struct store *store = NULL;
        _exit(store_open(&world->options, &store, &error) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);

    fill(world);

    assert_int_equal(rows(world), 1);
}

static void what_was_left_of_one_that_was_being_made_is_in_no_store(void **state)
{
    struct world *world = *state;
    char left[PATH_MAX];
    (void)snprintf(left, sizeof(left), "%s/new.mdb", world->dir);
    fill(world);
    assert_int_equal(rename(world->data, left), 0);

    assert_int_equal(rows(world), 0);

    assert_int_equal(access(left, F_OK), -1);
}

static void a_store_that_was_cut_short_is_not_taken_for_a_new_one(void **state)
{
    struct world *world = *state;
    static const off_t kept[] = {4096, 4095, 1, 0};
    fill(world);
    assert_int_equal(rows(world), 1);

    for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
        assert_int_equal(truncate(world->data, kept[i]), 0);
        assert_int_equal(open_and_close(world), kept[i] == 0 ? -EBADMSG : -EIO);
        assert_int_equal(check(world), kept[i] == 0 ? -EBADMSG : -EIO);
    }
}

/* Whoever reads that it is damaged takes the backup instead. */
static void a_store_that_cannot_be_looked_through_for_want_of_files_is_not_called_damaged(
    void **state)
{
    struct world *world = *state;
    struct error error = ERROR_NULL;
    struct rlimit before;
    fill(world);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit none = {0, before.rlim_max};

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int r = store_check(&world->options, &error);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);

    assert_int_equal(r, -EMFILE);
    assert_null(strstr(error.what, "damaged"));
    assert_int_equal(check(world), 0);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(a_store_whose_making_failed_anywhere_is_made_by_the_next_start),
        STORY(a_store_in_whose_making_the_process_died_is_made_by_the_next_start),
        STORY(of_two_that_make_a_store_at_once_one_is_refused_and_nothing_is_lost),
        STORY(a_store_that_one_process_writes_to_is_open_to_no_other_until_that_one_ends),
        STORY(a_store_whose_process_died_is_open_to_the_next),
        STORY(what_was_left_of_one_that_was_being_made_is_in_no_store),
        STORY(a_store_that_was_cut_short_is_not_taken_for_a_new_one),
        STORY(a_store_that_cannot_be_looked_through_for_want_of_files_is_not_called_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
