/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a store lies: what must hold of the folder and its files, whose it is, and how a store is
 * made in it.
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
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/files.h"
#include "store/internal.h"

#define STORE_LOCK_FILE "lock.mdb"
#define STORE_NEW_FILE  "new.mdb"
#define STORE_NEW_LOCK  "new.mdb-lock" /* LMDB names it */

struct path {
    char text[PATH_MAX];
};

static int path_join(struct path *ret, const char *dir, const char *name)
{
    int len = snprintf(ret->text, sizeof(ret->text), "%s/%s", dir, name);

    return len < 0 || (size_t)len >= sizeof(ret->text) ? -ENAMETOOLONG : 0;
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
        return errno == ENOENT ? 0 : store_refuse(error, path.text, "cannot be looked at", errno);
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
        return store_refuse(error, dir, "cannot tell whether it is open", -r);
    }
    if (open) {
        (void)error_set(error, path.text, "is open in this process already");
        return -EBUSY;
    }
    return 0;
}

int store_place_check(const struct store_options *options, struct error *error)
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
        return store_refuse(error, dir, "does not open", errno);
    }
    if (flock(store->folder, LOCK_EX | LOCK_NB) == 0) {
        return 0;
    }
    if (errno != EWOULDBLOCK) {
        return store_refuse(error, dir, "cannot be locked", errno);
    }
    (void)error_set(error, dir, "another process has this store open");
    return -EBUSY;
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
    return rc == 0 ? 0 : store_refuse(error, options->dir, "the tables cannot be made", rc);
}

/* Whole and synced, but for its name. */
static int fill_new(const struct store_options *options, const char *path, struct error *error)
{
    _cleanup_(store_close) struct store *store = store_new(options);

    int r = store_open_environment(store, options, path, MDB_NOSUBDIR, error);
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
        return store_refuse(error, options->dir, "is no place for a store", -r);
    }
    (void)unlink(made.text);
    (void)unlink(lock.text);
    r = fill_new(options, made.text, error);
    (void)unlink(lock.text);
    if (r == 0 && renameat2(AT_FDCWD, made.text, AT_FDCWD, data.text, RENAME_NOREPLACE) < 0) {
        r = store_refuse(error, data.text, "cannot be made", errno);
    }
    if (r < 0) {
        (void)unlink(made.text);
    }
    return r;
}

/* There is one when it returns 0. */
int store_place_take(struct store *store, const struct store_options *options, struct error *error)
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
