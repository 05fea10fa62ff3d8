/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder: notes every write, truncation, sync, rename and unlink of a program, for LD_PRELOAD.
 * CAIRN_RECORD is the recording's path (recording.h); a forked child notes into the same. Nothing
 * is noted before the call has succeeded, and then before the caller goes on, so the order is the
 * order in which things could have reached the disk. Once the program has started, the recorder
 * makes no system call of its own: the daemons' lists would end them for it.
 *
 * What is written through a mapping is not seen: counters and marks, of which nothing is promised.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "recording.h"

#define FILES_MAX  1024
#define PATH_BYTES 512

struct opened {
    uint32_t file; /* 0: not noted */
    bool synced;   /* O_SYNC or O_DSYNC */
    uint64_t at;   /* file position */
    char path[PATH_BYTES];
};

static struct recording_head *recording;
static struct opened opened[FILES_MAX];

/* Before main: no thread is there yet. */
__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("CAIRN_RECORD");
    struct stat status;
    if (path == NULL) {
        return;
    }
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, RECORDING_BYTES) != 0 || fstat(fd, &status) != 0) {
        abort();
    }
    void *mapped = mmap(NULL, RECORDING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
        abort();
    }
    (void)close(fd);
    recording = mapped;
    if (recording->used == 0) {
        recording->used = sizeof(*recording);
    }
}

/* The place for one record; abort when the recording is full: a test has asked for too much. */
static struct recorded *reserve(size_t len)
{
    uint64_t bytes = sizeof(struct recorded) + len;
    bytes = (bytes + RECORDING_ALIGN - 1) / RECORDING_ALIGN * RECORDING_ALIGN;
    uint64_t at = __atomic_fetch_add(&recording->used, bytes, __ATOMIC_SEQ_CST);
    if (at + bytes > RECORDING_BYTES) {
        abort();
    }
    return (struct recorded *)(void *)((char *)recording + at);
}

static void note(enum recorded_op op, uint32_t file, uint64_t at, const void *data, size_t len)
{
    struct recorded *record = reserve(len);
    record->len = (uint32_t)len;
    record->op = (uint8_t)op;
    record->file = file;
    record->at = at;
    if (len > 0) {
        memcpy(record + 1, data, len);
    }
    __atomic_store_n(&record->ready, 1, __ATOMIC_RELEASE);
}

static struct opened *noted(int fd)
{
    return recording != NULL && fd >= 0 && fd < FILES_MAX && opened[fd].file != 0 ? &opened[fd]
                                                                                  : NULL;
}

static void note_write(int fd, uint64_t at, const void *bytes, ssize_t put)
{
    const struct opened *file = noted(fd);
    if (file == NULL || put <= 0) {
        return;
    }
    struct recorded *record = reserve((size_t)put);
    record->len = (uint32_t)put;
    record->op = RECORDED_WRITE;
    record->flags = file->synced ? RECORDED_SYNCED : 0;
    record->file = file->file;
    record->at = at;
    memcpy(record + 1, bytes, (size_t)put);
    __atomic_store_n(&record->ready, 1, __ATOMIC_RELEASE);
}

/* The next library's function of that name. */
static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        abort();
    }
    return found;
}

/* `path` as seen from the folder that is open as `folder`. */
static void whole_path(int folder, const char *path, char out[PATH_BYTES])
{
    const struct opened *under = path[0] == '/' ? NULL : noted(folder);
    if (snprintf(out, PATH_BYTES, "%s%s%s", under == NULL ? "" : under->path,
                 under == NULL ? "" : "/", path) >= PATH_BYTES) {
        abort();
    }
}

static int note_open(int fd, int folder, const char *path, int flags)
{
    if (recording == NULL || fd < 0 || fd >= FILES_MAX) {
        return fd;
    }
    struct opened *file = &opened[fd];
    *file = (struct opened){.synced = (flags & (O_SYNC | O_DSYNC)) != 0};
    whole_path(folder, path, file->path);
    if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_DIRECTORY) != 0) {
        file->file = __atomic_add_fetch(&recording->files, 1, __ATOMIC_SEQ_CST);
        note(RECORDED_OPEN, file->file, 0, file->path, strlen(file->path));
        if ((flags & O_TRUNC) != 0) {
            note(RECORDED_TRUNCATE, file->file, 0, NULL, 0);
        }
    }
    return fd;
}

#define TAKE_MODE(flags)                                                                           \
    mode_t mode = 0;                                                                               \
    if (((flags) & (O_CREAT | O_TMPFILE)) != 0) {                                                  \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        mode = va_arg(more, mode_t);                                                               \
        va_end(more);                                                                              \
    }

int open(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...);
    TAKE_MODE(flags)
    *(void **)&real = next("open");
    return note_open(real(path, flags, mode), AT_FDCWD, path, flags);
}

int open64(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...);
    TAKE_MODE(flags)
    *(void **)&real = next("open64");
    return note_open(real(path, flags, mode), AT_FDCWD, path, flags);
}

int openat(int folder, const char *path, int flags, ...)
{
    int (*real)(int, const char *, int, ...);
    TAKE_MODE(flags)
    *(void **)&real = next("openat");
    return note_open(real(folder, path, flags, mode), folder, path, flags);
}

int close(int fd)
{
    int (*real)(int);
    *(void **)&real = next("close");
    if (fd >= 0 && fd < FILES_MAX) {
        opened[fd].file = 0;
    }
    return real(fd);
}

off_t lseek(int fd, off_t at, int whence)
{
    off_t (*real)(int, off_t, int);
    *(void **)&real = next("lseek");
    off_t now = real(fd, at, whence);
    struct opened *file = noted(fd);
    if (file != NULL && now >= 0) {
        file->at = (uint64_t)now;
    }
    return now;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t);
    *(void **)&real = next("pwrite");
    ssize_t put = real(fd, bytes, len, at);
    note_write(fd, (uint64_t)at, bytes, put);
    return put;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at)
{
    return pwrite(fd, bytes, len, at);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    ssize_t (*real)(int, const void *, size_t);
    *(void **)&real = next("write");
    ssize_t put = real(fd, bytes, len);
    struct opened *file = noted(fd);
    if (file != NULL && put > 0) {
        note_write(fd, file->at, bytes, put);
        file->at += (uint64_t)put;
    }
    return put;
}

/* Each part is a write of its own: they may reach the disk one without the other. */
static void note_parts(int fd, const struct iovec *parts, int n, uint64_t at, ssize_t put)
{
    for (int i = 0; i < n && put > 0; i++) {
        ssize_t len = (ssize_t)parts[i].iov_len < put ? (ssize_t)parts[i].iov_len : put;
        note_write(fd, at, parts[i].iov_base, len);
        at += (uint64_t)len;
        put -= len;
    }
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
    ssize_t (*real)(int, const struct iovec *, int);
    *(void **)&real = next("writev");
    ssize_t put = real(fd, parts, n);
    struct opened *file = noted(fd);
    if (file != NULL && put > 0) {
        note_parts(fd, parts, n, file->at, put);
        file->at += (uint64_t)put;
    }
    return put;
}

ssize_t pwritev(int fd, const struct iovec *parts, int n, off_t at)
{
    ssize_t (*real)(int, const struct iovec *, int, off_t);
    *(void **)&real = next("pwritev");
    ssize_t put = real(fd, parts, n, at);
    note_parts(fd, parts, n, (uint64_t)at, put);
    return put;
}

int ftruncate(int fd, off_t len)
{
    int (*real)(int, off_t);
    *(void **)&real = next("ftruncate");
    int r = real(fd, len);
    if (r == 0 && noted(fd) != NULL) {
        note(RECORDED_TRUNCATE, opened[fd].file, (uint64_t)len, NULL, 0);
    }
    return r;
}

int posix_fallocate(int fd, off_t at, off_t len)
{
    int (*real)(int, off_t, off_t);
    *(void **)&real = next("posix_fallocate");
    int r = real(fd, at, len);
    if (r == 0 && noted(fd) != NULL) {
        note(RECORDED_GROW, opened[fd].file, (uint64_t)(at + len), NULL, 0);
    }
    return r;
}

static int note_sync(int fd, int r)
{
    if (r == 0 && noted(fd) != NULL) {
        note(RECORDED_SYNC, opened[fd].file, 0, NULL, 0);
    }
    return r;
}

int fdatasync(int fd)
{
    int (*real)(int);
    *(void **)&real = next("fdatasync");
    return note_sync(fd, real(fd));
}

int fsync(int fd)
{
    int (*real)(int);
    *(void **)&real = next("fsync");
    return note_sync(fd, real(fd));
}

static int note_rename(int r, int from_folder, const char *from, int to_folder, const char *to)
{
    char both[2 * PATH_BYTES];
    if (r == 0 && recording != NULL) {
        whole_path(from_folder, from, both);
        size_t len = strlen(both) + 1;
        whole_path(to_folder, to, both + len);
        note(RECORDED_RENAME, 0, 0, both, len + strlen(both + len));
    }
    return r;
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *);
    *(void **)&real = next("rename");
    return note_rename(real(from, to), AT_FDCWD, from, AT_FDCWD, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    int (*real)(int, const char *, int, const char *);
    *(void **)&real = next("renameat");
    return note_rename(real(from_folder, from, to_folder, to), from_folder, from, to_folder, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    int (*real)(int, const char *, int, const char *, unsigned);
    *(void **)&real = next("renameat2");
    return note_rename(real(from_folder, from, to_folder, to, flags), from_folder, from, to_folder,
                       to);
}

static int note_unlink(int r, int folder, const char *path)
{
    char whole[PATH_BYTES];
    if (r == 0 && recording != NULL) {
        whole_path(folder, path, whole);
        note(RECORDED_UNLINK, 0, 0, whole, strlen(whole));
    }
    return r;
}

int unlink(const char *path)
{
    int (*real)(const char *);
    *(void **)&real = next("unlink");
    return note_unlink(real(path), AT_FDCWD, path);
}

int unlinkat(int folder, const char *path, int flags)
{
    int (*real)(int, const char *, int);
    *(void **)&real = next("unlinkat");
    return note_unlink(real(folder, path, flags), folder, path);
}
