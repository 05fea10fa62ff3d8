/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a fuzz_NAME.c defines. libFuzzer calls it (preset fuzz), and so does replay_main.c in every
 * test run. It must leave nothing behind: no memory, no state that the next call sees.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Optional; once, before the first input. Returns 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif
