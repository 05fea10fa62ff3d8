/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/hpke.h"
#include "crypto/hpke_internal.h"
#include "crypto/x25519.h"
#include "support/crypto.h"
#include "vectors_hex.h"
#include "vectors_hpke.h"
#include "vectors_x25519.h"

#define TEXT       "thirty-two bytes of a data key.."
#define TEXT_BYTES (sizeof(TEXT) - 1)
#define CANARY     0xa5

/* One message on its way: sealed to `secret`, then changed by a test, then opened. */
struct letter {
    struct secret secret;
    uint8_t public_key[HPKE_PUBLIC_BYTES];
    uint8_t enc[HPKE_ENC_BYTES];
    uint8_t sealed[TEXT_BYTES + HPKE_TAG_BYTES];
    uint8_t opened[TEXT_BYTES];
};

static struct hpke_message message_of(struct slice text)
{
    return (struct hpke_message){
        .info = slice_of_text("what for"),
        .aad = slice_of_text("aad"),
        .text = text,
    };
}

static void write_letter(struct letter *letter)
{
    const struct hpke_message message = message_of(slice_of_text(TEXT));

    *letter = (struct letter){.secret = SECRET_NULL};
    assert_int_equal(hpke_keypair(&letter->secret, letter->public_key), 0);
    assert_int_equal(hpke_seal(letter->public_key, &message, letter->enc, letter->sealed), 0);
}

static int open_letter(struct letter *letter)
{
    const struct hpke_message message = message_of(SLICE_OF(letter->sealed));

    memset(letter->opened, CANARY, sizeof(letter->opened));
    return hpke_open(&letter->secret, letter->enc, &message, letter->opened);
}

static void expect_unopened(struct letter *letter)
{
    uint8_t untouched[TEXT_BYTES];

    memset(untouched, CANARY, sizeof(untouched));
    assert_int_equal(open_letter(letter), -EBADMSG);
    assert_memory_equal(letter->opened, untouched, sizeof(untouched));
}

static void x25519_gives_the_published_secrets_and_refuses_low_order_points(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(x25519_vectors); i++) {
        const struct x25519_vector *vector = &x25519_vectors[i];
        const struct secret own = vector_secret(vector->secret);
        const struct secret peer = vector_secret(vector->public_key);
        uint8_t public_key[X25519_BYTES];
        struct secret shared = SECRET_NULL;

        if (vector->low_order) {
            assert_int_equal(x25519_agree(&own, peer.bytes, public_key, &shared), -EINVAL);
            assert_int_equal(shared.len, 0);
        } else {
            assert_int_equal(x25519_agree(&own, peer.bytes, public_key, &shared), 0);
            assert_bytes_are(secret_slice(&shared), vector->shared);
        }
    }
}

static void the_kem_gives_the_values_of_the_rfc_at_both_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hpke_kem_vectors); i++) {
        const struct hpke_kem_vector *vector = &hpke_kem_vectors[i];
        const struct secret ephemeral = vector_secret(vector->ephemeral);
        const struct secret recipient = vector_secret(vector->recipient_secret);
        uint8_t public_key[HPKE_PUBLIC_BYTES];
        uint8_t enc[HPKE_ENC_BYTES];
        struct secret sent = SECRET_NULL;
        struct secret received = SECRET_NULL;

        assert_int_equal(hpke_public(&recipient, public_key), 0);
        assert_int_equal(hpke_encap(&ephemeral, public_key, enc, &sent), 0);
        assert_int_equal(hpke_decap(&recipient, enc, &received), 0);

        assert_bytes_are(SLICE_OF(public_key), vector->recipient_public);
        assert_bytes_are(SLICE_OF(enc), vector->enc);
        assert_bytes_are(secret_slice(&sent), vector->shared);
        assert_bytes_are(secret_slice(&received), vector->shared);
    }
}

static void the_key_schedule_gives_the_values_of_the_rfc(void **state)
{
    const struct secret shared = vector_secret(HPKE_VECTOR_SCHEDULE_SHARED);
    struct arena arena = ARENA_BUDGET(256);
    struct hpke_schedule schedule;

    (void)state;
    hpke_schedule(HPKE_VECTOR_SCHEDULE_AEAD, &shared,
                  vector_bytes(&arena, HPKE_VECTOR_SCHEDULE_INFO), &schedule);

    assert_bytes_are(secret_slice(&schedule.key), HPKE_VECTOR_SCHEDULE_KEY);
    assert_bytes_are(SLICE_OF(schedule.nonce), HPKE_VECTOR_SCHEDULE_NONCE);
    arena_deinit(&arena);
}

static void sealing_and_opening_give_the_values_of_another_implementation(void **state)
{
    const struct hpke_kem_vector *keys = &hpke_kem_vectors[0];
    const struct secret ephemeral = vector_secret(keys->ephemeral);
    const struct secret recipient = vector_secret(keys->recipient_secret);
    const struct secret public_key = vector_secret(keys->recipient_public);
    const struct secret shared = vector_secret(keys->shared);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hpke_seal_vectors); i++) {
        const struct hpke_seal_vector *vector = &hpke_seal_vectors[i];
        struct arena arena = ARENA_BUDGET(4096);
        struct hpke_message message = {
            .info = vector_bytes(&arena, vector->info),
            .aad = vector_bytes(&arena, vector->aad),
            .text = vector_bytes(&arena, vector->text),
        };
        struct hpke_schedule schedule;
        uint8_t enc[HPKE_ENC_BYTES];
        uint8_t sealed[64];
        uint8_t opened[64];

        hpke_schedule(HPKE_AEAD_AES_256_GCM, &shared, message.info, &schedule);
        assert_int_equal(hpke_seal_with(&ephemeral, public_key.bytes, &message, enc, sealed), 0);
        message.text = slice_make(sealed, message.text.len + HPKE_TAG_BYTES);
        assert_int_equal(hpke_open(&recipient, enc, &message, opened), 0);

        assert_bytes_are(secret_slice(&schedule.key), vector->key);
        assert_bytes_are(SLICE_OF(schedule.nonce), vector->nonce);
        assert_bytes_are(SLICE_OF(enc), vector->enc);
        assert_bytes_are(message.text, vector->sealed);
        assert_bytes_are(slice_make(opened, message.text.len - HPKE_TAG_BYTES), vector->text);
        arena_deinit(&arena);
    }
}

static void the_recipient_reads_what_was_sealed(void **state)
{
    struct letter letter;

    (void)state;
    write_letter(&letter);

    assert_int_equal(open_letter(&letter), 0);

    assert_memory_equal(letter.opened, TEXT, TEXT_BYTES);
}

static void no_two_sealings_are_alike(void **state)
{
    const struct hpke_message message = message_of(slice_of_text(TEXT));
    struct letter letter;
    uint8_t enc[HPKE_ENC_BYTES];
    uint8_t sealed[sizeof(letter.sealed)];

    (void)state;
    write_letter(&letter);

    assert_int_equal(hpke_seal(letter.public_key, &message, enc, sealed), 0);

    assert_memory_not_equal(enc, letter.enc, sizeof(enc));
    assert_memory_not_equal(sealed, letter.sealed, sizeof(sealed));
}

static void nobody_else_reads_it(void **state)
{
    struct letter letter;
    uint8_t other_public[HPKE_PUBLIC_BYTES];

    (void)state;
    write_letter(&letter);

    assert_int_equal(hpke_keypair(&letter.secret, other_public), 0);

    expect_unopened(&letter);
}

static void a_change_of_any_bit_is_noticed(void **state)
{
    struct letter letter;

    (void)state;
    write_letter(&letter);

    for (size_t bit = 0; bit < 8 * sizeof(letter.enc); bit++) {
        letter.enc[bit / 8] ^= (uint8_t)(1U << bit % 8);
        expect_unopened(&letter);
        letter.enc[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof(letter.sealed); bit++) {
        letter.sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        expect_unopened(&letter);
        letter.sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_equal(open_letter(&letter), 0);
}

static void another_purpose_or_another_aad_does_not_open_it(void **state)
{
    struct letter letter;

    (void)state;
    write_letter(&letter);
    const struct hpke_message messages[] = {
        {slice_of_text("what fo"), slice_of_text("aad"), SLICE_OF(letter.sealed)},
        {slice_of_text("what for"), slice_of_text("aae"), SLICE_OF(letter.sealed)},
        {slice_of_text("what for"), SLICE_NULL, SLICE_OF(letter.sealed)},
        {SLICE_NULL, slice_of_text("aad"), SLICE_OF(letter.sealed)},
    };

    for (size_t i = 0; i < ARRAY_LEN(messages); i++) {
        assert_int_equal(hpke_open(&letter.secret, letter.enc, &messages[i], letter.opened),
                         -EBADMSG);
    }
}

static void a_message_cut_short_or_drawn_out_does_not_open(void **state)
{
    struct letter letter;
    uint8_t longer[sizeof(letter.sealed) + 1] = {0};
    uint8_t opened[sizeof(letter.sealed) + 1];

    (void)state;
    write_letter(&letter);
    memcpy(longer, letter.sealed, sizeof(letter.sealed));

    for (size_t len = 0; len <= sizeof(longer); len++) {
        const struct hpke_message message = message_of(slice_make(longer, len));

        assert_int_equal(hpke_open(&letter.secret, letter.enc, &message, opened),
                         len == sizeof(letter.sealed) ? 0 : -EBADMSG);
    }
}

static void a_low_order_point_is_neither_recipient_nor_enc(void **state)
{
    const struct hpke_message message = message_of(slice_of_text(TEXT));
    struct letter letter;

    (void)state;
    write_letter(&letter);

    for (size_t i = 0; i < ARRAY_LEN(x25519_vectors); i++) {
        struct secret point;
        uint8_t enc[HPKE_ENC_BYTES] = {CANARY};
        uint8_t sealed[sizeof(letter.sealed)];

        if (!x25519_vectors[i].low_order) {
            continue;
        }
        point = vector_secret(x25519_vectors[i].public_key);
        assert_int_equal(hpke_seal(point.bytes, &message, enc, sealed), -EINVAL);
        assert_int_equal(enc[0], CANARY);
        memcpy(letter.enc, point.bytes, sizeof(letter.enc));
        expect_unopened(&letter);
    }
}

static void an_empty_text_is_not_sealed(void **state)
{
    const struct hpke_message message = message_of(SLICE_NULL);
    struct letter letter;

    (void)state;
    write_letter(&letter);

    assert_int_equal(hpke_seal(letter.public_key, &message, letter.enc, letter.sealed), -EINVAL);
}

static void a_secret_of_another_length_is_a_caller_s_mistake(void **state)
{
    const struct secret shorter = {.bytes = {1}, .len = HPKE_SECRET_BYTES - 1};
    uint8_t public_key[HPKE_PUBLIC_BYTES];
    struct letter letter;

    (void)state;
    write_letter(&letter);
    letter.secret.len--;

    assert_int_equal(open_letter(&letter), -EINVAL);
    assert_int_equal(hpke_public(&shorter, public_key), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(x25519_gives_the_published_secrets_and_refuses_low_order_points),
        cmocka_unit_test(the_kem_gives_the_values_of_the_rfc_at_both_ends),
        cmocka_unit_test(the_key_schedule_gives_the_values_of_the_rfc),
        cmocka_unit_test(sealing_and_opening_give_the_values_of_another_implementation),
        cmocka_unit_test(the_recipient_reads_what_was_sealed),
        cmocka_unit_test(no_two_sealings_are_alike),
        cmocka_unit_test(nobody_else_reads_it),
        cmocka_unit_test(a_change_of_any_bit_is_noticed),
        cmocka_unit_test(another_purpose_or_another_aad_does_not_open_it),
        cmocka_unit_test(a_message_cut_short_or_drawn_out_does_not_open),
        cmocka_unit_test(a_low_order_point_is_neither_recipient_nor_enc),
        cmocka_unit_test(an_empty_text_is_not_sealed),
        cmocka_unit_test(a_secret_of_another_length_is_a_caller_s_mistake),
    };

    return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
