/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/seal.h"
#include "support/crypto.h"
#include "vectors_aes_gcm.h"
#include "vectors_hex.h"
#include "vectors_seal.h"

#define SEALED_MAX_BYTES (SEAL_ACCOUNT_MAX_BYTES + SEAL_OVERHEAD_BYTES)
#define TEXT             "Was not brought, third time. Telephone not answered."
#define CANARY           0xa5

/* A sealed account, to be changed by a test and then opened. */
struct world {
    struct secret key;
    uint8_t header_digest[CAIRN_HASH_BYTES];
    uint8_t sealed[SEALED_MAX_BYTES + 1];
    size_t sealed_len;
    struct buf opened;
};

static void world_seal(struct world *w, enum part part, struct slice text)
{
    w->sealed_len = seal_part_size(text.len);
    assert_int_not_equal(w->sealed_len, 0);
    assert_int_equal(seal_part(&w->key, w->header_digest, part, text, w->sealed), 0);
}

static int setup(void **state)
{
    static struct world world;

    world = (struct world){.opened = BUF_MAX(SEALED_MAX_BYTES)};
    assert_int_equal(secret_random(&world.key, SEAL_KEY_BYTES), 0);
    sha256(slice_of_text("a header"), world.header_digest);
    world_seal(&world, PART_ACCOUNT, slice_of_text(TEXT));
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    buf_deinit(&w->opened);
    secret_deinit(&w->key);
    return 0;
}

static int world_open(struct world *w, enum part part)
{
    return seal_open_part(&w->key, w->header_digest, part, slice_make(w->sealed, w->sealed_len),
                          &w->opened);
}

static void expect_text(const struct world *w, struct slice text)
{
    assert_true(slice_equal(buf_slice(&w->opened), text));
}

/* It does not open, and what was in the caller's buffer still is. */
static void expect_refused(struct world *w, enum part part)
{
    buf_reset(&w->opened);
    buf_add_text(&w->opened, "before");
    assert_int_equal(world_open(w, part), -EBADMSG);
    assert_string_equal(buf_text(&w->opened), "before");
}

static void aes_gcm_gives_the_published_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(aes_gcm_vectors); i++) {
        const struct aes_gcm_vector *vector = &aes_gcm_vectors[i];
        struct arena arena = ARENA_BUDGET(8192);
        const struct secret key = vector_secret(vector->key);
        const struct slice text = vector_bytes(&arena, vector->text);
        const struct slice sealed = vector_bytes(&arena, vector->sealed);
        const struct slice nonce = vector_bytes(&arena, vector->nonce);
        struct aead_message message = {.aad = vector_bytes(&arena, vector->aad), .text = sealed};
        uint8_t out[1024];
        uint8_t untouched[sizeof(out)];

        assert_true(sealed.len <= sizeof(out));
        assert_int_equal(nonce.len, AEAD_NONCE_BYTES);
        memcpy(message.nonce, nonce.data, nonce.len);
        memset(out, CANARY, sizeof(out));
        memset(untouched, CANARY, sizeof(untouched));
        if (!vector->valid || text.len == 0) {
            assert_int_equal(aead_open(&key, &message, out), -EBADMSG);
            assert_memory_equal(out, untouched, sizeof(out));
            message.text = text;
            assert_true(text.len > 0 || aead_seal(&key, &message, out) == -EINVAL);
        } else {
            assert_int_equal(aead_open(&key, &message, out), 0);
            assert_bytes_are(slice_make(out, text.len), vector->text);
            message.text = text;
            assert_int_equal(aead_seal(&key, &message, out), 0);
            assert_bytes_are(slice_make(out, sealed.len), vector->sealed);
        }
        arena_deinit(&arena);
    }
}

static void aes_gcm_opens_within_its_own_storage(void **state)
{
    const struct world *w = *state;
    struct aead_message message = {.text = slice_of_text(TEXT)};
    uint8_t storage[sizeof(TEXT) - 1 + AEAD_TAG_BYTES];

    assert_int_equal(aead_seal(&w->key, &message, storage), 0);
    message.text = SLICE_OF(storage);

    assert_int_equal(aead_open(&w->key, &message, storage), 0);

    assert_memory_equal(storage, TEXT, sizeof(TEXT) - 1);
}

static void a_key_of_another_length_is_a_caller_s_mistake(void **state)
{
    struct world *w = *state;
    const struct grant_scope scope = {.part = PART_CARD};
    const struct aead_message message = {.text = slice_of_text(TEXT)};
    uint8_t public_key[HPKE_PUBLIC_BYTES] = {9};
    uint8_t out[128];

    w->key.len = 16;

    assert_int_equal(aead_seal(&w->key, &message, out), -EINVAL);
    assert_int_equal(aead_open(&w->key, &message, out), -EINVAL);
    assert_int_equal(world_open(w, PART_ACCOUNT), -EINVAL);
    assert_int_equal(
        seal_part(&w->key, w->header_digest, PART_CARD, slice_of_text(TEXT), w->sealed), -EINVAL);
    assert_int_equal(grant_seal(public_key, &scope, &w->key, out), -EINVAL);
}

static void the_size_of_a_part_is_its_bucket_s(void **state)
{
    static const struct {
        size_t text;
        size_t part;
    } rows[] = {
        {0, 256 + 48},       {252, 256 + 48},     {253, 1024 + 48},
        {1020, 1024 + 48},   {1021, 4096 + 48},   {4092, 4096 + 48},
        {4093, 16384 + 48},  {16380, 16384 + 48}, {16381, 49152 + 48},
        {49148, 49152 + 48}, {49149, 0},          {SIZE_MAX, 0},
        {SIZE_MAX - 3, 0},   {SIZE_MAX - 4, 0},   {CAIRN_TEXT_MAX_BYTES, 49152 + 48},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(seal_part_size(rows[i].text), rows[i].part);
    }
}

static void a_text_of_any_length_comes_back_as_it_was(void **state)
{
    static const size_t lengths[] = {0,    1,    251,  252,   253,   1020,
                                     1021, 4092, 4093, 16380, 16381, 49148};
    static uint8_t text[49148];
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (uint8_t)(i * 7);
    }
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        world_seal(w, PART_ACCOUNT, slice_make(text, lengths[i]));

        assert_int_equal(world_open(w, PART_ACCOUNT), 0);

        expect_text(w, slice_make(text, lengths[i]));
    }
}

static void a_part_is_laid_out_as_documented(void **state)
{
    struct world *w = *state;
    const struct secret digest = vector_secret(SEAL_VECTOR_HEADER_DIGEST);

    w->key = vector_secret(SEAL_VECTOR_KEY);
    memcpy(w->header_digest, digest.bytes, sizeof(w->header_digest));

    world_seal(w, PART_ACCOUNT, slice_of_text(SEAL_VECTOR_TEXT));

    assert_bytes_are(slice_make(w->sealed, w->sealed_len), SEAL_VECTOR_PART);
    assert_int_equal(world_open(w, PART_ACCOUNT), 0);
    expect_text(w, slice_of_text(SEAL_VECTOR_TEXT));
}

static void texts_of_one_bucket_cannot_be_told_apart_by_size(void **state)
{
    struct world *w = *state;
    size_t size;

    world_seal(w, PART_ACCOUNT, slice_of_text("x"));
    size = w->sealed_len;

    world_seal(w, PART_ACCOUNT, slice_of_text(TEXT));

    assert_int_equal(w->sealed_len, size);
}

static void a_text_too_large_for_its_part_is_not_sealed(void **state)
{
    static const uint8_t text[SEAL_ACCOUNT_MAX_BYTES];
    struct world *w = *state;

    assert_int_equal(
        seal_part(&w->key, w->header_digest, PART_CARD, slice_make(text, 4093), w->sealed),
        -EMSGSIZE);
    assert_int_equal(
        seal_part(&w->key, w->header_digest, PART_ACCOUNT, slice_make(text, 49149), w->sealed),
        -EMSGSIZE);

    world_seal(w, PART_CARD, slice_make(text, 4092));
    assert_int_equal(world_open(w, PART_CARD), 0);
}

static void another_key_header_or_part_does_not_open(void **state)
{
    struct world *w = *state;

    w->header_digest[31] ^= 1;
    expect_refused(w, PART_ACCOUNT);
    w->header_digest[31] ^= 1;

    expect_refused(w, PART_CARD);
    expect_refused(w, (enum part)0);
    expect_refused(w, (enum part)3);

    w->key.bytes[0] ^= 1;
    expect_refused(w, PART_ACCOUNT);
    w->key.bytes[0] ^= 1;

    assert_int_equal(world_open(w, PART_ACCOUNT), 0);
}

static void a_change_of_any_bit_of_a_part_is_noticed(void **state)
{
    struct world *w = *state;

    for (size_t bit = 0; bit < 8 * w->sealed_len; bit++) {
        w->sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
        expect_refused(w, PART_ACCOUNT);
        w->sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_equal(world_open(w, PART_ACCOUNT), 0);
}

static void a_part_of_another_length_does_not_open(void **state)
{
    struct world *w = *state;
    const size_t right = w->sealed_len;

    for (size_t len = 0; len <= right + 1; len++) {
        if (len != right) {
            w->sealed_len = len;
            expect_refused(w, PART_ACCOUNT);
        }
    }
    w->sealed_len = SEALED_MAX_BYTES + 1;
    expect_refused(w, PART_ACCOUNT);
    w->sealed_len = right;
    assert_int_equal(world_open(w, PART_ACCOUNT), 0);
}

static void a_ciphertext_with_two_texts_opens_only_for_the_key_it_is_committed_to(void **state)
{
    struct world *w = *state;
    struct arena arena = ARENA_BUDGET(4096);
    const struct secret first = vector_secret(SEAL_VECTOR_FIRST_KEY);
    const struct secret second = vector_secret(SEAL_VECTOR_SECOND_KEY);
    const struct secret digest = vector_secret(SEAL_VECTOR_HEADER_DIGEST);
    const struct slice sealed = vector_bytes(&arena, SEAL_VECTOR_TWO_TEXTS);
    uint8_t aad[CAIRN_HASH_BYTES + 1];
    const struct aead_message message = {.aad = SLICE_OF(aad), .text = sealed};
    struct secret part_key = SECRET_NULL;
    struct secret commitment = SECRET_NULL;
    uint8_t text[256];

    memcpy(w->header_digest, digest.bytes, CAIRN_HASH_BYTES);
    memcpy(aad, digest.bytes, CAIRN_HASH_BYTES);
    aad[CAIRN_HASH_BYTES] = PART_ACCOUNT;
    hkdf_expand(&first, slice_of_text("cairn-part-key/v1"), 32, &part_key);
    assert_int_equal(aead_open(&part_key, &message, text), 0);
    hkdf_expand(&second, slice_of_text("cairn-part-key/v1"), 32, &part_key);
    assert_int_equal(aead_open(&part_key, &message, text), 0);

    hkdf_expand(&first, slice_of_text("cairn-part-commit/v1"), 32, &commitment);
    memcpy(w->sealed, commitment.bytes, 32);
    memcpy(w->sealed + 32, sealed.data, sealed.len);
    w->sealed_len = 32 + sealed.len;

    w->key = second;
    expect_refused(w, PART_ACCOUNT);
    w->key = first;
    assert_int_equal(world_open(w, PART_ACCOUNT), 0);
    assert_int_equal(w->opened.len, 252);
    arena_deinit(&arena);
}

/* A part whose sealer holds the key but does not pad as seal_part does. */
static void world_seal_plaintext(struct world *w, uint32_t text_len, uint8_t last_byte,
                                 size_t bucket)
{
    static uint8_t plain[SEAL_ACCOUNT_MAX_BYTES];
    uint8_t aad[CAIRN_HASH_BYTES + 1];
    const struct aead_message message = {.aad = SLICE_OF(aad), .text = {plain, bucket}};
    struct writer writer = writer_over(plain, 4);
    struct secret part_key = SECRET_NULL;
    struct secret commitment = SECRET_NULL;

    memset(plain, 0, sizeof(plain));
    write_u32(&writer, text_len);
    plain[bucket - 1] = last_byte;
    memcpy(aad, w->header_digest, CAIRN_HASH_BYTES);
    aad[CAIRN_HASH_BYTES] = PART_ACCOUNT;
    hkdf_expand(&w->key, slice_of_text("cairn-part-key/v1"), 32, &part_key);
    hkdf_expand(&w->key, slice_of_text("cairn-part-commit/v1"), 32, &commitment);
    memcpy(w->sealed, commitment.bytes, 32);
    assert_int_equal(aead_seal(&part_key, &message, w->sealed + 32), 0);
    w->sealed_len = bucket + SEAL_OVERHEAD_BYTES;
}

static void a_part_that_is_padded_otherwise_is_refused(void **state)
{
    static const struct {
        uint32_t text_len;
        uint8_t last_byte;
        size_t bucket;
    } rows[] = {
        {253, 0, 256},  {256, 0, 256},  {UINT32_MAX, 0, 256},
        {10, 1, 256},   {252, 0, 1024}, {251, 1, 256},
        {300, 0, 1000}, {0, 0, 257},    {40000, 0, 48 * 1024 - 16},
    };
    struct world *w = *state;

    world_seal_plaintext(w, 252, 1, 256);
    assert_int_equal(world_open(w, PART_ACCOUNT), 0);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        world_seal_plaintext(w, rows[i].text_len, rows[i].last_byte, rows[i].bucket);
        expect_refused(w, PART_ACCOUNT);
    }
}

static void a_buffer_too_small_for_the_text_is_not_half_filled(void **state)
{
    struct world *w = *state;
    _cleanup_(buf_deinit) struct buf small = BUF_MAX(sizeof(TEXT) - 2);

    assert_int_equal(seal_open_part(&w->key, w->header_digest, PART_ACCOUNT,
                                    slice_make(w->sealed, w->sealed_len), &small),
                     -EMSGSIZE);
    assert_int_equal(small.len, 0);
    assert_true(buf_ok(&small));
}

/* --- grants --- */

struct granted {
    struct secret opening_key;
    struct secret data_key;
    struct grant_scope scope;
    uint8_t grant[GRANT_BYTES + 1];
};

static void make_grant(struct granted *g)
{
    uint8_t public_key[HPKE_PUBLIC_BYTES];

    *g = (struct granted){
        .scope = {.entry = {.agency = 7, .stream = 0x1122334455667788, .seq = 42},
                  .part = PART_ACCOUNT,
                  .recipient = 9},
    };
    assert_int_equal(secret_random(&g->data_key, SEAL_KEY_BYTES), 0);
    assert_int_equal(hpke_keypair(&g->opening_key, public_key), 0);
    assert_int_equal(grant_seal(public_key, &g->scope, &g->data_key, g->grant), 0);
}

static int open_grant(const struct granted *g, size_t len, struct secret *ret)
{
    return grant_open(&g->opening_key, &g->scope, slice_make(g->grant, len), ret);
}

static void expect_grant_refused(const struct granted *g, size_t len)
{
    struct secret data_key = SECRET_NULL;

    assert_int_equal(open_grant(g, len, &data_key), -EBADMSG);
    assert_int_equal(data_key.len, 0);
}

static void a_grant_gives_the_data_key_to_its_recipient(void **state)
{
    struct granted g;
    struct secret data_key = SECRET_NULL;

    (void)state;
    make_grant(&g);

    assert_int_equal(open_grant(&g, GRANT_BYTES, &data_key), 0);

    assert_true(secret_equal(&data_key, &g.data_key));
}

static void a_grant_is_laid_out_as_documented(void **state)
{
    struct granted g;
    struct arena arena = ARENA_BUDGET(256);
    struct secret data_key = SECRET_NULL;

    (void)state;
    make_grant(&g);
    g.opening_key = vector_secret(SEAL_VECTOR_OPENING_KEY);

    assert_int_equal(
        grant_open(&g.opening_key, &g.scope, vector_bytes(&arena, SEAL_VECTOR_GRANT), &data_key),
        0);

    assert_bytes_are(secret_slice(&data_key), SEAL_VECTOR_KEY);
    arena_deinit(&arena);
}

static void a_grant_opens_only_for_exactly_its_scope(void **state)
{
    struct granted g;
    struct secret data_key = SECRET_NULL;

    (void)state;
    make_grant(&g);
    const struct grant_scope right = g.scope;
    const struct grant_scope wrong[] = {
        {{8, right.entry.stream, 42}, PART_ACCOUNT, 9},
        {{7, right.entry.stream + 1, 42}, PART_ACCOUNT, 9},
        {{7, right.entry.stream, 43}, PART_ACCOUNT, 9},
        {{7, right.entry.stream, 42}, PART_CARD, 9},
        {{7, right.entry.stream, 42}, (enum part)0, 9},
        {{7, right.entry.stream, 42}, (enum part)258, 9},
        {{7, right.entry.stream, 42}, PART_ACCOUNT, 10},
    };

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        g.scope = wrong[i];
        expect_grant_refused(&g, GRANT_BYTES);
    }
    g.scope = right;
    assert_int_equal(open_grant(&g, GRANT_BYTES, &data_key), 0);
}

static void a_grant_does_not_open_for_another_agency_s_key(void **state)
{
    struct granted g;
    uint8_t public_key[HPKE_PUBLIC_BYTES];

    (void)state;
    make_grant(&g);

    assert_int_equal(hpke_keypair(&g.opening_key, public_key), 0);

    expect_grant_refused(&g, GRANT_BYTES);
}

static void a_change_of_any_bit_of_a_grant_is_noticed(void **state)
{
    struct granted g;
    struct secret data_key = SECRET_NULL;

    (void)state;
    make_grant(&g);

    for (size_t bit = 0; bit < 8 * GRANT_BYTES; bit++) {
        g.grant[bit / 8] ^= (uint8_t)(1U << bit % 8);
        expect_grant_refused(&g, GRANT_BYTES);
        g.grant[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_equal(open_grant(&g, GRANT_BYTES, &data_key), 0);
}

static void a_grant_of_another_length_does_not_open(void **state)
{
    struct granted g;

    (void)state;
    make_grant(&g);

    for (size_t len = 0; len < GRANT_BYTES; len++) {
        expect_grant_refused(&g, len);
    }
    expect_grant_refused(&g, GRANT_BYTES + 1);
}

static void a_grant_is_not_made_for_a_low_order_key_or_an_unknown_part(void **state)
{
    static const uint8_t zeros[HPKE_PUBLIC_BYTES];
    struct granted g;
    uint8_t grant[GRANT_BYTES] = {CANARY};
    uint8_t public_key[HPKE_PUBLIC_BYTES];

    (void)state;
    make_grant(&g);
    assert_int_equal(hpke_public(&g.opening_key, public_key), 0);

    assert_int_equal(grant_seal(zeros, &g.scope, &g.data_key, grant), -EINVAL);
    g.scope.part = (enum part)3;
    assert_int_equal(grant_seal(public_key, &g.scope, &g.data_key, grant), -EINVAL);

    assert_int_equal(grant[0], CANARY);
}

/* --- wraps --- */

static void what_is_wrapped_opens_under_the_same_key_and_purpose(void **state)
{
    const struct world *w = *state;
    uint8_t wrapped[sizeof(TEXT) - 1 + WRAP_OVERHEAD_BYTES];
    uint8_t again[sizeof(wrapped)];
    uint8_t opened[sizeof(TEXT) - 1];

    assert_int_equal(wrap_seal(&w->key, "spool data key", slice_of_text(TEXT), wrapped), 0);
    assert_int_equal(wrap_seal(&w->key, "spool data key", slice_of_text(TEXT), again), 0);

    assert_int_equal(wrap_open(&w->key, "spool data key", SLICE_OF(wrapped), opened), 0);

    assert_memory_equal(opened, TEXT, sizeof(opened));
    assert_memory_not_equal(wrapped, again, sizeof(again));
}

static void what_is_wrapped_opens_for_nothing_else(void **state)
{
    struct world *w = *state;
    uint8_t wrapped[sizeof(TEXT) - 1 + WRAP_OVERHEAD_BYTES];
    uint8_t opened[sizeof(TEXT)];

    memset(opened, CANARY, sizeof(opened));
    assert_int_equal(wrap_seal(&w->key, "spool data key", slice_of_text(TEXT), wrapped), 0);

    for (size_t i = 0; i < sizeof(wrapped); i++) {
        wrapped[i] ^= 0x80;
        assert_int_equal(wrap_open(&w->key, "spool data key", SLICE_OF(wrapped), opened), -EBADMSG);
        wrapped[i] ^= 0x80;
    }
    for (size_t len = 0; len < sizeof(wrapped); len++) {
        assert_int_equal(wrap_open(&w->key, "spool data key", slice_make(wrapped, len), opened),
                         -EBADMSG);
    }
    assert_int_equal(wrap_open(&w->key, "inbox data key", SLICE_OF(wrapped), opened), -EBADMSG);
    w->key.bytes[31] ^= 1;
    assert_int_equal(wrap_open(&w->key, "spool data key", SLICE_OF(wrapped), opened), -EBADMSG);
    assert_int_equal(opened[0], CANARY);
}

static void nothing_is_not_wrapped(void **state)
{
    const struct world *w = *state;
    uint8_t wrapped[WRAP_OVERHEAD_BYTES];

    assert_int_equal(wrap_seal(&w->key, "spool data key", SLICE_NULL, wrapped), -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(aes_gcm_gives_the_published_values),
        TEST(aes_gcm_opens_within_its_own_storage),
        TEST(a_key_of_another_length_is_a_caller_s_mistake),
        TEST(the_size_of_a_part_is_its_bucket_s),
        TEST(a_text_of_any_length_comes_back_as_it_was),
        TEST(a_part_is_laid_out_as_documented),
        TEST(texts_of_one_bucket_cannot_be_told_apart_by_size),
        TEST(a_text_too_large_for_its_part_is_not_sealed),
        TEST(another_key_header_or_part_does_not_open),
        TEST(a_change_of_any_bit_of_a_part_is_noticed),
        TEST(a_part_of_another_length_does_not_open),
        TEST(a_ciphertext_with_two_texts_opens_only_for_the_key_it_is_committed_to),
        TEST(a_part_that_is_padded_otherwise_is_refused),
        TEST(a_buffer_too_small_for_the_text_is_not_half_filled),
        TEST(a_grant_gives_the_data_key_to_its_recipient),
        TEST(a_grant_is_laid_out_as_documented),
        TEST(a_grant_opens_only_for_exactly_its_scope),
        TEST(a_grant_does_not_open_for_another_agency_s_key),
        TEST(a_change_of_any_bit_of_a_grant_is_noticed),
        TEST(a_grant_of_another_length_does_not_open),
        TEST(a_grant_is_not_made_for_a_low_order_key_or_an_unknown_part),
        TEST(what_is_wrapped_opens_under_the_same_key_and_purpose),
        TEST(what_is_wrapped_opens_for_nothing_else),
        TEST(nothing_is_not_wrapped),
    };

    return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
