/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256, HMAC-SHA-256 and HKDF-SHA-256 (RFC 5869). They cannot fail on valid arguments; an
 * OpenSSL failure is fatal. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "base/slice.h"
#include "cairn/ids.h"
#include "crypto/secret.h"

void sha256(struct slice data, uint8_t out[CAIRN_HASH_BYTES]);
/* SHA-256 over the concatenation of n slices (n <= 8). */
void sha256_many(const struct slice *parts, size_t n, uint8_t out[CAIRN_HASH_BYTES]);
void hmac_sha256(const struct secret *key, const struct slice *parts, size_t n,
                 uint8_t out[CAIRN_HASH_BYTES]);
void hkdf_extract(struct slice salt, struct slice ikm, struct secret *ret_prk);
/* len <= SECRET_MAX_BYTES */
void hkdf_expand(const struct secret *prk, struct slice info, size_t len, struct secret *ret);

#endif
