/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens let the broker see that two agencies mean the same child without learning who it is.
 *
 *   token  = HMAC-SHA-256(linkage key, "cairn-token/v1\n" || class u8 || normalised value)
 *            made by agencies
 *   stored = HMAC-SHA-256(pepper, "cairn-pepper/v1\n" || class u8 || token)
 *            kept by the broker
 *
 * The linkage key never reaches the broker; the pepper never leaves it.
 */
#ifndef CRYPTO_TOKEN_H
#define CRYPTO_TOKEN_H

#include "base/slice.h"
#include "cairn/codes.h"
#include "cairn/ids.h"
#include "crypto/secret.h"

void token_make(const struct secret *linkage_key, enum token_class class, struct slice value,
                uint8_t out[CAIRN_HASH_BYTES]);
void token_pepper(const struct secret *pepper, enum token_class class,
                  const uint8_t token[CAIRN_HASH_BYTES], uint8_t out[CAIRN_HASH_BYTES]);
/* HMAC(linkage key, "cairn-occurrence/v1\n" || day i32 || service) cut to 16 bytes: the same
 * appointment told by two agencies has one occurrence key. */
void token_occurrence(const struct secret *linkage_key, int32_t day, struct slice service,
                      uint8_t out[16]);

#endif
