/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/holders.h"

#include <string.h>

bool holders_row_states(const struct subject_row *row, const struct subject_token *token)
{
    for (size_t i = 0; i < row->n_tokens; i++) {
        if (row->tokens[i].class == token->class && row->tokens[i].status == IDENTIFIER_VERIFIED &&
            memcmp(row->tokens[i].stored, token->stored, sizeof(token->stored)) == 0) {
            return true;
        }
    }
    return false;
}

struct firm_search {
    struct store_txn *txn;
    const struct subject_token *token;
    bool found;
};

static bool find_firm(void *data, const struct subject_id *subject, enum link link)
{
    struct firm_search *search = data;
    struct subject_row row;
    search->found = link != LINK_PROVISIONAL && subject_row_get(search->txn, subject, &row) &&
                    holders_row_states(&row, search->token);
    return !search->found;
}

bool holders_firm(struct apply *apply, uint64_t child, const struct subject_token *token)
{
    struct firm_search search = {.txn = apply->txn, .token = token};
    members_each(apply->txn, child, find_firm, &search);
    return search.found;
}

void matches_add(struct matches *matches, uint64_t child)
{
    for (size_t i = 0; i < matches->n; i++) {
        if (matches->children[i] == child) {
            return;
        }
    }
    matches->children[matches->n++] = child;
}

/* Of an agency's own numbers, and of others', only what was verified counts. */
static bool is_number(enum token_class class)
{
    return class == TOKEN_NHS_NUMBER || class == TOKEN_UPN || class == TOKEN_LOCAL_ID ||
           class == TOKEN_PERSON_NHS_NUMBER || class == TOKEN_PERSON_LOCAL_ID;
}

bool holders_usable(struct apply *apply, const struct subject_token *token,
                    const struct subject_row *row)
{
    return !is_number(token->class) || row->link != LINK_PROVISIONAL ||
           holders_firm(apply, row->child, token);
}

static size_t count_of(const struct member_list *list, uint32_t agency)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        n += list->subjects[i].agency == agency ? 1 : 0;
    }
    return n;
}

void holders_find(struct apply *apply, const struct subject_token *token, struct member_list *ret)
{
    bool strong = is_number(token->class);
    struct store_key prefix = key_token_prefix(token->class, token->stored);
    size_t looked = 0;
    size_t passed = 0;
    ret->n = 0;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(apply->txn, T_TOKEN, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix) && looked < CAIRN_TOKEN_WALK_MAX;
         looked++) {
        struct subject_id subject = subject_id_unpack(walk.key.data + prefix.len);
        if (!strong || walk.value.data[0] == IDENTIFIER_VERIFIED) {
            if (ret->n == CAIRN_TOKEN_MATCHES_MAX ||
                count_of(ret, subject.agency) == CAIRN_MEMBERS_PER_AGENCY_MAX) {
                passed++;
            } else {
                ret->subjects[ret->n++] = subject;
            }
        }
        store_walk_next(&walk);
    }
    if (passed > 0 || (walk.live && key_has_prefix(walk.key, &prefix))) {
        apply_noted(apply, NOTED_TOKEN_CROWDED);
    }
}

void holders_matches(struct apply *apply, const struct subject_token *token,
                     const struct subject_id *self, uint64_t self_child, struct matches *ret)
{
    struct member_list holders;
    *ret = (struct matches){.n = 0};
    holders_find(apply, token, &holders);
    for (size_t i = 0; i < holders.n; i++) {
        struct subject_row row;
        if (subject_id_equal(&holders.subjects[i], self) ||
            !subject_row_get(apply->txn, &holders.subjects[i], &row) ||
            !holders_usable(apply, token, &row)) {
            continue;
        }
        if (row.child == self_child) {
            ret->same_child = true;
        } else {
            matches_add(ret, row.child);
        }
    }
}
