/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes: for each kind of daemon, a child enters the walls and tries one call that the daemon
 * never makes. The child must die of it (SIGSYS), or be told EACCES where Landlock holds. A
 * sanitizer's runtime makes some of these calls itself; its builds leave those out.
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

#define SURVIVED 42

enum {
    SIGNER = 1 << SANDBOX_SIGNER,
    BROKER = 1 << SANDBOX_BROKER,
    AGENT = 1 << SANDBOX_AGENT,
    ALL = SIGNER | BROKER | AGENT,
};

struct probe {
    const char *what;
    int denied_to; /* profiles */
    bool of_sanitizers;
    long call;
    long a;
    long b;
    long c;
    long d;
};

#define WX (PROT_READ | PROT_WRITE | PROT_EXEC)
/* Arguments are such that a call which were let through would do nothing, or fail. */
static const struct probe probes[] = {
    {"execve", ALL, false, SYS_execve, 0, 0, 0, 0},
    {"execveat", ALL, false, SYS_execveat, -1, 0, 0, 0},
    {"fork", ALL, true, SYS_clone, SIGCHLD, 0, 0, 0},
    {"ptrace", ALL, true, SYS_ptrace, 0, 0, 0, 0},
    {"process_vm_readv", ALL, true, SYS_process_vm_readv, 1, 0, 0, 0},
    {"process_vm_writev", ALL, false, SYS_process_vm_writev, 1, 0, 0, 0},
    {"pidfd_getfd", ALL, false, SYS_pidfd_getfd, -1, 0, 0, 0},
    {"kill", ALL, true, SYS_kill, 0, 0, 0, 0},
    {"tgkill of another", ALL, true, SYS_tgkill, 1, 1, 0, 0},
    {"mount", ALL, false, SYS_mount, 0, 0, 0, 0},
    {"umount", ALL, false, SYS_umount2, 0, 0, 0, 0},
    {"pivot_root", ALL, false, SYS_pivot_root, 0, 0, 0, 0},
    {"chroot", ALL, false, SYS_chroot, 0, 0, 0, 0},
    {"unshare", ALL, false, SYS_unshare, 0, 0, 0, 0},
    {"setns", ALL, false, SYS_setns, -1, 0, 0, 0},
    {"bpf", ALL, false, SYS_bpf, -1, 0, 0, 0},
    {"seccomp", ALL, false, SYS_seccomp, -1, 0, 0, 0},
    {"perf_event_open", ALL, false, SYS_perf_event_open, 0, 0, 0, 0},
    {"userfaultfd", ALL, false, SYS_userfaultfd, -1, 0, 0, 0},
    {"io_uring_setup", ALL, false, SYS_io_uring_setup, 0, 0, 0, 0},
    {"keyctl", ALL, false, SYS_keyctl, -1, 0, 0, 0},
    {"add_key", ALL, false, SYS_add_key, 0, 0, 0, 0},
    {"setuid", ALL, false, SYS_setuid, 0, 0, 0, 0},
    {"setgid", ALL, false, SYS_setgid, 0, 0, 0, 0},
    {"setresuid", ALL, false, SYS_setresuid, -1, -1, -1, 0},
    {"capset", ALL, false, SYS_capset, 0, 0, 0, 0},
    {"init_module", ALL, false, SYS_init_module, 0, 0, 0, 0},
    {"kexec_load", ALL, false, SYS_kexec_load, 0, 0, 0, 0},
    {"reboot", ALL, false, SYS_reboot, 0, 0, 0, 0},
    {"clock_settime", ALL, false, SYS_clock_settime, -1, 0, 0, 0},
    {"personality", ALL, false, SYS_personality, 0xffffffff, 0, 0, 0},
    {"memfd_create", ALL, false, SYS_memfd_create, 0, 0, 0, 0},
    {"prlimit64", ALL, true, SYS_prlimit64, 0, RLIMIT_CORE, 1, 0},
    {"prctl(PR_SET_DUMPABLE)", ALL, true, SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0},
    {"memory that is written and executed", ALL, true, SYS_mmap, 0, 4096, WX,
     MAP_PRIVATE | MAP_ANONYMOUS},
    {"memory made executable", ALL, true, SYS_mprotect, 0, 0, PROT_READ | PROT_EXEC, 0},
    {"chmod", ALL, false, SYS_fchmodat, -1, 0, 0, 0},
    {"chown", ALL, false, SYS_fchownat, -1, 0, 0, 0},
    {"symlink", ALL, false, SYS_symlinkat, 0, -1, 0, 0},
    {"link", ALL, false, SYS_linkat, -1, 0, -1, 0},
    {"mknod", ALL, false, SYS_mknodat, -1, 0, 0, 0},
    {"listen", ALL, false, SYS_listen, -1, 0, 0, 0},
    {"a raw packet socket", ALL, false, SYS_socket, AF_PACKET, SOCK_RAW, 0, 0},
    {"bind", SIGNER | BROKER, false, SYS_bind, -1, 0, 0, 0},
    {"connect", SIGNER | BROKER, false, SYS_connect, -1, 0, 0, 0},
    {"an internet socket", SIGNER | BROKER, false, SYS_socket, AF_INET, SOCK_STREAM, 0, 0},
    {"an internet socket of version 6", SIGNER | BROKER, false, SYS_socket, AF_INET6, SOCK_STREAM,
     0, 0},
    {"a netlink socket", SIGNER | BROKER, false, SYS_socket, AF_NETLINK, SOCK_RAW, 0, 0},
    {"renameat", SIGNER | BROKER, false, SYS_renameat2, -1, 0, -1, 0},
    {"unlinkat", SIGNER | BROKER, false, SYS_unlinkat, -1, 0, 0, 0},
    {"a local socket", SIGNER, false, SYS_socket, AF_UNIX, SOCK_STREAM, 0, 0},
    {"a thread", SIGNER, true, SYS_clone, CLONE_THREAD, 0, 0, 0},
    {"openat", SIGNER, true, SYS_openat, AT_FDCWD, 0, 0, 0},
};

static void enter(enum sandbox_profile profile)
{
    struct error error = ERROR_NULL;
    if (sandbox_calls(profile, &error) != 0) {
        (void)dprintf(STDERR_FILENO, "%s: %s\n", error.where, error.what);
        _exit(1);
    }
}

/* How a child ended that entered the walls and then did `work`. */
static int end_of(enum sandbox_profile profile, int (*work)(const void *data), const void *data)
{
    int status = -1;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        enter(profile);
        _exit(work(data));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static int try(const void *data)
{
    const struct probe *probe = data;
    (void)syscall(probe->call, probe->a, probe->b, probe->c, probe->d, -1L, 0L);
    return SURVIVED;
}

static void expect_deaths(enum sandbox_profile profile)
{
    const struct rlimit no_core = {0, 0};
    size_t tried = 0;
    assert_int_equal(setrlimit(RLIMIT_CORE, &no_core), 0);
    for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
        const struct probe *probe = &probes[i];
        if ((probe->denied_to & (1 << profile)) == 0 || (CAIRN_SANITIZED && probe->of_sanitizers)) {
            continue;
        }
        int status = end_of(profile, try, probe);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS) {
            fail_msg("%s: ended with %#x", probe->what, (unsigned)status);
        }
        tried++;
    }
    assert_true(tried > 30);
}

static void the_signer_dies_of_each_call_that_it_never_makes(void **state)
{
    (void)state;
    expect_deaths(SANDBOX_SIGNER);
}

static void the_broker_dies_of_each_call_that_it_never_makes(void **state)
{
    (void)state;
    expect_deaths(SANDBOX_BROKER);
}

static void the_agent_dies_of_each_call_that_it_never_makes(void **state)
{
    (void)state;
    expect_deaths(SANDBOX_AGENT);
}

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
    return write(pair[0], "said", 4) == 4 ? SURVIVED : 4;
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
    int status = end_of(profile, work, pair);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), SURVIVED);
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
    int status = end_of(SANDBOX_SIGNER, fall_over, NULL);
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
        enter(SANDBOX_BROKER);
        assert_int_equal(write(go[1], "x", 1), 1);
        (void)pthread_join(thread, NULL);
        _exit(SURVIVED);
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
        said = said != 0 ? said : walled ? look_around() : -SURVIVED;
        assert_int_equal(write(ends[1], &said, sizeof(said)), sizeof(said));
        _exit(0);
    }
    assert_int_equal(read(ends[0], &said, sizeof(said)), sizeof(said));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(close(ends[1]), 0);
    if (said == -SURVIVED) {
        print_message("this kernel has no Landlock\n");
        skip();
    }
    assert_int_equal(said, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signer_dies_of_each_call_that_it_never_makes),
        cmocka_unit_test(the_broker_dies_of_each_call_that_it_never_makes),
        cmocka_unit_test(the_agent_dies_of_each_call_that_it_never_makes),
        cmocka_unit_test(what_a_daemon_is_there_for_goes_on),
        cmocka_unit_test(an_assertion_that_fails_still_ends_it_as_one),
        cmocka_unit_test(a_thread_that_ran_before_is_bound_too),
        cmocka_unit_test_setup_teardown(no_file_but_what_is_named_can_be_opened, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
