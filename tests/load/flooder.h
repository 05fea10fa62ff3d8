/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flooder: an agency that says as much as its connection takes, from a process of its own. It has a
 * machine of its own in life; here it runs at the lowest priority beside the broker that it floods.
 * Failures end that process with a reason (bench_fail). Main thread.
 */
#ifndef LOAD_FLOODER_H
#define LOAD_FLOODER_H

#include <sys/types.h>

#include "bench/bench_partnership.h"

enum flood {
    FLOOD_NONE,
    FLOOD_GARBAGE, /* the largest frames, unsound, in every lane, and the largest questions */
    FLOOD_SOUND,   /* full parcels of sound records, in the normal and in the bulk lane */
};

struct flood_report {
    uint64_t sent;    /* frames */
    uint64_t stored;  /* entries, by the receipts */
    uint64_t refused; /* frames */
};

struct flooder; /* shared between the processes */

/* Before this process has threads or a ZeroMQ context. It connects when it floods first. */
struct flooder *flooder_fork(const struct partnership *partnership, uint32_t agency);
void flooder_end(struct flooder **flooder);

/* From now on. Returns when it has connected. */
void flooder_set(struct flooder *flooder, enum flood flood);
void flooder_report(const struct flooder *flooder, struct flood_report *ret); /* so far */

#endif
