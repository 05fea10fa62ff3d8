/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows: what the disk and LMDB allow. The rows that the broker writes for records, with the same
 * keys, sizes and order (docs/storage.md), appended wherever their order allows, by one thread in
 * synced batches through lib/store and nothing else: no network, no signature, no hashing, no rule.
 * Main thread.
 */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include "bench/bench_partnership.h"
#include "bench/bench_sender.h"
#include "store/store.h"

struct rows {
    struct store *store;
    struct record_sizes sizes;
    size_t journal_bytes; /* of one record's input */
    size_t leaf_bytes;
    size_t children;  /* of each agency */
    uint64_t records; /* stored */
    uint64_t batches;
    uint8_t filler[4096];
    struct buf journal;
};

/* In the folder rows/ of the partnership's. */
void rows_open(struct rows *rows, const struct partnership *partnership,
               const struct record_sizes *sizes, size_t children);
void rows_close(struct rows *rows);

struct rows_plan {
    uint64_t records;
    size_t batch;  /* records */
    size_t parcel; /* records; divides batch */
};
/* Returns the seconds it took. */
double rows_write(struct rows *rows, const struct rows_plan *plan);
/* Until that many are stored. */
void rows_fill(struct rows *rows, uint64_t records);

#endif
