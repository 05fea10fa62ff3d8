/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sealed part of a body, and a grant that lets one agency open it.
 *
 *   part  = commitment[32] || AES-256-GCM ciphertext || tag[16]
 *           key       = HKDF-Expand(data key, "cairn-part-key/v1")
 *           commitment= HKDF-Expand(data key, "cairn-part-commit/v1")
 *                       one ciphertext, one key, one text
 *           nonce     = 12 zero bytes: every data key seals exactly one part
 *           aad       = SHA-256(header) || part number
 *           plaintext = u32 length || text || zeros up to the next size of SEAL_BUCKETS
 *   grant = enc[32] || HPKE ciphertext of the 32-byte data key || tag[16]   (80 bytes)
 *           info      = "cairn-grant/v1\n" || entry id[20] || part u8 || recipient agency u32
 *
 * The same functions wrap data keys and other small secrets under a store key (wrap_*):
 * AES-256-GCM, random nonce.
 */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include "base/slice.h"
#include "cairn/codes.h"
#include "cairn/ids.h"
#include "cairn/limits.h"
#include "crypto/hpke.h"
#include "crypto/secret.h"

/* Sizes of a padded plaintext, its u32 length included: the broker learns the bucket of a text, not
 * its length. */
#define SEAL_BUCKETS(X)        X(256) X(1024) X(4096) X(16384) X(49152)
#define SEAL_CARD_MAX_BYTES    4096  /* the largest bucket of a card: names and numbers are short */
#define SEAL_ACCOUNT_MAX_BYTES 49152 /* the largest bucket of all */

#define SEAL_KEY_BYTES      32
#define SEAL_OVERHEAD_BYTES 48 /* commitment and tag */
#define GRANT_BYTES         (HPKE_ENC_BYTES + SEAL_KEY_BYTES + HPKE_TAG_BYTES)
#define WRAP_OVERHEAD_BYTES 28 /* nonce and tag */

static_assert(SEAL_CARD_MAX_BYTES + SEAL_ACCOUNT_MAX_BYTES + CAIRN_PARTS * SEAL_OVERHEAD_BYTES <=
                  CAIRN_BODY_MAX_BYTES,
              "the largest card and the largest account fit one body");
static_assert(SEAL_ACCOUNT_MAX_BYTES >= 2 * CAIRN_TEXT_MAX_BYTES,
              "the longest free text fits an account, escaped and with its other fields");

/* Length of the sealed part for a text of that length; 0 when the text is larger than the largest
 * bucket. */
size_t seal_part_size(size_t text_len);
/* data_key: fresh, SEAL_KEY_BYTES, used for this part only. out has seal_part_size(text.len) bytes.
 * -EMSGSIZE for a text that does not fit the part's largest bucket. */
int seal_part(const struct secret *data_key, const uint8_t header_digest[CAIRN_HASH_BYTES],
              enum part part, struct slice text, uint8_t *out) MUST_USE;
/* Fills *ret with the text. -EBADMSG when key, header or part do not fit or the padding is not what
 * seal_part makes; -EMSGSIZE when the text exceeds the ceiling of *ret (sealed.len is always
 * enough). *ret is untouched on failure. */
int seal_open_part(const struct secret *data_key, const uint8_t header_digest[CAIRN_HASH_BYTES],
                   enum part part, struct slice sealed, struct buf *ret) MUST_USE;

struct grant_scope {
    struct entry_id entry;
    enum part part;
    uint32_t recipient;
};

int grant_seal(const uint8_t recipient_key[HPKE_PUBLIC_BYTES], const struct grant_scope *scope,
               const struct secret *data_key, uint8_t ret[GRANT_BYTES]) MUST_USE;
/* -EBADMSG when it was not sealed to this key for exactly this scope. */
int grant_open(const struct secret *opening_key, const struct grant_scope *scope,
               struct slice grant, struct secret *ret_data_key) MUST_USE;

/* purpose: a short constant ("spool data key") bound as AAD. text is not empty. out has text.len +
 * WRAP_OVERHEAD_BYTES bytes. */
int wrap_seal(const struct secret *store_key, const char *purpose, struct slice text,
              uint8_t *out) MUST_USE;
/* out has wrapped.len - WRAP_OVERHEAD_BYTES bytes, untouched on failure. -EBADMSG for another key
 * or purpose. */
int wrap_open(const struct secret *store_key, const char *purpose, struct slice wrapped,
              uint8_t *out) MUST_USE;

#endif
