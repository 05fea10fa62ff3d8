/* SPDX-License-Identifier: Apache-2.0 */
/*
 * marker: what the process was working on when it died. Set a mark before work that might crash,
 * clear it after; a mark that nobody cleared is found at the next open as a crash, and crashes are
 * counted by mark. So an entry that crashes apply twice can be set aside instead of crashing it a
 * third time.
 *
 * The mark lies in a file of 4 KiB mapped shared: writing it costs a memory copy, and it survives
 * whatever ends the process (a fault, an assert, SIGKILL), but not loss of power, after which a
 * mark may be missing or old. At most MARKER_CRASHES marks are remembered with their counts; when a
 * new one needs the place, one with the lowest count goes.
 *
 * A mark is forgotten, with its count, once work under it has ended without a crash: by
 * marker_clear, or by marker_set of another mark. It is not forgotten while it is not worked on,
 * however many others come between.
 *
 * A process that ends itself, over something else than its mark, says so before (marker_excuse):
 * then that end is no crash. Nor is one by a fault or an assert of another thread, once
 * marker_watch was called. Whatever says nothing of a thread counts: SIGKILL, a system call that is
 * not allowed, a stack that is full.
 *
 * So what another thread dies of, again and again, sets nothing aside: who is to blame is not known
 * then, and whoever is set aside wrongly reaches nobody. The marker counts such runs too, the
 * program says how many there were (marker_deaths), and the supervisor gives up after some in a
 * minute (StartLimitBurst of the units).
 *
 * One thread owns a marker; marker_excuse is for any, marker_watch for the one that starts the
 * process. One process at a time: the file is locked.
 */
#ifndef OS_MARKER_H
#define OS_MARKER_H

#include "base/slice.h"

#define MARKER_MAX_BYTES 64 /* an entry id is 20 */
#define MARKER_CRASHES   32

struct marker_file;

struct marker {
    struct marker_file *file;
    int fd;
    uint8_t last[MARKER_MAX_BYTES]; /* what the previous run died with */
    size_t last_len;                /* 0: it did not */
    uint32_t last_count;
};

#define MARKER_NULL ((struct marker){.file = NULL, .fd = -1})

/*
 * Creates the file (0600) when there is none. When the last run ended with a mark set, counts one
 * crash for it and clears it. -EBUSY when another process has it, -EBADMSG when it is not a marker
 * file.
 */
int marker_open(const char *path, struct marker *ret) MUST_USE;
void marker_close(struct marker *marker); /* does not clear: closing with a mark set is a crash to
                                             the next open */
/* How many runs before this one, in a row, ended without marker_close, whatever ended them and
 * however long they lasted; loss of power may not be among them. */
uint32_t marker_deaths(const struct marker *marker);
/* 1 to MARKER_MAX_BYTES bytes (asserted). */
void marker_set(struct marker *marker, struct slice mark);
void marker_clear(struct marker *marker);
/* What is marked, now or until the end that follows at once, is not what the process ends over. */
void marker_excuse(struct marker *marker);
/*
 * From now on a fatal signal (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT) on a thread that has set no
 * mark excuses the mark, and then does what it would have done. One marker in a process, until
 * marker_close; before other threads start. -errno when the signals cannot be watched.
 */
int marker_watch(struct marker *marker) MUST_USE;
/*
 * The mark the previous run died with and how often it has been died with, that time included: 1,
 * 2, ... False when that run cleared its mark. Borrowed until marker_close.
 */
bool marker_last(const struct marker *marker, struct slice *ret_mark, uint32_t *ret_count);
/* How often the process has died with this mark set; 0 for one not remembered. */
uint32_t marker_crashes(const struct marker *marker, struct slice mark);

#endif
