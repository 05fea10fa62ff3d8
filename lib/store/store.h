/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store: LMDB wrapped here and nowhere else. One environment per daemon. A write transaction has a
 * sticky fault: after the first failed operation all others do nothing, and commit says what went
 * wrong; so write paths are straight lines. Values read are borrowed from the map and die with the
 * transaction.
 *
 * One process at a time has a store open for writing: it holds a lock on the folder. Readers may
 * open beside it.
 *
 * Threads: an environment may be used from any thread; a transaction belongs to the thread that
 * began it, except that a read transaction may be handed over (MDB_NOTLS). One write transaction at
 * a time (a second waits).
 *
 * If durability is in doubt (commit fails), the caller must stop the process: see store_commit.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/clock.h"
#include "base/error.h"
#include "base/slice.h"
#include "crypto/secret.h"

struct store;
struct store_txn;

#define STORE_TABLES_MAX 40
#define STORE_KEY_MAX    511

struct store_options {
    const char *dir; /* 0700, owned by us */
    uint64_t map_bytes;
    const char *const *tables; /* names; a table is its index in this array */
    size_t n_tables;
    bool read_only;            /* for tools: opens beside a running daemon; never creates */
    bool allow_tmpfs;          /* for tests: file systems that do not keep what they sync */
    const struct clock *clock; /* for the age of read transactions; NULL is the system's */
    /* Each row ends with a tag, made and checked under the key: a row that is not as it was written
     * is the transaction's fault (-EBADMSG). Each commit keeps what all rows come to as well, which
     * store_check asks for. A reader without the key skips the tags unchecked; who writes has it. A
     * store made with tags must be opened with them. */
    bool row_tags;
    const struct secret *row_key; /* copied */
    /* store_check calls it while it goes on, several times a second: how many of all rows have been
     * looked at. Not when there are no more than before. NULL: nobody asks. */
    void (*looked)(uint64_t rows, uint64_t of);
};

/* Is this LMDB one that we trust? 0.9.24, or 0.9.32 and later of that series: 0.9.25 was
 * never tried, 0.9.26 to 0.9.31 carry a racy recovery of the writer lock, older ones lose rows, and
 * another series is another file format. */
bool store_version_good(int major, int minor, int patch);

/* Makes the store when there is none, in whole or not at all: an attempt that ended in the middle
 * leaves none. Refuses, with a reason: an LMDB version with known faults (only 0.9.24 and 0.9.32 or
 * later), a file system other than ext2/3/4 or xfs, wrong owner or mode, an environment that this
 * process has open already (-EBUSY), for writing one that another process may write to (-EBUSY),
 * another page size, an empty file (-EBADMSG), a store that lacks a table (-EBADMSG): only a new
 * one gets tables. Checks stale readers.
 * Never MDB_NOSYNC, NOMETASYNC, MAPASYNC, WRITEMAP, NOMEMINIT, NOLOCK: asserted from the open
 * environment. */
int store_open(const struct store_options *options, struct store **ret,
               struct error *error) MUST_USE;
void store_close(struct store **store);
/* Reads every row of a store that nobody has open, in a process of its own: -EBADMSG when a row is
 * not as it was written, is not found by its key or is missing, or when it cannot be read; -ENOENT
 * when there is none. With the key of its tags also when a row was removed, or is of an earlier
 * commit and the rest is not: an earlier commit as a whole is a store like any other. Any other
 * fault says nothing of the store. One thread only, as guard_run. */
int store_check(const struct store_options *options, struct error *error) MUST_USE;

/* Write; NULL only when memory or locks fail. */
struct store_txn *store_begin(struct store *store) MUST_USE;
/* Read; its age is watched (store_stats). NULL when readers are exhausted. */
struct store_txn *store_read(struct store *store) MUST_USE;
/* Abort; accepts NULL and committed: `_cleanup_(store_end)`. */
void store_end(struct store_txn **txn);
/* Synced when it returns 0, and *txn is NULL. Any failure: outcome UNKNOWN; answer nobody, sign
 * nothing, log_fatal. */
int store_commit(struct store_txn **txn) MUST_USE;
int store_fault(const struct store_txn *txn); /* the sticky fault, 0 while there is none */
/* Rows put and deleted so far: each dirties at least a page, which stays in memory until the
 * end. */
uint64_t store_writes(const struct store_txn *txn);
/* Makes `fault` (a -errno) the sticky fault unless there is one: for a caller that finds stored
 * rows broken. */
void store_fail(struct store_txn *txn, int fault);

/* Get: true when there; false when absent or the transaction has a fault. *ret borrowed until the
 * next write or end. */
bool store_get(struct store_txn *txn, unsigned table, struct slice key, struct slice *ret);
void store_put(struct store_txn *txn, unsigned table, struct slice key, struct slice value);
/* The key must sort after every key of the table; anything else is a fault (-EEXIST): a free check
 * of order. It also fills pages to the end, where a put at the end leaves the last row of each to
 * the next page: of rows that fit twice into a page, every page would hold one. */
void store_append(struct store_txn *txn, unsigned table, struct slice key, struct slice value);
/* The key must be new; an existing one is a fault (-EEXIST). */
void store_add(struct store_txn *txn, unsigned table, struct slice key, struct slice value);
/* True when it was there. */
bool store_delete(struct store_txn *txn, unsigned table, struct slice key);
/* Space for a value written in place (LMDB MDB_RESERVE); NULL after a fault. */
uint8_t *store_reserve(struct store_txn *txn, unsigned table, struct slice key,
                       size_t len) MUST_USE;
/* The same for a key that store_append would take. */
uint8_t *store_reserve_last(struct store_txn *txn, unsigned table, struct slice key,
                            size_t len) MUST_USE;

/* A walk over keys in order. Keys and values are borrowed until the next step or write. The row it
 * stands on may be deleted: the next step goes to the neighbour. End every walk before its
 * transaction (asserted). */
struct store_walk {
    struct store_txn *txn;
    unsigned table;
    void *cursor;
    struct slice key;
    struct slice value;
    bool live; /* key and value are valid */
};
/* First key >= from (or the first of the table for SLICE_NULL). */
struct store_walk store_walk_from(struct store_txn *txn, unsigned table, struct slice from);
/* Last key <= to (or the last of the table for SLICE_NULL). */
struct store_walk store_walk_last(struct store_txn *txn, unsigned table, struct slice to);
void store_walk_next(struct store_walk *walk);
void store_walk_prev(struct store_walk *walk);
void store_walk_end(struct store_walk *walk); /* `_cleanup_(store_walk_end)` */

/* Keys: big-endian, so that byte order is number order. */
struct store_key {
    uint8_t bytes[64];
    size_t len;
};
struct store_key store_key_u64(uint64_t value);
struct slice store_key_slice(const struct store_key *key);

struct store_stats {
    uint64_t used_bytes; /* pages in use, and those that grew the file */
    uint64_t map_bytes;
    uint64_t oldest_read_ms; /* age of the oldest read transaction, 0 when none */
};
int store_stats(struct store *store, struct store_stats *ret) MUST_USE;
/*
 * What may still be written, pages that were freed included. A file that grows in the middle of a
 * commit may fail there, when it is too late to say so to anybody: whoever wants to refuse in time
 * looks here before it writes, and lets the file grow first.
 */
struct store_room {
    uint64_t whole_bytes; /* the map's size */
    uint64_t map_bytes;   /* before the map is full */
    uint64_t disk_bytes;  /* before the file has to grow */
};
/* Freed pages are counted only when there is less than `enough` without them. `txn` is a write
 * transaction. */
int store_room(struct store_txn *txn, const struct store_room *enough,
               struct store_room *ret) MUST_USE;
/* The file gets blocks on disk for `bytes` beyond the pages in use, inside a write transaction:
 * -ENOSPC when the disk, a quota or the process's limit has no room, with nothing changed. */
int store_grow(struct store_txn *txn, uint64_t bytes) MUST_USE;
/* How many rows a table has, those that this transaction has put included; 0 after a fault. */
uint64_t store_table_rows(struct store_txn *txn, unsigned table);
/* How many rows each table has, all at one moment. */
int store_rows(struct store *store, uint64_t ret[STORE_TABLES_MAX]) MUST_USE;

#endif
