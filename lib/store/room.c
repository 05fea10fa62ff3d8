/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room before it is needed. LMDB lets the file grow while it commits, and tells a full disk from a
 * failed one no better than the system call does; so blocks are asked for here, where a refusal
 * changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "store/internal.h"

#define FREE_TABLE 0 /* LMDB's own: transaction -> number of pages, pages */

static int file_of(const struct store *store)
{
    int fd = -1;
    int rc = mdb_env_get_fd(store->env, &fd);
    assert(rc == 0);
    return fd;
}

static uint64_t used_bytes(const struct store *store)
{
    MDB_envinfo info;
    MDB_stat stat;
    int rc = mdb_env_info(store->env, &info);
    assert(rc == 0);
    rc = mdb_env_stat(store->env, &stat);
    assert(rc == 0);
    return (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize;
}

/* A read transaction of our own: a write transaction does not let anybody look at that table. */
static int free_bytes(struct store *store, uint64_t *ret)
{
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_stat stat;
    MDB_val key;
    MDB_val value;
    uint64_t pages = 0;

    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (rc != 0) {
        return store_errno(rc);
    }
    rc = mdb_env_stat(store->env, &stat);
    if (rc == 0) {
        rc = mdb_cursor_open(txn, FREE_TABLE, &cursor);
    }
    while (rc == 0 && (rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        size_t n;
        assert(value.mv_size >= sizeof(n));
        memcpy(&n, value.mv_data, sizeof(n));
        pages += n;
    }
    if (cursor != NULL) {
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    if (rc != MDB_NOTFOUND) {
        return store_errno(rc);
    }
    *ret = pages * stat.ms_psize;
    return 0;
}

static uint64_t beyond(uint64_t whole, uint64_t part)
{
    return whole > part ? whole - part : 0;
}

int store_room(struct store_txn *txn, const struct store_room *enough, struct store_room *ret)
{
    struct store *store = txn->store;
    uint64_t used = used_bytes(store);
    uint64_t freed = 0;
    MDB_envinfo info;
    struct stat status;

    assert(txn->reader == NULL);
    int rc = mdb_env_info(store->env, &info);
    assert(rc == 0);
    if (fstat(file_of(store), &status) < 0) {
        return -errno;
    }
    struct store_room room = {.whole_bytes = info.me_mapsize,
                              .map_bytes = beyond(info.me_mapsize, used),
                              .disk_bytes = beyond((uint64_t)status.st_size, used)};
    if (room.map_bytes < enough->map_bytes || room.disk_bytes < enough->disk_bytes) {
        int r = free_bytes(store, &freed);
        if (r < 0) {
            return r;
        }
    }
    room.map_bytes += freed;
    room.disk_bytes += freed;
    *ret = room;
    return 0;
}

int store_grow(struct store_txn *txn, uint64_t bytes)
{
    uint64_t size = used_bytes(txn->store) + bytes;

    assert(txn->reader == NULL); /* nobody else writes to the file */
    if (size > INT64_MAX) {
        return -ENOSPC;
    }
    /* From the start: pages that were never written are holes, and have no blocks either. */
    int fault = posix_fallocate(file_of(txn->store), 0, (off_t)size);
    if (fault == EFBIG || fault == EDQUOT) {
        fault = ENOSPC;
    }
    return -fault;
}
