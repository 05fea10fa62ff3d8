/* SPDX-License-Identifier: Apache-2.0 */
/*
 * school: a real agent of a school, beside the running broker. A register is dropped into its
 * folder; the clock stops when the broker's receipts for all that it told are on the agent's disk.
 * Nothing settles first. Main thread.
 */
#ifndef BENCH_SCHOOL_H
#define BENCH_SCHOOL_H

#include "bench/bench_daemon.h"
#include "bench/bench_partnership.h"

struct school_day {
    double ms;            /* from the file's rename to the last receipt */
    double anonymous_mib; /* the most of the agent's own memory, while it took the day */
    uint64_t told;        /* pupils, one in thirty */
};

struct school_bench {
    const struct partnership *partnership;
    struct daemon agent;
    struct store *store; /* the agent's, read only */
    size_t pupils;       /* that have been in a file so far */
    size_t files;
};

/* Starts the agent, and waits until it has the governance. */
void school_open(struct school_bench *school, const struct partnership *partnership);
void school_close(struct school_bench *school);
/* New pupils: nine days of theirs, unmeasured; then a day of two sessions, with which one in thirty
 * is persistently absent. */
void school_take_day(struct school_bench *school, size_t pupils, struct school_day *ret);

#endif
