/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The present mark counts only while its length is not zero. Setting one writes the length last and
 * clearing writes it first, so that a process that dies between finds no mark rather than half of
 * one. The file's layout is this struct in the byte order of the machine: it never leaves it.
 */
#include "os/marker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "os/fd.h"
#include "os/mapped.h"

#define MARKER_MAGIC      "CAIRNMRK"
#define MARKER_VERSION    1
#define MARKER_FILE_BYTES 4096

struct mark {
    uint32_t len; /* 0: none */
    uint32_t count;
    uint8_t bytes[MARKER_MAX_BYTES];
};

struct marker_file {
    char magic[8];
    uint32_t version;
    uint32_t excused; /* 1: the process ended itself, and not over its mark */
    struct mark present;
    struct mark crashes[MARKER_CRASHES];
    uint32_t running; /* 1: a process has it open, or died with it */
    uint32_t deaths;  /* in a row, before this run */
};

/* What ends a process by what one of its threads did. */
static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

static struct marker *watched;
static struct sigaction replaced[ARRAY_LEN(fatal_signals)];
static _Thread_local bool sets_marks;

static_assert(sizeof(struct marker_file) <= MARKER_FILE_BYTES, "it fits the file");

static struct slice mark_slice(const struct mark *mark)
{
    return slice_make(mark->bytes, mark->len);
}

static void mark_clear(struct mark *mark)
{
    __atomic_store_n(&mark->len, 0, __ATOMIC_RELEASE);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void mark_write(struct mark *mark, struct slice bytes, uint32_t count)
{
    mark_clear(mark);
    memcpy(mark->bytes, bytes.data, bytes.len);
    mark->count = count;
    __atomic_store_n(&mark->len, (uint32_t)bytes.len, __ATOMIC_RELEASE);
}

static struct mark *find_crash(struct marker_file *file, struct slice mark)
{
    for (size_t i = 0; i < MARKER_CRASHES; i++) {
        if (mark.len > 0 && slice_equal(mark_slice(&file->crashes[i]), mark)) {
            return &file->crashes[i];
        }
    }
    return NULL;
}

/* An empty place, or one with the lowest count. */
static struct mark *place_for_crash(struct marker_file *file)
{
    struct mark *best = &file->crashes[0];

    for (size_t i = 0; i < MARKER_CRASHES; i++) {
        struct mark *place = &file->crashes[i];
        if (place->len == 0) {
            return place;
        }
        best = place->count < best->count ? place : best;
    }
    return best;
}

static bool is_marker_file(const struct marker_file *file)
{
    bool good = memcmp(file->magic, MARKER_MAGIC, sizeof(file->magic)) == 0 &&
                file->version == MARKER_VERSION && file->present.len <= MARKER_MAX_BYTES;

    for (size_t i = 0; i < MARKER_CRASHES; i++) {
        good = good && file->crashes[i].len <= MARKER_MAX_BYTES;
    }
    return good;
}

/* Without a magic, which is written last, the file is new. */
static void start_file(struct marker_file *file)
{
    static const char no_magic[sizeof(file->magic)];

    if (memcmp(file->magic, no_magic, sizeof(no_magic)) == 0) {
        memset(file, 0, sizeof(*file));
        file->version = MARKER_VERSION;
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        memcpy(file->magic, MARKER_MAGIC, sizeof(file->magic));
    }
}

static void count_crash(struct marker *marker)
{
    struct marker_file *file = marker->file;
    struct slice mark = mark_slice(&file->present);
    struct mark *known = find_crash(file, mark);

    if (__atomic_exchange_n(&file->excused, 0, __ATOMIC_RELAXED) != 0) {
        mark_clear(&file->present);
        return;
    }
    if (mark.len == 0) {
        return;
    }
    marker->last_count = known != NULL ? known->count + 1 : 1;
    marker->last_len = mark.len;
    memcpy(marker->last, mark.data, mark.len);
    mark_write(known != NULL ? known : place_for_crash(file), mark, marker->last_count);
    mark_clear(&file->present);
}

/* Atomic, as every access to `running`: whatever ends the process, the file has the one or the
 * other. */
static void count_death(struct marker_file *file)
{
    bool died = __atomic_exchange_n(&file->running, 1, __ATOMIC_RELAXED) != 0;

    file->deaths = died ? file->deaths + 1 : 0;
}

int marker_open(const char *path, struct marker *ret)
{
    struct stat status;
    void *memory = NULL;
    _cleanup_(fd_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0) {
        return -errno;
    }
    int r = mapped_lock(fd);
    if (r < 0) {
        return r;
    }
    if (fstat(fd, &status) != 0) {
        return -errno;
    }
    if (!S_ISREG(status.st_mode) || status.st_size > MARKER_FILE_BYTES) {
        return -EBADMSG;
    }
    r = mapped_map(fd, MARKER_FILE_BYTES, &memory);
    if (r < 0) {
        return r;
    }
    start_file(memory);
    if (!is_marker_file(memory)) {
        (void)munmap(memory, MARKER_FILE_BYTES);
        return -EBADMSG;
    }
    *ret = (struct marker){.file = memory, .fd = fd};
    fd = -1;
    count_crash(ret);
    count_death(ret->file);
    return 0;
}

/* Of an instruction that faults it happens again on the way back; what was sent is sent again. */
static void on_fatal_signal(int sig, siginfo_t *info, void *context)
{
    (void)context;
    if (watched != NULL && !sets_marks) {
        marker_excuse(watched);
    }
    for (size_t i = 0; i < ARRAY_LEN(fatal_signals); i++) {
        if (fatal_signals[i] == sig) {
            (void)sigaction(sig, &replaced[i], NULL);
        }
    }
    if (info->si_code <= 0) {
        (void)raise(sig);
    }
}

int marker_watch(struct marker *marker)
{
    struct sigaction action = {.sa_sigaction = on_fatal_signal, .sa_flags = SA_SIGINFO};

    assert(watched == NULL);
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(fatal_signals); i++) {
        if (sigaction(fatal_signals[i], &action, &replaced[i]) != 0) {
            return -errno;
        }
    }
    watched = marker;
    return 0;
}

void marker_close(struct marker *marker)
{
    watched = watched == marker ? NULL : watched;
    if (marker->file != NULL) {
        __atomic_store_n(&marker->file->running, 0, __ATOMIC_RELEASE);
        (void)munmap(marker->file, MARKER_FILE_BYTES);
    }
    fd_close(&marker->fd);
    *marker = MARKER_NULL;
}

uint32_t marker_deaths(const struct marker *marker)
{
    return marker->file->deaths;
}

void marker_clear(struct marker *marker)
{
    struct mark *present = &marker->file->present;
    struct mark *known = find_crash(marker->file, mark_slice(present));

    if (known != NULL) {
        mark_clear(known);
    }
    mark_clear(present);
}

void marker_set(struct marker *marker, struct slice mark)
{
    assert(mark.len > 0);
    assert(mark.len <= MARKER_MAX_BYTES);
    sets_marks = true;
    if (!slice_equal(mark_slice(&marker->file->present), mark)) {
        marker_clear(marker);
        mark_write(&marker->file->present, mark, 0);
    }
}

void marker_excuse(struct marker *marker)
{
    if (marker->file != NULL) {
        __atomic_store_n(&marker->file->excused, 1, __ATOMIC_RELEASE);
    }
}

bool marker_last(const struct marker *marker, struct slice *ret_mark, uint32_t *ret_count)
{
    if (marker->last_len == 0) {
        return false;
    }
    *ret_mark = slice_make(marker->last, marker->last_len);
    *ret_count = marker->last_count;
    return true;
}

uint32_t marker_crashes(const struct marker *marker, struct slice mark)
{
    const struct mark *known = find_crash(marker->file, mark);

    return known != NULL ? known->count : 0;
}
