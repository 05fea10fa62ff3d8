/* SPDX-License-Identifier: Apache-2.0 */
#include "cairn/codes.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/attr.h"

/* `more` is the class of a record kind; `of` is the record kind that a code refines. */
struct word {
    uint32_t number;
    const char *text;
    const char *more;
    uint32_t of;
};

struct words {
    const struct word *rows;
    size_t count;
};

#define WORDS(array) ((struct words){(array), ARRAY_LEN(array)})

static const struct word *find_number(struct words words, uint32_t number)
{
    for (size_t i = 0; i < words.count; i++) {
        if (words.rows[i].number == number) {
            return &words.rows[i];
        }
    }
    return NULL;
}

static const char *text_of(struct words words, uint32_t number)
{
    const struct word *word = find_number(words, number);

    return word != NULL ? word->text : NULL;
}

static uint32_t number_of(struct words words, const char *text)
{
    for (size_t i = 0; i < words.count; i++) {
        if (strcmp(words.rows[i].text, text) == 0) {
            return words.rows[i].number;
        }
    }
    return 0;
}

static const struct word record_kinds[] = {
#define X(name, value, words, class) {.number = (value), .text = (words), .more = (class)},
    CAIRN_RECORD_KINDS(X)
#undef X
};

static const struct word record_codes[] = {
#define X(name, value, words, kind) {.number = (value), .text = (words), .of = RECORD_##kind},
    CAIRN_RECORD_CODES(X)
#undef X
};

#define X(name, value, words) {.number = (value), .text = (words)},
static const struct word urgencies[] = {CAIRN_URGENCIES(X)};
static const struct word token_classes[] = {CAIRN_TOKEN_CLASSES(X)};
static const struct word identifier_statuses[] = {CAIRN_IDENTIFIER_STATUSES(X)};
static const struct word actions[] = {CAIRN_ACTIONS(X)};
static const struct word outcomes[] = {CAIRN_OUTCOMES(X)};
static const struct word roles[] = {CAIRN_ROLES(X)};
static const struct word relationships[] = {CAIRN_RELATIONSHIPS(X)};
static const struct word judges[] = {CAIRN_JUDGES(X)};
static const struct word bases[] = {CAIRN_BASES(X)};
static const struct word detriments[] = {CAIRN_DETRIMENTS(X)};
static const struct word families_told[] = {CAIRN_FAMILY_TOLD(X)};
static const struct word narrow_reasons[] = {CAIRN_NARROW_REASONS(X)};
static const struct word authorities[] = {CAIRN_AUTHORITIES(X)};
static const struct word purposes[] = {CAIRN_PURPOSES(X)};
static const struct word governance_documents[] = {CAIRN_GOVERNANCE_DOCUMENTS(X)};
#undef X

static const struct word entry_kinds[] = {
    {.number = ENTRY_RECORD, .text = "record"},
    {.number = ENTRY_GRANT, .text = "grant"},
    {.number = ENTRY_SUBJECT, .text = "subject"},
    {.number = ENTRY_TIE, .text = "tie"},
    {.number = ENTRY_INVOLVEMENT, .text = "involvement"},
    {.number = ENTRY_ACKNOWLEDGEMENT, .text = "acknowledgement"},
    {.number = ENTRY_DECISION, .text = "decision"},
    {.number = ENTRY_REQUEST, .text = "request"},
};
#define X(name, number) +1
static_assert(ARRAY_LEN(entry_kinds) == 0 CAIRN_ENTRY_KINDS(X), "every entry kind has its word");
#undef X

const char *record_kind_text(uint32_t number)
{
    return text_of(WORDS(record_kinds), number);
}

const char *record_kind_class(uint32_t number)
{
    const struct word *word = find_number(WORDS(record_kinds), number);

    return word != NULL ? word->more : NULL;
}

uint32_t record_kind_number(const char *text)
{
    return number_of(WORDS(record_kinds), text);
}

const char *record_code_text(uint32_t number)
{
    return text_of(WORDS(record_codes), number);
}

uint32_t record_code_number(const char *text)
{
    return number_of(WORDS(record_codes), text);
}

uint32_t record_code_kind(uint32_t number)
{
    const struct word *word = find_number(WORDS(record_codes), number);

    return word != NULL ? word->of : 0;
}

const char *urgency_text(uint32_t number)
{
    return text_of(WORDS(urgencies), number);
}

uint32_t urgency_number(const char *text)
{
    return number_of(WORDS(urgencies), text);
}

const char *token_class_text(uint32_t number)
{
    return text_of(WORDS(token_classes), number);
}

const char *identifier_status_text(uint32_t number)
{
    return text_of(WORDS(identifier_statuses), number);
}

uint32_t identifier_status_number(const char *text)
{
    return number_of(WORDS(identifier_statuses), text);
}

const char *action_text(uint32_t number)
{
    return text_of(WORDS(actions), number);
}

uint32_t action_number(const char *text)
{
    return number_of(WORDS(actions), text);
}

const char *outcome_text(uint32_t number)
{
    return text_of(WORDS(outcomes), number);
}

uint32_t outcome_number(const char *text)
{
    return number_of(WORDS(outcomes), text);
}

const char *role_text(uint32_t number)
{
    return text_of(WORDS(roles), number);
}

uint32_t role_number(const char *text)
{
    return number_of(WORDS(roles), text);
}

const char *relationship_text(uint32_t number)
{
    return text_of(WORDS(relationships), number);
}

uint32_t relationship_number(const char *text)
{
    return number_of(WORDS(relationships), text);
}

const char *judged_by_text(uint32_t number)
{
    return text_of(WORDS(judges), number);
}

uint32_t judged_by_number(const char *text)
{
    return number_of(WORDS(judges), text);
}

const char *basis_text(uint32_t number)
{
    return text_of(WORDS(bases), number);
}

uint32_t basis_number(const char *text)
{
    return number_of(WORDS(bases), text);
}

const char *detriment_text(uint32_t number)
{
    return text_of(WORDS(detriments), number);
}

uint32_t detriment_number(const char *text)
{
    return number_of(WORDS(detriments), text);
}

const char *family_told_text(uint32_t number)
{
    return text_of(WORDS(families_told), number);
}

uint32_t family_told_number(const char *text)
{
    return number_of(WORDS(families_told), text);
}

const char *narrow_reason_text(uint32_t number)
{
    return text_of(WORDS(narrow_reasons), number);
}

uint32_t narrow_reason_number(const char *text)
{
    return number_of(WORDS(narrow_reasons), text);
}

const char *authority_text(uint32_t number)
{
    return text_of(WORDS(authorities), number);
}

uint32_t authority_number(const char *text)
{
    return number_of(WORDS(authorities), text);
}

const char *purpose_text(uint32_t number)
{
    return text_of(WORDS(purposes), number);
}

uint32_t purpose_number(const char *text)
{
    return number_of(WORDS(purposes), text);
}

const char *entry_kind_text(uint32_t number)
{
    return text_of(WORDS(entry_kinds), number);
}

const char *governance_document_text(uint32_t number)
{
    return text_of(WORDS(governance_documents), number);
}

uint32_t governance_document_number(const char *text)
{
    return number_of(WORDS(governance_documents), text);
}

bool token_class_is_person(enum token_class class)
{
    return class == TOKEN_PERSON_NHS_NUMBER || class == TOKEN_PERSON_LOCAL_ID ||
           class == TOKEN_PERSON_NAME_BIRTH_POSTCODE;
}

bool action_is_link(enum action action)
{
    return action == ACTION_CONFIRM_LINK || action == ACTION_REFUSE_LINK ||
           action == ACTION_UNDO_LINK;
}

bool action_is_hold(enum action action)
{
    return action == ACTION_HOLD || action == ACTION_RELEASE_HOLD;
}

bool record_is_danger(enum record_kind kind, enum urgency urgency)
{
    return urgency == URGENCY_IMMEDIATE || kind == RECORD_REFERRAL;
}
