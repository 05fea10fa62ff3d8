/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a daemon may not ask of the system: for each kind of daemon a child enters the walls and
 * makes one call. It must die of it (SIGSYS). First those that would matter most, each by its name
 * and with arguments of its own; then every number there is that is not on the daemon's list. A
 * sanitizer's runtime makes some of these calls itself; its builds leave those out.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/slice.h"
#include "os/sandbox.h"
#include "support/walled.h"

#define ANSWERED 43 /* with an errno that the list gives */

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

static int try(const void *data)
{
    const struct probe *probe = data;
    (void)syscall(probe->call, probe->a, probe->b, probe->c, probe->d, -1L, 0L);
    return WALLED_SURVIVED;
}

static void expect_deaths(enum sandbox_profile profile)
{
    size_t tried = 0;
    for (size_t i = 0; i < ARRAY_LEN(probes); i++) {
        const struct probe *probe = &probes[i];
        if ((probe->denied_to & (1 << profile)) == 0 || (CAIRN_SANITIZED && probe->of_sanitizers)) {
            continue;
        }
        int status = walled_end(profile, try, probe);
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

/* --- every number --- */

/*
 * What the lists let through whatever the arguments. It is written here a second time, so that no
 * list grows by a slip. What they let through with certain arguments only is not here: these
 * arguments are others.
 */
static const int of_all[] = {
    SCMP_SYS(accept4),        SCMP_SYS(brk),
    SCMP_SYS(clock_getres),   SCMP_SYS(clock_gettime),
    SCMP_SYS(close),          SCMP_SYS(exit),
    SCMP_SYS(exit_group),     SCMP_SYS(fdatasync),
    SCMP_SYS(futex),          SCMP_SYS(getpid),
    SCMP_SYS(getrandom),      SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),   SCMP_SYS(madvise),
    SCMP_SYS(mremap),         SCMP_SYS(munlock),
    SCMP_SYS(munmap),         SCMP_SYS(pwrite64),
    SCMP_SYS(recvfrom),       SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sendto),         SCMP_SYS(write),
};
static const int of_nodes[] = {
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(clone), /* threads, as which these arguments pass */
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(fallocate),
    SCMP_SYS(fcntl),
    SCMP_SYS(fstat),
    SCMP_SYS(fstatfs),
    SCMP_SYS(fsync),
    SCMP_SYS(getegid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getpeername),
    SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt),
    SCMP_SYS(getuid),
    SCMP_SYS(lseek),
    SCMP_SYS(mlock),
    SCMP_SYS(msync),
    SCMP_SYS(nanosleep),
    SCMP_SYS(newfstatat),
    SCMP_SYS(openat),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(pread64),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(recvmsg),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_setscheduler),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sendmsg),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
    SCMP_SYS(statfs),
    SCMP_SYS(sysinfo),
    SCMP_SYS(writev),
};
static const int of_agent[] = {
    SCMP_SYS(bind),
    SCMP_SYS(connect),
    SCMP_SYS(epoll_create1),
    SCMP_SYS(eventfd2),
    SCMP_SYS(getdents64),
    SCMP_SYS(inotify_add_watch),
    SCMP_SYS(inotify_rm_watch),
    SCMP_SYS(mkdirat),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(uname),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
};

struct let {
    const int *calls;
    size_t n;
    int to; /* profiles */
};

static const struct let lets[] = {
    {of_all, ARRAY_LEN(of_all), ALL},
    {of_nodes, ARRAY_LEN(of_nodes), BROKER | AGENT},
    {of_agent, ARRAY_LEN(of_agent), AGENT},
};

#define NUMBERS   600        /* beyond the kernel's last, so that those it gets later are met */
#define OTHER_ABI 0x40000000 /* the same numbers as programs of 32 bits on x86-64 ask them */

/*
 * uretprobe and uprobe of x86-64: they are for code that the kernel itself put into a process which
 * somebody measures. Newer kernels ask no list about them, and refuse them (SIGILL, ENXIO) to
 * whoever else asks.
 */
static bool is_for_the_kernel_alone(int call)
{
    return call == 335 || call == 336;
}

static bool is_let_through(enum sandbox_profile profile, int call)
{
    for (size_t i = 0; i < ARRAY_LEN(lets); i++) {
        for (size_t j = 0; (lets[i].to & (1 << profile)) != 0 && j < lets[i].n; j++) {
            if (lets[i].calls[j] == call) {
                return true;
            }
        }
    }
    return false;
}

/* No call means anything by these arguments, should it be let through. */
static int ask(const void *data)
{
    const int *call = data;
    long r = syscall(*call, -1L, -1L, -1L, -1L, -1L, -1L);
    return r == -1 && errno == ENOSYS && *call == SCMP_SYS(clone3) ? ANSWERED : WALLED_SURVIVED;
}

static void expect_death_of(enum sandbox_profile profile, int call)
{
    int status = walled_end(profile, ask, &call);
    bool answered = call == SCMP_SYS(clone3) && profile != SANDBOX_SIGNER;
    if (answered ? !WIFEXITED(status) || WEXITSTATUS(status) != ANSWERED
                 : !WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS) {
        fail_msg("list %d, call %d: ended with %#x", profile, call, (unsigned)status);
    }
}

static void every_other_number_ends_the_daemon(void **state)
{
    (void)state;
    if (CAIRN_SANITIZED) {
        skip(); /* whose runtimes' calls are on the lists of such a build */
    }
    for (int profile = SANDBOX_SIGNER; profile <= SANDBOX_AGENT; profile++) {
        for (int call = 0; call < NUMBERS; call++) {
            if (!is_for_the_kernel_alone(call) &&
                !is_let_through((enum sandbox_profile)profile, call)) {
                expect_death_of((enum sandbox_profile)profile, call);
            }
        }
    }
}

static void *ask_in_thread(void *data)
{
    (void)syscall(OTHER_ABI | SYS_getpid);
    return data;
}

static int ask_as_another_abi(const void *data)
{
    pthread_t thread;
    (void)data;
    return pthread_create(&thread, NULL, ask_in_thread, NULL) == 0 &&
                   pthread_join(thread, NULL) == 0
               ? WALLED_SURVIVED
               : 1;
}

static void a_number_of_another_abi_ends_the_daemon_and_not_the_thread_alone(void **state)
{
    (void)state;
    for (int profile = SANDBOX_BROKER; profile <= SANDBOX_AGENT; profile++) {
        int status = walled_end((enum sandbox_profile)profile, ask_as_another_abi, NULL);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signer_dies_of_each_call_that_it_never_makes),
        cmocka_unit_test(the_broker_dies_of_each_call_that_it_never_makes),
        cmocka_unit_test(the_agent_dies_of_each_call_that_it_never_makes),
        cmocka_unit_test(every_other_number_ends_the_daemon),
        cmocka_unit_test(a_number_of_another_abi_ends_the_daemon_and_not_the_thread_alone),
    };
    return cmocka_run_group_tests_name("sandbox_calls", tests, NULL, NULL);
}
