/* SPDX-License-Identifier: Apache-2.0 */
/*
 * life: one simulated life of a partnership: agents, broker, network and model; what people say,
 * what goes wrong, and in the end peace: nothing goes wrong any more, and everything drains within
 * a bounded number of rounds and is as the model says. Everything follows from the seed. What is
 * not as it ought to be ends the process (model_wrong, or an assert of the programs).
 */
#ifndef SIM_LIFE_H
#define SIM_LIFE_H

#include <stdint.h>

struct life_told {
    uint64_t said;
    uint64_t log_size;
    uint64_t before_peace; /* of these, while things still went wrong */
    uint64_t tellings;
    uint64_t frames;
    uint64_t deaths;
    uint64_t restored;
    uint64_t renewed;     /* sets of keys that came into use */
    uint64_t switched;    /* transport keys of the broker */
    uint64_t asked;       /* lives in which the front door was asked whether two are one */
    uint64_t judged;      /* and said */
    uint64_t rolled_back; /* the broker, in the end */
    uint64_t rounds;      /* until everything was drained */
};

void life_live(uint64_t seed, unsigned steps, struct life_told *ret);

#endif
