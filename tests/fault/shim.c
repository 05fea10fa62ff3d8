/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim: a disk that fails when told to, for LD_PRELOAD. CAIRN_FAULT says where, how and when:
 *
 *   FUNCTION:FILE:ERROR:TRIGGER     "fdatasync:data.mdb:5:/tmp/x/armed"
 *
 * From the moment that the file TRIGGER exists, every call of that function (pwrite, write, writev,
 * fdatasync, posix_fallocate) on a file whose name ends in FILE fails with that errno: a disk that has failed stays
 * failed. LMDB uses these for its pages, its meta page and its syncs.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define TEXT_BYTES 512

struct fault {
    bool known; /* CAIRN_FAULT was read */
    char function[32];
    char file[64];
    int error;
    char trigger[TEXT_BYTES];
};

static struct fault fault;

static void take_part(const char **text, char *out, size_t out_bytes)
{
    size_t len = strcspn(*text, ":");
    size_t kept = len < out_bytes ? len : out_bytes - 1;
    memcpy(out, *text, kept);
    out[kept] = '\0';
    *text += (*text)[len] == ':' ? len + 1 : len;
}

/* Before main: no thread is there yet. */
__attribute__((constructor)) static void read_fault(void)
{
    const char *text = getenv("CAIRN_FAULT");
    char number[16];
    if (text == NULL) {
        return;
    }
    take_part(&text, fault.function, sizeof(fault.function));
    take_part(&text, fault.file, sizeof(fault.file));
    take_part(&text, number, sizeof(number));
    take_part(&text, fault.trigger, sizeof(fault.trigger));
    for (const char *digit = number; *digit >= '0' && *digit <= '9'; digit++) {
        fault.error = fault.error * 10 + (*digit - '0');
    }
    fault.known = true;
}

static bool is_file(int fd)
{
    char link[64];
    char path[TEXT_BYTES];
    size_t suffix = strlen(fault.file);
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path));
    return len >= (ssize_t)suffix && memcmp(path + (size_t)len - suffix, fault.file, suffix) == 0;
}

static bool fails(const char *function, int fd)
{
    if (!fault.known || strcmp(function, fault.function) != 0 || access(fault.trigger, F_OK) != 0 ||
        !is_file(fd)) {
        return false;
    }
    errno = fault.error;
    return true;
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

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t);
    *(void **)&real = next("pwrite");
    return fails("pwrite", fd) ? -1 : real(fd, bytes, len, at);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    ssize_t (*real)(int, const void *, size_t);
    *(void **)&real = next("write");
    return fails("write", fd) ? -1 : real(fd, bytes, len);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
    ssize_t (*real)(int, const struct iovec *, int);
    *(void **)&real = next("writev");
    return fails("writev", fd) ? -1 : real(fd, parts, n);
}

/* Says what failed by its result, not by errno. */
int posix_fallocate(int fd, off_t at, off_t len)
{
    int (*real)(int, off_t, off_t);
    *(void **)&real = next("posix_fallocate");
    return fails("posix_fallocate", fd) ? fault.error : real(fd, at, len);
}

int fdatasync(int fd)
{
    int (*real)(int);
    *(void **)&real = next("fdatasync");
    return fails("fdatasync", fd) ? -1 : real(fd);
}
