/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The environment: what must hold before a store is used, what it reports of itself, and how it is
 * copied.
 *
 * Two rules of LMDB shape store_open: an environment may be open once in a process, because closing
 * any descriptor of lock.mdb drops the process's locks; so that file is never opened here. And
 * durability is what mdb_env_get_flags says after opening, not what was asked for.
 *
 * A store has its name once it is whole: a new one is made beside it, with its tables, synced, and
 * then renamed. So what was being made when the process died is never taken for a store, and a
 * store that lost something is never taken for a new one, nor given a table that it lacks.
 *
 * Whoever writes has locked the folder before it looks what is there, and until it closes: LMDB
 * lets processes write in turn, but two that make a store replace each other's, and two daemons
 * that both believe a store theirs answer for rows that the other has changed.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "crypto/seal.h"
#include "os/fd.h"
#include "os/files.h"
#include "store/internal.h"

#define STORE_FILE_MODE 0600
#define STORE_DATA_FILE "data.mdb"
#define STORE_LOCK_FILE "lock.mdb"
#define STORE_NEW_FILE  "new.mdb"
#define STORE_NEW_LOCK  "new.mdb-lock" /* LMDB names it */
#define SUM_KEY_NAME    "cairn-store-sum/v1"
#define LMDB_PAGE_MAX   32768L /* LMDB's own ceiling, on hosts with larger pages */
#define FORBIDDEN_FLAGS                                                                            \
    (MDB_NOSYNC | MDB_NOMETASYNC | MDB_MAPASYNC | MDB_WRITEMAP | MDB_NOMEMINIT | MDB_NOLOCK)

struct path {
    char text[PATH_MAX];
};

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

static int fail(struct error *error, const char *where, const char *what, int rc)
{
    (void)error_set(error, where, "%s: %s", what, mdb_strerror(rc));
    return store_errno(rc);
}

static int path_join(struct path *ret, const char *dir, const char *name)
{
    int len = snprintf(ret->text, sizeof(ret->text), "%s/%s", dir, name);

    return len < 0 || (size_t)len >= sizeof(ret->text) ? -ENAMETOOLONG : 0;
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

/* A file of the environment: absent (-1 bytes), or private to us. */
static int check_file(const char *dir, const char *name, int64_t *ret_bytes, struct error *error)
{
    struct path path;
    struct stat status;

    int r = path_join(&path, dir, name);
    if (r < 0) {
        (void)error_set(error, dir, "the path is too long");
        return r;
    }
    if (lstat(path.text, &status) < 0) {
        *ret_bytes = -1;
        return errno == ENOENT ? 0 : fail(error, path.text, "cannot be looked at", errno);
    }
    *ret_bytes = status.st_size;
    return file_check_private(path.text, STORE_FILE_MODE, error);
}

static int check_not_open(const char *dir, struct error *error)
{
    struct path path;
    bool open = false;

    int r = path_join(&path, dir, STORE_DATA_FILE);
    if (r == 0) {
        r = file_is_open(path.text, &open);
    }
    if (r < 0) {
        return fail(error, dir, "cannot tell whether it is open", -r);
    }
    if (open) {
        (void)error_set(error, path.text, "is open in this process already");
        return -EBUSY;
    }
    return 0;
}

static int check_folder(const struct store_options *options, struct error *error)
{
    int r = dir_check_private(options->dir, error);
    if (r == 0) {
        r = file_system_check(options->dir, options->allow_tmpfs, error);
    }
    return r == 0 ? check_not_open(options->dir, error) : r;
}

static int check_files(const char *dir, bool *ret_there, struct error *error)
{
    int64_t data_bytes = -1;
    int64_t lock_bytes = -1;

    int r = check_file(dir, STORE_DATA_FILE, &data_bytes, error);
    if (r == 0) {
        r = check_file(dir, STORE_LOCK_FILE, &lock_bytes, error);
    }
    if (r == 0 && data_bytes == 0) { /* LMDB would begin a new one */
        (void)error_set(error, dir, "the store was cut short: it is empty");
        return -EBADMSG;
    }
    *ret_there = data_bytes > 0;
    return r;
}

/* Until the store is closed, or its process is no more. */
static int lock_folder(struct store *store, const char *dir, struct error *error)
{
    store->folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (store->folder < 0) {
        return fail(error, dir, "does not open", errno);
    }
    if (flock(store->folder, LOCK_EX | LOCK_NB) == 0) {
        return 0;
    }
    if (errno != EWOULDBLOCK) {
        return fail(error, dir, "cannot be locked", errno);
    }
    (void)error_set(error, dir, "another process has this store open");
    return -EBUSY;
}

static int sync_dir(const char *dir)
{
    _cleanup_(fd_close) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int open_environment(struct store *store, const struct store_options *options,
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
    return rc == 0 ? 0 : fail(error, path, "the store does not open", rc);
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
    return rc == 0 ? 0 : fail(error, dir, "readers cannot be checked", rc);
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
        return fail(error, name, "the table does not open", rc);
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
        return fail(error, options->dir, "no transaction", rc);
    }
    int r = open_each_table(store, options, txn, error);
    if (r < 0) {
        mdb_txn_abort(txn);
        return r;
    }
    store->n_tables = options->n_tables;
    rc = mdb_txn_commit(txn); /* or they would be closed again */
    return rc == 0 ? 0 : fail(error, options->dir, "the tables do not open", rc);
}

static struct store *store_new(const struct store_options *options)
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

static int make_tables(struct store *store, const struct store_options *options,
                       struct error *error)
{
    MDB_txn *txn = NULL;
    MDB_dbi table = 0;

    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    for (size_t i = 0; rc == 0 && i < options->n_tables; i++) {
        rc = mdb_dbi_open(txn, options->tables[i], MDB_CREATE, &table);
    }
    if (rc == 0 && store->row_key.len > 0) {
        rc = mdb_dbi_open(txn, STORE_SUM_TABLE, MDB_CREATE, &table);
    }
    if (rc == 0) {
        rc = mdb_txn_commit(txn);
        txn = NULL;
    }
    if (txn != NULL) {
        mdb_txn_abort(txn);
    }
    return rc == 0 ? 0 : fail(error, options->dir, "the tables cannot be made", rc);
}

/* Whole and synced, but for its name. */
static int fill_new(const struct store_options *options, const char *path, struct error *error)
{
    _cleanup_(store_close) struct store *store = store_new(options);

    int r = open_environment(store, options, path, MDB_NOSUBDIR, error);
    return r == 0 ? make_tables(store, options, error) : r;
}

/* In a locked folder. What an attempt before this one left is of no use: nobody has written to
 * it. */
static int make_new(const struct store_options *options, struct error *error)
{
    struct path made;
    struct path lock;
    struct path data;

    int r = path_join(&made, options->dir, STORE_NEW_FILE);
    if (r == 0) {
        r = path_join(&lock, options->dir, STORE_NEW_LOCK);
    }
    if (r == 0) {
        r = path_join(&data, options->dir, STORE_DATA_FILE);
    }
    if (r < 0) {
        return fail(error, options->dir, "is no place for a store", -r);
    }
    (void)unlink(made.text);
    (void)unlink(lock.text);
    r = fill_new(options, made.text, error);
    (void)unlink(lock.text);
    if (r == 0 && renameat2(AT_FDCWD, made.text, AT_FDCWD, data.text, RENAME_NOREPLACE) < 0) {
        r = fail(error, data.text, "cannot be made", errno);
    }
    if (r < 0) {
        (void)unlink(made.text);
    }
    return r;
}

/* There is one when it returns 0. */
static int find_or_make(struct store *store, const struct store_options *options,
                        struct error *error)
{
    bool there = false;

    int r = options->read_only ? 0 : lock_folder(store, options->dir, error);
    if (r == 0) {
        r = check_files(options->dir, &there, error);
    }
    if (r < 0 || there) {
        return r;
    }
    if (options->read_only) {
        (void)error_set(error, options->dir, "holds no store");
        return -ENOENT;
    }
    return make_new(options, error);
}

int store_open(const struct store_options *options, struct store **ret, struct error *error)
{
    assert(options->n_tables > 0 && options->n_tables <= STORE_TABLES_MAX);
    int r = check_version(error);
    if (r == 0) {
        r = check_folder(options, error);
    }
    if (r < 0) {
        return r;
    }
    _cleanup_(store_close) struct store *store = store_new(options);
    r = find_or_make(store, options, error);
    if (r == 0) {
        r = open_environment(store, options, options->dir, options->read_only ? MDB_RDONLY : 0U,
                             error);
    }
    if (r == 0) {
        r = check_environment(store, options->dir, error);
    }
    if (r == 0) {
        r = open_tables(store, options, error);
    }
    /* LMDB syncs the file but not its name; who made it may have died before it did. */
    if (r == 0 && !options->read_only && fsync(store->folder) < 0) {
        r = fail(error, options->dir, "does not sync", errno);
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

/* LMDB writes the copy but does not sync it. */
static int copy_to_file(struct store *store, const char *path)
{
    _cleanup_(fd_close) int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, STORE_FILE_MODE);
    if (fd < 0) {
        return -errno;
    }
    struct store_reader *reader = store_take_reader(store);
    if (reader == NULL) {
        return -EAGAIN;
    }
    int r = store_errno(mdb_env_copyfd2(store->env, fd, 0));
    store_release_reader(store, reader);
    if (r == 0 && fsync(fd) < 0) {
        r = -errno;
    }
    return r;
}

/* Gives the finished directory its name, unless something has that name already. */
static int publish_dir(const char *from, const char *to)
{
    struct path parent;

    int r = path_join(&parent, to, "..");
    if (r == 0 && renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0) {
        r = -errno;
    }
    return r == 0 ? sync_dir(parent.text) : r;
}

static int copy_by_way_of(struct store *store, const char *partial, const char *dir)
{
    struct path file;

    int r = path_join(&file, partial, STORE_DATA_FILE);
    if (r < 0) {
        return r;
    }
    r = copy_to_file(store, file.text);
    if (r == 0) {
        r = sync_dir(partial);
    }
    if (r == 0) {
        r = publish_dir(partial, dir);
    }
    if (r < 0) {
        (void)unlink(file.text);
        (void)rmdir(partial);
    }
    return r;
}

int store_copy(struct store *store, const char *dir, struct error *error)
{
    struct path target;
    struct path partial;
    struct stat status;

    int len = snprintf(target.text, sizeof(target.text), "%s", dir);
    if (len <= 0 || (size_t)len + sizeof(".partial-XXXXXX") > sizeof(target.text)) {
        return error_set(error, dir, "is no path for a copy");
    }
    while (len > 1 && target.text[len - 1] == '/') {
        target.text[--len] = '\0';
    }
    if (lstat(target.text, &status) == 0) {
        (void)error_set(error, dir, "exists already");
        return -EEXIST;
    }
    (void)snprintf(partial.text, sizeof(partial.text), "%.*s.partial-XXXXXX", len, target.text);
    if (mkdtemp(partial.text) == NULL) {
        return fail(error, partial.text, "cannot be made", errno);
    }
    int r = copy_by_way_of(store, partial.text, target.text);
    return r == 0 ? 0 : fail(error, dir, "the copy failed", -r);
}
