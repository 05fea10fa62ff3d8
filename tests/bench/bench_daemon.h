/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon: one process of ours, from exec until it says READY=1, as a service manager would start
 * it, and what /proc knows of it. It dies with this program. Owned by the main thread.
 */
#ifndef BENCH_DAEMON_H
#define BENCH_DAEMON_H

#include <sys/types.h>

#include "bench/bench.h"

struct daemon {
    pid_t pid;         /* 0: does not run */
    double started_ms; /* from fork to READY=1 */
};

struct daemon_options {
    const char *program;
    const char *config;
    const char *log;   /* where its standard error goes; appended */
    const char *clock; /* a file as tests/fault/clock.c reads it: seconds ahead; NULL: real time */
    bool allow_tmpfs;
};

/* False when it ended or said nothing for half a minute; then it does not run. */
bool daemon_start(const struct daemon_options *options, struct daemon *ret) MUST_USE;
/* Asks it to stop and waits; fails when it does not end in order. */
void daemon_stop(struct daemon *daemon);

/* Which of the broker's stages a thread is; DAEMON_IO are libzmq's, CURVE and TCP, and
 * DAEMON_SIGNER is the process that holds the checkpoint key. */
enum daemon_stage {
    DAEMON_NET,
    DAEMON_IO,
    DAEMON_VERIFY,
    DAEMON_COMMIT,
    DAEMON_ATTEST,
    DAEMON_PUBLISH,
    DAEMON_SIGNER,
    DAEMON_STAGES
};

struct daemon_usage {
    double stage_s[DAEMON_STAGES]; /* processor time of each; 0 for a program that is no broker */
    double anonymous_mib;          /* RssAnon */
    double file_mib;               /* RssFile and RssShmem: programs, libraries, the mapped store */
    double cpu_s;                  /* of all stages */
    bool has_written;     /* /proc/PID/io: root's alone for a process that hides its memory */
    double written_bytes; /* handed to write calls: files, and eight bytes a wake-up. Not
                             write_bytes, which counts whole folios of the page cache */
};
void daemon_usage(const struct daemon *daemon, struct daemon_usage *ret);

#endif
