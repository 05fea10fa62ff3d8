/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pointers are parts of keys. That holds because what a key names is never freed: verifiers are one
 * for each public key, and a snapshot is remembered only when the one before it is, or there is
 * none. What finds no room any more is computed as ever.
 */
#include "attack/memo.h"

#include <string.h>

#include "crypto/digest.h"
#include "crypto/sign.h"
#include "govern/govern.h"
#include "os/guard.h"
#include "store/store.h"

#define VERIFIERS_MAX 4096
#define CHECKS_MAX    65536
#define SNAPSHOTS_MAX 1024

int __real_guard_run(void (*work)(void *, void *), void *data, void *result, size_t result_bytes);
int __wrap_guard_run(void (*work)(void *, void *), void *data, void *result, size_t result_bytes);
int __real_verifier_new(const uint8_t public_key[SIGN_PUBLIC_BYTES], struct verifier **ret);
int __wrap_verifier_new(const uint8_t public_key[SIGN_PUBLIC_BYTES], struct verifier **ret);
void __real_verifier_free(struct verifier **verifier);
void __wrap_verifier_free(struct verifier **verifier);
bool __real_verifier_check(const struct verifier *verifier, enum sign_context context,
                           struct slice message, struct slice signature);
bool __wrap_verifier_check(const struct verifier *verifier, enum sign_context context,
                           struct slice message, struct slice signature);
enum govern_result __real_governance_next(const struct governance *current,
                                          const struct govern_document *document,
                                          struct governance **ret, struct error *error);
enum govern_result __wrap_governance_next(const struct governance *current,
                                          const struct govern_document *document,
                                          struct governance **ret, struct error *error);

int __real_store_open(const struct store_options *options, struct store **ret, struct error *error);
int __wrap_store_open(const struct store_options *options, struct store **ret, struct error *error);
void __real_store_close(struct store **store);
void __wrap_store_close(struct store **store);

static bool in_use;
static struct store *lent;

void memo_begin(struct store *store)
{
    in_use = true;
    lent = store;
}

void memo_end(void)
{
    in_use = false;
    lent = NULL;
}

int __wrap_store_open(const struct store_options *options, struct store **ret, struct error *error)
{
    if (lent == NULL || !options->read_only) {
        return __real_store_open(options, ret, error);
    }
    *ret = lent;
    return 0;
}

void __wrap_store_close(struct store **store)
{
    if (lent != NULL && *store == lent) {
        *store = NULL;
        return;
    }
    __real_store_close(store);
}

int __wrap_guard_run(void (*work)(void *, void *), void *data, void *result, size_t result_bytes)
{
    if (!in_use) {
        return __real_guard_run(work, data, result, result_bytes);
    }
    work(data, result);
    return 0;
}

/* --- verifiers: one for each public key --- */

static struct {
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    struct verifier *verifier;
} verifiers[VERIFIERS_MAX];
static size_t n_verifiers;

int __wrap_verifier_new(const uint8_t public_key[SIGN_PUBLIC_BYTES], struct verifier **ret)
{
    for (size_t i = 0; i < n_verifiers; i++) {
        if (memcmp(verifiers[i].public_key, public_key, SIGN_PUBLIC_BYTES) == 0) {
            *ret = verifiers[i].verifier;
            return 0;
        }
    }
    int r = __real_verifier_new(public_key, ret);
    if (r == 0 && n_verifiers < VERIFIERS_MAX) {
        memcpy(verifiers[n_verifiers].public_key, public_key, SIGN_PUBLIC_BYTES);
        verifiers[n_verifiers++].verifier = *ret;
    }
    return r;
}

static bool is_kept(const struct verifier *verifier)
{
    for (size_t i = 0; i < n_verifiers; i++) {
        if (verifiers[i].verifier == verifier) {
            return true;
        }
    }
    return false;
}

void __wrap_verifier_free(struct verifier **verifier)
{
    if (is_kept(*verifier)) {
        *verifier = NULL;
        return;
    }
    __real_verifier_free(verifier);
}

/* --- what is remembered, by the digest of what it is a function of --- */

struct remembered {
    struct hash key;
    bool there;
    bool holds;                  /* of a check */
    struct governance *snapshot; /* of a document */
};

static struct remembered checks[CHECKS_MAX];
static struct remembered snapshots[SNAPSHOTS_MAX];

/* Its place, or the one that it would have; NULL when there is room for neither. */
static struct remembered *find(struct remembered *table, size_t n, const struct hash *key)
{
    size_t at = 0;

    memcpy(&at, key->bytes, sizeof(at));
    for (size_t i = 0; i < n / 2; i++) {
        struct remembered *place = &table[(at + i) % n];
        if (!place->there || hash_equal(&place->key, key)) {
            return place;
        }
    }
    return NULL;
}

static struct slice pointer_bytes(const void *const *pointer)
{
    return slice_make(pointer, sizeof(*pointer));
}

bool __wrap_verifier_check(const struct verifier *verifier, enum sign_context context,
                           struct slice message, struct slice signature)
{
    const uint8_t sort[] = {(uint8_t)context, (uint8_t)signature.len};
    const void *pointer = verifier;
    struct hash key;

    if (!in_use || signature.len != SIGN_SIGNATURE_BYTES || !is_kept(verifier)) {
        return __real_verifier_check(verifier, context, message, signature);
    }
    const struct slice parts[] = {pointer_bytes(&pointer), SLICE_OF(sort), signature, message};
    sha256_many(parts, ARRAY_LEN(parts), key.bytes);
    struct remembered *place = find(checks, CHECKS_MAX, &key);
    if (place != NULL && place->there) {
        return place->holds;
    }
    bool holds = __real_verifier_check(verifier, context, message, signature);
    if (place != NULL) {
        *place = (struct remembered){.key = key, .there = true, .holds = holds};
    }
    return holds;
}

static bool is_remembered(const struct governance *snapshot)
{
    for (size_t i = 0; i < SNAPSHOTS_MAX; i++) {
        if (snapshots[i].there && snapshots[i].snapshot == snapshot) {
            return true;
        }
    }
    return snapshot == NULL;
}

enum govern_result __wrap_governance_next(const struct governance *current,
                                          const struct govern_document *document,
                                          struct governance **ret, struct error *error)
{
    const uint64_t sort[] = {document->document, document->text.len, document->note.len};
    const void *pointer = current;
    struct hash key;

    if (!in_use || !is_remembered(current)) {
        return __real_governance_next(current, document, ret, error);
    }
    const struct slice parts[] = {pointer_bytes(&pointer), slice_make(sort, sizeof(sort)),
                                  document->text, document->note};
    sha256_many(parts, ARRAY_LEN(parts), key.bytes);
    struct remembered *place = find(snapshots, SNAPSHOTS_MAX, &key);
    if (place != NULL && place->there) {
        *ret = governance_ref(place->snapshot);
        return GOVERN_ACCEPTED;
    }
    enum govern_result result = __real_governance_next(current, document, ret, error);
    if (place != NULL && result == GOVERN_ACCEPTED) {
        *place = (struct remembered){.key = key, .there = true, .snapshot = governance_ref(*ret)};
    }
    return result;
}
