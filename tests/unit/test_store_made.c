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
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store.h"
#include "support/scratch.h"

/* --- LMDB's calls, of which one fails, or at which the process dies --- */

static unsigned calls;
static unsigned failing; /* from 1; 0: none */
static bool dying;

static bool fails(void)
{
    bool now = ++calls == failing;
    if (now && dying) {
        _exit(EXIT_FAILURE);
    }
    errno = now ? EIO : errno;
    return now;
}

__attribute__((visibility("default"))) ssize_t pwrite(int fd, const void *bytes, size_t len,
                                                      off_t at);
__attribute__((visibility("default"))) int fdatasync(int fd);
__attribute__((visibility("default"))) int rename(const char *from, const char *to);

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

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *);
    *(void **)&real = dlsym(RTLD_NEXT, "rename");
    return fails() ? -1 : real(from, to);
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

/* A new one, in which something is. */
static void fill(struct world *world)
{
    struct error error = ERROR_NULL;
    struct store *store = NULL;
    assert_int_equal(store_open(&world->options, &store, &error), 0);
    struct store_txn *txn = store_begin(store);
    store_put(txn, 0, slice_of_text("one"), slice_of_text("two"));
    assert_int_equal(store_commit(&txn), 0);
    store_close(&store);
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
        STORY(what_was_left_of_one_that_was_being_made_is_in_no_store),
        STORY(a_store_that_was_cut_short_is_not_taken_for_a_new_one),
        STORY(a_store_that_cannot_be_looked_through_for_want_of_files_is_not_called_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
