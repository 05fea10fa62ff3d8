/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share, and the only place that shows LMDB's types. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <pthread.h>

#include <lmdb.h>

#include "cairn/limits.h"
#include "crypto/secret.h"
#include "store/store.h"

/* One per open read transaction of this process. */
struct store_reader {
    bool used;
    int64_t begun_ms;
};

struct store {
    MDB_env *env;
    int folder; /* locked, of a store that is open for writing; else -1 */
    MDB_dbi tables[STORE_TABLES_MAX];
    size_t n_tables;
    bool read_only;
    bool row_tags;
    struct secret row_key; /* empty: tags are not checked, and there is no sum */
    MDB_dbi sum_table;
    struct secret sum_key;
    const struct clock *clock;
    pthread_mutex_t lock; /* over what follows */
    struct store_reader readers[CAIRN_READERS_MAX];
    bool writing;
};

#define STORE_TAG_BYTES 16
#define STORE_SUM_BYTES 16
#define STORE_SUM_TABLE "row-sum"

/* Of the rows that a write transaction began with, and what it has put and deleted since. */
struct store_sum {
    bool known; /* from the first write on */
    uint8_t bytes[STORE_SUM_BYTES];
};

/* A reserved row: its owner is still writing it. */
struct store_untagged {
    unsigned table;
    uint8_t key[STORE_KEY_MAX];
    size_t key_len;
    uint8_t *value; /* NULL: there is none */
    size_t len;     /* without the tag */
};

struct store_txn {
    struct store *store;
    MDB_txn *txn;
    struct store_reader *reader; /* NULL for a write transaction */
    int fault;
    unsigned walks; /* open ones */
    uint64_t writes;
    struct store_untagged untagged;
    struct store_sum sum;
};

#define STORE_FILE_MODE 0600
#define STORE_DATA_FILE "data.mdb"

/* --- place.c: the folder --- */
/* Private, on a file system that keeps what it syncs, and no store in it open in this process. */
int store_place_check(const struct store_options *options, struct error *error) MUST_USE;
/* Locks the folder when `store` is for writing, until it is closed; there is a store in it when
 * this returns 0. */
int store_place_take(struct store *store, const struct store_options *options,
                     struct error *error) MUST_USE;

/* --- store.c --- */
/* An LMDB result as 0 or -errno. */
int store_errno(int rc);
/* The caller's, without an environment yet: store_close frees it, also then. */
struct store *store_new(const struct store_options *options) MUST_USE;
/* At `path`, with LMDB's `flags` and MDB_NOTLS. Nothing of what is there is checked: store_open
 * does. */
int store_open_environment(struct store *store, const struct store_options *options,
                           const char *path, unsigned flags, struct error *error) MUST_USE;
/* Says `what` of `where` with LMDB's or the system's reason, and returns it as -errno. */
int store_refuse(struct error *error, const char *where, const char *what, int rc) MUST_USE;
/* A free reader, marked used and timed, or NULL. */
struct store_reader *store_take_reader(struct store *store);
void store_release_reader(struct store *store, struct store_reader *reader);

/* --- tag.c: of a store whose rows carry tags --- */
/* Behind `len` bytes of value; the row is in the sum now. */
void store_tag_write(struct store_txn *txn, unsigned table, struct slice key, uint8_t *value,
                     size_t len);
void store_tag_later(struct store_txn *txn, unsigned table, struct slice key, uint8_t *value,
                     size_t len);
/* Before anything else is done in the transaction. */
void store_tag_now(struct store_txn *txn);
/* Takes the tag off `value`. False, with a fault (-EBADMSG), when it is not this row's. */
bool store_tag_holds(struct store_txn *txn, unsigned table, struct slice key, struct slice *value);
/* The row as the disk has it is in the sum no more. False, with a fault, when its tag is not its
 * own. */
bool store_tag_leaves(struct store_txn *txn, unsigned table, struct slice key, struct slice value);
/* Into a sum of a reader's own: a row without its tag. */
void store_tag_count(const struct store_txn *txn, unsigned table, struct slice key,
                     struct slice value, uint8_t sum[STORE_SUM_BYTES]);

/* --- sum.c: of a store whose rows carry tags, and its key is known --- */
/* Before the first write of the transaction; more do nothing. */
void store_sum_begin(struct store_txn *txn);
/* In when it is not there, out when it is. */
void store_sum_turn(uint8_t sum[STORE_SUM_BYTES], const uint8_t share[STORE_SUM_BYTES]);
/* After the last write. */
void store_sum_end(struct store_txn *txn);
/* 0 when this is the sum that was committed; -EBADMSG when it is not, or when that one cannot be
 * read; any other fault says nothing of the store. */
int store_sum_check(struct store_txn *txn, const uint8_t sum[STORE_SUM_BYTES]) MUST_USE;

/* --- txn.c --- */
/* As store_get, but the row is as the disk has it, tag and all, and nothing is checked. */
bool store_find(struct store_txn *txn, unsigned table, struct slice key, struct slice *ret);

#endif
