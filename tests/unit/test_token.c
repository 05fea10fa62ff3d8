/* SPDX-License-Identifier: Apache-2.0 */
/* The expected values were computed with another implementation of HMAC, from the layouts in
 * lib/crypto/token.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/token.h"
#include "support/crypto.h"
#include "vectors_hex.h"

#define LINKAGE_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define PEPPER      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NHS_NUMBER  "9990000018"

static void a_token_never_changes_its_bytes(void **state)
{
    const struct secret key = vector_secret(LINKAGE_KEY);
    uint8_t token[CAIRN_HASH_BYTES];

    (void)state;
    token_make(&key, TOKEN_NHS_NUMBER, slice_of_text(NHS_NUMBER), token);

    assert_bytes_are(SLICE_OF(token),
                     "1f58f2b563be0cb2d6196823ef671a950610a3cdf20c7a7bfac83eceaf2ebc69");
}

static void a_stored_token_never_changes_its_bytes(void **state)
{
    const struct secret key = vector_secret(LINKAGE_KEY);
    const struct secret pepper = vector_secret(PEPPER);
    uint8_t token[CAIRN_HASH_BYTES];
    uint8_t stored[CAIRN_HASH_BYTES];

    (void)state;
    token_make(&key, TOKEN_NHS_NUMBER, slice_of_text(NHS_NUMBER), token);

    token_pepper(&pepper, TOKEN_NHS_NUMBER, token, stored);

    assert_bytes_are(SLICE_OF(stored),
                     "35b7ef780e18c12d8ef6315aa4eec42a43bed259c348fed9c8c944b3478d18ce");
}

static void tokens_of_other_classes_values_and_keys_differ(void **state)
{
    const struct secret key = vector_secret(LINKAGE_KEY);
    const struct secret other_key = vector_secret(PEPPER);
    uint8_t token[CAIRN_HASH_BYTES];
    uint8_t other[CAIRN_HASH_BYTES];

    (void)state;
    token_make(&key, TOKEN_NHS_NUMBER, slice_of_text(NHS_NUMBER), token);

    token_make(&key, TOKEN_LOCAL_ID, slice_of_text(NHS_NUMBER), other);
    assert_memory_not_equal(token, other, sizeof(token));
    token_make(&key, TOKEN_NHS_NUMBER, slice_of_text("9990000026"), other);
    assert_memory_not_equal(token, other, sizeof(token));
    token_make(&other_key, TOKEN_NHS_NUMBER, slice_of_text(NHS_NUMBER), other);
    assert_memory_not_equal(token, other, sizeof(token));
}

static void the_pepper_separates_classes_and_is_not_a_linkage_key(void **state)
{
    const struct secret pepper = vector_secret(PEPPER);
    const uint8_t token[CAIRN_HASH_BYTES] = {1, 2, 3};
    uint8_t stored[CAIRN_HASH_BYTES];
    uint8_t other[CAIRN_HASH_BYTES];

    (void)state;
    token_pepper(&pepper, TOKEN_NHS_NUMBER, token, stored);

    token_pepper(&pepper, TOKEN_UPN, token, other);
    assert_memory_not_equal(stored, other, sizeof(stored));
    token_make(&pepper, TOKEN_NHS_NUMBER, SLICE_OF(token), other);
    assert_memory_not_equal(stored, other, sizeof(stored));
}

static void two_agencies_give_one_appointment_the_same_key(void **state)
{
    static const struct {
        int32_t day;
        const char *key;
    } rows[] = {
        {20000, "57579438dfe292fe5a95ff8040c72a2d"},
        {-1, "c1682f9ab90e01fc534cb1093a7edf55"},
    };
    const struct secret key = vector_secret(LINKAGE_KEY);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t occurrence[16];

        token_occurrence(&key, rows[i].day, slice_of_text("audiology"), occurrence);

        assert_bytes_are(SLICE_OF(occurrence), rows[i].key);
    }
}

static void another_day_or_service_is_another_occurrence(void **state)
{
    const struct secret key = vector_secret(LINKAGE_KEY);
    uint8_t occurrence[16];
    uint8_t other[16];

    (void)state;
    token_occurrence(&key, 20000, slice_of_text("audiology"), occurrence);

    token_occurrence(&key, 20001, slice_of_text("audiology"), other);
    assert_memory_not_equal(occurrence, other, sizeof(other));
    token_occurrence(&key, 20000, slice_of_text("dentistry"), other);
    assert_memory_not_equal(occurrence, other, sizeof(other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_never_changes_its_bytes),
        cmocka_unit_test(a_stored_token_never_changes_its_bytes),
        cmocka_unit_test(tokens_of_other_classes_values_and_keys_differ),
        cmocka_unit_test(the_pepper_separates_classes_and_is_not_a_linkage_key),
        cmocka_unit_test(two_agencies_give_one_appointment_the_same_key),
        cmocka_unit_test(another_day_or_service_is_another_occurrence),
    };

    return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
