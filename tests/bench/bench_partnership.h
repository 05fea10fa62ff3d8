/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partnership: eight health agencies and a MASH, with keys, signed documents, a broker's folder and
 * one agent's folder, all below one temporary folder. Agreements and patterns are those of
 * config/governance: a missed appointment is held for the MASH.
 */
#ifndef BENCH_PARTNERSHIP_H
#define BENCH_PARTNERSHIP_H

#include "bench/bench.h"
#include "net/curve.h"

struct partnership {
    char dir[BENCH_PATH];
    char endpoint[64];
    char broker_ini[BENCH_PATH];
    char broker_store[BENCH_PATH];
    char agent_ini[BENCH_PATH];
    bool tmpfs; /* the folder is on a file system that does not keep what it syncs */
    struct governing governing;
    uint8_t broker_key[CURVE_KEY_BYTES];
};

/* In TMPDIR, or else in the folder of the build. */
void partnership_make(struct partnership *partnership);
void partnership_remove(struct partnership *partnership);

#endif
