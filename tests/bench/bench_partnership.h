/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partnership: eight health agencies, a MASH and a school, with keys, signed documents, a broker's
 * folder and the folders of two agents, all below one temporary folder. Agreements and patterns are
 * those of config/governance: a missed appointment is held for the MASH.
 */
#ifndef BENCH_PARTNERSHIP_H
#define BENCH_PARTNERSHIP_H

#include "bench/bench.h"
#include "net/curve.h"

struct bench_agent {
    char ini[BENCH_PATH];
    char store[BENCH_PATH];
    char watched[BENCH_PATH]; /* the school's: for attendance files */
};

struct partnership {
    /* a minute, of each agency; 0: none that matters. Set before it is made */
    uint64_t quota_records;
    char dir[BENCH_PATH];
    char endpoint[64];
    char broker_ini[BENCH_PATH];
    char broker_store[BENCH_PATH];
    char school_period[8]; /* mm-dd: from when the school counts absence */
    struct bench_agent mash;
    struct bench_agent school;
    bool tmpfs; /* the folder is on a file system that does not keep what it syncs */
    struct governing governing;
    uint8_t broker_key[CURVE_KEY_BYTES];
};

/* In TMPDIR, or else in the folder of the build. */
void partnership_make(struct partnership *partnership);
void partnership_remove(struct partnership *partnership);

#endif
