/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/links.h"

#include <string.h>

#include "broker/child.h"
#include "broker/contradiction.h"
#include "broker/holders.h"
#include "broker/members.h"

/* --- subjects --- */

bool links_subject(struct apply *apply, const struct subject_id *subject, bool person,
                   struct subject_row *ret)
{
    if (subject_row_get(apply->txn, subject, ret)) {
        return ret->person == person;
    }
    *ret = (struct subject_row){
        .child = meta_next(apply->txn, "children"),
        .link = LINK_ALONE,
        .person = person,
        .statement = UINT64_MAX,
    };
    subject_row_put(apply->txn, subject, ret);
    members_put(apply, ret->child, subject, ret->link);
    return true;
}

/* What is there: it was looked up before. */
static void read_row(struct apply *apply, const struct subject_id *subject, struct subject_row *ret)
{
    *ret = (struct subject_row){.link = LINK_ALONE};
    (void)apply_found(apply, subject_row_get(apply->txn, subject, ret));
}

/* --- parting --- */

/* After a new statement: provisional members that it contradicts part. False when a contradiction
 * is left, between members that are there for good: a person must look. */
static bool part_contradicted(struct apply *apply, const struct subject_id *subject)
{
    struct subject_row row;
    struct member_list members;
    read_row(apply, subject, &row);
    if (!contradiction_with_others(apply, row.child, subject)) {
        return true;
    }
    apply_noted(apply, NOTED_LINKS_CONTRADICTED);
    if (row.link == LINK_PROVISIONAL) {
        child_part(apply, subject);
        return true;
    }
    members_list(apply->txn, row.child, &members);
    for (size_t i = 0; i < members.n; i++) {
        struct subject_row other;
        if (subject_row_get(apply->txn, &members.subjects[i], &other) &&
            other.link == LINK_PROVISIONAL &&
            contradiction_of_members(apply, row.child, subject, &members.subjects[i])) {
            child_part(apply, &members.subjects[i]);
        }
    }
    return !contradiction_with_others(apply, row.child, subject);
}

/* --- linking --- */

static bool is_strong(const struct subject_token *token)
{
    return token->status == IDENTIFIER_VERIFIED &&
           (token->class == TOKEN_NHS_NUMBER || token->class == TOKEN_UPN ||
            token->class == TOKEN_PERSON_NHS_NUMBER);
}

static bool is_full_name(enum token_class class)
{
    return class == TOKEN_NAME_BIRTH_POSTCODE || class == TOKEN_PERSON_NAME_BIRTH_POSTCODE;
}

static bool link_composite(struct apply *apply, const struct subject_id *subject,
                           const struct subject_token *token)
{
    struct subject_row row;
    struct matches matches;
    read_row(apply, subject, &row);
    holders_matches(apply, token, subject, row.child, &matches);
    if (row.link != LINK_ALONE || matches.same_child || matches.n != 1) {
        return false; /* not alone any more, or not unique */
    }
    struct member_list own;
    members_list(apply->txn, row.child, &own);
    if (own.n != 1) {
        return false; /* others rely on this child: a person decides */
    }
    if (contradiction_of_children(apply, row.child, matches.children[0])) {
        apply_noted(apply, NOTED_LINKS_CONTRADICTED);
        return false;
    }
    return child_join(apply, row.child, matches.children[0], LINK_PROVISIONAL);
}

static bool link_composites(struct apply *apply, const struct subject_id *subject,
                            const struct subject_row *row)
{
    bool joined = false;
    for (size_t i = 0; i < row->n_tokens; i++) {
        if (is_full_name(row->tokens[i].class)) {
            joined = link_composite(apply, subject, &row->tokens[i]) || joined;
        }
    }
    return joined;
}

/* Subjects that share a verified identifier belong together, wherever a name had put them: those
 * that are somewhere provisionally part from there. `left` are the children that they left. */
static void gather(struct apply *apply, const struct subject_token *token, struct matches *left)
{
    struct member_list holders;
    *left = (struct matches){.n = 0};
    holders_find(apply, token, &holders);
    for (size_t i = 0; holders.n > 1 && i < holders.n; i++) {
        struct subject_row row;
        if (subject_row_get(apply->txn, &holders.subjects[i], &row) &&
            row.link == LINK_PROVISIONAL && !holders_firm(apply, row.child, token)) {
            matches_add(left, row.child);
            child_part(apply, &holders.subjects[i]);
        }
    }
}

/* Who stays behind alone may still go by its name, where they went. */
static void follow(struct apply *apply, const struct matches *left)
{
    for (size_t i = 0; i < left->n; i++) {
        struct member_list members;
        struct subject_row row;
        members_list(apply->txn, left->children[i], &members);
        if (members.n == 1 && subject_row_get(apply->txn, &members.subjects[0], &row)) {
            (void)link_composites(apply, &members.subjects[0], &row);
        }
    }
}

/* Provisional members that state what a member there for good states are there for good too. */
static void confirm(struct apply *apply, uint64_t child, const struct subject_token *token)
{
    struct member_list members;
    if (!holders_firm(apply, child, token)) {
        return;
    }
    members_list(apply->txn, child, &members);
    for (size_t i = 0; i < members.n; i++) {
        struct subject_row row;
        if (subject_row_get(apply->txn, &members.subjects[i], &row) &&
            row.link == LINK_PROVISIONAL && holders_row_states(&row, token)) {
            row.link = LINK_VERIFIED;
            subject_row_put(apply->txn, &members.subjects[i], &row);
            members_put(apply, child, &members.subjects[i], row.link);
        }
    }
}

/* Joins the subject's child with every child that shares the verified identifier. Returns true when
 * anything joined. */
static bool link_strong(struct apply *apply, const struct subject_id *subject,
                        const struct subject_token *token)
{
    struct subject_row row;
    struct matches left;
    struct matches matches;
    bool joined = false;
    gather(apply, token, &left);
    read_row(apply, subject, &row);
    if (!holders_usable(apply, token, &row)) {
        return false; /* it could not part: its link is a matter of its name still */
    }
    holders_matches(apply, token, subject, row.child, &matches);
    for (size_t i = 0; i < matches.n; i++) {
        uint64_t to = row.child < matches.children[i] ? row.child : matches.children[i];
        uint64_t from = row.child < matches.children[i] ? matches.children[i] : row.child;
        if (contradiction_of_children(apply, from, to)) {
            apply_noted(apply, NOTED_LINKS_CONTRADICTED);
        } else if (child_join(apply, from, to, LINK_VERIFIED)) {
            joined = true;
            row.child = to;
        }
    }
    confirm(apply, row.child, token);
    follow(apply, &left);
    return joined;
}

static bool link_subject(struct apply *apply, const struct subject_id *subject,
                         const struct subject_row *row)
{
    bool joined = false;
    if (!part_contradicted(apply, subject)) {
        return false;
    }
    for (size_t i = 0; i < row->n_tokens; i++) {
        if (is_strong(&row->tokens[i])) {
            joined = link_strong(apply, subject, &row->tokens[i]) || joined;
        }
    }
    return link_composites(apply, subject, row) || joined;
}

/* --- what a person says --- */

static bool states_name(const struct subject_row *row, const struct subject_token *name)
{
    for (size_t i = 0; i < row->n_tokens; i++) {
        if (row->tokens[i].class == name->class &&
            slice_equal(SLICE_OF(row->tokens[i].stored), SLICE_OF(name->stored))) {
            return true;
        }
    }
    return false;
}

/* By a verified identifier; or as two handles that one agency has for one name, neither of which is
 * there by anything better. */
static bool are_bound(struct apply *apply, const struct subject_id *a, const struct subject_id *b)
{
    struct subject_row of_a;
    struct subject_row of_b;
    if (!subject_row_get(apply->txn, a, &of_a) || !subject_row_get(apply->txn, b, &of_b)) {
        return false;
    }
    bool by_name =
        a->agency == b->agency && of_a.link == LINK_PROVISIONAL && of_b.link == LINK_PROVISIONAL;
    for (size_t i = 0; i < of_a.n_tokens; i++) {
        const struct subject_token *token = &of_a.tokens[i];
        if ((is_strong(token) && holders_row_states(&of_b, token)) ||
            (by_name && is_full_name(token->class) && states_name(&of_b, token))) {
            return true;
        }
    }
    return false;
}

static bool is_bound_to_any(struct apply *apply, const struct subject_id *subject,
                            const struct member_list *group)
{
    for (size_t i = 0; i < group->n; i++) {
        if (are_bound(apply, subject, &group->subjects[i])) {
            return true;
        }
    }
    return false;
}

void links_bound(struct apply *apply, uint64_t child, const struct subject_id *subject,
                 struct member_list *ret)
{
    struct member_list members;
    members_list(apply->txn, child, &members);
    *ret = (struct member_list){.n = 1, .subjects = {*subject}};
    for (size_t before = 0; before < ret->n;) {
        before = ret->n;
        for (size_t i = 0; i < members.n; i++) {
            if (!member_list_has(ret, &members.subjects[i]) &&
                is_bound_to_any(apply, &members.subjects[i], ret)) {
                ret->subjects[ret->n++] = members.subjects[i];
            }
        }
    }
}

void links_confirm(struct apply *apply, const struct subject_id *subject)
{
    struct subject_row row;
    if (apply_found(apply, subject_row_get(apply->txn, subject, &row))) {
        row.link = LINK_CONFIRMED;
        subject_row_put(apply->txn, subject, &row);
        members_put(apply, row.child, subject, row.link);
        apply_noted(apply, NOTED_LINKS_CONFIRMED);
    }
}

void links_keep_apart(struct apply *apply, const struct member_list *a, const struct member_list *b)
{
    for (size_t i = 0; i < a->n; i++) {
        for (size_t j = 0; j < b->n; j++) {
            if (!member_list_has(a, &b->subjects[j])) {
                pair_put(apply->txn, &a->subjects[i], &b->subjects[j], PAIR_APART);
            }
        }
    }
    apply_noted(apply, NOTED_LINKS_UNDONE);
}

uint64_t links_undo(struct apply *apply, uint64_t child, const struct member_list *group)
{
    struct member_list members;
    members_list(apply->txn, child, &members);
    links_keep_apart(apply, group, &members);
    return child_part_group(apply, group);
}

/* --- statements --- */

static void replace_tokens(struct apply *apply, const struct subject_id *subject,
                           const struct subject_row *old, const struct subject_row *new)
{
    for (size_t i = 0; i < old->n_tokens; i++) {
        struct store_key key = key_token(old->tokens[i].class, old->tokens[i].stored, subject);
        (void)store_delete(apply->txn, T_TOKEN, store_key_slice(&key));
    }
    for (size_t i = 0; i < new->n_tokens; i++) {
        struct store_key key = key_token(new->tokens[i].class, new->tokens[i].stored, subject);
        uint8_t status = (uint8_t) new->tokens[i].status;
        store_put(apply->txn, T_TOKEN, store_key_slice(&key), slice_make(&status, 1));
    }
}

void links_forget(struct apply *apply, const struct subject_id *subject)
{
    const struct subject_row nothing = {.n_tokens = 0};
    struct store_key key = key_subject(subject);
    struct subject_row row;
    read_row(apply, subject, &row);
    replace_tokens(apply, subject, &row, &nothing);
    members_remove(apply, row.child, subject);
    (void)store_delete(apply->txn, T_SUBJECT, store_key_slice(&key));
}

uint64_t links_state(struct apply *apply, const struct subject_header *header,
                     const struct entry_input *input)
{
    assert(header->n_tokens == input->n_tokens);
    struct subject_id subject = subject_id_of(header->id.agency, header->handle);
    struct subject_row old;
    read_row(apply, &subject, &old);
    if (header->revision < old.revision) {
        return 0; /* a newer one came first, in another lane */
    }
    struct subject_row row = old;
    row.epoch = header->epoch;
    row.revision = header->revision;
    row.statement = apply->range.size; /* the leaf that follows */
    row.n_tokens = header->n_tokens;
    for (size_t i = 0; i < header->n_tokens; i++) {
        row.tokens[i].class = header->tokens[i].class;
        row.tokens[i].status = header->tokens[i].status;
        memcpy(row.tokens[i].stored, input->tokens[i], 32);
    }
    subject_row_put(apply->txn, &subject, &row);
    replace_tokens(apply, &subject, &old, &row);
    if (!link_subject(apply, &subject, &row)) {
        return apply->parted;
    }
    read_row(apply, &subject, &row);
    return row.child;
}
