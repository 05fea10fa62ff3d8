/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard: work in a process of its own, so that it may die of what it reads. LMDB trusts its file: a
 * damaged page can end the process that follows it, and that is then the finding.
 */
#ifndef OS_GUARD_H
#define OS_GUARD_H

#include <stddef.h>

#include "base/attr.h"

/* Runs work(data, result) in a child and copies what it left in `result` back. When that could not
 * be, `result` is as it was: -EBADMSG when the child died of its work; anything else says nothing
 * of what it read (no child could be made; it ended itself by log_fatal: -EAGAIN; it was killed:
 * -ECANCELED). The child ends with whoever waits for it. Flush streams before; one thread only. */
int guard_run(void (*work)(void *data, void *result), void *data, void *result,
              size_t result_bytes) MUST_USE;
/* The same; meanwhile `waiting` is called here, again and again, several times a second. */
int guard_run_long(void (*work)(void *data, void *result), void *data, void *result,
                   size_t result_bytes, void (*waiting)(void *data)) MUST_USE;

#endif
