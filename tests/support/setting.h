/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setting: what the environment asks of a test that has a short form and long ones, and what
 * follows from a seed. What is not there, or is no such number, is as if it was not set.
 */
#ifndef SUPPORT_SETTING_H
#define SUPPORT_SETTING_H

#include <stddef.h>
#include <stdint.h>

uint64_t setting(const char *name, uint64_t otherwise);
/* From 1 to `most`. */
size_t setting_count(const char *name, size_t otherwise, size_t most);
/* From one of so many changes to the next, by CAIRN_ATTACK_STEP: such that about `tried` of them
 * are tried, or more. Never fewer: a step meant for a store would pass most of this by. */
uint64_t setting_step(size_t changes, size_t tried);

/* The next number that the seed leads to, below 2^40; the same in every run. */
uint64_t setting_draw(uint64_t *seed);

#endif
