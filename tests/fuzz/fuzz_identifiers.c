/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and names as people type them. First byte: bit 0 the source says verified, bit 1 a live
 * partnership. The rest is the text: as an NHS number, as a UPN, and as every text of an identity.
 * Whatever is classified is classified the same again; only what says so and checks is VERIFIED;
 * what stands for nobody makes no token.
 */
#include <assert.h>
#include <string.h>

#include "agents/core/identity.h"
#include "base/text.h"
#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"

typedef bool classify(struct slice text, struct identifier_terms terms, struct identifier *ret);

static const struct secret key = {.len = 32};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct error error = ERROR_NULL;

    (void)argc;
    (void)argv;
    return crypto_init(&error) == 0 ? 0 : 1;
}

static struct identifier expect_stable(classify *classify_one, size_t length, struct slice text,
                                       struct identifier_terms terms)
{
    struct identifier once = IDENTIFIER_NULL;
    struct identifier twice = IDENTIFIER_NULL;

    if (!classify_one(text, terms, &once)) {
        assert(text.len > IDENTIFIER_MAX_BYTES || !utf8_is_prose(text));
        assert(once.status == IDENTIFIER_ABSENT && once.value[0] == '\0');
        return once;
    }
    bool again = classify_one(slice_of_text(once.value), terms, &twice);
    assert(again && twice.status == once.status && strcmp(twice.value, once.value) == 0);
    assert((once.status == IDENTIFIER_ABSENT) == (once.value[0] == '\0'));
    assert(once.status != IDENTIFIER_VERIFIED || terms.verified);
    if (identifier_has_token(&once)) {
        assert(strlen(once.value) == length);
        assert(strspn(once.value, "0123456789ABCDEFGHJKLMNPQRTUVWXYZ") == length);
    }
    return once;
}

/* Nothing is wrong with a number that is sound; and one of ten digits has a place in one of two
 * partnerships, the live one or that for tests, unless it is nobody's. */
static void expect_words(const struct identifier *nhs_number, const struct identifier *upn,
                         bool live)
{
    const struct identifier *const numbers[] = {nhs_number, upn};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        const char *flaw = identifier_flaw(numbers[i]);
        assert(flaw == NULL || !identifier_is_sound(numbers[i]));
    }
    bool here = nhs_number_refusal(nhs_number, live) == NULL;
    bool there = nhs_number_refusal(nhs_number, !live) == NULL;
    assert(here || there);
    assert(here == there || strlen(nhs_number->value) == NHS_NUMBER_DIGITS);
}

static void expect_tokens(const struct identity *identity)
{
    struct identity_token tokens[IDENTITY_TOKENS_MAX];
    struct identity_list_key keys[IDENTITY_TOKENS_MAX];
    size_t n = identity_tokens(identity, 7, &key, tokens);

    assert(n <= IDENTITY_TOKENS_MAX);
    for (size_t i = 0; i < n; i++) {
        assert(i == 0 || tokens[i - 1].class < tokens[i].class);
        assert(tokens[i].status != IDENTIFIER_PLACEHOLDER);
        assert(tokens[i].status != IDENTIFIER_ABSENT);
    }
    size_t n_keys = identity_keys(identity, &key, keys);
    assert(n_keys <= n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct identity identity = IDENTITY_NULL;

    if (size == 0) {
        return 0;
    }
    const struct slice text = slice_make(data + 1, size - 1);
    const struct identifier_terms terms = {.verified = data[0] & 1, .live = data[0] & 2};
    identity.nhs_number = expect_stable(nhs_number_classify, NHS_NUMBER_DIGITS, text, terms);
    identity.upn = expect_stable(upn_classify, UPN_CHARACTERS, text, terms);
    expect_words(&identity.nhs_number, &identity.upn, terms.live);
    identity.has_birth = true;
    (void)!text_copy(identity.given, sizeof(identity.given), text);
    (void)!text_copy(identity.family, sizeof(identity.family), text);
    (void)!text_copy(identity.local_id, sizeof(identity.local_id), text);
    if (!text_copy(identity.postcode, sizeof(identity.postcode), text)) {
        memcpy(identity.postcode, "NM7 4QX", sizeof("NM7 4QX"));
    }
    expect_tokens(&identity);
    identity.local_id[0] = '\0';
    expect_tokens(&identity);
    return 0;
}
