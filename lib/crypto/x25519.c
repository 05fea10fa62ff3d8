/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/x25519.h"

#include <errno.h>
#include <string.h>

#include "crypto/context.h"

static void key_free(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void operation_free(EVP_PKEY_CTX **operation)
{
    EVP_PKEY_CTX_free(*operation);
}

static int load(const struct secret *own, EVP_PKEY **ret, uint8_t ret_public[X25519_BYTES])
{
    size_t len = X25519_BYTES;

    if (own->len != X25519_BYTES) {
        return -EINVAL;
    }
    *ret = EVP_PKEY_new_raw_private_key_ex(NULL, "X25519", NULL, own->bytes, own->len);
    if (!*ret || EVP_PKEY_get_raw_public_key(*ret, ret_public, &len) != 1) {
        return -EIO;
    }
    assert(len == X25519_BYTES);
    return 0;
}

/* OpenSSL refuses a result of zeros by itself; the check here is ours to keep whatever OpenSSL
 * does. */
static int derive(EVP_PKEY *own, EVP_PKEY *peer, uint8_t out[X25519_BYTES])
{
    static const uint8_t zeros[X25519_BYTES];
    _cleanup_(operation_free) EVP_PKEY_CTX *operation = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
    size_t len = X25519_BYTES;

    if (!operation || EVP_PKEY_derive_init(operation) != 1 ||
        EVP_PKEY_derive_set_peer_ex(operation, peer, 0) != 1) {
        return -EIO;
    }
    if (EVP_PKEY_derive(operation, out, &len) != 1 || len != X25519_BYTES ||
        bytes_equal_ct(out, zeros, X25519_BYTES)) {
        return -EINVAL;
    }
    return 0;
}

int x25519_public(const struct secret *own, uint8_t ret_public[X25519_BYTES])
{
    _cleanup_(key_free) EVP_PKEY *key = NULL;

    (void)context_mine();
    return load(own, &key, ret_public);
}

int x25519_agree(const struct secret *own, const uint8_t peer[X25519_BYTES],
                 uint8_t ret_public[X25519_BYTES], struct secret *ret_shared)
{
    _cleanup_(key_free) EVP_PKEY *own_key = NULL;
    _cleanup_(key_free) EVP_PKEY *peer_key = NULL;
    uint8_t own_public[X25519_BYTES];
    uint8_t shared[X25519_BYTES];
    int r;

    (void)context_mine();
    r = load(own, &own_key, own_public);
    if (r < 0) {
        return r;
    }
    peer_key = EVP_PKEY_new_raw_public_key_ex(NULL, "X25519", NULL, peer, X25519_BYTES);
    if (!peer_key) {
        return -EIO;
    }
    r = derive(own_key, peer_key, shared);
    if (r == 0) {
        memcpy(ret_public, own_public, X25519_BYTES);
        secret_set(ret_shared, shared, sizeof(shared));
    }
    bytes_wipe(shared, sizeof(shared));
    return r;
}

/* A low order shows with every secret. */
bool x25519_usable(const uint8_t public_key[X25519_BYTES])
{
    static const uint8_t any[X25519_BYTES] = {1, 2, 3};
    _cleanup_(secret_deinit) struct secret own = SECRET_NULL;
    _cleanup_(secret_deinit) struct secret shared = SECRET_NULL;
    uint8_t own_public[X25519_BYTES];

    secret_set(&own, any, sizeof(any));
    return x25519_agree(&own, public_key, own_public, &shared) == 0;
}
