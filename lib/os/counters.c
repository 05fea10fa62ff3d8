/* SPDX-License-Identifier: Apache-2.0 */
#include "os/counters.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fd.h"
#include "os/mapped.h"

#define COUNTERS_MAGIC   "CAIRNCNT"
#define COUNTERS_VERSION 1
#define PATH_BYTES       4096

#define WORDS (COUNTERS_WORDS_BYTES / sizeof(uint64_t))

struct slot {
    char name[COUNTER_NAME_MAX_BYTES + 1];
    uint64_t value;
};

struct counters_file {
    char magic[8];
    uint32_t version;
    uint32_t count;
    uint32_t pid;
    uint32_t zero;
    int64_t start_ms;
    uint64_t changes;
    uint8_t reserved[24];
    uint64_t words[WORDS]; /* read and written eight bytes at a time */
    struct slot slots[];
};

static_assert(sizeof(struct counters_file) == 256 && sizeof(struct slot) == 64,
              "the layout that the header describes");

static size_t file_bytes(size_t count)
{
    return sizeof(struct counters_file) + count * sizeof(struct slot);
}

/* -EBUSY when a living writer has the file; a missing one is free. */
static int check_free(const char *path)
{
    _cleanup_(fd_close) int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0) {
        return errno == ENOENT ? 0 : -errno;
    }
    return mapped_is_locked(fd) ? -EBUSY : 0;
}

static void fill(struct counters_file *file, const char *const names[], size_t n,
                 const struct clock *clock)
{
    memcpy(file->magic, COUNTERS_MAGIC, sizeof(file->magic));
    file->version = COUNTERS_VERSION;
    file->count = (uint32_t)n;
    file->pid = (uint32_t)getpid();
    file->start_ms = clock_real_ms(clock);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(names[i]);
        assert(len <= COUNTER_NAME_MAX_BYTES);
        memcpy(file->slots[i].name, names[i], len);
    }
}

/*
 * A new file takes the old one's name, rather than being cut and filled again, because cutting a
 * file under a reader's mapping kills the reader.
 */
int counters_create(const char *path, const char *const names[], size_t n,
                    const struct clock *clock, struct counters *ret)
{
    char temporary[PATH_BYTES];
    void *memory = NULL;

    assert(n <= COUNTERS_MAX);
    int len = snprintf(temporary, sizeof(temporary), "%s.tmp", path);
    if (len < 0 || (size_t)len >= sizeof(temporary)) {
        return -ENAMETOOLONG;
    }
    int r = check_free(path);
    if (r < 0) {
        return r;
    }
    (void)unlink(temporary);
    _cleanup_(fd_close) int fd =
        open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return -errno;
    }
    r = mapped_lock(fd);
    r = r < 0 ? r : mapped_map(fd, file_bytes(n), &memory);
    if (r < 0) {
        (void)unlink(temporary);
        return r;
    }
    fill(memory, names, n, clock);
    if (rename(temporary, path) != 0) {
        r = -errno;
        (void)munmap(memory, file_bytes(n));
        (void)unlink(temporary);
        return r;
    }
    *ret = (struct counters){.file = memory, .fd = fd};
    fd = -1;
    return 0;
}

void counters_close(struct counters *counters)
{
    if (counters->file != NULL) {
        (void)munmap(counters->file, file_bytes(counters->file->count));
    }
    fd_close(&counters->fd);
    *counters = COUNTERS_NULL;
}

static uint64_t *value_at(const struct counters *counters, size_t index)
{
    assert(index < counters->file->count);
    return &counters->file->slots[index].value;
}

void counter_add(const struct counters *counters, size_t index, uint64_t n)
{
    if (counters->file != NULL) {
        (void)__atomic_add_fetch(value_at(counters, index), n, __ATOMIC_RELAXED);
    }
}

void counter_set(const struct counters *counters, size_t index, uint64_t value)
{
    if (counters->file != NULL) {
        __atomic_store_n(value_at(counters, index), value, __ATOMIC_RELAXED);
    }
}

/* Whoever reads the same even number of changes before and after has read no half of one. */
void counters_say(const struct counters *counters, struct slice words)
{
    struct counters_file *file = counters->file;
    uint64_t text[WORDS] = {0};

    if (file == NULL) {
        return;
    }
    if (words.len > 0) {
        memcpy(text, words.data,
               words.len < COUNTERS_WORDS_BYTES ? words.len : COUNTERS_WORDS_BYTES - 1);
    }
    (void)__atomic_add_fetch(&file->changes, 1, __ATOMIC_SEQ_CST);
    for (size_t i = 0; i < WORDS; i++) {
        __atomic_store_n(&file->words[i], text[i], __ATOMIC_SEQ_CST);
    }
    (void)__atomic_add_fetch(&file->changes, 1, __ATOMIC_SEQ_CST);
}

/* Whatever lies in the file: it goes into JSON, and to terminals. */
static void make_plain(char *text)
{
    for (char *at = text; *at != '\0'; at++) {
        *at = *at >= ' ' && *at <= '~' ? *at : '?';
    }
}

static void copy_words(const struct counters_file *file, char out[COUNTERS_WORDS_BYTES])
{
    uint64_t text[WORDS];
    uint64_t before = __atomic_load_n(&file->changes, __ATOMIC_SEQ_CST);

    for (size_t i = 0; i < WORDS; i++) {
        text[i] = __atomic_load_n(&file->words[i], __ATOMIC_SEQ_CST);
    }
    bool whole = before % 2 == 0 && __atomic_load_n(&file->changes, __ATOMIC_SEQ_CST) == before;
    memcpy(out, text, COUNTERS_WORDS_BYTES);
    out[whole ? COUNTERS_WORDS_BYTES - 1 : 0] = '\0';
    make_plain(out);
}

static void copy_reading(const struct counters_file *file, struct counters_reading *ret)
{
    ret->pid = file->pid;
    ret->start_ms = file->start_ms;
    ret->count = file->count;
    copy_words(file, ret->words);
    for (size_t i = 0; i < ret->count; i++) {
        memcpy(ret->counters[i].name, file->slots[i].name, COUNTER_NAME_MAX_BYTES);
        ret->counters[i].name[COUNTER_NAME_MAX_BYTES] = '\0';
        make_plain(ret->counters[i].name);
        ret->counters[i].value = __atomic_load_n(&file->slots[i].value, __ATOMIC_RELAXED);
    }
}

static bool is_counters_file(const struct counters_file *file, size_t bytes)
{
    return memcmp(file->magic, COUNTERS_MAGIC, sizeof(file->magic)) == 0 &&
           file->version == COUNTERS_VERSION && file->count <= COUNTERS_MAX &&
           bytes >= file_bytes(file->count);
}

int counters_read(const char *path, struct counters_reading *ret)
{
    struct stat status;
    _cleanup_(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0 || fstat(fd, &status) != 0) {
        return -errno;
    }
    size_t bytes = (size_t)status.st_size;
    if (!S_ISREG(status.st_mode) || bytes < file_bytes(0) || bytes > file_bytes(COUNTERS_MAX)) {
        return -EBADMSG;
    }
    struct counters_file *file = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (file == MAP_FAILED) {
        return -errno;
    }
    bool good = is_counters_file(file, bytes);
    if (good) {
        copy_reading(file, ret);
        ret->alive = mapped_is_locked(fd);
    }
    (void)munmap(file, bytes);
    return good ? 0 : -EBADMSG;
}
