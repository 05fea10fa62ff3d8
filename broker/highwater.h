/* SPDX-License-Identifier: Apache-2.0 */
/*
 * highwater: the largest head that this broker has signed, in a small file that should lie on
 * another disk than the store. A store that is older than its own high-water mark has been rolled
 * back: the broker refuses to start and signs nothing. Owned by commit.
 *
 * Two slots of 512 bytes, written in turn, each with its own SHA-256, so that a torn write loses
 * one and never both. Written before each signature is released; flushed at most once a second, so
 * that it adds no sync to a record's way. A third slot, which no signature overwrites, keeps a head
 * of ours that an agency showed and the store did not contain.
 */
#ifndef BROKER_HIGHWATER_H
#define BROKER_HIGHWATER_H

#include "base/clock.h"
#include "base/error.h"
#include "tree/checkpoint.h"

struct highwater {
    int fd; /* -1 when closed */
    uint64_t writes;
    int64_t flushed_ms;
    const struct clock *clock;
    struct checkpoint shown; /* what highwater_accuse kept; size 0 when nothing */
};
#define HIGHWATER_NULL ((struct highwater){.fd = -1})

/* Opens or creates (0600). *ret is the largest mark, size 0 in a new file. */
int highwater_open(const char *path, const struct clock *clock, struct highwater *ret_file,
                   struct checkpoint *ret, struct error *error) MUST_USE;
int highwater_write(struct highwater *file, const struct checkpoint *checkpoint) MUST_USE;
void highwater_close(struct highwater *file); /* flushes */
/* Keeps `shown` for the next start, synced. Any thread, whether or not another has the file open.
 */
int highwater_accuse(const char *path, const struct checkpoint *shown) MUST_USE;

#endif
