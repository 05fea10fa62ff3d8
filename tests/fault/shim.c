/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim: a disk that fails when told to, for LD_PRELOAD. CAIRN_FAULT says where, how and when:
 *
 *   FUNCTION:FILE:ERROR:TRIGGER     "fdatasync:data.mdb:5:/tmp/x/armed"
 *
 * From the moment that the file TRIGGER begins with another byte than 0, every call of that
 * function (pwrite, write, writev, fdatasync, posix_fallocate) on a file whose name ended in FILE
 * when it was opened fails with that errno: a disk that has failed stays failed. LMDB uses these
 * for its pages, its meta page and its syncs. Once the program has started, the shim makes no
 * system call of its own: the daemons' lists would end them for it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define TEXT_BYTES 512
#define FILES_MAX  1024

struct fault {
    bool known; /* CAIRN_FAULT was read */
    char function[32];
    char file[64];
    int error;
    const volatile char *trigger; /* its first byte, mapped */
    bool is_file[FILES_MAX];      /* by descriptor */
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
    char trigger[TEXT_BYTES];
    if (text == NULL) {
        return;
    }
    take_part(&text, fault.function, sizeof(fault.function));
    take_part(&text, fault.file, sizeof(fault.file));
    take_part(&text, number, sizeof(number));
    take_part(&text, trigger, sizeof(trigger));
    for (const char *digit = number; *digit >= '0' && *digit <= '9'; digit++) {
        fault.error = fault.error * 10 + (*digit - '0');
    }
    int fd = open(trigger, O_RDONLY | O_CLOEXEC);
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
        abort();
    }
    (void)close(fd);
    fault.trigger = mapped;
    fault.known = true;
}

/* What is opened under that name, and under what number. */
static int opened(int fd, const char *path)
{
    size_t len = strlen(path);
    size_t suffix = strlen(fault.file);
    if (fd >= 0 && fd < FILES_MAX) {
        fault.is_file[fd] =
            fault.known && len >= suffix && strcmp(path + len - suffix, fault.file) == 0;
    }
    return fd;
}

static bool fails(const char *function, int fd)
{
    if (!fault.known || strcmp(function, fault.function) != 0 || *fault.trigger == '\0' || fd < 0 ||
        fd >= FILES_MAX || !fault.is_file[fd]) {
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

int open(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...);
    va_list more;
    va_start(more, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    *(void **)&real = next("open");
    return opened(real(path, flags, mode), path);
}

int open64(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...);
    va_list more;
    va_start(more, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    *(void **)&real = next("open64");
    return opened(real(path, flags, mode), path);
}

int openat(int folder, const char *path, int flags, ...)
{
    int (*real)(int, const char *, int, ...);
    va_list more;
    va_start(more, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    *(void **)&real = next("openat");
    return opened(real(folder, path, flags, mode), path);
}

/* Its number may be a socket's next. */
int close(int fd)
{
    int (*real)(int);
    *(void **)&real = next("close");
    if (fd >= 0 && fd < FILES_MAX) {
        fault.is_file[fd] = false;
    }
    return real(fd);
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
