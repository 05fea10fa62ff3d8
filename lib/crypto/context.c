/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/context.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "base/log.h"

static struct algorithms algorithms;
static pthread_key_t thread_key;
static bool started;

/* Without memory a good signature would be called a bad one. OpenSSL gets ours, which ends the
 * process instead; before main, because it may be changed only before its first use. */
static void *take(size_t bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return bytes > 0 ? base_alloc(bytes) : NULL;
}

static void give(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

static void *change(void *memory, size_t bytes, const char *file, int line)
{
    if (bytes == 0) {
        give(memory, file, line);
        return NULL;
    }
    void *changed = realloc(memory, bytes);
    if (changed == NULL) {
        log_fatal("out_of_memory", "bytes=%zu in=crypto", bytes);
    }
    return changed;
}

__attribute__((constructor)) static void use_our_memory(void)
{
    (void)CRYPTO_set_mem_functions(take, change, give);
}

static void context_free(void *data)
{
    struct context *context = data;

    if (!context) {
        return;
    }
    EVP_MD_CTX_free(context->digest);
    EVP_MD_CTX_free(context->signature);
    EVP_MAC_CTX_free(context->hmac);
    EVP_CIPHER_CTX_free(context->cipher);
    free(context);
}

static EVP_MAC_CTX *new_hmac_sha256(void)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *hmac = EVP_MAC_CTX_new(algorithms.hmac);

    if (hmac && EVP_MAC_CTX_set_params(hmac, params) != 1) {
        EVP_MAC_CTX_free(hmac);
        return NULL;
    }
    return hmac;
}

static struct context *context_new(void)
{
    struct context *context = base_zalloc(1, sizeof(*context));

    *context = (struct context){
        .digest = EVP_MD_CTX_new(),
        .signature = EVP_MD_CTX_new(),
        .hmac = new_hmac_sha256(),
        .cipher = EVP_CIPHER_CTX_new(),
    };
    if (!context->digest || !context->signature || !context->hmac || !context->cipher ||
        pthread_setspecific(thread_key, context) != 0) {
        log_fatal("crypto_failed", "step=context");
    }
    return context;
}

static void algorithms_free(void)
{
    EVP_MD_free(algorithms.sha256);
    EVP_MAC_free(algorithms.hmac);
    EVP_CIPHER_free(algorithms.aes_256_gcm);
    algorithms = (struct algorithms){.sha256 = NULL};
}

const struct algorithms *context_algorithms(void)
{
    assert(started);
    return &algorithms;
}

struct context *context_of_thread(void)
{
    assert(started);
    struct context *context = pthread_getspecific(thread_key);

    return context ? context : context_new();
}

struct context *context_mine(void)
{
    ERR_clear_error();
    return context_of_thread();
}

int context_start(void)
{
    assert(!started);
    ERR_clear_error();
    algorithms = (struct algorithms){
        .sha256 = EVP_MD_fetch(NULL, "SHA256", NULL),
        .hmac = EVP_MAC_fetch(NULL, "HMAC", NULL),
        .aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL),
    };
    if (!algorithms.sha256 || !algorithms.hmac || !algorithms.aes_256_gcm || RAND_status() != 1 ||
        pthread_key_create(&thread_key, context_free) != 0) {
        algorithms_free();
        return -EIO;
    }
    started = true;
    return 0;
}

void context_stop(void)
{
    assert(started);
    context_free(pthread_getspecific(thread_key));
    (void)pthread_key_delete(thread_key);
    algorithms_free();
    started = false;
}
