/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/identifiers.h"

#include <string.h>

#include "base/text.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* The text without the blanks around it. */
static struct slice trim(struct slice text)
{
    while (text.len > 0 && is_blank((char)text.data[0])) {
        text = slice_make(text.data + 1, text.len - 1);
    }
    while (text.len > 0 && is_blank((char)text.data[text.len - 1])) {
        text.len--;
    }
    return text;
}

/* Without spaces and hyphens, ASCII letters in capitals. `out` is as large as a whole value. */
static void compact(const char *value, char out[IDENTIFIER_MAX_BYTES + 1])
{
    size_t len = 0;

    for (const char *c = value; *c != '\0'; c++) {
        if (is_blank(*c) || *c == '-') {
            continue;
        }
        out[len++] = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    }
    out[len] = '\0';
}

/* Fills *ret with the value as given; its status is ABSENT when there is nothing, else PLACEHOLDER
 * until shown better. */
static bool keep_as_given(struct slice text, struct identifier *ret)
{
    struct identifier kept = IDENTIFIER_NULL;

    if (!text_copy(kept.value, sizeof(kept.value), trim(text))) {
        return false;
    }
    kept.status = kept.value[0] == '\0' ? IDENTIFIER_ABSENT : IDENTIFIER_PLACEHOLDER;
    *ret = kept;
    return true;
}

/* --- NHS number --- */

#define NHS_TEST_PREFIX "999"

enum nhs_range {
    NHS_RANGE_NOBODY, /* reserved, or never issued */
    NHS_RANGE_PERSON, /* England, Wales, Isle of Man: the Personal Demographics Service knows it */
    NHS_RANGE_ELSEWHERE, /* Scotland, Northern Ireland, Ireland: a person's, but nobody here can
                            have traced it */
    NHS_RANGE_TEST,
};

static const struct {
    const char *first;
    const char *last;
    enum nhs_range range;
} nhs_ranges[] = {
    {"0100000000", "3112999999", NHS_RANGE_ELSEWHERE}, /* Scotland, CHI: birth date first */
    {"3200000000", "3999999999", NHS_RANGE_ELSEWHERE}, /* Northern Ireland */
    {"4000000000", "4999999999", NHS_RANGE_PERSON},
    {"6000000000", "7999999999", NHS_RANGE_PERSON},
    {"8000000000", "8599999999", NHS_RANGE_ELSEWHERE}, /* Ireland */
    {"9000000000", "9999999999", NHS_RANGE_TEST},
};

/* Ten equal digits pass the check too; they are found by their form. */
static const char *const nhs_placeholders[] = {
    "0123456789", "1234567890", "1234567881", "9876543210", "0987654321",
};

static enum nhs_range nhs_range_of(const char *number)
{
    for (size_t i = 0; i < ARRAY_LEN(nhs_ranges); i++) {
        if (strcmp(number, nhs_ranges[i].first) >= 0 && strcmp(number, nhs_ranges[i].last) <= 0) {
            return nhs_ranges[i].range;
        }
    }
    return NHS_RANGE_NOBODY;
}

static bool nhs_is_placeholder(const char *number)
{
    for (size_t i = 0; i < ARRAY_LEN(nhs_placeholders); i++) {
        if (strcmp(number, nhs_placeholders[i]) == 0) {
            return true;
        }
    }
    return strspn(number, (const char[]){number[0], '\0'}) == NHS_NUMBER_DIGITS;
}

/* Modulus 11 with weights 10 to 2; a remainder that would need the digit "10" is never issued. */
static bool nhs_check_holds(const char *number)
{
    int sum = 0;

    for (int i = 0; i < NHS_NUMBER_DIGITS - 1; i++) {
        sum += (number[i] - '0') * (NHS_NUMBER_DIGITS - i);
    }
    int check = (11 - sum % 11) % 11;
    return check == number[NHS_NUMBER_DIGITS - 1] - '0';
}

static enum identifier_status nhs_status(const char *number, struct identifier_terms terms)
{
    if (nhs_is_placeholder(number)) {
        return IDENTIFIER_PLACEHOLDER;
    }
    if (!nhs_check_holds(number)) {
        return IDENTIFIER_BAD_CHECK_DIGIT;
    }
    enum nhs_range range = nhs_range_of(number);
    if (range == NHS_RANGE_NOBODY || terms.live == (range == NHS_RANGE_TEST)) {
        return IDENTIFIER_PLACEHOLDER;
    }
    bool traceable = range == NHS_RANGE_PERSON ||
                     (range == NHS_RANGE_TEST &&
                      strncmp(number, NHS_TEST_PREFIX, sizeof(NHS_TEST_PREFIX) - 1) == 0);
    return terms.verified && traceable ? IDENTIFIER_VERIFIED : IDENTIFIER_WELL_FORMED;
}

bool nhs_number_classify(struct slice text, struct identifier_terms terms, struct identifier *ret)
{
    char number[IDENTIFIER_MAX_BYTES + 1] = "";

    if (!keep_as_given(text, ret)) {
        return false;
    }
    compact(ret->value, number);
    if (strlen(number) != NHS_NUMBER_DIGITS || strspn(number, "0123456789") != NHS_NUMBER_DIGITS) {
        return true;
    }
    memcpy(ret->value, number, NHS_NUMBER_DIGITS + 1);
    ret->status = nhs_status(number, terms);
    return true;
}

const char *nhs_number_refusal(const struct identifier *identifier, bool live)
{
    const char *number = identifier->value;

    if (strlen(number) != NHS_NUMBER_DIGITS || strspn(number, "0123456789") != NHS_NUMBER_DIGITS ||
        nhs_is_placeholder(number)) {
        return NULL;
    }
    bool test = strncmp(number, NHS_TEST_PREFIX, sizeof(NHS_TEST_PREFIX) - 1) == 0;
    if (live && test) {
        return "is a test number, and this partnership is for real children: leave it out, or "
               "give the child's own";
    }
    if (!live && !test) {
        return "may be a real person's, and this partnership is for tests: leave it out, or give "
               "one that begins with 999";
    }
    return NULL;
}

/* --- unique pupil number --- */

static const char upn_letters[] =
    "ABCDEFGHJKLMNPQRTUVWXYZ"; /* no I, O, S; the index is the value */

/* Characters 2 to 4: the local authorities that have ever issued pupil numbers. */
static const struct {
    int first;
    int last;
} upn_authorities[] = {
    {1, 5},     {201, 213}, {301, 320}, {330, 336}, {340, 344}, {350, 359}, {370, 373},
    {380, 384}, {390, 394}, {420, 420}, {660, 681}, {701, 708}, {800, 803}, {805, 808},
    {810, 813}, {815, 816}, {820, 823}, {825, 826}, {830, 831}, {835, 841}, {845, 846},
    {850, 852}, {855, 857}, {860, 861}, {865, 896}, {908, 909}, {916, 916}, {919, 919},
    {921, 921}, {925, 926}, {928, 929}, {931, 931}, {933, 933}, {935, 938}, {940, 941},
};

/* Value of a character of a UPN; -1 for one that has none. */
static int upn_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    const char *letter = c == '\0' ? NULL : strchr(upn_letters, c);
    return letter != NULL ? (int)(letter - upn_letters) : -1;
}

/* A letter, eleven digits, a digit or (temporary) a letter. */
static bool upn_has_shape(const char *upn)
{
    if (strlen(upn) != UPN_CHARACTERS || is_digit(upn[0]) || upn_value(upn[0]) < 0 ||
        upn_value(upn[UPN_CHARACTERS - 1]) < 0) {
        return false;
    }
    return strspn(upn + 1, "0123456789") >= UPN_CHARACTERS - 2;
}

static bool upn_authority_exists(const char *upn)
{
    int code = (upn[1] - '0') * 100 + (upn[2] - '0') * 10 + (upn[3] - '0');

    for (size_t i = 0; i < ARRAY_LEN(upn_authorities); i++) {
        if (code >= upn_authorities[i].first && code <= upn_authorities[i].last) {
            return true;
        }
    }
    return false;
}

/* Each character from the second weighs its position; the remainder by 23 names the first. */
static bool upn_check_holds(const char *upn)
{
    int sum = 0;

    for (int i = 1; i < UPN_CHARACTERS; i++) {
        sum += upn_value(upn[i]) * (i + 1);
    }
    return upn_letters[sum % 23] == upn[0];
}

static enum identifier_status upn_status(const char *upn, struct identifier_terms terms)
{
    if (strspn(upn + 1, (const char[]){upn[1], '\0'}) >= UPN_CHARACTERS - 2) {
        return IDENTIFIER_PLACEHOLDER;
    }
    if (!upn_check_holds(upn) || !upn_authority_exists(upn)) {
        return IDENTIFIER_BAD_CHECK_DIGIT;
    }
    bool permanent = is_digit(upn[UPN_CHARACTERS - 1]);
    return terms.verified && permanent ? IDENTIFIER_VERIFIED : IDENTIFIER_WELL_FORMED;
}

bool upn_classify(struct slice text, struct identifier_terms terms, struct identifier *ret)
{
    char upn[IDENTIFIER_MAX_BYTES + 1] = "";

    if (!keep_as_given(text, ret)) {
        return false;
    }
    compact(ret->value, upn);
    if (!upn_has_shape(upn)) {
        return true;
    }
    memcpy(ret->value, upn, UPN_CHARACTERS + 1);
    ret->status = upn_status(upn, terms);
    return true;
}

const char *identifier_flaw(const struct identifier *identifier)
{
    switch (identifier->status) {
    case IDENTIFIER_BAD_CHECK_DIGIT:
        return "has a typing error";
    case IDENTIFIER_PLACEHOLDER:
        return "is no person's number";
    case IDENTIFIER_VERIFIED:
    case IDENTIFIER_WELL_FORMED:
    case IDENTIFIER_ABSENT:
        break;
    }
    return NULL;
}

bool identifier_has_token(const struct identifier *identifier)
{
    return identifier_is_sound(identifier) || identifier->status == IDENTIFIER_BAD_CHECK_DIGIT;
}

bool identifier_is_sound(const struct identifier *identifier)
{
    return identifier->status == IDENTIFIER_VERIFIED ||
           identifier->status == IDENTIFIER_WELL_FORMED;
}
