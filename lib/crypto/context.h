/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to lib/crypto. The OpenSSL algorithms, fetched once for the process, and the contexts of
 * each thread, made on the thread's first use and released when it ends. Algorithms are immutable
 * between context_start and context_stop.
 */
#ifndef CRYPTO_CONTEXT_H
#define CRYPTO_CONTEXT_H

#include <openssl/evp.h>

#include "base/attr.h"

struct algorithms {
    EVP_MD *sha256;
    EVP_MAC *hmac;
    EVP_CIPHER *aes_256_gcm;
};

struct context {
    EVP_MD_CTX *digest;
    EVP_MD_CTX *signature; /* reset after every use: it would keep a reference to a private key */
    EVP_MAC_CTX *hmac;     /* SHA-256 is chosen already */
    EVP_CIPHER_CTX *cipher;
};

/* -EIO when OpenSSL lacks an algorithm or its random generator is not seeded. */
int context_start(void) MUST_USE;
void context_stop(void); /* releases the calling thread's contexts too */
const struct algorithms *context_algorithms(void);
/* The calling thread's contexts. */
struct context *context_of_thread(void);
/* The same with its OpenSSL error queue emptied: a stale error would be misread. That costs as much
 * as hashing a leaf does, and digests end the process on any error. */
struct context *context_mine(void);

#endif
