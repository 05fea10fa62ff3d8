/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench: what the files of this folder share. cairn-bench measures the limits of this machine
 * (disk, signatures, transport) and, in the same run, a real broker process against them:
 *
 *   bench_sync        the disk: fdatasync, and a chain of three synced commits
 *   bench_rows        the rows of a record, through lib/store alone
 *   bench_cpu         signature checks; CURVE frames through lib/net
 *   bench_partnership folders, keys and signed documents
 *   bench_daemon      a process: start, /proc, stop
 *   bench_sender      an agency that seals, signs and cuts parcels
 *   bench_drain       an agency that takes what its mailbox holds
 *   bench_load        eight agencies sending; how long an alert takes
 *   bench_core        the broker's deterministic core, in this process
 *   bench_parts       what its parts cost: links, circles, timers, pictures
 *   bench_school      a school's day, from a file to the receipts, by a real agent
 *   bench_peers       other brokers in the same run, by programs of their own (peers/)
 *   bench_report      every figure and ratio, and how it is printed
 *   bench_picture     the rates as bars
 *
 * Nothing here judges. What cannot be measured ends the program with a reason.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "bench/bench_figures.h"
#include "support/governing.h"

#define BENCH_SENDERS  8
#define BENCH_MASH     (BENCH_SENDERS + 1)
#define BENCH_SCHOOL   (BENCH_SENDERS + 2)
#define BENCH_AGENCIES BENCH_SCHOOL
#define BENCH_PATH     200

struct bench_options {
    bool json;
    bool quick;
    bool full; /* up to ten million records */
    bool peers;
    const char *only;   /* NULL: every piece */
    const char *report; /* folder; NULL: none */
    double seconds;     /* how long each piece is measured in each round */
    int rounds;
    size_t children;   /* of each agency */
    size_t alerts;     /* measured a round */
    uint64_t subjects; /* of the core */
    size_t timers;
};

/* From now on a failure also names this folder, which it leaves: the broker's own words are there.
 * NULL: no longer. Main thread, before others start. */
void bench_work_in(const char *dir);
/* Says why on stderr and ends the program. */
void bench_fail(const char *format, ...) PRINTF(1, 2) NORETURN;
/* Fails unless r is 0; a negative r is an errno. */
void bench_must(int r, const char *what, const struct error *error);
double bench_now_s(void);         /* a clock that never steps, in seconds */
double bench_cpu_s(void);         /* of the calling thread */
double bench_process_cpu_s(void); /* of all threads, libzmq's too */
void bench_pause_ms(int ms);
/* DIR/NAME; fails when it is too long. */
void bench_path(char out[BENCH_PATH], const char *dir, const char *name);
void bench_remove(const char *dir); /* and all that is in it */

#endif
