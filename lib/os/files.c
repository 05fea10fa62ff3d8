/* SPDX-License-Identifier: Apache-2.0 */
#include "os/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "os/fd.h"

#define READ_CHUNK_BYTES 65536
#define PATH_BYTES       4096
#define NAME_BYTES       256
#define MODE_BITS        07777

static int failed(struct error *error, const char *path, const char *what)
{
    int saved_errno = errno;

    (void)error_set(error, path, "%s: %s", what, strerrordesc_np(saved_errno));
    return -saved_errno;
}

static int open_regular(const char *path, int *ret_fd, struct stat *ret_status)
{
    /* O_NONBLOCK: opening a FIFO that somebody put there must not hang. */
    _cleanup_(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0 || fstat(fd, ret_status) != 0) {
        return -errno;
    }
    if (!S_ISREG(ret_status->st_mode)) {
        return S_ISDIR(ret_status->st_mode) ? -EISDIR : -EINVAL;
    }
    *ret_fd = fd;
    fd = -1;
    return 0;
}

/* Appends what one read returns; *ret_len 0 at the end of the file. */
static int read_some(int fd, struct buf *out, size_t *ret_len)
{
    size_t left = out->max - out->len;
    size_t room = left < READ_CHUNK_BYTES ? left : READ_CHUNK_BYTES;
    uint8_t beyond;
    uint8_t *at = room > 0 ? buf_extend(out, room) : &beyond;
    assert(at != NULL);

    ssize_t n;
    do {
        n = read(fd, at, room > 0 ? room : 1);
    } while (n < 0 && errno == EINTR);
    int saved_errno = errno;
    out->len -= room - (room > 0 && n > 0 ? (size_t)n : 0);
    if (n < 0) {
        return -saved_errno;
    }
    *ret_len = (size_t)n;
    return room == 0 && n > 0 ? -EFBIG : 0;
}

static int read_all(int fd, struct buf *out)
{
    size_t len = 1;
    int r = 0;

    buf_reset(out);
    while (r == 0 && len > 0) {
        r = read_some(fd, out, &len);
    }
    if (r < 0) {
        buf_deinit(out);
    }
    return r;
}

int file_read(const char *path, struct buf *out)
{
    _cleanup_(fd_close) int fd = -1;
    struct stat status;

    buf_reset(out);
    int r = open_regular(path, &fd, &status);
    return r < 0 ? r : read_all(fd, out);
}

/* The service manager places credentials as root, readable for us through an access list that shows
 * as a group bit. */
static bool is_system_credential(const char *path, const struct stat *status)
{
    const char *folder = secure_getenv("CREDENTIALS_DIRECTORY");
    size_t len = folder != NULL ? strlen(folder) : 0;

    return len > 0 && strncmp(path, folder, len) == 0 && path[len] == '/' &&
           strchr(path + len + 1, '/') == NULL && status->st_uid == 0 &&
           (status->st_mode & MODE_BITS & ~(mode_t)0440) == 0;
}

static int check_owner_and_mode(const char *path, const struct stat *status, mode_t widest,
                                struct error *error)
{
    mode_t mode = status->st_mode & MODE_BITS;

    if (status->st_uid != geteuid()) {
        (void)error_set(error, path, "belongs to another user: run `chown %u %s`",
                        (unsigned)geteuid(), path);
        return -EPERM;
    }
    if ((mode & ~widest) != 0) {
        (void)error_set(error, path, "others may get at it (mode %03o): run `chmod %o %s`",
                        (unsigned)mode, (unsigned)(mode & widest), path);
        return -EPERM;
    }
    return 0;
}

static int check_private_file(const char *path, const struct stat *status, mode_t widest,
                              struct error *error)
{
    if (!S_ISREG(status->st_mode)) {
        (void)error_set(error, path, "is not a regular file");
        return -EINVAL;
    }
    if (is_system_credential(path, status)) {
        return 0;
    }
    return check_owner_and_mode(path, status, widest, error);
}

int file_read_private(const char *path, mode_t widest, struct buf *out, struct error *error)
{
    _cleanup_(fd_close) int fd = -1;
    struct stat status;

    buf_reset(out);
    int r = open_regular(path, &fd, &status);
    if (r < 0) {
        errno = -r;
        return failed(error, path, "cannot be opened");
    }
    r = check_private_file(path, &status, widest, error);
    if (r < 0) {
        return r;
    }
    r = read_all(fd, out);
    if (r < 0) {
        errno = -r;
        return failed(error, path, "cannot be read");
    }
    return 0;
}

int file_check_private(const char *path, mode_t widest, struct error *error)
{
    struct stat status;

    if (lstat(path, &status) != 0) {
        return failed(error, path, "cannot be looked at");
    }
    return check_private_file(path, &status, widest, error);
}

int dir_check_private(const char *path, struct error *error)
{
    struct stat status;

    if (stat(path, &status) != 0) {
        return failed(error, path, "cannot be looked at");
    }
    if (!S_ISDIR(status.st_mode)) {
        (void)error_set(error, path, "is not a folder");
        return -ENOTDIR;
    }
    return check_owner_and_mode(path, &status, 0700, error);
}

/* "a/b/c" into "a/b" and "c"; "c" into "." and "c". */
static int split_path(const char *path, char folder[PATH_BYTES], char name[NAME_BYTES])
{
    const char *slash = strrchr(path, '/');
    const char *last = slash != NULL ? slash + 1 : path;
    size_t folder_len = slash != NULL ? (size_t)(slash - path) : 0;

    if (last[0] == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0) {
        return -EINVAL;
    }
    if (folder_len >= PATH_BYTES || strlen(last) >= NAME_BYTES) {
        return -ENAMETOOLONG;
    }
    (void)snprintf(name, NAME_BYTES, "%s", last);
    (void)snprintf(folder, PATH_BYTES, "%.*s", (int)folder_len, path);
    if (folder_len == 0) {
        (void)snprintf(folder, PATH_BYTES, "%s", slash != NULL ? "/" : ".");
    }
    return 0;
}

static int open_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);

    return fd < 0 ? -errno : fd;
}

/* Of a folder, whose path may end in a slash. */
static int sync_folder_of(const char *path)
{
    char plain[PATH_BYTES];
    char folder[PATH_BYTES];
    char name[NAME_BYTES];
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    if (len >= sizeof(plain)) {
        return -ENAMETOOLONG;
    }
    (void)snprintf(plain, sizeof(plain), "%.*s", (int)len, path);
    int r = split_path(plain, folder, name);
    if (r < 0) {
        return r;
    }
    _cleanup_(fd_close) int fd = open_folder(folder);
    if (fd < 0) {
        return fd;
    }
    return fsync(fd) != 0 ? -errno : 0;
}

int dir_create(const char *path, struct error *error)
{
    if (mkdir(path, 0700) == 0) {
        int r = sync_folder_of(path);
        if (r < 0) {
            errno = -r;
            return failed(error, path, "cannot be made to last");
        }
    } else if (errno != EEXIST) {
        return failed(error, path, "cannot be created");
    }
    return dir_check_private(path, error);
}

static int write_all(int fd, struct slice contents)
{
    size_t done = 0;

    while (done < contents.len) {
        ssize_t n = write(fd, contents.data + done, contents.len - done);
        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int write_synced(int folder, const char *name, struct slice contents, mode_t mode)
{
    _cleanup_(fd_close) int fd =
        openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return -errno;
    }
    int r = write_all(fd, contents);
    if (r < 0) {
        return r;
    }
    return fchmod(fd, mode) != 0 || fsync(fd) != 0 ? -errno : 0;
}

static int temporary_name(char out[NAME_BYTES])
{
    uint64_t number;

    if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number)) {
        return -errno;
    }
    (void)snprintf(out, NAME_BYTES, ".%016llx.tmp", (unsigned long long)number);
    return 0;
}

static int write_and_rename(const char *path, struct slice contents, mode_t mode, unsigned flags)
{
    char folder_path[PATH_BYTES];
    char name[NAME_BYTES];
    char temporary[NAME_BYTES];
    int r = split_path(path, folder_path, name);
    if (r < 0) {
        return r;
    }
    _cleanup_(fd_close) int folder = open_folder(folder_path);
    if (folder < 0) {
        return folder;
    }
    r = temporary_name(temporary);
    if (r < 0) {
        return r;
    }
    r = write_synced(folder, temporary, contents, mode);
    if (r == 0 && renameat2(folder, temporary, folder, name, flags) != 0) {
        r = -errno;
    }
    if (r < 0) {
        (void)unlinkat(folder, temporary, 0);
        return r;
    }
    return fsync(folder) != 0 ? -errno : 0;
}

int file_write_atomic(const char *path, struct slice contents, mode_t mode)
{
    return write_and_rename(path, contents, mode, 0);
}

int file_write_new(const char *path, struct slice contents, mode_t mode)
{
    return write_and_rename(path, contents, mode, RENAME_NOREPLACE);
}

int file_system_check(const char *path, bool allow_tmpfs, struct error *error)
{
    struct statfs status;

    if (statfs(path, &status) != 0) {
        return failed(error, path, "cannot be looked at");
    }
    unsigned long type = (unsigned long)status.f_type & 0xffffffffUL;
    if (type == EXT4_SUPER_MAGIC || type == XFS_SUPER_MAGIC ||
        (type == TMPFS_MAGIC && allow_tmpfs)) {
        return 0;
    }
    if (type == TMPFS_MAGIC) {
        return error_set(error, path,
                         "lies on tmpfs, which is memory: use ext4 or xfs on a local disk. For a "
                         "trial alone, start with --allow-tmpfs: all that was acknowledged is lost "
                         "when the machine stops");
    }
    (void)error_set(error, path,
                    "lies on a file system of type 0x%lx, where a store is not safe: use ext4 or "
                    "xfs on a local disk",
                    type);
    return -EINVAL;
}

int disk_used_percent(const char *path, int *ret_percent)
{
    struct statvfs status;

    if (statvfs(path, &status) != 0) {
        return -errno;
    }
    uint64_t used = status.f_blocks - status.f_bfree;
    uint64_t ours = used + status.f_bavail;
    *ret_percent = ours > 0 ? (int)((used * 100 + ours - 1) / ours) : 100;
    return 0;
}

int disk_bytes(const char *path, uint64_t *ret_bytes)
{
    struct statvfs status;

    if (statvfs(path, &status) != 0) {
        return -errno;
    }
    *ret_bytes = (uint64_t)status.f_blocks * status.f_frsize;
    return 0;
}

static void folder_close(DIR **folder)
{
    if (*folder != NULL) {
        (void)closedir(*folder);
    }
}

int file_is_open(const char *path, bool *ret_open)
{
    struct stat wanted;
    struct stat status;
    bool found = false;

    if (stat(path, &wanted) != 0) {
        *ret_open = false;
        return errno == ENOENT ? 0 : -errno;
    }
    _cleanup_(folder_close) DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        return -errno;
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        found = found || (entry->d_name[0] != '.' &&
                          fstatat(dirfd(folder), entry->d_name, &status, 0) == 0 &&
                          status.st_dev == wanted.st_dev && status.st_ino == wanted.st_ino);
    }
    *ret_open = found;
    return 0;
}
