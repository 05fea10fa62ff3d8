/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/digest.h"

#include "base/log.h"
#include "crypto/context.h"

#define DIGEST_PARTS_MAX 8

/* The one place where a digest can go wrong: OpenSSL itself is broken or out of memory. */
static void must(int openssl_result)
{
    if (openssl_result != 1) {
        log_fatal("crypto_failed", "step=digest");
    }
}

static void hmac_over(struct slice key, const struct slice *parts, size_t n,
                      uint8_t out[CAIRN_HASH_BYTES])
{
    static const uint8_t zeros[CAIRN_HASH_BYTES];
    EVP_MAC_CTX *hmac = context_of_thread()->hmac;
    size_t written = 0;

    /* An empty key is the same as zeros (RFC 2104 pads with them), and OpenSSL takes no empty one.
     */
    must(key.len > 0 ? EVP_MAC_init(hmac, key.data, key.len, NULL)
                     : EVP_MAC_init(hmac, zeros, sizeof(zeros), NULL));
    for (size_t i = 0; i < n; i++) {
        must(EVP_MAC_update(hmac, parts[i].data, parts[i].len));
    }
    must(EVP_MAC_final(hmac, out, &written, CAIRN_HASH_BYTES));
    assert(written == CAIRN_HASH_BYTES);
    /* The context outlives the call: make it forget the key. */
    must(EVP_MAC_init(hmac, zeros, sizeof(zeros), NULL));
}

void sha256_many(const struct slice *parts, size_t n, uint8_t out[CAIRN_HASH_BYTES])
{
    EVP_MD_CTX *digest = context_of_thread()->digest;

    assert(n <= DIGEST_PARTS_MAX);
    must(EVP_DigestInit_ex2(digest, context_algorithms()->sha256, NULL));
    for (size_t i = 0; i < n; i++) {
        must(EVP_DigestUpdate(digest, parts[i].data, parts[i].len));
    }
    must(EVP_DigestFinal_ex(digest, out, NULL));
}

void sha256(struct slice data, uint8_t out[CAIRN_HASH_BYTES])
{
    sha256_many(&data, 1, out);
}

void hmac_sha256(const struct secret *key, const struct slice *parts, size_t n,
                 uint8_t out[CAIRN_HASH_BYTES])
{
    hmac_over(secret_slice(key), parts, n, out);
}

void hkdf_extract(struct slice salt, struct slice ikm, struct secret *ret_prk)
{
    uint8_t prk[CAIRN_HASH_BYTES];

    hmac_over(salt, &ikm, 1, prk);
    secret_set(ret_prk, prk, sizeof(prk));
    bytes_wipe(prk, sizeof(prk));
}

void hkdf_expand(const struct secret *prk, struct slice info, size_t len, struct secret *ret)
{
    static_assert(SECRET_MAX_BYTES % CAIRN_HASH_BYTES == 0, "whole blocks fit a secret");
    uint8_t blocks[SECRET_MAX_BYTES];
    struct slice previous = SLICE_NULL;
    uint8_t counter = 1;

    assert(len <= SECRET_MAX_BYTES);
    for (size_t done = 0; done < len; done += CAIRN_HASH_BYTES, counter++) {
        const struct slice parts[] = {previous, info, {&counter, 1}};

        hmac_over(secret_slice(prk), parts, ARRAY_LEN(parts), blocks + done);
        previous = (struct slice){blocks + done, CAIRN_HASH_BYTES};
    }
    secret_set(ret, blocks, len);
    bytes_wipe(blocks, sizeof(blocks));
}
