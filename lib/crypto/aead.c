/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening decrypts into storage of its own and copies to the caller only after EVP_DecryptFinal_ex
 * has accepted the tag: unverified plaintext is never seen outside this file. EVP_Cipher() is not
 * used, and contexts are reset after each use so that no key stays behind in a thread.
 */
#include "crypto/aead.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "crypto/context.h"

static void forget(EVP_CIPHER_CTX **cipher)
{
    (void)EVP_CIPHER_CTX_reset(*cipher);
}

static bool sizes_fit(const struct aead_message *message)
{
    return message->text.len <= INT_MAX - AEAD_TAG_BYTES && message->aad.len <= INT_MAX;
}

int aead_seal(const struct secret *key, const struct aead_message *message, uint8_t *out)
{
    _cleanup_(forget) EVP_CIPHER_CTX *cipher = context_mine()->cipher;
    const struct slice text = message->text;
    int aad_len = 0;
    int len = 0;
    int rest = 0;

    if (key->len != AEAD_KEY_BYTES || text.len == 0 || !sizes_fit(message)) {
        return -EINVAL;
    }
    if (EVP_EncryptInit_ex2(cipher, context_algorithms()->aes_256_gcm, key->bytes, message->nonce,
                            NULL) != 1) {
        return -EIO;
    }
    if (message->aad.len > 0 &&
        EVP_EncryptUpdate(cipher, NULL, &aad_len, message->aad.data, (int)message->aad.len) != 1) {
        return -EIO;
    }
    if (EVP_EncryptUpdate(cipher, out, &len, text.data, (int)text.len) != 1 ||
        EVP_EncryptFinal_ex(cipher, out + len, &rest) != 1 ||
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, out + text.len) != 1) {
        return -EIO;
    }
    assert((size_t)len + (size_t)rest == text.len);
    return 0;
}

/* 0 once the tag has been accepted; `plain` has text.len bytes. */
static int decrypt(const struct secret *key, const struct aead_message *message, struct slice text,
                   uint8_t *plain)
{
    _cleanup_(forget) EVP_CIPHER_CTX *cipher = context_mine()->cipher;
    uint8_t tag[AEAD_TAG_BYTES];
    int aad_len = 0;
    int len = 0;
    int rest = 0;

    memcpy(tag, text.data + text.len, sizeof(tag));
    if (EVP_DecryptInit_ex2(cipher, context_algorithms()->aes_256_gcm, key->bytes, message->nonce,
                            NULL) != 1 ||
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, tag) != 1) {
        return -EIO;
    }
    if (message->aad.len > 0 &&
        EVP_DecryptUpdate(cipher, NULL, &aad_len, message->aad.data, (int)message->aad.len) != 1) {
        return -EIO;
    }
    if (EVP_DecryptUpdate(cipher, plain, &len, text.data, (int)text.len) != 1) {
        return -EIO;
    }
    if (EVP_DecryptFinal_ex(cipher, plain + len, &rest) != 1) {
        return -EBADMSG;
    }
    assert((size_t)len + (size_t)rest == text.len);
    return 0;
}

int aead_open(const struct secret *key, const struct aead_message *message, uint8_t *out)
{
    struct slice text = message->text;
    _cleanup_(buf_deinit) struct buf scratch = BUF_MAX(text.len);
    uint8_t *plain;
    int r;

    if (key->len != AEAD_KEY_BYTES || !sizes_fit(message)) {
        return -EINVAL;
    }
    if (text.len <= AEAD_TAG_BYTES) {
        return -EBADMSG;
    }
    text.len -= AEAD_TAG_BYTES;
    plain = buf_extend(&scratch, text.len);
    assert(plain);
    r = decrypt(key, message, text, plain);
    if (r < 0) {
        return r;
    }
    memcpy(out, plain, text.len);
    return 0;
}
