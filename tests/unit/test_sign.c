/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "crypto/sign.h"
#include "vectors_ed25519.h"
#include "vectors_hex.h"

/* RFC 8032, section 7.1, test 2. */
#define SEED       "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"
#define PUBLIC_KEY "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
#define SIGNATURE                                                                                  \
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1" \
    "1d8c387b2eaeb4302aeeb00d291612bb0c00"

#define THREADS 4
#define ROUNDS  50

struct pair {
    struct signer *signer;
    struct verifier *verifier;
};

static int make_pair(void **state)
{
    static struct pair pair;
    struct error error = ERROR_NULL;
    const struct secret seed = vector_secret(SEED);
    uint8_t public_key[SIGN_PUBLIC_BYTES];

    assert_int_equal(crypto_init(&error), 0);
    assert_int_equal(signer_new(&seed, &pair.signer), 0);
    signer_public(pair.signer, public_key);
    assert_int_equal(verifier_new(public_key, &pair.verifier), 0);
    *state = &pair;
    return 0;
}

static int free_pair(void **state)
{
    struct pair *pair = *state;

    signer_free(&pair->signer);
    verifier_free(&pair->verifier);
    crypto_deinit();
    return 0;
}

static void sign(const struct pair *pair, enum sign_context context, const char *message,
                 uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    assert_int_equal(signer_sign(pair->signer, context, slice_of_text(message), signature), 0);
}

static bool check(const struct pair *pair, enum sign_context context, const char *message,
                  const uint8_t signature[SIGN_SIGNATURE_BYTES])
{
    return verifier_check(pair->verifier, context, slice_of_text(message),
                          slice_make(signature, SIGN_SIGNATURE_BYTES));
}

static void signing_gives_the_published_signature(void **state)
{
    const struct pair *pair = *state;
    uint8_t public_key[SIGN_PUBLIC_BYTES];
    uint8_t signature[SIGN_SIGNATURE_BYTES];

    sign(pair, SIGN_NOTE, "\x72", signature);
    signer_public(pair->signer, public_key);

    assert_bytes_are(SLICE_OF(public_key), PUBLIC_KEY);
    assert_bytes_are(SLICE_OF(signature), SIGNATURE);
}

static void the_published_signatures_are_judged_as_published(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ed25519_vectors); i++) {
        const struct ed25519_vector *vector = &ed25519_vectors[i];
        struct arena arena = ARENA_BUDGET(8192);
        struct verifier *verifier = NULL;
        bool valid;

        assert_int_equal(verifier_new(vector_bytes(&arena, vector->public_key).data, &verifier), 0);
        valid = verifier_check(verifier, SIGN_NOTE, vector_bytes(&arena, vector->message),
                               vector_bytes(&arena, vector->signature));

        if (valid != vector->valid) {
            fail_msg("row %d should be %s", vector->id, vector->valid ? "valid" : "invalid");
        }
        verifier_free(&verifier);
        arena_deinit(&arena);
    }
}

static void every_signed_message_verifies_in_its_own_context_only(void **state)
{
    static const enum sign_context contexts[] = {
#define X(name, text) SIGN_##name,
        SIGN_CONTEXTS(X)
#undef X
    };
    const struct pair *pair = *state;

    for (size_t i = 0; i < ARRAY_LEN(contexts); i++) {
        uint8_t signature[SIGN_SIGNATURE_BYTES];

        sign(pair, contexts[i], "a root of entries", signature);

        for (size_t j = 0; j < ARRAY_LEN(contexts); j++) {
            assert_int_equal(check(pair, contexts[j], "a root of entries", signature), i == j);
        }
    }
}

static void what_is_signed_is_the_context_line_and_then_the_message(void **state)
{
    const struct pair *pair = *state;
    uint8_t signature[SIGN_SIGNATURE_BYTES];

    sign(pair, SIGN_PARCEL, "body", signature);

    assert_true(check(pair, SIGN_NOTE, "cairn-parcel/v1\nbody", signature));
}

static void a_change_of_any_byte_of_the_signature_is_noticed(void **state)
{
    const struct pair *pair = *state;
    uint8_t signature[SIGN_SIGNATURE_BYTES];

    sign(pair, SIGN_PARCEL, "body", signature);

    for (size_t i = 0; i < sizeof(signature); i++) {
        signature[i] ^= 0x10;
        assert_false(check(pair, SIGN_PARCEL, "body", signature));
        signature[i] ^= 0x10;
    }
    assert_true(check(pair, SIGN_PARCEL, "body", signature));
}

static void a_change_of_any_byte_of_the_message_is_noticed(void **state)
{
    const struct pair *pair = *state;
    char message[] = "sender, key, stream, root";
    uint8_t signature[SIGN_SIGNATURE_BYTES];

    sign(pair, SIGN_PARCEL, message, signature);

    for (size_t i = 0; i + 1 < sizeof(message); i++) {
        message[i] ^= 1;
        assert_false(check(pair, SIGN_PARCEL, message, signature));
        message[i] ^= 1;
    }
    assert_false(check(pair, SIGN_PARCEL, "sender, key, stream, roo", signature));
    assert_false(check(pair, SIGN_PARCEL, "", signature));
}

static void a_signature_of_another_length_never_holds(void **state)
{
    const struct pair *pair = *state;
    uint8_t longer[SIGN_SIGNATURE_BYTES + 1] = {0};
    const struct slice message = slice_of_text("body");

    sign(pair, SIGN_PARCEL, "body", longer);

    for (size_t len = 0; len <= sizeof(longer); len++) {
        assert_int_equal(
            verifier_check(pair->verifier, SIGN_PARCEL, message, slice_make(longer, len)),
            len == SIGN_SIGNATURE_BYTES);
    }
}

static void another_key_does_not_verify(void **state)
{
    const struct pair *pair = *state;
    struct secret seed = SECRET_NULL;
    struct signer *other = NULL;
    uint8_t signature[SIGN_SIGNATURE_BYTES];

    assert_int_equal(secret_random(&seed, SIGN_SECRET_BYTES), 0);
    assert_int_equal(signer_new(&seed, &other), 0);
    assert_int_equal(signer_sign(other, SIGN_PARCEL, slice_of_text("body"), signature), 0);

    assert_false(check(pair, SIGN_PARCEL, "body", signature));
    signer_free(&other);
}

static void points_of_small_order_are_no_keys(void **state)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(points); i++) {
        struct secret point = vector_secret(points[i]);
        struct verifier *verifier = NULL;

        assert_int_equal(verifier_new(point.bytes, &verifier), -EINVAL);
        point.bytes[SIGN_PUBLIC_BYTES - 1] |= 0x80;
        assert_int_equal(verifier_new(point.bytes, &verifier), -EINVAL);

        assert_null(verifier);
    }
}

static void a_seed_of_another_length_is_refused(void **state)
{
    const size_t lengths[] = {0, 31, 33, 64};
    struct signer *signer = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        const struct secret seed = {.bytes = {1}, .len = lengths[i]};

        assert_int_equal(signer_new(&seed, &signer), -EINVAL);
        assert_null(signer);
    }
}

static void freeing_nothing_is_harmless(void **state)
{
    struct signer *signer = NULL;
    struct verifier *verifier = NULL;

    (void)state;
    signer_free(&signer);
    verifier_free(&verifier);

    assert_null(signer);
    assert_null(verifier);
}

static void a_key_id_is_the_start_of_the_key_s_digest(void **state)
{
    (void)state;
    assert_int_equal(key_id(slice_of_text("abc")), 0xba7816bf);
}

static void *sign_and_check_many_times(void *data)
{
    const struct pair *pair = data;

    for (size_t i = 0; i < ROUNDS; i++) {
        uint8_t signature[SIGN_SIGNATURE_BYTES];
        const struct slice message = slice_make(&i, sizeof(i));

        if (signer_sign(pair->signer, SIGN_PARCEL, message, signature) < 0 ||
            !verifier_check(pair->verifier, SIGN_PARCEL, message, SLICE_OF(signature)) ||
            verifier_check(pair->verifier, SIGN_NOTE, message, SLICE_OF(signature))) {
            return data;
        }
    }
    return NULL;
}

static void one_key_serves_several_threads(void **state)
{
    pthread_t threads[THREADS];

    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, sign_and_check_many_times, *state), 0);
    }

    for (size_t i = 0; i < THREADS; i++) {
        void *failed = NULL;

        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signing_gives_the_published_signature),
        cmocka_unit_test(the_published_signatures_are_judged_as_published),
        cmocka_unit_test(every_signed_message_verifies_in_its_own_context_only),
        cmocka_unit_test(what_is_signed_is_the_context_line_and_then_the_message),
        cmocka_unit_test(a_change_of_any_byte_of_the_signature_is_noticed),
        cmocka_unit_test(a_change_of_any_byte_of_the_message_is_noticed),
        cmocka_unit_test(a_signature_of_another_length_never_holds),
        cmocka_unit_test(another_key_does_not_verify),
        cmocka_unit_test(points_of_small_order_are_no_keys),
        cmocka_unit_test(a_seed_of_another_length_is_refused),
        cmocka_unit_test(freeing_nothing_is_harmless),
        cmocka_unit_test(a_key_id_is_the_start_of_the_key_s_digest),
        cmocka_unit_test(one_key_serves_several_threads),
    };

    return cmocka_run_group_tests(tests, make_pair, free_pair);
}
