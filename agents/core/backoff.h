/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backoff: how long to wait before trying again: doubled with each failure, with jitter over the
 * upper half, so that agencies that failed together do not come back together. Times are boot
 * milliseconds.
 */
#ifndef AGENTS_BACKOFF_H
#define AGENTS_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

struct backoff {
    int64_t not_before_ms; /* 0: now */
    int64_t wait_ms;       /* of the last failure; 0 after a success */
};

/* Waits twice as long as before: at least min_ms, at most max_ms. */
void backoff_fail(struct backoff *backoff, int64_t now_ms, int64_t min_ms, int64_t max_ms);
void backoff_succeed(struct backoff *backoff);
bool backoff_over(const struct backoff *backoff, int64_t now_ms);

#endif
