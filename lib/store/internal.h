/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share, and the only place that shows LMDB's types. */
#ifndef STORE_INTERNAL_H
#define STORE_INTERNAL_H

#include <pthread.h>

#include <lmdb.h>

#include "cairn/limits.h"
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
    const struct clock *clock;
    pthread_mutex_t lock; /* over what follows */
    struct store_reader readers[CAIRN_READERS_MAX];
    bool writing;
};

struct store_txn {
    struct store *store;
    MDB_txn *txn;
    struct store_reader *reader; /* NULL for a write transaction */
    int fault;
    unsigned walks; /* open ones */
    uint64_t writes;
};

/* An LMDB result as 0 or -errno. */
int store_errno(int rc);
/* A free reader, marked used and timed, or NULL. */
struct store_reader *store_take_reader(struct store *store);
void store_release_reader(struct store *store, struct store_reader *reader);

#endif
