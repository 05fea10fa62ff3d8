/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a store that goes on working: written and synced beside its place, and named then. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fd.h"
#include "store/internal.h"

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
    struct store_path parent;

    int r = store_path_join(&parent, to, "..");
    if (r == 0 && renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) < 0) {
        r = -errno;
    }
    return r == 0 ? store_dir_sync(parent.text) : r;
}

static int copy_by_way_of(struct store *store, const char *partial, const char *dir)
{
    struct store_path file;

    int r = store_path_join(&file, partial, STORE_DATA_FILE);
    if (r < 0) {
        return r;
    }
    r = copy_to_file(store, file.text);
    if (r == 0) {
        r = store_dir_sync(partial);
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
    struct store_path target;
    struct store_path partial;
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
        return store_refuse(error, partial.text, "cannot be made", errno);
    }
    int r = copy_by_way_of(store, partial.text, target.text);
    return r == 0 ? 0 : store_refuse(error, dir, "the copy failed", -r);
}
