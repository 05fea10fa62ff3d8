/* SPDX-License-Identifier: Apache-2.0 */
/* X25519 (RFC 7748), refusing a result of zeros: the peer's point then had a low order. Keys are
 * agreed upon inside lib/crypto only; whoever takes in a public key from elsewhere asks
 * x25519_usable. */
#ifndef CRYPTO_X25519_H
#define CRYPTO_X25519_H

#include <stdbool.h>

#include "crypto/secret.h"

#define X25519_BYTES 32

/* Whether two keys can agree with this public one. Nothing can be sealed to a point of low order,
 * and what is agreed with one is known to everybody. */
bool x25519_usable(const uint8_t public_key[X25519_BYTES]) MUST_USE;

/* -EINVAL for a secret of the wrong length. */
int x25519_public(const struct secret *own, uint8_t ret_public[X25519_BYTES]) MUST_USE;
/* The shared secret, and one's own public half, which HPKE needs beside it. -EINVAL for a low-order
 * point; nothing is set on failure. */
int x25519_agree(const struct secret *own, const uint8_t peer[X25519_BYTES],
                 uint8_t ret_public[X25519_BYTES], struct secret *ret_shared) MUST_USE;

#endif
