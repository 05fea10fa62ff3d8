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
    MDB_dbi tables[STORE_TABLES_MAX];
    size_t n_tables;
    bool read_only;
    bool row_tags;
    struct secret row_key; /* empty: tags are not checked */
    const struct clock *clock;
    pthread_mutex_t lock; /* over what follows */
    struct store_reader readers[CAIRN_READERS_MAX];
    bool writing;
};

#define STORE_TAG_BYTES 16

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
};

/* --- tag.c: of a store whose rows carry tags --- */
/* Behind `len` bytes of value. */
void store_tag_write(const struct store *store, unsigned table, struct slice key, uint8_t *value,
                     size_t len);
void store_tag_later(struct store_txn *txn, unsigned table, struct slice key, uint8_t *value,
                     size_t len);
/* Before anything else is done in the transaction. */
void store_tag_now(struct store_txn *txn);
/* Takes the tag off `value`. False, with a fault (-EBADMSG), when it is not this row's. */
bool store_tag_holds(struct store_txn *txn, unsigned table, struct slice key, struct slice *value);

/* An LMDB result as 0 or -errno. */
int store_errno(int rc);
/* A free reader, marked used and timed, or NULL. */
struct store_reader *store_take_reader(struct store *store);
void store_release_reader(struct store *store, struct store_reader *reader);

#endif
