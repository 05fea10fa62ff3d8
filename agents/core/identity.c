/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/identity.h"

#include <string.h>

#include "base/date.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/token.h"

#define FOLDED_BYTES     (4 * CAIRN_NAME_MAX_BYTES) /* compatibility forms grow when decomposed */
#define TOKEN_TEXT_BYTES (2 * FOLDED_BYTES + 64)

void identity_deinit(struct identity *identity)
{
    bytes_wipe(identity, sizeof(*identity));
    *identity = IDENTITY_NULL;
}

void identity_restrict(struct identity *identity)
{
    bytes_wipe(identity->address, sizeof(identity->address));
    bytes_wipe(identity->postcode, sizeof(identity->postcode));
    identity->restricted = true;
}

/* --- names that are none --- */

/* What stands where a first name should be, folded; with or without a number or a second word
 * ("Twin 1", "Baby Boy"). */
static const char *const given_placeholders[] = {
    "baby",    "infant",   "newborn",  "neonate", "unborn",    "unknown",  "unnamed",
    "twin",    "twina",    "twinb",    "triplet", "tripleta",  "tripletb", "tripletc",
    "boy",     "girl",     "male",     "female",  "child",     "son",      "daughter",
    "foetus",  "fetus",    "mr",       "miss",    "master",    "nk",       "na",
    "noname",  "notknown", "notgiven", "nil",     "none",      "test",     "xx",
    "babyboy", "babygirl", "babyof",   "notyet",  "undefined", "null",     "tbc",
};

static const char *const family_placeholders[] = {
    "unknown", "notknown", "nk", "na", "unnamed", "none", "nil", "undefined", "null", "tbc",
};

static bool is_listed(const char *word, const char *const list[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(word, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void cut_trailing_digits(char *word)
{
    size_t len = strlen(word);

    while (len > 0 && word[len - 1] >= '0' && word[len - 1] <= '9') {
        word[--len] = '\0';
    }
}

/* The first word of a name, folded: up to a space, a hyphen or the like. */
static bool fold_first_word(const char *name, char *out, size_t out_bytes)
{
    size_t len = strcspn(name, " -_/,.()");

    return text_fold(slice_make(name, len), out, out_bytes);
}

static bool given_says_nothing(const char *name, const char *folded)
{
    char word[FOLDED_BYTES];

    if (strlen(folded) < 2 || !text_copy(word, sizeof(word), slice_of_text(folded))) {
        return true;
    }
    cut_trailing_digits(word);
    if (word[0] == '\0' || is_listed(word, given_placeholders, ARRAY_LEN(given_placeholders))) {
        return true;
    }
    if (!fold_first_word(name, word, sizeof(word))) {
        return true;
    }
    cut_trailing_digits(word);
    return is_listed(word, given_placeholders, ARRAY_LEN(given_placeholders));
}

/* --- normalised values --- */

static bool is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Five to seven characters: a letter first, a digit and two letters last. */
static bool has_postcode_shape(const char *postcode)
{
    size_t len = strlen(postcode);

    if (len < 5 || len > 7 || strspn(postcode, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != len) {
        return false;
    }
    const char *inward = postcode + len - 3;
    return is_capital(postcode[0]) && !is_capital(inward[0]) && is_capital(inward[1]) &&
           is_capital(inward[2]);
}

/* Capitals without spaces. False for what is no postcode, and for the pseudo-postcodes (ZZ99) of
 * people without one. */
static bool normal_postcode(const char *postcode, char out[IDENTITY_POSTCODE_BYTES])
{
    size_t len = 0;

    for (const char *c = postcode; *c != '\0'; c++) {
        if (*c != ' ') {
            out[len++] = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
        }
    }
    out[len] = '\0';
    return has_postcode_shape(out) && strncmp(out, "ZZ99", 4) != 0;
}

/* What values are put together from, each folded; what is missing or says nothing is empty. */
struct folded {
    char given[FOLDED_BYTES];
    bool initial; /* of the given name only: no name, and no placeholder either */
    char family[FOLDED_BYTES];
    char birth[DATE_TEXT_BYTES];
    char postcode[IDENTITY_POSTCODE_BYTES];
};

static void fold_identity(const struct identity *identity, struct folded *ret)
{
    *ret = (struct folded){.initial = false};
    if (!text_fold(slice_of_text(identity->given), ret->given, sizeof(ret->given))) {
        ret->given[0] = '\0';
    }
    ret->initial = ret->given[0] >= 'a' && ret->given[0] <= 'z' && ret->given[1] == '\0';
    if (given_says_nothing(identity->given, ret->given)) {
        ret->given[0] = '\0';
    }
    if (!text_fold(slice_of_text(identity->family), ret->family, sizeof(ret->family)) ||
        is_listed(ret->family, family_placeholders, ARRAY_LEN(family_placeholders))) {
        ret->family[0] = '\0';
    }
    if (identity->has_birth) {
        date_format(identity->birth_day, ret->birth);
    }
    if (!normal_postcode(identity->postcode, ret->postcode)) {
        ret->postcode[0] = '\0';
    }
}

static bool all_said(const struct folded *folded, bool with_postcode)
{
    return folded->family[0] != '\0' && folded->birth[0] != '\0' &&
           (!with_postcode || folded->postcode[0] != '\0');
}

/* The value of one of the classes that are made of a name, or false. */
static bool name_value(const struct folded *folded, enum token_class class, struct writer *out)
{
    bool named = folded->given[0] != '\0';
    if (class == TOKEN_NAME_BIRTH_POSTCODE && named && all_said(folded, true)) {
        write_format(out, "%s|%s|%s|%s", folded->given, folded->family, folded->birth,
                     folded->postcode);
    } else if (class == TOKEN_NAME_BIRTH && named && all_said(folded, false)) {
        write_format(out, "%s|%s|%s", folded->given, folded->family, folded->birth);
    } else if (class == TOKEN_FAMILY_BIRTH_POSTCODE && (named || folded->initial) &&
               all_said(folded, true)) {
        write_format(out, "%s|%s|%s", folded->family, folded->birth, folded->postcode);
    } else {
        return false;
    }
    return writer_ok(out);
}

/* --- tokens --- */

/* The class of a child's token for the same of an adult's; 0: an adult has none of it. */
static enum token_class class_for(const struct identity *identity, enum token_class class)
{
    static const enum token_class of_person[] = {
        [TOKEN_NHS_NUMBER] = TOKEN_PERSON_NHS_NUMBER,
        [TOKEN_LOCAL_ID] = TOKEN_PERSON_LOCAL_ID,
        [TOKEN_NAME_BIRTH_POSTCODE] = TOKEN_PERSON_NAME_BIRTH_POSTCODE,
        [TOKEN_FAMILY_BIRTH_POSTCODE] = (enum token_class)0,
    };
    return identity->person ? of_person[class] : class;
}

static void add_token(struct identity_token ret[IDENTITY_TOKENS_MAX], size_t *n,
                      const struct secret *linkage_key, struct identity_token token,
                      struct slice value)
{
    token_make(linkage_key, token.class, value, token.token);
    ret[(*n)++] = token;
}

static void add_identifier(struct identity_token ret[IDENTITY_TOKENS_MAX], size_t *n,
                           const struct secret *linkage_key, enum token_class class,
                           const struct identifier *identifier)
{
    if (class != 0 && identifier_has_token(identifier)) {
        add_token(ret, n, linkage_key,
                  (struct identity_token){.class = class, .status = identifier->status},
                  slice_of_text(identifier->value));
    }
}

size_t identity_tokens(const struct identity *identity, uint32_t agency,
                       const struct secret *linkage_key,
                       struct identity_token ret[IDENTITY_TOKENS_MAX])
{
    static const enum token_class names[] = {TOKEN_NAME_BIRTH_POSTCODE, TOKEN_NAME_BIRTH,
                                             TOKEN_FAMILY_BIRTH_POSTCODE};
    char text[TOKEN_TEXT_BYTES];
    struct folded folded;
    struct writer value = writer_over(text, sizeof(text));
    size_t n = 0;

    add_identifier(ret, &n, linkage_key, class_for(identity, TOKEN_NHS_NUMBER),
                   &identity->nhs_number);
    add_identifier(ret, &n, linkage_key, class_for(identity, TOKEN_UPN), &identity->upn);
    if (identity->local_id[0] != '\0') {
        write_format(&value, "%u:%s", agency, identity->local_id);
        add_token(ret, &n, linkage_key,
                  (struct identity_token){
                      class_for(identity, TOKEN_LOCAL_ID), IDENTIFIER_WELL_FORMED, {0}},
                  writer_slice(&value));
    }
    fold_identity(identity, &folded);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        value = writer_over(text, sizeof(text));
        enum token_class class = class_for(identity, names[i]);
        if (class != 0 && name_value(&folded, names[i], &value)) {
            add_token(ret, &n, linkage_key,
                      (struct identity_token){class, IDENTIFIER_WELL_FORMED, {0}},
                      writer_slice(&value));
        }
    }
    bytes_wipe(text, sizeof(text));
    bytes_wipe(&folded, sizeof(folded));
    assert(n <= IDENTITY_TOKENS_MAX);
    return n;
}

/* --- the keys of this agency's own list --- */

static void add_key(struct identity_list_key ret[IDENTITY_TOKENS_MAX], size_t *n,
                    const struct secret *store_key, struct identity_list_key key,
                    struct slice value)
{
    const uint8_t number = (uint8_t)key.class;
    const struct slice parts[] = {slice_of_text("cairn-identity/v1\n"), {&number, 1}, value};
    hmac_sha256(store_key, parts, ARRAY_LEN(parts), key.bytes);
    ret[(*n)++] = key;
}

static void add_number(struct identity_list_key ret[IDENTITY_TOKENS_MAX], size_t *n,
                       const struct secret *store_key, enum token_class class,
                       const struct identifier *identifier)
{
    if (class != 0 && identifier_is_sound(identifier)) {
        struct identity_list_key key = {.class = class,
                                        .verified = identifier->status == IDENTIFIER_VERIFIED};
        add_key(ret, n, store_key, key, slice_of_text(identifier->value));
    }
}

size_t identity_keys(const struct identity *identity, const struct secret *store_key,
                     struct identity_list_key ret[IDENTITY_TOKENS_MAX])
{
    char text[TOKEN_TEXT_BYTES];
    struct folded folded;
    struct writer value = writer_over(text, sizeof(text));
    size_t n = 0;

    if (identity->local_id[0] != '\0') {
        add_key(ret, &n, store_key,
                (struct identity_list_key){.class = class_for(identity, TOKEN_LOCAL_ID)},
                slice_of_text(identity->local_id));
    }
    add_number(ret, &n, store_key, class_for(identity, TOKEN_NHS_NUMBER), &identity->nhs_number);
    add_number(ret, &n, store_key, class_for(identity, TOKEN_UPN), &identity->upn);
    fold_identity(identity, &folded);
    if (name_value(&folded, TOKEN_NAME_BIRTH_POSTCODE, &value)) {
        add_key(ret, &n, store_key,
                (struct identity_list_key){.class = class_for(identity, TOKEN_NAME_BIRTH_POSTCODE)},
                writer_slice(&value));
    }
    bytes_wipe(text, sizeof(text));
    bytes_wipe(&folded, sizeof(folded));
    assert(n <= IDENTITY_TOKENS_MAX);
    return n;
}
