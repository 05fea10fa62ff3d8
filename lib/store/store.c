/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment: what must hold before it is used, its tables, its readers, and what it reports
 * of itself. place.c has looked at the folder by then, and made the store when there was none.
 *
 * Two rules of LMDB shape store_open: an environment may be open once in a process, because closing
 * any descriptor of lock.mdb drops the process's locks; so that file is never opened here. And
 * durability is what mdb_env_get_flags says after opening, not what was asked for.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "crypto/seal.h"
#include "os/fd.h"
#include "store/internal.h"

#define SUM_KEY_NAME  "cairn-store-sum/v1"
#define LMDB_PAGE_MAX 32768L /* LMDB's own ceiling, on hosts with larger pages */
#define FORBIDDEN_FLAGS                                                                            \
    (MDB_NOSYNC | MDB_NOMETASYNC | MDB_MAPASYNC | MDB_WRITEMAP | MDB_NOMEMINIT | MDB_NOLOCK)

int store_errno(int rc)
{
    switch (rc) {
    case MDB_SUCCESS:
        return 0;
    case MDB_KEYEXIST:
        return -EEXIST;
    case MDB_NOTFOUND:
        return -ENOENT;
    case MDB_MAP_FULL:
        return -ENOSPC;
    case MDB_READERS_FULL:
        return -EAGAIN;
    case MDB_BAD_VALSIZE:
        return -EINVAL;
    default:
        return rc > 0 ? -rc : -EIO;
    }
}

bool store_version_good(int major, int minor, int patch)
{
    return major == 0 && minor == 9 && (patch == 24 || patch >= 32);
}

int store_refuse(struct error *error, const char *where, const char *what, int rc)
{
    (void)error_set(error, where, "%s: %s", what, mdb_strerror(rc));
    return store_errno(rc);
}

static int check_version(struct error *error)
{
    int major = 0;
    int minor = 0;
    int patch = 0;

    (void)mdb_version(&major, &minor, &patch);
    if (!store_version_good(major, minor, patch)) {
        return error_set(error, "lmdb",
                         "version %d.%d.%d has known faults; use 0.9.24, or 0.9.32 or later", major,
                         minor, patch);
    }
    return 0;
}

int store_open_environment(struct store *store, const struct store_options *options,
                           const char *path, unsigned flags, struct error *error)
{
    int rc = mdb_env_create(&store->env);
    if (rc == 0) {
        rc = mdb_env_set_mapsize(store->env, options->map_bytes);
    }
    if (rc == 0) {
        rc = mdb_env_set_maxreaders(store->env, CAIRN_READERS_MAX);
    }
    if (rc == 0) {
        rc = mdb_env_set_maxdbs(store->env, (MDB_dbi)options->n_tables + 1);
    }
    if (rc == 0) {
        rc = mdb_env_open(store->env, path, MDB_NOTLS | flags, STORE_FILE_MODE);
    }
    return rc == 0 ? 0 : store_refuse(error, path, "the store does not open", rc);
}

static int check_environment(struct store *store, const char *dir, struct error *error)
{
    unsigned flags = 0;
    MDB_stat stat;
    int dead = 0;

    int rc = mdb_env_get_flags(store->env, &flags);
    assert(rc == 0);
    assert((flags & FORBIDDEN_FLAGS) == 0);
    assert((flags & MDB_NOTLS) != 0);

    rc = mdb_env_stat(store->env, &stat);
    assert(rc == 0);
    long page = sysconf(_SC_PAGESIZE);
    if (stat.ms_psize != (page < LMDB_PAGE_MAX ? page : LMDB_PAGE_MAX)) {
        return error_set(error, dir,
                         "was made on a machine with pages of %u bytes; copy it with mdb_dump and "
                         "mdb_load",
                         stat.ms_psize);
    }
    /* Slots of readers that were killed hold back old pages for ever. */
    rc = mdb_reader_check(store->env, &dead);
    return rc == 0 ? 0 : store_refuse(error, dir, "readers cannot be checked", rc);
}

/* Of a store that is there none is made: it was made with all of them. */
static int open_table(const struct store_options *options, MDB_txn *txn, const char *name,
                      MDB_dbi *ret, struct error *error)
{
    MDB_dbi table = 0;
    unsigned flags = 0;

    int rc = mdb_dbi_open(txn, name, 0, &table);
    if (rc == 0) {
        rc = mdb_dbi_flags(txn, table, &flags);
    }
    if (rc == MDB_NOTFOUND) { /* not the same as no store */
        (void)error_set(error, options->dir,
                        "the table %s is missing: the store is damaged, or another version of this "
                        "program made it; put back a sound copy",
                        name);
        return -EBADMSG;
    }
    if (rc != 0) {
        return store_refuse(error, name, "the table does not open", rc);
    }
    if (flags != 0) {
        return error_set(error, name, "is a table of another kind");
    }
    *ret = table;
    return 0;
}

static int open_each_table(struct store *store, const struct store_options *options, MDB_txn *txn,
                           struct error *error)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < options->n_tables; i++) {
        r = open_table(options, txn, options->tables[i], &store->tables[i], error);
    }
    if (r == 0 && store->row_key.len > 0) {
        r = open_table(options, txn, STORE_SUM_TABLE, &store->sum_table, error);
    }
    return r;
}

static int open_tables(struct store *store, const struct store_options *options,
                       struct error *error)
{
    MDB_txn *txn = NULL;

    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    if (rc != 0) {
        return store_refuse(error, options->dir, "no transaction", rc);
    }
    int r = open_each_table(store, options, txn, error);
    if (r < 0) {
        mdb_txn_abort(txn);
        return r;
    }
    store->n_tables = options->n_tables;
    rc = mdb_txn_commit(txn); /* or they would be closed again */
    return rc == 0 ? 0 : store_refuse(error, options->dir, "the tables do not open", rc);
}

struct store *store_new(const struct store_options *options)
{
    struct store *store = base_zalloc(1, sizeof(*store));

    store->folder = -1;
    store->read_only = options->read_only;
    store->row_tags = options->row_tags;
    if (options->row_key != NULL) {
        secret_set(&store->row_key, options->row_key->bytes, options->row_key->len);
        hkdf_expand(&store->row_key, slice_of_text(SUM_KEY_NAME), SEAL_KEY_BYTES, &store->sum_key);
    }
    store->clock = options->clock != NULL ? options->clock : clock_system();
    int r = pthread_mutex_init(&store->lock, NULL);
    assert(r == 0);
    return store;
}

int store_open(const struct store_options *options, struct store **ret, struct error *error)
{
    assert(options->n_tables > 0 && options->n_tables <= STORE_TABLES_MAX);
    int r = check_version(error);
    if (r == 0) {
        r = store_place_check(options, error);
    }
    if (r < 0) {
        return r;
    }
    _cleanup_(store_close) struct store *store = store_new(options);
    r = store_place_take(store, options, error);
    if (r == 0) {
        r = store_open_environment(store, options, options->dir,
                                   options->read_only ? MDB_RDONLY : 0U, error);
    }
    if (r == 0) {
        r = check_environment(store, options->dir, error);
    }
    if (r == 0) {
        r = open_tables(store, options, error);
    }
    /* LMDB syncs the file but not its name; who made it may have died before it did. */
    if (r == 0 && !options->read_only && fsync(store->folder) < 0) {
        r = store_refuse(error, options->dir, "does not sync", errno);
    }
    if (r < 0) {
        return r;
    }
    *ret = store;
    store = NULL;
    return 0;
}

void store_close(struct store **store)
{
    struct store *closing = *store;

    if (closing == NULL) {
        return;
    }
    *store = NULL;
    assert(!closing->writing);
    for (size_t i = 0; i < CAIRN_READERS_MAX; i++) {
        assert(!closing->readers[i].used);
    }
    if (closing->env != NULL) {
        mdb_env_close(closing->env);
    }
    fd_close(&closing->folder); /* the next to write may open it from here on */
    (void)pthread_mutex_destroy(&closing->lock);
    secret_deinit(&closing->row_key);
    secret_deinit(&closing->sum_key);
    free(closing);
}

struct store_reader *store_take_reader(struct store *store)
{
    struct store_reader *reader = NULL;
    int64_t now_ms = clock_boot_ms(store->clock);

    (void)pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < CAIRN_READERS_MAX && reader == NULL; i++) {
        if (!store->readers[i].used) {
            reader = &store->readers[i];
            *reader = (struct store_reader){.used = true, .begun_ms = now_ms};
        }
    }
    (void)pthread_mutex_unlock(&store->lock);
    return reader;
}

void store_release_reader(struct store *store, struct store_reader *reader)
{
    (void)pthread_mutex_lock(&store->lock);
    assert(reader->used);
    reader->used = false;
    (void)pthread_mutex_unlock(&store->lock);
}

static uint64_t oldest_read_ms(struct store *store)
{
    int64_t now_ms = clock_boot_ms(store->clock);
    int64_t oldest_ms = 0;

    (void)pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < CAIRN_READERS_MAX; i++) {
        const struct store_reader *reader = &store->readers[i];
        if (reader->used && now_ms - reader->begun_ms > oldest_ms) {
            oldest_ms = now_ms - reader->begun_ms;
        }
    }
    (void)pthread_mutex_unlock(&store->lock);
    return (uint64_t)oldest_ms;
}

int store_stats(struct store *store, struct store_stats *ret)
{
    MDB_envinfo info;
    MDB_stat stat;

    int rc = mdb_env_info(store->env, &info);
    if (rc == 0) {
        rc = mdb_env_stat(store->env, &stat);
    }
    if (rc != 0) {
        return store_errno(rc);
    }
    *ret = (struct store_stats){
        .used_bytes = (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize,
        .map_bytes = info.me_mapsize,
        .oldest_read_ms = oldest_read_ms(store),
    };
    return 0;
}

int store_rows(struct store *store, uint64_t ret[STORE_TABLES_MAX])
{
    uint64_t rows[STORE_TABLES_MAX] = {0};
    MDB_stat stat;
    MDB_txn *txn = NULL;

    int rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn);
    for (size_t i = 0; rc == 0 && i < store->n_tables; i++) {
        rc = mdb_stat(txn, store->tables[i], &stat);
        rows[i] = rc == 0 ? stat.ms_entries : 0;
    }
    if (txn != NULL) {
        mdb_txn_abort(txn);
    }
    if (rc == 0) {
        memcpy(ret, rows, sizeof(rows));
    }
    return store_errno(rc);
}
