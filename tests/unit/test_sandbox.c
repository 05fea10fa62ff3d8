/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A daemon inside its walls: its work goes on, threads that ran before are bound too, and no file
 * opens that it has no need of. What it may not ask of the system is in test_sandbox_calls.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/slice.h"
#include "os/sandbox.h"
#include "support/scratch.h"
#include "support/walled.h"

/* --- what goes on --- */

static void *in_thread(void *data)
{
    size_t *done = data;
    void *memory = base_zalloc(1, 4 << 20);
    *done += memory != NULL;
    base_free(&memory);
    return NULL;
}

static int work_of_signer(const void *data)
{
    const int *pair = data;
    char byte = 0;
    void *memory = base_zalloc(1, 4 << 20);
    base_free(&memory);
    if (send(pair[0], "x", 1, MSG_NOSIGNAL) != 1 || recv(pair[1], &byte, 1, 0) != 1) {
        return 1;
    }
    return write(pair[0], "said", 4) == 4 ? WALLED_SURVIVED : 4;
}

static int compare(const void *a, const void *b)
{
    const uint64_t *one = a;
    const uint64_t *other = b;
    return (*one > *other) - (*one < *other);
}

/* The C library asks how much memory there is before it sorts much. */
static void sort_much(void)
{
    uint64_t *numbers = base_zalloc(4096, sizeof(*numbers));
    for (size_t i = 0; i < 4096; i++) {
        numbers[i] = 4096 - i;
    }
    qsort(numbers, 4096, sizeof(*numbers), compare);
    base_free(&numbers);
}

static int work_of_node(const void *data)
{
    const int *pair = data;
    pthread_t thread;
    size_t done = 0;
    if (pthread_create(&thread, NULL, in_thread, &done) != 0 || pthread_join(thread, NULL) != 0) {
        return 2;
    }
    sort_much();
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && close(fd) == 0 && done == 1 ? work_of_signer(pair) : 3;
}

static void expect_work(enum sandbox_profile profile, int (*work)(const void *data))
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    int status = walled_end(profile, work, pair);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), WALLED_SURVIVED);
    assert_int_equal(close(pair[0]), 0);
    assert_int_equal(close(pair[1]), 0);
}

static void what_a_daemon_is_there_for_goes_on(void **state)
{
    (void)state;
    expect_work(SANDBOX_SIGNER, work_of_signer);
    expect_work(SANDBOX_BROKER, work_of_node);
    expect_work(SANDBOX_AGENT, work_of_node);
}

static int fall_over(const void *data)
{
    (void)data;
    abort();
}

static void an_assertion_that_fails_still_ends_it_as_one(void **state)
{
    (void)state;
    int status = walled_end(SANDBOX_SIGNER, fall_over, NULL);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* --- all threads --- */

static void *wait_and_execute(void *data)
{
    int *go = data;
    char byte;
    assert_int_equal(read(go[0], &byte, 1), 1);
    (void)syscall(SYS_execve, NULL, NULL, NULL);
    return NULL;
}

static void a_thread_that_ran_before_is_bound_too(void **state)
{
    int go[2];
    int status = -1;
    (void)state;
    assert_int_equal(pipe(go), 0);
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t thread;
        (void)pthread_create(&thread, NULL, wait_and_execute, go);
        walled_enter(SANDBOX_BROKER);
        assert_int_equal(write(go[1], "x", 1), 1);
        (void)pthread_join(thread, NULL);
        _exit(WALLED_SURVIVED);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
    assert_int_equal(close(go[0]), 0);
    assert_int_equal(close(go[1]), 0);
}

/* --- files --- */

static char dir[SCRATCH_BYTES];

static const char *in(const char *name)
{
    static char paths[4][128];
    static size_t next;
    char *path = paths[next++ % ARRAY_LEN(paths)];
    (void)snprintf(path, 128, "%s/%s", dir, name);
    return path;
}

static void make(const char *name)
{
    int fd = open(in(name), O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    assert_int_equal(close(fd), 0);
}

static int set_up(void **state)
{
    (void)state;
    scratch_make(dir);
    assert_int_equal(mkdir(in("store"), 0700), 0);
    assert_int_equal(mkdir(in("documents"), 0700), 0);
    assert_int_equal(mkdir(in("keys"), 0700), 0);
    make("store/data");
    make("documents/root.json");
    make("keys/pepper");
    make("mark");
    assert_int_equal(symlink(in("keys/pepper"), in("store/way-out")), 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(dir);
    return 0;
}

static int opened(const char *name, int flags)
{
    int fd = open(name[0] == '/' ? name : in(name), flags | O_CLOEXEC, 0600);
    int r = fd < 0 ? -errno : 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    return r;
}

/* In the child: 0, or the line of what was not as it should be. */
static int look_around(void)
{
#define EXPECT(what)                                                                               \
    if (!(what)) {                                                                                 \
        return __LINE__;                                                                           \
    }
    EXPECT(opened("store/data", O_RDWR) == 0);
    EXPECT(opened("store/new", O_RDWR | O_CREAT) == 0);
    EXPECT(rename(in("store/new"), in("store/newer")) == 0);
    EXPECT(unlink(in("store/newer")) == 0);
    EXPECT(opened("documents/root.json", O_RDONLY) == 0);
    EXPECT(opened("mark", O_RDWR) == 0);
    EXPECT(opened("documents/root.json", O_RDWR) == -EACCES);
    EXPECT(opened("documents/new", O_RDWR | O_CREAT) == -EACCES);
    EXPECT(opened("keys/pepper", O_RDONLY) == -EACCES);
    EXPECT(opened("store/way-out", O_RDONLY) == -EACCES);
    EXPECT(opened("other", O_RDWR | O_CREAT) == -EACCES);
    EXPECT(opened("/etc/passwd", O_RDONLY) == -EACCES);
    EXPECT(opened("/proc/1/environ", O_RDONLY) == -EACCES);
    EXPECT(execl("/bin/true", "true", (char *)NULL) == -1 && errno == EACCES);
    EXPECT(symlink("data", in("store/link")) == -1 && errno == EACCES);
    return 0;
#undef EXPECT
}

static void no_file_but_what_is_named_can_be_opened(void **state)
{
    int ends[2];
    int said = -1;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        const struct sandbox_path paths[] = {
            {in("store"), SANDBOX_WRITE},
            {in("documents"), SANDBOX_READ},
            {in("mark"), SANDBOX_WRITE},
            {in("never-there"), SANDBOX_WRITE},
        };
        bool walled = false;
        said = sandbox_paths(paths, ARRAY_LEN(paths), &walled, NULL) != 0 ? __LINE__ : 0;
        said = said != 0 ? said : walled ? look_around() : -WALLED_SURVIVED;
        assert_int_equal(write(ends[1], &said, sizeof(said)), sizeof(said));
        _exit(0);
    }
    assert_int_equal(read(ends[0], &said, sizeof(said)), sizeof(said));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(close(ends[1]), 0);
    if (said == -WALLED_SURVIVED) {
        print_message("this kernel has no Landlock\n");
        skip();
    }
    assert_int_equal(said, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_daemon_is_there_for_goes_on),
        cmocka_unit_test(an_assertion_that_fails_still_ends_it_as_one),
        cmocka_unit_test(a_thread_that_ran_before_is_bound_too),
        cmocka_unit_test_setup_teardown(no_file_but_what_is_named_can_be_opened, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
