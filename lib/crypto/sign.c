/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes signed are context line || message. Ed25519 is one-shot in OpenSSL, so the two are
 * joined in a buffer first, unless the context is empty. Keys are parsed once: decoding a key costs
 * more than some operations with it.
 */
#include "crypto/sign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/context.h"
#include "crypto/digest.h"

struct signer {
    EVP_PKEY *key;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
};

struct verifier {
    EVP_PKEY *key;
};

/*
 * Every encoding of a point of small order, sign bit cleared (canonical and not). Under such a
 * "key" one signature holds for all messages, so whoever owned it could deny anything.
 */
static const uint8_t small_order[][SIGN_PUBLIC_BYTES] = {
    {0x00},
    {0x01},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
     0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
     0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
     0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
     0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

static bool has_small_order(const uint8_t public_key[SIGN_PUBLIC_BYTES])
{
    uint8_t y[SIGN_PUBLIC_BYTES];

    memcpy(y, public_key, sizeof(y));
    y[SIGN_PUBLIC_BYTES - 1] &= 0x7f;
    for (size_t i = 0; i < ARRAY_LEN(small_order); i++) {
        if (slice_equal(SLICE_OF(y), SLICE_OF(small_order[i]))) {
            return true;
        }
    }
    return false;
}

static const char *context_text(enum sign_context context)
{
    static const char *const texts[] = {
#define X(name, text) [SIGN_##name] = (text),
        SIGN_CONTEXTS(X)
#undef X
    };

    assert((size_t)context < ARRAY_LEN(texts));
    return texts[context];
}

/* The bytes that are signed: `message` itself when the context is empty, else joined in `storage`.
 */
static struct slice signed_bytes(enum sign_context context, struct slice message,
                                 struct buf *storage)
{
    const struct slice line = slice_of_text(context_text(context));

    if (line.len == 0) {
        return message;
    }
    *storage = BUF_MAX(line.len + message.len);
    buf_add_slice(storage, line);
    buf_add_slice(storage, message);
    assert(buf_ok(storage));
    return buf_slice(storage);
}

static void forget(EVP_MD_CTX **signature)
{
    (void)EVP_MD_CTX_reset(*signature);
}

int signer_new(const struct secret *seed, struct signer **ret)
{
    _cleanup_(signer_free) struct signer *signer = NULL;
    size_t len = SIGN_PUBLIC_BYTES;

    (void)context_mine();
    if (seed->len != SIGN_SECRET_BYTES) {
        return -EINVAL;
    }
    signer = base_zalloc(1, sizeof(*signer));
    signer->key = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, seed->bytes, seed->len);
    if (!signer->key || EVP_PKEY_get_raw_public_key(signer->key, signer->public_key, &len) != 1) {
        return -EIO;
    }
    assert(len == SIGN_PUBLIC_BYTES);
    *ret = signer;
    signer = NULL;
    return 0;
}

void signer_free(struct signer **signer)
{
    if (*signer) {
        EVP_PKEY_free((*signer)->key); /* OpenSSL wipes the private half */
        free(*signer);
        *signer = NULL;
    }
}

void signer_public(const struct signer *signer, uint8_t out[SIGN_PUBLIC_BYTES])
{
    memcpy(out, signer->public_key, SIGN_PUBLIC_BYTES);
}

int signer_sign(const struct signer *signer, enum sign_context context, struct slice message,
                uint8_t ret[SIGN_SIGNATURE_BYTES])
{
    _cleanup_(forget) EVP_MD_CTX *operation = context_mine()->signature;
    _cleanup_(buf_deinit) struct buf storage = BUF_MAX(0);
    const struct slice bytes = signed_bytes(context, message, &storage);
    uint8_t signature[SIGN_SIGNATURE_BYTES];
    size_t len = sizeof(signature);

    if (EVP_DigestSignInit_ex(operation, NULL, NULL, NULL, NULL, signer->key, NULL) != 1 ||
        EVP_DigestSign(operation, signature, &len, bytes.data, bytes.len) != 1) {
        return -EIO;
    }
    assert(len == sizeof(signature));
    memcpy(ret, signature, sizeof(signature));
    return 0;
}

int verifier_new(const uint8_t public_key[SIGN_PUBLIC_BYTES], struct verifier **ret)
{
    _cleanup_(verifier_free) struct verifier *verifier = NULL;

    (void)context_mine();
    if (has_small_order(public_key)) {
        return -EINVAL;
    }
    verifier = base_zalloc(1, sizeof(*verifier));
    verifier->key =
        EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public_key, SIGN_PUBLIC_BYTES);
    if (!verifier->key) {
        return -EIO;
    }
    *ret = verifier;
    verifier = NULL;
    return 0;
}

void verifier_free(struct verifier **verifier)
{
    if (*verifier) {
        EVP_PKEY_free((*verifier)->key);
        free(*verifier);
        *verifier = NULL;
    }
}

bool verifier_check(const struct verifier *verifier, enum sign_context context,
                    struct slice message, struct slice signature)
{
    _cleanup_(forget) EVP_MD_CTX *operation = context_mine()->signature;
    _cleanup_(buf_deinit) struct buf storage = BUF_MAX(0);
    struct slice bytes;

    if (signature.len != SIGN_SIGNATURE_BYTES) {
        return false;
    }
    bytes = signed_bytes(context, message, &storage);
    return EVP_DigestVerifyInit_ex(operation, NULL, NULL, NULL, NULL, verifier->key, NULL) == 1 &&
           EVP_DigestVerify(operation, signature.data, signature.len, bytes.data, bytes.len) == 1;
}

uint32_t key_id(struct slice public_key)
{
    uint8_t digest[CAIRN_HASH_BYTES];
    struct reader reader = reader_over(SLICE_OF(digest));

    sha256(public_key, digest);
    return read_u32(&reader);
}
