/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists, by who needs a call. Found by watching every story of tests/e2e with strace, and kept
 * by running them: a call that is missing ends the daemon, and the kernel's log names its number.
 *
 * Some calls are let through only with certain arguments (`shaped`): threads but no processes, no
 * memory that can be executed, sockets of some families, signals to ourselves. clone3, whose
 * arguments cannot be looked at, is answered "no such call", and the C library falls back to clone.
 */
#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/sandbox.h"

/* Talking over what is open, memory, time, ending: the signer has nothing else. */
static const int calls_of_all[] = {
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

/* LMDB, libzmq, threads, the service manager, files: broker and agent. */
static const int calls_of_nodes[] = {
    SCMP_SYS(clock_nanosleep),
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
    SCMP_SYS(sched_getparam), /* a thread of libzmq's, which may come to it late */
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

/* Dialling out with libzmq and the C library's resolver, watched folders, its own socket's file. */
static const int calls_of_agent[] = {
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

/* What the sanitizers' runtimes do behind our back, at the end of the process above all. */
static const int calls_of_sanitizers[] = {
    SCMP_SYS(access),
    SCMP_SYS(clone),
    SCMP_SYS(faccessat),
    SCMP_SYS(fstat),
    SCMP_SYS(getdents),
    SCMP_SYS(getdents64),
    SCMP_SYS(getppid),
    SCMP_SYS(getrusage),
    SCMP_SYS(ioctl), /* is there a terminal for the report */
    SCMP_SYS(kill),
    SCMP_SYS(lseek),
    SCMP_SYS(mlock),
    SCMP_SYS(mmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(newfstatat),
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(prctl),
    SCMP_SYS(pread64),
    SCMP_SYS(prlimit64),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(ptrace),
    SCMP_SYS(read),
    SCMP_SYS(readlink),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(stat),
    SCMP_SYS(tgkill),
    SCMP_SYS(uname),
    SCMP_SYS(wait4),
};

struct list {
    const int *calls;
    size_t n;
};
#define LIST(array) ((struct list){array, ARRAY_LEN(array)})

static int allow_list(scmp_filter_ctx filter, struct list list)
{
    int r = 0;
    for (size_t i = 0; i < list.n && r == 0; i++) {
        r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, list.calls[i], 0);
    }
    return r;
}

struct shape {
    int call;
    struct scmp_arg_cmp argument;
};

/* The n-th argument, from 0. */
#define IS(n, value)                                                                               \
    {                                                                                              \
        .arg = (n), .op = SCMP_CMP_EQ, .datum_a = (value)                                          \
    }
#define MASKED(n, mask, value)                                                                     \
    {                                                                                              \
        .arg = (n), .op = SCMP_CMP_MASKED_EQ, .datum_a = (mask), .datum_b = (value)                \
    }

static int allow_shapes(scmp_filter_ctx filter, const struct shape *shapes, size_t n)
{
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++) {
        r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, shapes[i].call, 1, &shapes[i].argument);
    }
    return r;
}

static int shapes_of_all(scmp_filter_ctx filter)
{
    const struct shape shapes[] = {
        {SCMP_SYS(mmap), MASKED(2, PROT_EXEC, 0)},
        {SCMP_SYS(mprotect), MASKED(2, PROT_EXEC, 0)},
        {SCMP_SYS(tgkill), IS(0, (scmp_datum_t)getpid())}, /* abort */
    };
    return allow_shapes(filter, shapes, ARRAY_LEN(shapes));
}

static int shapes_of_nodes(scmp_filter_ctx filter)
{
    const struct shape shapes[] = {
        {SCMP_SYS(clone), MASKED(0, CLONE_THREAD, CLONE_THREAD)},
        {SCMP_SYS(prctl), IS(0, PR_SET_NAME)},
        {SCMP_SYS(prlimit64), IS(2, 0)},    /* asks, does not set */
        {SCMP_SYS(socket), IS(0, AF_UNIX)}, /* the service manager's */
    };
    int r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    return r == 0 ? allow_shapes(filter, shapes, ARRAY_LEN(shapes)) : r;
}

static int shapes_of_agent(scmp_filter_ctx filter)
{
    const struct shape shapes[] = {
        {SCMP_SYS(socket), IS(0, AF_INET)},
        {SCMP_SYS(socket), IS(0, AF_INET6)},
        {SCMP_SYS(socket), IS(0, AF_NETLINK)}, /* which addresses are ours */
        /* a module of the resolver is mapped from its file when a name is first looked up */
        {SCMP_SYS(mmap), MASKED(2, PROT_EXEC | PROT_WRITE, PROT_EXEC)},
        {SCMP_SYS(ioctl), IS(1, FIONREAD)}, /* the resolver's */
    };
    return allow_shapes(filter, shapes, ARRAY_LEN(shapes));
}

static int fill(scmp_filter_ctx filter, enum sandbox_profile profile)
{
    int r = allow_list(filter, LIST(calls_of_all));
    r = r == 0 ? shapes_of_all(filter) : r;
    if (r == 0 && profile != SANDBOX_SIGNER) {
        r = allow_list(filter, LIST(calls_of_nodes));
        r = r == 0 ? shapes_of_nodes(filter) : r;
    }
    if (r == 0 && profile == SANDBOX_AGENT) {
        r = allow_list(filter, LIST(calls_of_agent));
        r = r == 0 ? shapes_of_agent(filter) : r;
    }
    if (r == 0 && CAIRN_SANITIZED) {
        r = allow_list(filter, LIST(calls_of_sanitizers));
    }
    return r;
}

static void release(scmp_filter_ctx *filter)
{
    seccomp_release(*filter);
}

int sandbox_calls(enum sandbox_profile profile, struct error *error)
{
    _cleanup_(release) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (filter == NULL) {
        return error_set(error, "sandbox", "no memory for the list of system calls");
    }
    int r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    /* asked as a program of another ABI; the library would end the thread alone */
    r = r == 0 ? seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) : r;
    /* one search for a call, not a walk along the list */
    r = r == 0 ? seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) : r;
    r = r == 0 ? fill(filter, profile) : r;
    r = r == 0 ? seccomp_load(filter) : r;
    if (r != 0) {
        (void)error_set(error, "sandbox",
                        "the system does not let this process limit its system calls: %s",
                        strerror(-r));
    }
    return r;
}
