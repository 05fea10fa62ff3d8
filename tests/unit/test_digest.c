/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "crypto/digest.h"
#include "support/crypto.h"
#include "vectors_hex.h"
#include "vectors_hkdf.h"

#define THREADS 8
#define ROUNDS  200

static void sha256_gives_the_published_digests(void **state)
{
    /* FIPS 180-2, appendix B, and the digest of nothing. */
    static const struct {
        const char *text;
        const char *digest;
    } rows[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t digest[CAIRN_HASH_BYTES];

        sha256(slice_of_text(rows[i].text), digest);

        assert_bytes_are(SLICE_OF(digest), rows[i].digest);
    }
}

static void sha256_of_parts_is_that_of_the_whole(void **state)
{
    const struct slice parts[] = {
        slice_of_text("a"), SLICE_NULL,         slice_of_text("b"), slice_of_text("cdb"),
        slice_of_text("c"), slice_of_text("d"), SLICE_NULL,         slice_of_text("ecdef"),
    };
    uint8_t whole[CAIRN_HASH_BYTES];
    uint8_t many[CAIRN_HASH_BYTES];

    (void)state;
    sha256(slice_of_text("abcdbcdecdef"), whole);

    sha256_many(parts, ARRAY_LEN(parts), many);

    assert_memory_equal(many, whole, sizeof(whole));
}

static void hmac_gives_the_published_codes(void **state)
{
    /* RFC 4231, test cases 1 to 4: those whose key fits a secret. */
    static const struct {
        const char *key;
        const char *data;
        const char *code;
    } rows[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
         "dddddddddddd",
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {"0102030405060708090a0b0c0d0e0f10111213141516171819",
         "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
         "cdcdcdcdcdcd",
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct arena arena = ARENA_BUDGET(1024);
        const struct secret key = vector_secret(rows[i].key);
        const struct slice data = vector_bytes(&arena, rows[i].data);
        uint8_t code[CAIRN_HASH_BYTES];

        hmac_sha256(&key, &data, 1, code);

        assert_bytes_are(SLICE_OF(code), rows[i].code);
        arena_deinit(&arena);
    }
}

static void hmac_over_parts_is_that_over_the_whole(void **state)
{
    const struct slice whole = slice_of_text("class and value");
    const struct slice parts[] = {
        slice_of_text("class "),
        SLICE_NULL,
        slice_of_text("and value"),
    };
    const struct secret key = vector_secret("00112233");
    uint8_t expected[CAIRN_HASH_BYTES];
    uint8_t code[CAIRN_HASH_BYTES];

    (void)state;
    hmac_sha256(&key, &whole, 1, expected);

    hmac_sha256(&key, parts, ARRAY_LEN(parts), code);

    assert_memory_equal(code, expected, sizeof(code));
}

static void one_key_does_not_colour_the_next(void **state)
{
    const struct secret long_key = vector_secret("ffffffffffffffffffffffffffffffff");
    const struct secret short_key = vector_secret("4a656665");
    const struct slice data = slice_of_text("what do ya want for nothing?");
    uint8_t code[CAIRN_HASH_BYTES];

    (void)state;
    hmac_sha256(&long_key, &data, 1, code);

    hmac_sha256(&short_key, &data, 1, code);

    assert_bytes_are(SLICE_OF(code),
                     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void hkdf_gives_the_published_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hkdf_vectors); i++) {
        const struct hkdf_vector *vector = &hkdf_vectors[i];
        struct arena arena = ARENA_BUDGET(4096);
        const struct slice info = vector_bytes(&arena, vector->info);
        struct secret prk = SECRET_NULL;
        struct secret okm = SECRET_NULL;

        hkdf_extract(vector_bytes(&arena, vector->salt), vector_bytes(&arena, vector->ikm), &prk);
        hkdf_expand(&prk, info, strlen(vector->okm) / 2, &okm);

        assert_bytes_are(secret_slice(&okm), vector->okm);
        arena_deinit(&arena);
    }
}

static void hkdf_can_expand_a_key_in_place(void **state)
{
    struct secret key = vector_secret("0102030405060708");
    struct secret expected = SECRET_NULL;

    (void)state;
    hkdf_expand(&key, slice_of_text("info"), SECRET_MAX_BYTES, &expected);

    hkdf_expand(&key, slice_of_text("info"), SECRET_MAX_BYTES, &key);

    assert_true(secret_equal(&key, &expected));
}

static void *hash_many_times(void *data)
{
    const uint8_t number = *(const uint8_t *)data;
    const struct slice text = slice_make(&number, 1);
    const struct secret key = {.bytes = {number}, .len = 1};
    uint8_t digest[CAIRN_HASH_BYTES];
    uint8_t code[CAIRN_HASH_BYTES];

    sha256(text, digest);
    hmac_sha256(&key, &text, 1, code);
    for (size_t i = 0; i < ROUNDS; i++) {
        uint8_t again[CAIRN_HASH_BYTES];

        sha256(text, again);
        if (!slice_equal(SLICE_OF(digest), SLICE_OF(again))) {
            return data;
        }
        hmac_sha256(&key, &text, 1, again);
        if (!slice_equal(SLICE_OF(code), SLICE_OF(again))) {
            return data;
        }
    }
    return NULL;
}

static void threads_do_not_disturb_each_other_and_leave_nothing_behind(void **state)
{
    pthread_t threads[THREADS];
    uint8_t numbers[THREADS];

    (void)state;
    for (size_t i = 0; i < THREADS; i++) {
        numbers[i] = (uint8_t)i;
        assert_int_equal(pthread_create(&threads[i], NULL, hash_many_times, &numbers[i]), 0);
    }

    for (size_t i = 0; i < THREADS; i++) {
        void *disturbed = NULL;

        assert_int_equal(pthread_join(threads[i], &disturbed), 0);
        assert_null(disturbed);
    }
}

static void crypto_works_until_the_last_user_leaves_and_again_after(void **state)
{
    struct error error = ERROR_NULL;
    uint8_t digest[CAIRN_HASH_BYTES];

    (void)state;
    assert_int_equal(crypto_init(&error), 0);
    crypto_deinit();
    sha256(slice_of_text("abc"), digest);

    crypto_deinit();
    assert_int_equal(crypto_init(&error), 0);

    sha256(slice_of_text("abc"), digest);
    assert_bytes_are(SLICE_OF(digest),
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_string_equal(error.what, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_digests),
        cmocka_unit_test(sha256_of_parts_is_that_of_the_whole),
        cmocka_unit_test(hmac_gives_the_published_codes),
        cmocka_unit_test(hmac_over_parts_is_that_over_the_whole),
        cmocka_unit_test(one_key_does_not_colour_the_next),
        cmocka_unit_test(hkdf_gives_the_published_keys),
        cmocka_unit_test(hkdf_can_expand_a_key_in_place),
        cmocka_unit_test(threads_do_not_disturb_each_other_and_leave_nothing_behind),
        cmocka_unit_test(crypto_works_until_the_last_user_leaves_and_again_after),
    };

    return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
