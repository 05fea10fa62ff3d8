/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/secret.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

void bytes_wipe(void *bytes, size_t len)
{
    OPENSSL_cleanse(bytes, len);
}

bool bytes_equal_ct(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

int random_bytes(void *out, size_t len)
{
    assert(len <= INT_MAX);
    ERR_clear_error();
    return RAND_bytes(out, (int)len) == 1 ? 0 : -EIO;
}

void secret_deinit(struct secret *secret)
{
    bytes_wipe(secret, sizeof(*secret));
}

void secret_set(struct secret *secret, const void *bytes, size_t len)
{
    assert(len <= SECRET_MAX_BYTES);
    if (len > 0) {
        memmove(secret->bytes, bytes, len);
    }
    bytes_wipe(secret->bytes + len, SECRET_MAX_BYTES - len);
    secret->len = len;
}

int secret_random(struct secret *secret, size_t len)
{
    uint8_t bytes[SECRET_MAX_BYTES];

    assert(len <= SECRET_MAX_BYTES);
    ERR_clear_error();
    if (RAND_priv_bytes(bytes, (int)len) != 1) {
        return -EIO;
    }
    secret_set(secret, bytes, len);
    bytes_wipe(bytes, sizeof(bytes));
    return 0;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
    return a->len == b->len && bytes_equal_ct(a->bytes, b->bytes, a->len);
}

struct slice secret_slice(const struct secret *secret)
{
    return (struct slice){secret->bytes, secret->len};
}
