/* SPDX-License-Identifier: Apache-2.0 */
/*
 * highwater: the largest head that was signed, in a small file that should lie on another disk than
 * the store. Two keep one, and neither trusts the other: the signer, which signs nothing that does
 * not go on from it; and the broker's commit, which refuses to start with a store that is older
 * than it. One thread owns each.
 *
 * Two slots of 512 bytes, written in turn, each with its own SHA-256, so that a torn write loses
 * one and never both. Written before a signature is released. The signer's is synced each time; the
 * broker's at most once a second, since the other is. A third slot, which no signature overwrites,
 * keeps a head of ours that an agency showed and the broker's store did not contain.
 */
#ifndef SIGNER_HIGHWATER_H
#define SIGNER_HIGHWATER_H

#include "base/clock.h"
#include "base/error.h"
#include "tree/checkpoint.h"

struct highwater {
    int fd; /* -1 when closed */
    uint64_t writes;
    int64_t flush_every_ms; /* HIGHWATER_FLUSH_MS; 0: each is synced */
    int64_t flushed_ms;
    const struct clock *clock;
    struct checkpoint shown; /* what highwater_accuse kept; size 0 when nothing */
};
#define HIGHWATER_NULL ((struct highwater){.fd = -1})

#define HIGHWATER_FLUSH_MS 1000

/* Opens or creates (0600). *ret is the largest mark, size 0 in a new file. */
int highwater_open(const char *path, const struct clock *clock, struct highwater *ret_file,
                   struct checkpoint *ret, struct error *error) MUST_USE;
/* The largest mark once more: after another has ended that had the file open. */
int highwater_read(struct highwater *file, struct checkpoint *ret) MUST_USE;
int highwater_write(struct highwater *file, const struct checkpoint *checkpoint) MUST_USE;
void highwater_close(struct highwater *file); /* flushes */
/* Keeps `shown` for the next start, synced. Any thread, whether or not another has the file open.
 */
int highwater_accuse(const char *path, const struct checkpoint *shown) MUST_USE;

#endif
