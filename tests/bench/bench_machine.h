/* SPDX-License-Identifier: Apache-2.0 */
/* The machine and what the program was made of: figures mean nothing without it. */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include "bench/bench.h"

struct machine {
    char cpu[96];
    long cores;
    double load; /* processes that wanted to run, in the last minute */
    char kernel[96];
    char file_system[32];
    char compiler[96];
    char build[32];
    char libraries[160];
};

/* dir: whose file system is meant. Texts are printable and hold neither quotes nor backslashes. */
void machine_look(const char *dir, struct machine *ret);

#endif
