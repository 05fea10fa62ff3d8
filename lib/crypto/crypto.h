/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Start of the crypto library: fetches every OpenSSL algorithm once and runs a known-answer
 * self-test. Call crypto_init once before threads start, crypto_deinit after they ended; calls may
 * nest, each crypto_init that returned 0 needs its crypto_deinit. Contexts are made once per thread
 * and reused (lib/crypto is thread-safe, each call uses the calling thread's contexts, released
 * when the thread ends). Nothing else in lib/crypto but secret.h works before crypto_init.
 */
#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include "base/error.h"

int crypto_init(
    struct error *error) MUST_USE; /* 0; -EIO when an algorithm is missing or a self-test fails */
void crypto_deinit(void);

#endif
