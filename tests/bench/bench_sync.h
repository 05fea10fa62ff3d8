/* SPDX-License-Identifier: Apache-2.0 */
/* The disk: what one flush costs, and what the three commits cost that lie between a record and the
 * alert it completes. Main thread. */
#ifndef BENCH_SYNC_H
#define BENCH_SYNC_H

#include "bench/bench_partnership.h"
#include "store/store.h"

/* pwrite of 4 KiB over what is there, fdatasync, n times; each time's microseconds. */
void sync_overwrite(const char *dir, size_t n, struct samples *ret_us);

/* Three environments: a spool's, a broker's, an inbox's. */
struct chain {
    struct store *stores[3];
    uint64_t rows;
};
void chain_open(struct chain *chain, const struct partnership *partnership);
void chain_close(struct chain *chain);
/* One row of 2 KiB and a synced commit in the nth. */
void chain_commit(struct chain *chain, size_t nth);
/* All three, one after the other, n times: milliseconds of the chain, and of the one in the
 * middle. */
void chain_measure(struct chain *chain, size_t n, struct samples *ret_three_ms,
                   struct samples *ret_one_ms);

#endif
