/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/contradiction.h"

#include <string.h>

#include "broker/members.h"

static const enum token_class strong_classes[] = {TOKEN_NHS_NUMBER, TOKEN_UPN,
                                                  TOKEN_PERSON_NHS_NUMBER};

/* The verified identifiers of one class that a child's members state: all, or one, or all but one.
 */
struct verified_set {
    struct store_txn *txn;
    enum token_class class;
    const struct subject_id *only;
    const struct subject_id *except;
    size_t n;
    uint8_t stored[CAIRN_MEMBERS_MAX][32];
};

static bool set_has(const struct verified_set *set, const uint8_t stored[32])
{
    for (size_t i = 0; i < set->n; i++) {
        if (memcmp(set->stored[i], stored, 32) == 0) {
            return true;
        }
    }
    return false;
}

static bool collect_verified(void *data, const struct subject_id *subject, enum link link)
{
    (void)link;
    struct verified_set *set = data;
    struct subject_row row;
    if ((set->only != NULL && !subject_id_equal(subject, set->only)) ||
        (set->except != NULL && subject_id_equal(subject, set->except)) ||
        !subject_row_get(set->txn, subject, &row)) {
        return true;
    }
    for (size_t i = 0; i < row.n_tokens && set->n < CAIRN_MEMBERS_MAX; i++) {
        const struct subject_token *token = &row.tokens[i];
        if (token->class == set->class && token->status == IDENTIFIER_VERIFIED &&
            !set_has(set, token->stored)) {
            memcpy(set->stored[set->n++], token->stored, 32);
        }
    }
    return true;
}

static bool share_none(const struct verified_set *a, const struct verified_set *b)
{
    if (a->n == 0 || b->n == 0) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (set_has(b, a->stored[i])) {
            return false;
        }
    }
    return true;
}

/* One side of a question: members of a child. */
struct side {
    uint64_t child;
    const struct subject_id *only;
    const struct subject_id *except;
};

static bool contradicted(struct apply *apply, const struct side *a, const struct side *b)
{
    for (size_t i = 0; i < ARRAY_LEN(strong_classes); i++) {
        struct verified_set of_a = {
            .txn = apply->txn, .class = strong_classes[i], .only = a->only, .except = a->except};
        struct verified_set of_b = {
            .txn = apply->txn, .class = strong_classes[i], .only = b->only, .except = b->except};
        members_each(apply->txn, a->child, collect_verified, &of_a);
        members_each(apply->txn, b->child, collect_verified, &of_b);
        if (share_none(&of_a, &of_b)) {
            return true;
        }
    }
    return false;
}

enum pair contradiction_judged(struct apply *apply, uint64_t a, uint64_t b)
{
    struct member_list of_a;
    struct member_list of_b;
    enum pair found = PAIR_UNKNOWN;
    members_list(apply->txn, a, &of_a);
    members_list(apply->txn, b, &of_b);
    for (size_t i = 0; i < of_a.n; i++) {
        for (size_t j = 0; j < of_b.n && found != PAIR_APART; j++) {
            enum pair pair = pair_get(apply->txn, &of_a.subjects[i], &of_b.subjects[j]);
            found = pair > found ? pair : found;
        }
    }
    return found;
}

bool contradiction_of_children(struct apply *apply, uint64_t a, uint64_t b)
{
    if (contradiction_judged(apply, a, b) == PAIR_APART) {
        return true;
    }
    const struct side of_a = {.child = a};
    const struct side of_b = {.child = b};
    return contradicted(apply, &of_a, &of_b);
}

bool contradiction_of_members(struct apply *apply, uint64_t child, const struct subject_id *a,
                              const struct subject_id *b)
{
    const struct side of_a = {.child = child, .only = a};
    const struct side of_b = {.child = child, .only = b};
    return contradicted(apply, &of_a, &of_b);
}

bool contradiction_with_others(struct apply *apply, uint64_t child,
                               const struct subject_id *subject)
{
    const struct side own = {.child = child, .only = subject};
    const struct side others = {.child = child, .except = subject};
    return contradicted(apply, &own, &others);
}

bool contradiction_in_statement(const struct subject_header *header)
{
    for (size_t i = 0; i < ARRAY_LEN(strong_classes); i++) {
        size_t verified = 0;
        for (size_t t = 0; t < header->n_tokens; t++) {
            verified += header->tokens[t].class == strong_classes[i] &&
                                header->tokens[t].status == IDENTIFIER_VERIFIED
                            ? 1
                            : 0;
        }
        if (verified > 1) {
            return true;
        }
    }
    return false;
}
