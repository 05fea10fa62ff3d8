/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 9180 section by section: 4 (labelled HKDF), 4.1 (DHKEM), 5.1 (key schedule, base mode, so psk
 * and psk_id are empty), 6.1 (single shot). Only message 0 of a context exists, so the base nonce
 * is the nonce.
 *
 *   kem suite id    "KEM"  || 0x0020
 *   hpke suite id   "HPKE" || 0x0020 || 0x0001 || aead id
 *   extract(salt, label, ikm)      HMAC(salt, tagged(label, ikm))
 *   expand(prk, label, info, L)    HKDF-Expand(prk, u16 L || tagged(label, info), L)
 *   tagged(label, x)               "HPKE-v1" || suite id || label || x
 */
#include "crypto/hpke.h"

#include <errno.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/hpke_internal.h"
#include "crypto/x25519.h"

#define KEM_X25519_HKDF_SHA256 0x0020
#define KDF_HKDF_SHA256        0x0001
#define MODE_BASE              0x00
#define SUITE_ID_MAX_BYTES     10
#define SCHEDULE_CONTEXT_BYTES (1 + 2 * CAIRN_HASH_BYTES)
/* u16 length, "HPKE-v1", suite id, the longest label, the longest info. */
#define EXPAND_INFO_MAX_BYTES (2 + 7 + SUITE_ID_MAX_BYTES + 16 + SCHEDULE_CONTEXT_BYTES)

static_assert(HPKE_PUBLIC_BYTES == X25519_BYTES && HPKE_SECRET_BYTES == X25519_BYTES &&
                  HPKE_ENC_BYTES == X25519_BYTES,
              "the KEM is X25519");
static_assert(HPKE_TAG_BYTES == AEAD_TAG_BYTES, "the AEAD is AES-256-GCM");

struct suite {
    uint8_t bytes[SUITE_ID_MAX_BYTES];
    size_t len;
};

static struct suite suite_of_kem(void)
{
    struct suite suite = {.len = 0};
    struct writer id = writer_over(suite.bytes, sizeof(suite.bytes));

    write_text(&id, "KEM");
    write_u16(&id, KEM_X25519_HKDF_SHA256);
    suite.len = writer_slice(&id).len;
    return suite;
}

static struct suite suite_of_hpke(uint16_t aead_id)
{
    struct suite suite = {.len = 0};
    struct writer id = writer_over(suite.bytes, sizeof(suite.bytes));

    write_text(&id, "HPKE");
    write_u16(&id, KEM_X25519_HKDF_SHA256);
    write_u16(&id, KDF_HKDF_SHA256);
    write_u16(&id, aead_id);
    suite.len = writer_slice(&id).len;
    return suite;
}

static void labeled_extract(const struct suite *suite, const struct secret *salt, const char *label,
                            struct slice ikm, uint8_t out[CAIRN_HASH_BYTES])
{
    const struct slice parts[] = {
        slice_of_text("HPKE-v1"),
        slice_make(suite->bytes, suite->len),
        slice_of_text(label),
        ikm,
    };

    hmac_sha256(salt, parts, ARRAY_LEN(parts), out);
}

/* ret->len says how many bytes are wanted. */
static void labeled_expand(const struct suite *suite, const struct secret *prk, const char *label,
                           struct slice info, struct secret *ret)
{
    uint8_t storage[EXPAND_INFO_MAX_BYTES];
    struct writer labeled = writer_over(storage, sizeof(storage));

    write_u16(&labeled, (uint16_t)ret->len);
    write_text(&labeled, "HPKE-v1");
    write_bytes(&labeled, suite->bytes, suite->len);
    write_text(&labeled, label);
    write_slice(&labeled, info);
    hkdf_expand(prk, writer_slice(&labeled), ret->len, ret);
}

/* ExtractAndExpand of section 4.1: both public keys go into the shared secret. */
static void extract_and_expand(const struct secret *dh, const uint8_t enc[HPKE_ENC_BYTES],
                               const uint8_t recipient[HPKE_PUBLIC_BYTES],
                               struct secret *ret_shared)
{
    const struct suite suite = suite_of_kem();
    _cleanup_(secret_deinit) struct secret prk = {.len = CAIRN_HASH_BYTES};
    uint8_t kem_context[HPKE_ENC_BYTES + HPKE_PUBLIC_BYTES];

    memcpy(kem_context, enc, HPKE_ENC_BYTES);
    memcpy(kem_context + HPKE_ENC_BYTES, recipient, HPKE_PUBLIC_BYTES);
    labeled_extract(&suite, &SECRET_NULL, "eae_prk", secret_slice(dh), prk.bytes);
    ret_shared->len = CAIRN_HASH_BYTES;
    labeled_expand(&suite, &prk, "shared_secret", SLICE_OF(kem_context), ret_shared);
}

int hpke_encap(const struct secret *ephemeral, const uint8_t recipient[HPKE_PUBLIC_BYTES],
               uint8_t ret_enc[HPKE_ENC_BYTES], struct secret *ret_shared)
{
    _cleanup_(secret_deinit) struct secret dh = SECRET_NULL;
    int r;

    r = x25519_agree(ephemeral, recipient, ret_enc, &dh);
    if (r < 0) {
        return r;
    }
    extract_and_expand(&dh, ret_enc, recipient, ret_shared);
    return 0;
}

int hpke_decap(const struct secret *recipient, const uint8_t enc[HPKE_ENC_BYTES],
               struct secret *ret_shared)
{
    _cleanup_(secret_deinit) struct secret dh = SECRET_NULL;
    uint8_t public[HPKE_PUBLIC_BYTES];
    int r;

    r = x25519_agree(recipient, enc, public, &dh);
    if (r < 0) {
        return r;
    }
    extract_and_expand(&dh, enc, public, ret_shared);
    return 0;
}

void hpke_schedule_deinit(struct hpke_schedule *schedule)
{
    bytes_wipe(schedule, sizeof(*schedule));
}

void hpke_schedule(uint16_t aead_id, const struct secret *shared, struct slice info,
                   struct hpke_schedule *ret)
{
    const struct suite suite = suite_of_hpke(aead_id);
    _cleanup_(secret_deinit) struct secret secret = {.len = CAIRN_HASH_BYTES};
    _cleanup_(secret_deinit) struct secret nonce = {.len = AEAD_NONCE_BYTES};
    uint8_t context[SCHEDULE_CONTEXT_BYTES] = {MODE_BASE};

    labeled_extract(&suite, &SECRET_NULL, "psk_id_hash", SLICE_NULL, context + 1);
    labeled_extract(&suite, &SECRET_NULL, "info_hash", info, context + 1 + CAIRN_HASH_BYTES);
    labeled_extract(&suite, shared, "secret", SLICE_NULL, secret.bytes);
    ret->key.len = AEAD_KEY_BYTES;
    labeled_expand(&suite, &secret, "key", SLICE_OF(context), &ret->key);
    labeled_expand(&suite, &secret, "base_nonce", SLICE_OF(context), &nonce);
    memcpy(ret->nonce, nonce.bytes, AEAD_NONCE_BYTES);
}

static struct aead_message first_message(const struct hpke_schedule *schedule,
                                         const struct hpke_message *message)
{
    struct aead_message first = {.aad = message->aad, .text = message->text};

    memcpy(first.nonce, schedule->nonce, sizeof(first.nonce));
    return first;
}

int hpke_seal_with(const struct secret *ephemeral, const uint8_t recipient[HPKE_PUBLIC_BYTES],
                   const struct hpke_message *message, uint8_t ret_enc[HPKE_ENC_BYTES],
                   uint8_t *out)
{
    _cleanup_(secret_deinit) struct secret shared = SECRET_NULL;
    _cleanup_(hpke_schedule_deinit) struct hpke_schedule schedule;
    struct aead_message first;
    uint8_t enc[HPKE_ENC_BYTES];
    int r;

    r = hpke_encap(ephemeral, recipient, enc, &shared);
    if (r < 0) {
        return r;
    }
    hpke_schedule(HPKE_AEAD_AES_256_GCM, &shared, message->info, &schedule);
    first = first_message(&schedule, message);
    r = aead_seal(&schedule.key, &first, out);
    if (r < 0) {
        return r;
    }
    memcpy(ret_enc, enc, HPKE_ENC_BYTES);
    return 0;
}

int hpke_public(const struct secret *secret, uint8_t ret_public[HPKE_PUBLIC_BYTES])
{
    return x25519_public(secret, ret_public);
}

int hpke_keypair(struct secret *ret_secret, uint8_t ret_public[HPKE_PUBLIC_BYTES])
{
    _cleanup_(secret_deinit) struct secret secret = SECRET_NULL;
    int r;

    r = secret_random(&secret, HPKE_SECRET_BYTES);
    if (r < 0) {
        return r;
    }
    r = x25519_public(&secret, ret_public);
    if (r < 0) {
        return r;
    }
    secret_set(ret_secret, secret.bytes, secret.len);
    return 0;
}

int hpke_seal(const uint8_t recipient[HPKE_PUBLIC_BYTES], const struct hpke_message *message,
              uint8_t ret_enc[HPKE_ENC_BYTES], uint8_t *out)
{
    _cleanup_(secret_deinit) struct secret ephemeral = SECRET_NULL;
    int r;

    r = secret_random(&ephemeral, HPKE_SECRET_BYTES);
    if (r < 0) {
        return r;
    }
    return hpke_seal_with(&ephemeral, recipient, message, ret_enc, out);
}

int hpke_open(const struct secret *recipient, const uint8_t enc[HPKE_ENC_BYTES],
              const struct hpke_message *message, uint8_t *out)
{
    _cleanup_(secret_deinit) struct secret shared = SECRET_NULL;
    _cleanup_(hpke_schedule_deinit) struct hpke_schedule schedule;
    struct aead_message first;
    int r;

    if (recipient->len != HPKE_SECRET_BYTES) {
        return -EINVAL;
    }
    r = hpke_decap(recipient, enc, &shared);
    if (r < 0) {
        return r == -EINVAL ? -EBADMSG : r; /* with a good key, a bad point is a bad message */
    }
    hpke_schedule(HPKE_AEAD_AES_256_GCM, &shared, message->info, &schedule);
    first = first_message(&schedule, message);
    return aead_open(&schedule.key, &first, out);
}
