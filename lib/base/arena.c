/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each chunk starts with a header that names the chunk before it; `storage` is the present chunk,
 * `older` the list of those that filled up. Chunks double, and the last one takes what the budget
 * still allows. Headers count against the budget, so `total` is the truth about what an arena
 * costs.
 */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_ALIGN       16
#define ARENA_FIRST_BYTES 4096

struct chunk {
    struct chunk *older;
    size_t bytes;
};

#define CHUNK_HEADER_BYTES ARENA_ALIGN
static_assert(sizeof(struct chunk) <= CHUNK_HEADER_BYTES, "the header keeps what follows aligned");

/* Frees the list but for its last, which is the oldest; returns that one. */
static struct chunk *free_but_oldest(struct chunk *chunk)
{
    while (chunk != NULL && chunk->older != NULL) {
        struct chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
    return chunk;
}

static struct chunk *present_chunk(const struct arena *arena)
{
    return (struct chunk *)(void *)arena->storage;
}

void arena_reset(struct arena *arena)
{
    struct chunk *oldest = free_but_oldest(present_chunk(arena));

    arena->storage = (uint8_t *)oldest;
    arena->older = NULL;
    arena->capacity = oldest != NULL ? oldest->bytes : 0;
    arena->total = arena->capacity;
    arena->used = oldest != NULL ? CHUNK_HEADER_BYTES : 0;
}

void arena_deinit(struct arena *arena)
{
    arena_reset(arena);
    free(arena->storage);
    *arena = ARENA_BUDGET(arena->budget);
}

/* A new present chunk with room for `bytes`; false when the budget has none. That the system has
 * none ends the process, as everywhere: it must not look like a peer's fault. */
static bool arena_grow(struct arena *arena, size_t bytes)
{
    size_t left = arena->budget - arena->total;
    size_t wanted = arena->capacity > 0 ? arena->capacity * 2 : ARENA_FIRST_BYTES;

    if (left < CHUNK_HEADER_BYTES || bytes > left - CHUNK_HEADER_BYTES) {
        return false;
    }
    if (wanted < bytes + CHUNK_HEADER_BYTES) {
        wanted = bytes + CHUNK_HEADER_BYTES;
    }
    if (wanted > left) {
        wanted = left;
    }
    struct chunk *chunk = base_alloc(wanted);
    *chunk = (struct chunk){.older = present_chunk(arena), .bytes = wanted};
    arena->older = chunk->older;
    arena->storage = (uint8_t *)chunk;
    arena->capacity = wanted;
    arena->used = CHUNK_HEADER_BYTES;
    arena->total += wanted;
    return true;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    if (bytes > arena->budget) {
        return NULL;
    }
    size_t rounded =
        bytes > 0 ? (bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN : ARENA_ALIGN;
    bool fits = arena->storage != NULL && arena->used <= arena->capacity &&
                rounded <= arena->capacity - arena->used;

    if (!fits && !arena_grow(arena, rounded)) {
        return NULL;
    }
    void *memory = arena->storage + arena->used;
    arena->used += rounded;
    memset(memory, 0, bytes);
    return memory;
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
    void *memory = arena_alloc(arena, bytes.len);

    if (memory == NULL) {
        return SLICE_NULL;
    }
    if (bytes.len > 0) {
        memcpy(memory, bytes.data, bytes.len);
    }
    return slice_make(memory, bytes.len);
}
