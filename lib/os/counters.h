/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counters: live numbers that another process can read (`cairn status`) without asking this one. A
 * small file mapped shared, which carries its own names, so that a reader needs no table and no
 * matching version. The owner creates and closes; any thread may count (relaxed atomics: each
 * number is exact, together they are no snapshot).
 *
 *   offset  bytes  header                            slot i, at 256 + 64 * i
 *        0      8  "CAIRNCNT"                        0  56  name, NUL-padded
 *        8      4  version (1)                       56  8  value
 *       12      4  number of slots
 *       16      4  process id of the writer          integers in the byte order of the machine
 *       20      4  zero
 *       24      8  real time of the start, ms
 *       32      8  changes of the words; odd while they change
 *       40     24  zero
 *       64    192  the words: names that the numbers cannot say, NUL-padded
 *
 * The writer holds a lock on the file as long as it lives: that is how a reader tells, and a
 * process id used again by another process does not mislead it.
 */
#ifndef OS_COUNTERS_H
#define OS_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/slice.h"

#define COUNTERS_MAX           256 /* some eight for each verdict and stage; 16 KiB of file */
#define COUNTER_NAME_MAX_BYTES 55
#define COUNTERS_WORDS_BYTES   192 /* so that with words around them they fit into one finding */

struct counters_file;

struct counters {
    struct counters_file *file; /* NULL: nothing is counted, every call is a no-op */
    int fd;
};

#define COUNTERS_NULL ((struct counters){.file = NULL, .fd = -1})

/* Replaces the file of an earlier run; -EBUSY when its writer lives. Names are copied; at most
 * COUNTERS_MAX. */
int counters_create(const char *path, const char *const names[], size_t n,
                    const struct clock *clock, struct counters *ret) MUST_USE;
/* The file stays, with its last values, marked by the missing lock as that of a writer that has
 * ended. */
void counters_close(struct counters *counters);
void counter_add(const struct counters *counters, size_t index, uint64_t n);
void counter_set(const struct counters *counters, size_t index, uint64_t value);
/* Replaces the words; what is longer is cut. One thread alone says them. */
void counters_say(const struct counters *counters, struct slice words);

struct counter_reading {
    char name[COUNTER_NAME_MAX_BYTES + 1];
    uint64_t value;
};

struct counters_reading {
    uint32_t pid;
    bool alive; /* the writer is still running */
    int64_t start_ms;
    size_t count;
    struct counter_reading counters[COUNTERS_MAX];
    char words[COUNTERS_WORDS_BYTES]; /* "" too when they are being changed */
};

/* From any process. -EBADMSG when it is not such a file; *ret is untouched on failure. Names and
 * words are printable ASCII, with '?' for what is not. */
int counters_read(const char *path, struct counters_reading *ret) MUST_USE;

#endif
