/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_sync.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/files.h"

#define BLOCK_BYTES    4096
#define BLOCKS         256
#define ROW_BYTES      2048
#define CHAIN_MAP      (4ULL << 30)
#define CHAIN_PAUSE_MS 1 /* as when little is going on */

static int file_of_blocks(const char *dir, const uint8_t block[BLOCK_BYTES])
{
    char path[BENCH_PATH];

    bench_path(path, dir, "blocks");
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0;
    for (size_t i = 0; good && i < BLOCKS; i++) {
        good = write(fd, block, BLOCK_BYTES) == BLOCK_BYTES;
    }
    if (!good || fsync(fd) != 0) {
        bench_must(-errno, path, NULL);
    }
    return fd;
}

void sync_overwrite(const char *dir, size_t n, struct samples *ret_us)
{
    uint8_t block[BLOCK_BYTES];

    memset(block, 1, sizeof(block));
    _cleanup_(fd_close) int fd = file_of_blocks(dir, block);
    for (size_t i = 0; i < n; i++) {
        off_t at = (off_t)(i % BLOCKS) * BLOCK_BYTES;
        double start_s = bench_now_s();
        if (pwrite(fd, block, sizeof(block), at) != BLOCK_BYTES || fdatasync(fd) != 0) {
            bench_must(-errno, "fdatasync", NULL);
        }
        samples_add(ret_us, (bench_now_s() - start_s) * 1e6);
    }
}

/* --- three commits --- */

void chain_open(struct chain *chain, const struct partnership *partnership)
{
    static const char *const tables[] = {"rows"};
    static const char *const names[] = {"chain-1", "chain-2", "chain-3"};

    *chain = (struct chain){.rows = 0};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char dir[BENCH_PATH];
        struct error error = ERROR_NULL;
        const struct store_options options = {
            .dir = dir,
            .map_bytes = CHAIN_MAP,
            .tables = tables,
            .n_tables = ARRAY_LEN(tables),
            .allow_tmpfs = partnership->tmpfs,
        };
        bench_path(dir, partnership->dir, names[i]);
        bench_must(dir_create(dir, &error), "folder", &error);
        bench_must(store_open(&options, &chain->stores[i], &error), "store", &error);
    }
}

void chain_close(struct chain *chain)
{
    for (size_t i = 0; i < ARRAY_LEN(chain->stores); i++) {
        store_close(&chain->stores[i]);
    }
}

void chain_commit(struct chain *chain, size_t nth)
{
    uint8_t row[ROW_BYTES];
    struct store_key key = store_key_u64(chain->rows++);
    _cleanup_(store_end) struct store_txn *txn = store_begin(chain->stores[nth]);

    memset(row, (int)(chain->rows & 0xff), sizeof(row));
    if (txn == NULL) {
        bench_fail("no write transaction");
    }
    store_append(txn, 0, store_key_slice(&key), SLICE_OF(row));
    bench_must(store_commit(&txn), "commit", NULL);
}

void chain_measure(struct chain *chain, size_t n, struct samples *ret_three_ms,
                   struct samples *ret_one_ms)
{
    for (size_t i = 0; i < n; i++) {
        bench_pause_ms(CHAIN_PAUSE_MS);
        double at_s[4] = {bench_now_s()};
        for (size_t j = 0; j < 3; j++) {
            chain_commit(chain, j);
            at_s[j + 1] = bench_now_s();
        }
        samples_add(ret_three_ms, (at_s[3] - at_s[0]) * 1000);
        samples_add(ret_one_ms, (at_s[2] - at_s[1]) * 1000);
    }
}
