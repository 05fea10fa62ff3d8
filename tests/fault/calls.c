/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls: a program whose system calls fail when told to, for LD_PRELOAD. CAIRN_CALLS names the file
 * that is mapped (calls.h). A call that fails is not made, but for close, which also where it fails
 * has closed. A process that shall die ends at once, with nothing written back and nobody told, as
 * if it had been killed there.
 *
 * Seen is what goes through the C library's functions, so all that we, LMDB, libzmq, OpenSSL and
 * libmicrohttpd call; not the loader before main, nor what the C library does within itself (stdio,
 * which reads configuration, and malloc, of which test_alloc.c is). test_inject.sh lets strace do
 * the same for a sample of runs, with those.
 *
 * Threads go by their names: the first is `main`, those without one share `other`; a child process
 * has the slot of the name that it gives itself. Once the program has started, no system call is
 * made here: the daemons' lists would end them for it.
 */
#include "calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define SLOT_MAIN      0
#define SLOT_OTHER     1
#define STATUS_OF_DEAD 137

static struct control *control;
static __thread uint32_t slot __attribute__((tls_model("initial-exec"))) = SLOT_OTHER;

/* The next library's function of that name. */
static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        abort();
    }
    return found;
}

/* Looked up once; two threads may both do it, and find the same. */
#define REAL(name, result, ...)                                                                    \
    static result (*real)(__VA_ARGS__);                                                            \
    if (real == NULL) {                                                                            \
        *(void **)&real = next(name);                                                              \
    }

static void name_slot(uint32_t i, const char *name)
{
    (void)snprintf(control->names[i], THREAD_NAME_BYTES, "%s", name);
}

/* Before main: no thread is there yet. */
__attribute__((constructor)) static void map_control(void)
{
    const char *path = getenv("CAIRN_CALLS");
    slot = SLOT_MAIN;
    if (path == NULL) {
        return;
    }
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *mapped = fd < 0 ? MAP_FAILED
                          : mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
        abort();
    }
    (void)close(fd);
    control = mapped;
    name_slot(SLOT_MAIN, "main");
    name_slot(SLOT_OTHER, "other");
}

/* The same name has the same slot in the next process too: the file outlives it. */
static void take_slot(const char *name)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    if (control == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&lock);
    uint32_t i = SLOT_OTHER + 1;
    while (i < THREADS_MAX && control->names[i][0] != '\0' &&
           strncmp(control->names[i], name, THREAD_NAME_BYTES - 1) != 0) {
        i++;
    }
    if (i == THREADS_MAX) {
        abort();
    }
    name_slot(i, name);
    slot = i;
    (void)pthread_mutex_unlock(&lock);
}

static void die(void)
{
    _exit(STATUS_OF_DEAD);
}

/* 0, or the errno with which this call fails. */
static int failure(enum failing_call call)
{
    if (control == NULL) {
        return 0;
    }
    (void)__atomic_add_fetch(&control->counts[slot][call], 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&control->armed, __ATOMIC_SEQ_CST) == 0 || control->thread != slot ||
        control->call != (uint32_t)call) {
        return 0;
    }
    uint32_t seen = __atomic_add_fetch(&control->seen, 1, __ATOMIC_SEQ_CST);
    uint32_t first = control->instance;
    if (seen != first &&
        (control->again == 0 || seen < first || (seen - first) % control->again != 0)) {
        return 0;
    }
    (void)__atomic_add_fetch(&control->hits, 1, __ATOMIC_SEQ_CST);
    if (control->error == ERROR_OF_DEATH) {
        die();
    }
    return (int)control->error;
}

static bool fails(enum failing_call call)
{
    int error = failure(call);
    if (error != 0) {
        errno = error;
    }
    return error != 0;
}

/* --- names --- */

int pthread_setname_np(pthread_t thread, const char *name)
{
    REAL("pthread_setname_np", int, pthread_t, const char *)
    if (pthread_equal(thread, pthread_self())) {
        take_slot(name);
    }
    return real(thread, name);
}

int prctl(int option, ...)
{
    REAL("prctl", int, int, ...)
    unsigned long words[4];
    va_list more;
    va_start(more, option);
    for (size_t i = 0; i < 4; i++) {
        words[i] = va_arg(more, unsigned long);
    }
    va_end(more);
    if (option == PR_SET_NAME) {
        const char *name;
        memcpy(&name, &words[0], sizeof(name));
        take_slot(name);
    }
    return real(option, words[0], words[1], words[2], words[3]);
}

/* --- files --- */

#define TAKE_MODE(flags)                                                                           \
    va_list more;                                                                                  \
    va_start(more, flags);                                                                         \
    mode_t mode = ((flags) & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;               \
    va_end(more);

int open(const char *path, int flags, ...)
{
    REAL("open", int, const char *, int, ...)
    TAKE_MODE(flags)
    return fails(CALL_OPENAT) ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    REAL("open64", int, const char *, int, ...)
    TAKE_MODE(flags)
    return fails(CALL_OPENAT) ? -1 : real(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    REAL("openat", int, int, const char *, int, ...)
    TAKE_MODE(flags)
    return fails(CALL_OPENAT) ? -1 : real(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    REAL("openat64", int, int, const char *, int, ...)
    TAKE_MODE(flags)
    return fails(CALL_OPENAT) ? -1 : real(folder, path, flags, mode);
}

void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    REAL("mmap", void *, void *, size_t, int, int, int, off_t)
    return fails(CALL_MMAP) ? MAP_FAILED : real(at, len, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t len, int protection, int flags, int fd, off_t offset)
{
    return mmap(at, len, protection, flags, fd, offset);
}

int ftruncate(int fd, off_t len)
{
    REAL("ftruncate", int, int, off_t)
    return fails(CALL_FTRUNCATE) ? -1 : real(fd, len);
}

int ftruncate64(int fd, off_t len)
{
    return ftruncate(fd, len);
}

/* Says what failed by its result, not by errno. */
int posix_fallocate(int fd, off_t at, off_t len)
{
    REAL("posix_fallocate", int, int, off_t, off_t)
    int error = failure(CALL_FALLOCATE);
    return error != 0 ? error : real(fd, at, len);
}

int posix_fallocate64(int fd, off_t at, off_t len)
{
    return posix_fallocate(fd, at, len);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    REAL("pwrite", ssize_t, int, const void *, size_t, off_t)
    return fails(CALL_PWRITE64) ? -1 : real(fd, bytes, len, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    return pwrite(fd, bytes, len, at);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
    REAL("writev", ssize_t, int, const struct iovec *, int)
    return fails(CALL_WRITEV) ? -1 : real(fd, parts, n);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    REAL("write", ssize_t, int, const void *, size_t)
    return fails(CALL_WRITE) ? -1 : real(fd, bytes, len);
}

ssize_t read(int fd, void *bytes, size_t len)
{
    REAL("read", ssize_t, int, void *, size_t)
    return fails(CALL_READ) ? -1 : real(fd, bytes, len);
}

ssize_t pread(int fd, void *bytes, size_t len, off_t at)
{
    REAL("pread", ssize_t, int, void *, size_t, off_t)
    return fails(CALL_PREAD64) ? -1 : real(fd, bytes, len, at);
}

ssize_t pread64(int fd, void *bytes, size_t len, off_t at)
{
    return pread(fd, bytes, len, at);
}

int fdatasync(int fd)
{
    REAL("fdatasync", int, int)
    return fails(CALL_FDATASYNC) ? -1 : real(fd);
}

int fsync(int fd)
{
    REAL("fsync", int, int)
    return fails(CALL_FSYNC) ? -1 : real(fd);
}

int close(int fd)
{
    REAL("close", int, int)
    int error = failure(CALL_CLOSE);
    int r = real(fd);
    if (error != 0) {
        errno = error;
    }
    return error != 0 ? -1 : r;
}

int unlink(const char *path)
{
    REAL("unlink", int, const char *)
    return fails(CALL_UNLINK) ? -1 : real(path);
}

int unlinkat(int folder, const char *path, int flags)
{
    REAL("unlinkat", int, int, const char *, int)
    return fails(CALL_UNLINK) ? -1 : real(folder, path, flags);
}

int rename(const char *from, const char *to)
{
    REAL("rename", int, const char *, const char *)
    return fails(CALL_RENAME) ? -1 : real(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    REAL("renameat", int, int, const char *, int, const char *)
    return fails(CALL_RENAME) ? -1 : real(from_folder, from, to_folder, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    REAL("renameat2", int, int, const char *, int, const char *, unsigned)
    return fails(CALL_RENAME) ? -1 : real(from_folder, from, to_folder, to, flags);
}

/* --- sockets --- */

ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to,
               socklen_t to_bytes)
{
    REAL("sendto", ssize_t, int, const void *, size_t, int, const struct sockaddr *, socklen_t)
    return fails(CALL_SENDTO) ? -1 : real(fd, bytes, len, flags, to, to_bytes);
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    return sendto(fd, bytes, len, flags, NULL, 0);
}

ssize_t recvfrom(int fd, void *restrict bytes, size_t len, int flags,
                 struct sockaddr *restrict from, socklen_t *restrict from_bytes)
{
    REAL("recvfrom", ssize_t, int, void *, size_t, int, struct sockaddr *, socklen_t *)
    return fails(CALL_RECVFROM) ? -1 : real(fd, bytes, len, flags, from, from_bytes);
}

ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
    return recvfrom(fd, bytes, len, flags, NULL, NULL);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    REAL("recvmsg", ssize_t, int, struct msghdr *, int)
    return fails(CALL_RECVMSG) ? -1 : real(fd, message, flags);
}

int epoll_wait(int fd, struct epoll_event *events, int n, int timeout_ms)
{
    REAL("epoll_wait", int, int, struct epoll_event *, int, int)
    return fails(CALL_EPOLL_WAIT) ? -1 : real(fd, events, n, timeout_ms);
}

int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
    REAL("poll", int, struct pollfd *, nfds_t, int)
    return fails(CALL_POLL) ? -1 : real(fds, n, timeout_ms);
}

int accept4(int fd, struct sockaddr *restrict from, socklen_t *restrict from_bytes, int flags)
{
    REAL("accept4", int, int, struct sockaddr *, socklen_t *, int)
    return fails(CALL_ACCEPT4) ? -1 : real(fd, from, from_bytes, flags);
}

int accept(int fd, struct sockaddr *restrict from, socklen_t *restrict from_bytes)
{
    return accept4(fd, from, from_bytes, 0);
}
