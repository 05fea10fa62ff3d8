/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPKE, RFC 9180, base mode, single shot: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM
 * (suite 0x0020 0x0001 0x0002). Built on EVP because Debian 12's OpenSSL 3.0 has none. All-zero
 * shared secrets (low-order points) are refused.
 */
#ifndef CRYPTO_HPKE_H
#define CRYPTO_HPKE_H

#include "base/slice.h"
#include "crypto/secret.h"

#define HPKE_PUBLIC_BYTES 32
#define HPKE_SECRET_BYTES 32
#define HPKE_ENC_BYTES    32
#define HPKE_TAG_BYTES    16

int hpke_keypair(struct secret *ret_secret, uint8_t ret_public[HPKE_PUBLIC_BYTES]) MUST_USE;
/* The public half; -EINVAL for a secret of the wrong length. */
int hpke_public(const struct secret *secret, uint8_t ret_public[HPKE_PUBLIC_BYTES]) MUST_USE;

struct hpke_message {
    struct slice info; /* binds the sealed key to its use */
    struct slice aad;
    struct slice text; /* plaintext (not empty) to seal or ciphertext||tag to open */
};

/* out has message.text.len + HPKE_TAG_BYTES bytes. -EINVAL for a public key that is a low-order
 * point, or an empty text. */
int hpke_seal(const uint8_t recipient[HPKE_PUBLIC_BYTES], const struct hpke_message *message,
              uint8_t ret_enc[HPKE_ENC_BYTES], uint8_t *out) MUST_USE;
/* out has message.text.len - HPKE_TAG_BYTES bytes, untouched on failure. -EBADMSG when it does not
 * open. */
int hpke_open(const struct secret *recipient, const uint8_t enc[HPKE_ENC_BYTES],
              const struct hpke_message *message, uint8_t *out) MUST_USE;

#endif
