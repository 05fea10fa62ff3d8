/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/secret.h"

static bool all_zero(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static void deinit_leaves_no_byte_behind(void **state)
{
    struct secret secret = SECRET_NULL;

    (void)state;
    secret_set(&secret, "0123456789abcdef0123456789abcdef", 32);

    secret_deinit(&secret);

    assert_int_equal(secret.len, 0);
    assert_true(all_zero(secret.bytes, sizeof(secret.bytes)));
}

static void the_null_secret_can_be_deinitialised(void **state)
{
    struct secret secret = SECRET_NULL;

    (void)state;
    secret_deinit(&secret);

    assert_int_equal(secret_slice(&secret).len, 0);
}

static void a_shorter_secret_leaves_nothing_of_a_longer_one(void **state)
{
    struct secret secret = SECRET_NULL;

    (void)state;
    secret_set(&secret, "a long secret", 13);

    secret_set(&secret, "short", 5);

    assert_int_equal(secret.len, 5);
    assert_memory_equal(secret.bytes, "short", 5);
    assert_true(all_zero(secret.bytes + 5, sizeof(secret.bytes) - 5));
}

static void a_secret_can_be_set_from_itself(void **state)
{
    struct secret secret = SECRET_NULL;

    (void)state;
    secret_set(&secret, "0123456789", 10);

    secret_set(&secret, secret.bytes + 4, 6);

    assert_int_equal(secret.len, 6);
    assert_memory_equal(secret.bytes, "456789", 6);
}

static void secrets_are_equal_only_byte_for_byte_and_in_length(void **state)
{
    struct secret a = SECRET_NULL;
    struct secret b = SECRET_NULL;

    (void)state;
    secret_set(&a, "0123456789abcdef", 16);
    secret_set(&b, "0123456789abcdef", 16);
    assert_true(secret_equal(&a, &b));

    for (size_t i = 0; i < b.len; i++) {
        b.bytes[i] ^= 1;
        assert_false(secret_equal(&a, &b));
        b.bytes[i] ^= 1;
    }
    b.len = 15;
    assert_false(secret_equal(&a, &b));
}

static void random_secrets_have_the_length_asked_for_and_differ(void **state)
{
    struct secret a = SECRET_NULL;
    struct secret b = SECRET_NULL;

    (void)state;
    assert_int_equal(secret_random(&a, 32), 0);
    assert_int_equal(secret_random(&b, 32), 0);

    assert_int_equal(a.len, 32);
    assert_false(secret_equal(&a, &b));
    assert_true(all_zero(a.bytes + 32, sizeof(a.bytes) - 32));
}

static void random_bytes_fill_exactly_the_buffer(void **state)
{
    uint8_t bytes[40] = {0};
    uint8_t again[40] = {0};

    (void)state;
    assert_int_equal(random_bytes(bytes, 32), 0);
    assert_int_equal(random_bytes(again, 32), 0);

    assert_memory_not_equal(bytes, again, 32);
    assert_true(all_zero(bytes + 32, 8));
}

static void wiping_clears_every_byte(void **state)
{
    uint8_t bytes[24];

    (void)state;
    assert_int_equal(random_bytes(bytes, sizeof(bytes)), 0);

    bytes_wipe(bytes, sizeof(bytes));

    assert_true(all_zero(bytes, sizeof(bytes)));
}

static void constant_time_comparison_sees_every_bit(void **state)
{
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};

    (void)state;
    assert_true(bytes_equal_ct(a, b, sizeof(a)));

    for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
        b[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(bytes_equal_ct(a, b, sizeof(a)));
        b[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(bytes_equal_ct(a, "anything", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deinit_leaves_no_byte_behind),
        cmocka_unit_test(the_null_secret_can_be_deinitialised),
        cmocka_unit_test(a_shorter_secret_leaves_nothing_of_a_longer_one),
        cmocka_unit_test(a_secret_can_be_set_from_itself),
        cmocka_unit_test(secrets_are_equal_only_byte_for_byte_and_in_length),
        cmocka_unit_test(random_secrets_have_the_length_asked_for_and_differ),
        cmocka_unit_test(random_bytes_fill_exactly_the_buffer),
        cmocka_unit_test(wiping_clears_every_byte),
        cmocka_unit_test(constant_time_comparison_sees_every_bit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
