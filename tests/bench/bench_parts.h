/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts: what single parts of the broker's deterministic core cost, over a core that is filled.
 * What is timed in a transaction that ends without a commit leaves nothing behind. Main thread.
 */
#ifndef BENCH_PARTS_H
#define BENCH_PARTS_H

#include "bench/bench_core.h"

/* Microseconds of each. */
struct parts_linking {
    double record;     /* applied and committed in a batch of 256, its body and grants with it */
    double whose;      /* of that: whose child it is */
    double candidate;  /* of that: who else it might be */
    double statement;  /* a known subject is stated anew: links and candidates */
    double meet_new;   /* everybody in the circle of a child hears of everybody else */
    double meet;       /* the same once they know */
    double meet_crowd; /* the same for a child with CAIRN_MEMBERS_MAX subjects */
};
void parts_linking(struct core *core, size_t n, struct parts_linking *ret);

/* Microseconds. */
struct parts_timers {
    double idle; /* a look at the timers with none due */
    double fire; /* one that is due: its share of a tick and of that tick's commit */
};
/* Sets n timers for records of the core, looks while none is due, then lets all of them fire. */
void parts_timers(struct core *core, size_t n, struct parts_timers *ret);

/* A child with that many entries, drawn for the MASH by as many questions as it takes; each whole
 * picture's milliseconds, and how many entries it showed. */
struct parts_picture {
    size_t shown;
    double ms;
};
void parts_picture(struct core *core, size_t entries, struct parts_picture *ret);

#endif
