/* SPDX-License-Identifier: Apache-2.0 */
/* The hexadecimal of the vector tables as bytes. Freed with the arena. */
#ifndef UNIT_VECTORS_HEX_H
#define UNIT_VECTORS_HEX_H

#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "crypto/secret.h"

static inline struct slice vector_bytes(struct arena *arena, const char *hex)
{
    const size_t len = strlen(hex) / 2;
    uint8_t *bytes = arena_alloc(arena, len + 1);

    assert_non_null(bytes);
    assert_true(hex_decode(hex, bytes, len));
    return slice_make(bytes, len);
}

static inline struct secret vector_secret(const char *hex)
{
    struct secret secret = SECRET_NULL;

    assert_true(strlen(hex) / 2 <= SECRET_MAX_BYTES);
    secret.len = strlen(hex) / 2;
    assert_true(hex_decode(hex, secret.bytes, secret.len));
    return secret;
}

static inline void assert_bytes_are(struct slice actual, const char *hex)
{
    struct arena arena = ARENA_BUDGET(256 * 1024);
    const struct slice expected = vector_bytes(&arena, hex);

    assert_int_equal(actual.len, expected.len);
    if (expected.len > 0) {
        assert_memory_equal(actual.data, expected.data, expected.len);
    }
    arena_deinit(&arena);
}

#endif
