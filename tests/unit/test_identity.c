/* SPDX-License-Identifier: Apache-2.0 */
/* The expected tokens and keys were computed with another implementation of HMAC, from the layouts
 * in agents/core/identity.h and lib/crypto/token.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/identity.h"
#include "base/date.h"
#include "base/text.h"
#include "crypto/token.h"
#include "support/crypto.h"
#include "support/nobody.h"
#include "vectors_hex.h"

#define LINKAGE_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define STORE_KEY   "5555555555555555555555555555555555555555555555555555555555555555"
#define AGENCY      7

static void copy(char *out, size_t out_bytes, const char *text)
{
    assert_true(text_copy(out, out_bytes, slice_of_text(text)));
}

static struct identity named(const char *given, const char *family, const char *birth,
                             const char *postcode)
{
    struct identity identity = IDENTITY_NULL;

    copy(identity.given, sizeof(identity.given), given);
    copy(identity.family, sizeof(identity.family), family);
    copy(identity.postcode, sizeof(identity.postcode), postcode);
    identity.has_birth = birth != NULL;
    if (birth != NULL) {
        assert_true(date_parse(slice_of_text(birth), &identity.birth_day));
    }
    return identity;
}

static struct identity peregrina(void)
{
    const struct identifier_terms traced = {.verified = true, .live = false};
    struct identity identity = named("Peregrina", "Thistledown", "2022-03-14", "NM7 4QX");

    copy(identity.local_id, sizeof(identity.local_id), "ES-40417");
    copy(identity.address, sizeof(identity.address), "7 Quillfeather Lane, Nethermere");
    assert_true(nhs_number_classify(slice_of_text("999 411 7025"), traced, &identity.nhs_number));
    assert_true(upn_classify(slice_of_text("X840200126017"), traced, &identity.upn));
    return identity;
}

static size_t tokens_of(const struct identity *identity, struct identity_token *ret)
{
    const struct secret key = vector_secret(LINKAGE_KEY);

    return identity_tokens(identity, AGENCY, &key, ret);
}

static bool token_of(const struct identity *identity, enum token_class class,
                     uint8_t ret[CAIRN_HASH_BYTES])
{
    struct identity_token tokens[IDENTITY_TOKENS_MAX];
    size_t n = tokens_of(identity, tokens);

    for (size_t i = 0; i < n; i++) {
        if (tokens[i].class == class) {
            memcpy(ret, tokens[i].token, CAIRN_HASH_BYTES);
            return true;
        }
    }
    return false;
}

/* The token of name, birth date and postcode; false when there is none. */
static bool composite_of(const struct identity *identity, uint8_t ret[CAIRN_HASH_BYTES])
{
    return token_of(identity, TOKEN_NAME_BIRTH_POSTCODE, ret);
}

static bool key_of(const struct identity *identity, uint8_t ret[CAIRN_HASH_BYTES])
{
    const struct secret key = vector_secret(STORE_KEY);
    struct identity_list_key keys[IDENTITY_TOKENS_MAX];

    if (identity_keys(identity, &key, keys) == 0) {
        return false;
    }
    memcpy(ret, keys[0].bytes, CAIRN_HASH_BYTES);
    return true;
}

static void the_tokens_of_a_child_never_change_their_bytes(void **state)
{
    (void)state;
    static const struct {
        enum token_class class;
        enum identifier_status status;
        const char *token;
    } rows[] = {
        {TOKEN_NHS_NUMBER, IDENTIFIER_VERIFIED,
         "53baf0b9e6e342b5438728737655752ed5eae7dae6d48e56fa974ba281d396f4"},
        {TOKEN_UPN, IDENTIFIER_VERIFIED,
         "6f0ba322ee0dde33fe541c490a34b5751c4ae03fc7afb791684551412bb69136"},
        {TOKEN_LOCAL_ID, IDENTIFIER_WELL_FORMED,
         "f3409882edbf2288a3ef613e6dbb49b7af53366134fedd4dc31a6311c33db0c3"},
        {TOKEN_NAME_BIRTH_POSTCODE, IDENTIFIER_WELL_FORMED,
         "df76525359eb2646810606c3356ca23d277d7b9ef3778e32288f6c91e7d73a3e"},
        {TOKEN_NAME_BIRTH, IDENTIFIER_WELL_FORMED,
         "b51929685bc995abc5617b1339550b5942f89f707f9cfe44c8caaa93366648c4"},
        {TOKEN_FAMILY_BIRTH_POSTCODE, IDENTIFIER_WELL_FORMED,
         "682aa079cc7e9be6fec634622988f7fe72ce699c7010a1647a7728244e21ded6"},
    };
    const struct identity child = peregrina();
    struct identity_token tokens[IDENTITY_TOKENS_MAX];

    size_t n = tokens_of(&child, tokens);

    assert_int_equal(n, ARRAY_LEN(rows));
    for (size_t i = 0; i < n; i++) {
        char hex[HEX_BYTES(CAIRN_HASH_BYTES)];
        hex_encode(slice_make(tokens[i].token, CAIRN_HASH_BYTES), hex);
        assert_int_equal(tokens[i].class, rows[i].class);
        assert_int_equal(tokens[i].status, rows[i].status);
        assert_string_equal(hex, rows[i].token);
    }
}

static void nobody_known_has_no_tokens_and_no_key(void **state)
{
    (void)state;
    const struct identity nobody = IDENTITY_NULL;
    struct identity_token tokens[IDENTITY_TOKENS_MAX];
    uint8_t key[CAIRN_HASH_BYTES];

    assert_true(is_nobody(&nobody));
    assert_int_equal(tokens_of(&nobody, tokens), 0);
    assert_false(key_of(&nobody, key));
}

static void a_typing_error_makes_a_token_that_says_so_and_a_placeholder_makes_none(void **state)
{
    (void)state;
    const struct identifier_terms traced = {.verified = true, .live = false};
    struct identity child = IDENTITY_NULL;
    struct identity_token tokens[IDENTITY_TOKENS_MAX];

    assert_true(nhs_number_classify(slice_of_text("9994117026"), traced, &child.nhs_number));
    assert_int_equal(tokens_of(&child, tokens), 1);
    assert_int_equal(tokens[0].status, IDENTIFIER_BAD_CHECK_DIGIT);

    assert_true(nhs_number_classify(slice_of_text("9999999999"), traced, &child.nhs_number));
    assert_true(upn_classify(slice_of_text("UN1"), traced, &child.upn));
    assert_int_equal(tokens_of(&child, tokens), 0);
}

static void a_local_id_means_nothing_at_another_agency(void **state)
{
    (void)state;
    const struct secret key = vector_secret(LINKAGE_KEY);
    struct identity child = IDENTITY_NULL;
    struct identity_token here[IDENTITY_TOKENS_MAX];
    struct identity_token there[IDENTITY_TOKENS_MAX];

    copy(child.local_id, sizeof(child.local_id), "40417");
    assert_int_equal(identity_tokens(&child, 7, &key, here), 1);
    assert_int_equal(identity_tokens(&child, 8, &key, there), 1);

    assert_memory_not_equal(here[0].token, there[0].token, CAIRN_HASH_BYTES);
}

static void what_makes_children_alike_needs_a_name_and_no_placeholder(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        const char *family;
        const char *postcode;
        bool by_name;
        bool by_family;
    } rows[] = {
        {"Peregrina", "Thistledown", "NM7 4QX", true, true},
        {"Peregrina", "Thistledown", "", true, false},
        {"Peregrina", "Thistledown", "ZZ99 3WZ", true, false},
        {"P", "Thistledown", "NM7 4QX", false, true},
        {"P.", "Thistledown", "NM7 4QX", false, true},
        {"", "Thistledown", "NM7 4QX", false, false},
        {"Baby", "Thistledown", "NM7 4QX", false, false},
        {"Twin 1", "Thistledown", "NM7 4QX", false, false},
        {"Unknown", "Thistledown", "NM7 4QX", false, false},
        {"Peregrina", "Unknown", "NM7 4QX", false, false},
        {"Peregrina", "", "NM7 4QX", false, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t token[CAIRN_HASH_BYTES];
        struct identity child =
            named(rows[i].given, rows[i].family, "2022-03-14", rows[i].postcode);
        assert_int_equal(token_of(&child, TOKEN_NAME_BIRTH, token), rows[i].by_name);
        assert_int_equal(token_of(&child, TOKEN_FAMILY_BIRTH_POSTCODE, token), rows[i].by_family);
    }
}

static void the_same_child_written_differently_has_the_same_composite(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        const char *family;
        const char *postcode;
    } rows[] = {
        {"Zoë-Anne", "O'Brien", "NM7 4QX"},
        {"ZOE ANNE", "OBRIEN", "nm74qx"},
        {"zoe anne",
         "O\xE2\x80\x99"
         "Brien",
         " NM7  4QX "},
        {"Zoe\xCC\x88"
         "anne",
         "o brien", "Nm7 4qX"},
    };
    uint8_t first[CAIRN_HASH_BYTES];
    const struct identity as_registered =
        named(rows[0].given, rows[0].family, "2022-03-14", rows[0].postcode);

    assert_true(composite_of(&as_registered, first));
    for (size_t i = 1; i < ARRAY_LEN(rows); i++) {
        uint8_t other[CAIRN_HASH_BYTES];
        const struct identity child =
            named(rows[i].given, rows[i].family, "2022-03-14", rows[i].postcode);
        assert_true(composite_of(&child, other));
        assert_memory_equal(first, other, CAIRN_HASH_BYTES);
    }
}

static void another_child_has_another_composite(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        const char *family;
        const char *birth;
        const char *postcode;
    } rows[] = {
        {"Peregrin", "Thistledown", "2022-03-14", "NM7 4QX"},
        {"Peregrina", "Thistledow", "2022-03-14", "NM7 4QX"},
        {"Peregrina", "Thistledown", "2022-03-15", "NM7 4QX"},
        {"Peregrina", "Thistledown", "2022-03-14", "NM7 4QZ"},
        {"PeregrinaT", "histledown", "2022-03-14", "NM7 4QX"},
        {"Thistledown", "Peregrina", "2022-03-14", "NM7 4QX"},
    };
    const struct identity child = peregrina();
    uint8_t own[CAIRN_HASH_BYTES];

    assert_true(composite_of(&child, own));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t other[CAIRN_HASH_BYTES];
        const struct identity sibling =
            named(rows[i].given, rows[i].family, rows[i].birth, rows[i].postcode);
        assert_true(composite_of(&sibling, other));
        assert_memory_not_equal(own, other, CAIRN_HASH_BYTES);
    }
}

static void a_composite_needs_all_four_and_each_must_mean_something(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        const char *family;
        const char *birth;
        const char *postcode;
        bool exists;
    } rows[] = {
        {"Peregrina", "Thistledown", "2022-03-14", "NM7 4QX", true},
        {"", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"Peregrina", "", "2022-03-14", "NM7 4QX", false},
        {"Peregrina", "Thistledown", NULL, "NM7 4QX", false},
        {"Peregrina", "Thistledown", "2022-03-14", "", false},
        /* newborns and people nobody named: twins share all the rest */
        {"Baby", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"BABY BOY", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"baby of Marigold", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"Babyboy", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"Infant", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"Twin 1", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"twin2", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"Twin-A", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"Twin2 Rose", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"Triplet C", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"Unknown", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"Not known", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"Male", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"P", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"1", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"--", "Thistledown", "2022-03-14", "NM7 4QX", false},
        {"Peregrina", "Unknown", "2022-03-14", "NM7 4QX", false},
        {"Peregrina", "?", "2022-03-14", "NM7 4QX", false},
        /* names that only look like it */
        {"Babylon", "Thistledown", "2022-03-14", "NM7 4QX", true},
        {"Twinkle", "Baby", "2022-03-14", "NM7 4QX", true},
        {"Jo", "Boy", "2022-03-14", "NM7 4QX", true},
        /* no address behind it */
        {"Peregrina", "Thistledown", "2022-03-14", "ZZ99 3VZ", false},
        {"Peregrina", "Thistledown", "2022-03-14", "NM7", false},
        {"Peregrina", "Thistledown", "2022-03-14", "unknown", false},
        {"Peregrina", "Thistledown", "2022-03-14", "not known", false},
        {"Peregrina", "Thistledown", "2022-03-14", "NM7-4QX", false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t token[CAIRN_HASH_BYTES];
        const struct identity child =
            named(rows[i].given, rows[i].family, rows[i].birth, rows[i].postcode);
        if (composite_of(&child, token) != rows[i].exists) {
            fail_msg("row %zu: \"%s\" \"%s\" \"%s\"", i, rows[i].given, rows[i].family,
                     rows[i].postcode);
        }
    }
}

static void the_longest_names_make_a_token_without_overrunning(void **state)
{
    (void)state;
    char name[CAIRN_NAME_MAX_BYTES];
    uint8_t token[CAIRN_HASH_BYTES];

    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    struct identity child = named(name, name, "2022-03-14", "NM7 4QX");
    assert_true(composite_of(&child, token));

    /* U+FDFA becomes eighteen letters when decomposed: a name of nothing else does not fit */
    for (size_t i = 0; i + 3 < sizeof(name); i += 3) {
        memcpy(name + i, "\xEF\xB7\xBA", 4);
    }
    child = named(name, "Thistledown", "2022-03-14", "NM7 4QX");
    assert_false(composite_of(&child, token));
}

static void the_key_comes_from_the_strongest_there_is(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "665fa2ebb05f64070d3dcfa84d0952021a3eaf51335de870faf0f5a3876b84d8",
        "3c814f806f9639b17454816fc8dc96dea3af3b661538ba4534dba58e50880c20",
        "557e7236eb262af9a5f86a411f9230a72994294af84b25fd4ab3768ba6ecd811",
        "e7bed21ac651119d9f99a7562b6b80f14c1bb482f20809a9e0eaed2cc28313b4"};
    struct identity child = peregrina();

    for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
        uint8_t key[CAIRN_HASH_BYTES];
        char hex[HEX_BYTES(CAIRN_HASH_BYTES)];
        assert_true(key_of(&child, key));
        hex_encode(slice_make(key, sizeof(key)), hex);
        assert_string_equal(hex, expected[i]);
        if (i == 0) {
            child.local_id[0] = '\0';
        } else if (i == 1) {
            child.nhs_number.status = IDENTIFIER_BAD_CHECK_DIGIT;
        } else if (i == 2) {
            child.upn.status = IDENTIFIER_PLACEHOLDER;
        } else {
            child.postcode[0] = '\0';
        }
    }
    uint8_t key[CAIRN_HASH_BYTES];
    assert_false(key_of(&child, key));
}

static void a_restricted_child_has_no_address_and_no_composite(void **state)
{
    (void)state;
    struct identity child = peregrina();
    uint8_t token[CAIRN_HASH_BYTES];

    identity_restrict(&child);

    assert_true(child.restricted);
    assert_string_equal(child.address, "");
    assert_string_equal(child.postcode, "");
    assert_false(composite_of(&child, token));
}

static void a_wiped_identity_holds_nothing(void **state)
{
    (void)state;
    struct identity child = peregrina();

    identity_deinit(&child);

    assert_true(is_nobody(&child));
    assert_int_equal(child.nhs_number.status, IDENTIFIER_ABSENT);
    assert_null(memmem(&child, sizeof(child), "Thistle", 7));
    assert_null(memmem(&child, sizeof(child), "Quill", 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tokens_of_a_child_never_change_their_bytes),
        cmocka_unit_test(nobody_known_has_no_tokens_and_no_key),
        cmocka_unit_test(a_typing_error_makes_a_token_that_says_so_and_a_placeholder_makes_none),
        cmocka_unit_test(a_local_id_means_nothing_at_another_agency),
        cmocka_unit_test(what_makes_children_alike_needs_a_name_and_no_placeholder),
        cmocka_unit_test(the_same_child_written_differently_has_the_same_composite),
        cmocka_unit_test(another_child_has_another_composite),
        cmocka_unit_test(a_composite_needs_all_four_and_each_must_mean_something),
        cmocka_unit_test(the_longest_names_make_a_token_without_overrunning),
        cmocka_unit_test(the_key_comes_from_the_strongest_there_is),
        cmocka_unit_test(a_restricted_child_has_no_address_and_no_composite),
        cmocka_unit_test(a_wiped_identity_holds_nothing),
    };

    return cmocka_run_group_tests(tests, crypto_set_up, crypto_tear_down);
}
