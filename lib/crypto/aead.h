/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to lib/crypto. AES-256-GCM with 96-bit nonces and 128-bit tags, nothing else. The tag's
 * length is a constant; an empty text is refused both ways, because a text of nothing has been
 * where libraries forgot to check the tag.
 */
#ifndef CRYPTO_AEAD_H
#define CRYPTO_AEAD_H

#include "base/slice.h"
#include "crypto/secret.h"

#define AEAD_KEY_BYTES   32
#define AEAD_NONCE_BYTES 12
#define AEAD_TAG_BYTES   16

struct aead_message {
    uint8_t nonce[AEAD_NONCE_BYTES];
    struct slice aad;
    struct slice
        text; /* plaintext to seal or ciphertext||tag to open; at most INT_MAX bytes, as aad */
};

/* out has text.len + AEAD_TAG_BYTES bytes and does not overlap text; its contents are void after a
 * failure. */
int aead_seal(const struct secret *key, const struct aead_message *message, uint8_t *out) MUST_USE;
/* out has text.len - AEAD_TAG_BYTES bytes, may be text's own storage, untouched on failure.
 * -EBADMSG when the tag does not hold, -EINVAL for a key of the wrong length. */
int aead_open(const struct secret *key, const struct aead_message *message, uint8_t *out) MUST_USE;

#endif
