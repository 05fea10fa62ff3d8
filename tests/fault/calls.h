/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls: what calls.c and calls.py share: a file of CONTROL_BYTES that both map. The program counts
 * its calls in it, by thread and call, and reads which of them shall fail. All numbers are u32 in
 * the machine's own order.
 */
#ifndef FAULT_CALLS_H
#define FAULT_CALLS_H

#include <stdint.h>

/* calls.py has the same list, and which errors the manual names for each. */
#define FAILING_CALLS(X)                                                                           \
    X(OPENAT)                                                                                      \
    X(MMAP)                                                                                        \
    X(FTRUNCATE)                                                                                   \
    X(FALLOCATE)                                                                                   \
    X(PWRITE64)                                                                                    \
    X(WRITEV)                                                                                      \
    X(WRITE)                                                                                       \
    X(READ)                                                                                        \
    X(PREAD64)                                                                                     \
    X(FDATASYNC)                                                                                   \
    X(FSYNC)                                                                                       \
    X(CLOSE)                                                                                       \
    X(SENDTO)                                                                                      \
    X(RECVFROM)                                                                                    \
    X(RECVMSG)                                                                                     \
    X(EPOLL_WAIT)                                                                                  \
    X(POLL)                                                                                        \
    X(ACCEPT4)                                                                                     \
    X(UNLINK)                                                                                      \
    X(RENAME)

enum failing_call {
#define X(name) CALL_##name,
    FAILING_CALLS(X)
#undef X
    CALLS
};

#define THREADS_MAX       32
#define THREAD_NAME_BYTES 16
#define ERROR_OF_DEATH    0

struct control {
    uint32_t armed;    /* 1: what follows holds */
    uint32_t thread;   /* whose calls: an index of `names` */
    uint32_t call;     /* enum failing_call */
    uint32_t instance; /* the first that fails, from 1, counted since it was armed */
    uint32_t again;    /* 0: that one only; n: and every n-th after it */
    uint32_t error;    /* errno, or ERROR_OF_DEATH: the process ends there */
    uint32_t seen;
    uint32_t hits;
    uint32_t counts[THREADS_MAX][CALLS]; /* since the file was made or cleared */
    char names[THREADS_MAX][THREAD_NAME_BYTES];
};

#endif
