/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/fd.h"
#include "os/files.h"
#include "os/harden.h"
#include "os/memory.h"
#include "os/signals.h"
#include "os/wake.h"
#include "support/scratch.h"

static bool is_ready(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};

    return poll(&entry, 1, 0) == 1;
}

static void many_signals_are_one_wake(void **state)
{
    struct wake wake = WAKE_NULL;
    (void)state;
    assert_int_equal(wake_open(&wake), 0);
    assert_false(is_ready(wake.fd));

    wake_signal(&wake);
    wake_signal(&wake);
    assert_true(is_ready(wake.fd));
    wake_drain(&wake);
    assert_false(is_ready(wake.fd));
    wake_drain(&wake);
    wake_signal(&wake);

    assert_true(is_ready(wake.fd));
    wake_close(&wake);
    wake_close(&wake);
    assert_int_equal(wake.fd, -1);
}

static void signals_arrive_at_the_descriptor(void **state)
{
    int fd = -1;
    struct sigaction action;
    (void)state;
    assert_int_equal(signals_open(&fd), 0);
    assert_int_equal(signals_take(fd), 0);

    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(raise(SIGHUP), 0);
    assert_true(is_ready(fd));
    int first = signals_take(fd);
    int second = signals_take(fd);

    assert_true((first == SIGTERM && second == SIGHUP) || (first == SIGHUP && second == SIGTERM));
    assert_int_equal(signals_take(fd), 0);
    assert_int_equal(sigaction(SIGPIPE, NULL, &action), 0);
    assert_true(action.sa_handler == SIG_IGN);
    fd_close(&fd);
}

static void who_cannot_hear_a_signal_any_more_ends(void **state)
{
    (void)state;

    assert_int_equal(signals_take(-1), SIGTERM);
}

/* In a child, because it cannot be undone. */
static void a_hardened_process_cannot_be_dumped_or_raised(void **state)
{
    int status;
    (void)state;

    pid_t child = fork();
    if (child == 0) {
        struct rlimit core;
        struct error error = ERROR_NULL;
        bool good = harden_process(&error) == 0 && getrlimit(RLIMIT_CORE, &core) == 0 &&
                    core.rlim_cur == 0 && core.rlim_max == 0 &&
                    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 && umask(0) == 077;
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Likewise; whatever was allowed before is not to be had again. */
static void a_process_opens_no_more_files_than_it_said(void **state)
{
    int status;
    (void)state;

    pid_t child = fork();
    if (child == 0) {
        struct rlimit files;
        struct error error = ERROR_NULL;
        bool good = harden_files(64, &error) == 0 && harden_files(128, &error) == 0 &&
                    getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur == 64 &&
                    files.rlim_max == 64;
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void resident_memory_grows_with_use(void **state)
{
    size_t bytes = 32 << 20;
    uint64_t before = 0;
    uint64_t after = 0;
    (void)state;

    assert_int_equal(memory_resident(&before), 0);
    _cleanup_(base_free) char *memory = base_alloc(bytes);
    memset(memory, 1, bytes);
    assert_int_equal(memory_resident(&after), 0);

    assert_true(before > 0);
    assert_true(after >= before + bytes / 2);
}

static void the_least_limit_counts(void **state)
{
    int status;
    (void)state;

    pid_t child = fork();
    if (child == 0) {
        uint64_t first = 0;
        uint64_t second = 0;
        struct rlimit limit = {.rlim_cur = 1ULL << 62, .rlim_max = RLIM_INFINITY};
        bool good = setrlimit(RLIMIT_AS, &limit) == 0 && memory_limit(&first) == 0;
        limit.rlim_cur = 1ULL << 61;
        good = good && setrlimit(RLIMIT_DATA, &limit) == 0 && memory_limit(&second) == 0;
        good = good && first > 0 && first <= 1ULL << 62 && second > 0 && second <= 1ULL << 61;
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void given_file(struct scratch *scratch, const char *name, const char *contents)
{
    assert_int_equal(file_write_atomic(in_scratch(scratch, name), slice_of_text(contents), 0600),
                     0);
}

static int limit_in(struct scratch *scratch, uint64_t *ret)
{
    char membership[128];

    (void)snprintf(membership, sizeof(membership), "%s/membership", scratch->dir);
    return memory_cgroup_limit(membership, scratch->dir, ret);
}

static void a_group_is_limited_by_itself_and_its_parents(void **state)
{
    static const struct {
        const char *top;
        const char *outer;
        const char *inner;
        uint64_t limit;
    } rows[] = {
        {"max\n", "max\n", "max\n", 0},      {"max\n", "max\n", "4096\n", 4096},
        {"max\n", "1000\n", "4096\n", 1000}, {"500\n", "1000\n", "max\n", 500},
        {"max\n", "5000\n", "4096\n", 4096},
    };
    struct scratch *scratch = *state;
    uint64_t limit = 7;
    assert_int_equal(mkdir(in_scratch(scratch, "outer"), 0700), 0);
    assert_int_equal(mkdir(in_scratch(scratch, "outer/inner"), 0700), 0);
    given_file(scratch, "membership", "1:name=systemd:/x\n0::/outer/inner\n");

    assert_int_equal(limit_in(scratch, &limit), 0);
    assert_true(limit == 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        given_file(scratch, "memory.max", rows[i].top);
        given_file(scratch, "outer/memory.max", rows[i].outer);
        given_file(scratch, "outer/inner/memory.max", rows[i].inner);
        assert_int_equal(limit_in(scratch, &limit), 0);
        assert_true(limit == rows[i].limit);
    }
}

static void odd_groups_are_no_limit_and_odd_limits_an_error(void **state)
{
    struct scratch *scratch = *state;
    uint64_t limit = 7;

    assert_int_equal(limit_in(scratch, &limit), 0);
    assert_true(limit == 0);
    given_file(scratch, "membership", "2:memory:/x\n");
    assert_int_equal(limit_in(scratch, &limit), 0);
    assert_true(limit == 0);
    given_file(scratch, "membership", "0::/\n");
    given_file(scratch, "memory.max", "123\n");
    assert_int_equal(limit_in(scratch, &limit), 0);
    assert_true(limit == 123);
    given_file(scratch, "memory.max", "lots\n");

    assert_int_equal(limit_in(scratch, &limit), -EBADMSG);
    assert_true(limit == 123);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_signals_are_one_wake),
        cmocka_unit_test(signals_arrive_at_the_descriptor),
        cmocka_unit_test(who_cannot_hear_a_signal_any_more_ends),
        cmocka_unit_test(a_hardened_process_cannot_be_dumped_or_raised),
        cmocka_unit_test(a_process_opens_no_more_files_than_it_said),
        cmocka_unit_test(resident_memory_grows_with_use),
        cmocka_unit_test(the_least_limit_counts),
        IN_FOLDER(a_group_is_limited_by_itself_and_its_parents),
        IN_FOLDER(odd_groups_are_no_limit_and_odd_limits_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
