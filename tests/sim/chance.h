/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chance: all that is random in a simulated life, from one seed: xoshiro256** started by
 * splitmix64. There are two streams, so that how many random bytes the programs draw does not
 * change what happens next. chance.c also stands in for lib/crypto's random_bytes and
 * secret_random, which the linker leads here.
 */
#ifndef SIM_CHANCE_H
#define SIM_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void chance_start(uint64_t seed);
/* 0 to limit - 1; limit above 0. */
uint32_t chance_below(uint32_t limit);
bool chance_one_in(uint32_t n);

#endif
