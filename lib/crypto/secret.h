/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret: the one type that holds key material. Owned by whoever declared it, wiped by
 * secret_deinit, compared in constant time only, never printed. Zero state SECRET_NULL; deinit
 * accepts it.
 */
#ifndef CRYPTO_SECRET_H
#define CRYPTO_SECRET_H

#include "base/slice.h"

#define SECRET_MAX_BYTES 64

struct secret {
    uint8_t bytes[SECRET_MAX_BYTES];
    size_t len;
};

#define SECRET_NULL ((struct secret){.len = 0})
void secret_deinit(struct secret *secret);
void secret_set(struct secret *secret, const void *bytes,
                size_t len); /* asserts len <= SECRET_MAX_BYTES */
int secret_random(struct secret *secret,
                  size_t len) MUST_USE; /* from the private random generator */
bool secret_equal(const struct secret *a,
                  const struct secret *b);              /* constant time for equal lengths */
struct slice secret_slice(const struct secret *secret); /* borrowed; do not keep */
/* Constant-time comparison of len bytes, for tags and commitments. */
bool bytes_equal_ct(const void *a, const void *b, size_t len);
void bytes_wipe(void *bytes, size_t len);
/* Public random bytes (salts, handles, streams). 0 or -EIO. */
int random_bytes(void *out, size_t len) MUST_USE;

#endif
