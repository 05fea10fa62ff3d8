/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena: memory handed out in order and released at once, with a hard budget. Running out returns
 * NULL: what a peer sends can exhaust its own budget, never the process. Not thread-safe; one
 * owner.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

struct arena {
    uint8_t *storage;
    size_t used;
    size_t capacity; /* of the present storage */
    size_t budget;   /* never more than this in total */
    void *older;     /* chunks that filled up */
    size_t total;    /* bytes taken from the system */
};

#define ARENA_BUDGET(bytes) ((struct arena){.budget = (bytes)})
void arena_deinit(struct arena *arena); /* frees everything; the budget stays */
void arena_reset(
    struct arena *arena); /* forget all; keeps the first chunk's storage for the next use */
void *arena_alloc(struct arena *arena,
                  size_t bytes) MUST_USE; /* 16-byte aligned, zeroed; NULL past the budget */
struct slice arena_copy(struct arena *arena,
                        struct slice bytes) MUST_USE; /* SLICE_NULL past the budget */

#endif
