/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The self-test runs one known answer through each primitive before anything depends on it: a
 * miscompiled or swapped libcrypto must not come up at all. The values are published ones; each is
 * named where it stands.
 */
#include "crypto/crypto.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "crypto/aead.h"
#include "crypto/context.h"
#include "crypto/digest.h"
#include "crypto/sign.h"
#include "crypto/x25519.h"

static unsigned int users; /* crypto_init calls not yet undone */

static bool bytes_are(struct slice bytes, const char *hex)
{
    uint8_t expected[SIGN_SIGNATURE_BYTES];

    assert(bytes.len <= sizeof(expected));
    return hex_decode(hex, expected, bytes.len) &&
           slice_equal(bytes, (struct slice){expected, bytes.len});
}

static void secret_from_hex(struct secret *secret, const char *hex, size_t len)
{
    bool decoded = hex_decode(hex, secret->bytes, len);

    assert(decoded);
    secret->len = len;
}

/* FIPS 180-2, appendix B.1. */
static bool sha256_works(void)
{
    uint8_t out[CAIRN_HASH_BYTES];

    sha256(slice_of_text("abc"), out);
    return bytes_are(SLICE_OF(out),
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* RFC 4231, test case 2. */
static bool hmac_works(void)
{
    const struct slice data = slice_of_text("what do ya want for nothing?");
    struct secret key = SECRET_NULL;
    uint8_t out[CAIRN_HASH_BYTES];

    secret_set(&key, "Jefe", 4);
    hmac_sha256(&key, &data, 1, out);
    return bytes_are(SLICE_OF(out),
                     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

/* RFC 5869, appendix A.1. */
static bool hkdf_works(void)
{
    static const uint8_t salt[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    static const uint8_t info[] = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9};
    uint8_t ikm[22];
    struct secret prk = SECRET_NULL;
    struct secret okm = SECRET_NULL;

    memset(ikm, 0x0b, sizeof(ikm));
    hkdf_extract(SLICE_OF(salt), SLICE_OF(ikm), &prk);
    hkdf_expand(&prk, SLICE_OF(info), 42, &okm);
    return bytes_are(secret_slice(&okm),
                     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                     "34007208d5b887185865");
}

/* RFC 8032, section 7.1, test 2. */
static bool ed25519_works(void)
{
    static const uint8_t message[] = {0x72};
    _cleanup_(signer_free) struct signer *signer = NULL;
    _cleanup_(verifier_free) struct verifier *verifier = NULL;
    struct secret seed = SECRET_NULL;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    uint8_t signature[SIGN_SIGNATURE_BYTES];

    secret_from_hex(&seed, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                    SIGN_SECRET_BYTES);
    if (signer_new(&seed, &signer) < 0) {
        return false;
    }
    signer_public(signer, public_key);
    if (!bytes_are(SLICE_OF(public_key),
                   "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c") ||
        signer_sign(signer, SIGN_NOTE, SLICE_OF(message), signature) < 0 ||
        !bytes_are(SLICE_OF(signature),
                   "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                   "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00") ||
        verifier_new(public_key, &verifier) < 0 ||
        !verifier_check(verifier, SIGN_NOTE, SLICE_OF(message), SLICE_OF(signature))) {
        return false;
    }
    signature[0] ^= 1;
    return !verifier_check(verifier, SIGN_NOTE, SLICE_OF(message), SLICE_OF(signature));
}

/* RFC 7748, section 6.1. */
static bool x25519_works(void)
{
    struct secret alice = SECRET_NULL;
    struct secret shared = SECRET_NULL;
    uint8_t bob[X25519_BYTES];
    uint8_t public_key[X25519_BYTES];

    secret_from_hex(&alice, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
                    X25519_BYTES);
    return hex_decode("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f", bob,
                      sizeof(bob)) &&
           x25519_agree(&alice, bob, public_key, &shared) == 0 &&
           bytes_are(SLICE_OF(public_key),
                     "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a") &&
           bytes_are(secret_slice(&shared),
                     "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
}

/* The Galois/Counter Mode of Operation (McGrew, Viega), test case 14: all zeros. */
static bool aes_gcm_works(void)
{
    static const uint8_t zeros[16];
    const struct aead_message plain = {.text = SLICE_OF(zeros)};
    struct secret key = {.len = AEAD_KEY_BYTES};
    uint8_t sealed[sizeof(zeros) + AEAD_TAG_BYTES];
    uint8_t opened[sizeof(zeros)];
    const struct aead_message cipher = {.text = SLICE_OF(sealed)};

    memset(opened, 1, sizeof(opened));
    if (aead_seal(&key, &plain, sealed) < 0 ||
        !bytes_are(SLICE_OF(sealed),
                   "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919") ||
        aead_open(&key, &cipher, opened) < 0 || !slice_equal(SLICE_OF(opened), SLICE_OF(zeros))) {
        return false;
    }
    sealed[sizeof(sealed) - 1] ^= 1;
    return aead_open(&key, &cipher, opened) == -EBADMSG;
}

static int self_test(struct error *error)
{
    static const struct {
        const char *name;
        bool (*works)(void);
    } tests[] = {
        {"SHA-256", sha256_works},  {"HMAC-SHA-256", hmac_works}, {"HKDF-SHA-256", hkdf_works},
        {"Ed25519", ed25519_works}, {"X25519", x25519_works},     {"AES-256-GCM", aes_gcm_works},
    };

    for (size_t i = 0; i < ARRAY_LEN(tests); i++) {
        if (!tests[i].works()) {
            (void)error_set(error, "libcrypto", "the self-test of %s failed: reinstall OpenSSL",
                            tests[i].name);
            return -EIO;
        }
    }
    return 0;
}

int crypto_init(struct error *error)
{
    int r;

    if (users == 0) {
        r = context_start();
        if (r < 0) {
            (void)error_set(error, "libcrypto",
                            "SHA256, HMAC, AES-256-GCM or a seeded random generator is missing");
            return r;
        }
        r = self_test(error);
        if (r < 0) {
            context_stop();
            return r;
        }
    }
    users++;
    return 0;
}

void crypto_deinit(void)
{
    assert(users > 0);
    users--;
    if (users == 0) {
        context_stop();
    }
}
