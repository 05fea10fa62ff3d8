/* SPDX-License-Identifier: Apache-2.0 */
/*
 * beside: a real broker that is flooded, and what goes on beside it. An agency sends two records at
 * a time, steadily, and notes what it waits for each answer; the broker's memory, files and
 * counters are looked at from outside. In the long form (somebody has set CAIRN_ATTACK_CASES) each
 * flood is told of, with what the agency waited just before it. Everything asserts (cmocka). Main
 * thread; needs net_init (net/net.h).
 */
#ifndef ATTACK_BESIDE_H
#define ATTACK_BESIDE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "attack/strangers.h"
#include "bench/bench_figures.h"
#include "support/load.h"

struct beside {
    struct estate estate;
    struct process broker;
    struct load *agency; /* gp-elm */
    struct sockaddr_in address;
    struct strangers strangers;
    uint64_t cases;
    bool told;      /* the long form */
    double pace_ms; /* so often at most the agency says something */
    double next_ms;
    double looked_ms;
    double again_ms;      /* what is not answered by then is sent again */
    double began_ms;      /* the flood */
    double took_ms;       /* until all its cases were made */
    uint64_t rest;        /* of memory, its own, before all floods */
    uint64_t largest_own; /* in this flood */
    uint64_t largest;     /* with what it maps of its store */
    size_t files;         /* open before all floods */
    size_t most_files;    /* of all floods: what they took, the process keeps for the next */
    struct samples calm;  /* what the agency waited before this flood */
    struct samples waits; /* and beside it */
};

/* A partnership of gp-elm, mash and gp-oak whose broker runs with no quota, and gp-elm at
 * work. */
void beside_start(struct beside *beside, double pace_ms);
void beside_stop(struct beside *beside); /* for tear-down: whatever is there */

struct beside_flood {
    const char *name;
    void (*act)(struct stranger *stranger);
    void *data;
    uint64_t rate;
    unsigned processes;
};

/* Until all cases are made and everything that the agency sent is answered; what is held is still
 * held. */
void beside_flood(struct beside *beside, const struct beside_flood *flood);
/* The strangers end. Soon the broker has as few files open as before, and answers whoever dials. */
void beside_calm(struct beside *beside);
/* Every record of the agency is in the log once, with the same answer when it is asked again. The
 * broker has stopped then. */
void beside_expect_records(struct beside *beside);

uint64_t beside_counter(const struct beside *beside, const char *name);

#endif
