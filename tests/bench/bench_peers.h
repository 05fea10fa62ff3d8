/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peers: other brokers on this machine, started by peers/peer in folders and on ports of their own
 * and asked by bench-peer-*, each a program that was built because its library is installed. Main
 * thread.
 */
#ifndef BENCH_PEERS_H
#define BENCH_PEERS_H

#include "bench/bench_partnership.h"
#include "bench/bench_report.h"

struct peers {
    char dir[BENCH_PATH];
};

/* In a folder beside the partnership's. */
void peers_open(struct peers *peers, const struct partnership *partnership);
void peers_close(struct peers *peers);
/* Of those whose program was built: starts each, asks it for so many seconds, stops it; its figures
 * go into the report. */
void peers_measure(struct peers *peers, int seconds, struct report *report);

#endif
