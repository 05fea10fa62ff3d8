/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/identity.h"

#include "broker/chronology.h"

#include <string.h>

static const enum token_class strong_classes[] = {TOKEN_NHS_NUMBER, TOKEN_UPN};

/* --- members --- */

void identity_members(struct store_txn *txn, uint64_t child,
                      bool (*each)(void *data, const struct subject_id *subject, enum link link),
                      void *data)
{
    struct store_key prefix = store_key_u64(child);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, T_MEMBER, store_key_slice(&prefix));
    for (size_t n = 0; walk.live && n < CAIRN_MEMBERS_MAX && key_has_prefix(walk.key, &prefix);
         n++) {
        assert(walk.key.len == 8 + SUBJECT_ID_BYTES && walk.value.len == 1);
        struct subject_id subject = subject_id_unpack(walk.key.data + 8);
        if (!each(data, &subject, (enum link)walk.value.data[0])) {
            return;
        }
        store_walk_next(&walk);
    }
}

struct member_list {
    size_t n;
    struct subject_id subjects[CAIRN_MEMBERS_MAX];
};

static bool collect_member(void *data, const struct subject_id *subject, enum link link)
{
    (void)link;
    struct member_list *list = data;
    list->subjects[list->n++] = *subject;
    return true;
}

struct own_search {
    uint32_t agency;
    bool found;
    struct subject_id *ret;
};

static bool find_own(void *data, const struct subject_id *subject, enum link link)
{
    (void)link;
    struct own_search *search = data;
    if (subject->agency != search->agency) {
        return true;
    }
    *search->ret = *subject;
    search->found = true;
    return false;
}

bool identity_own_subject(struct store_txn *txn, uint64_t child, uint32_t agency,
                          struct subject_id *ret)
{
    struct own_search search = {.agency = agency, .ret = ret};
    identity_members(txn, child, find_own, &search);
    return search.found;
}

static void put_member(struct apply *apply, uint64_t child, const struct subject_id *subject,
                       enum link link)
{
    struct store_key key = key_member(child, subject);
    uint8_t value = (uint8_t)link;
    store_put(apply->txn, T_MEMBER, store_key_slice(&key), slice_make(&value, 1));
}

void identity_subject(struct apply *apply, const struct subject_id *subject,
                      struct subject_row *ret)
{
    if (subject_row_get(apply->txn, subject, ret)) {
        return;
    }
    *ret = (struct subject_row){
        .child = meta_next(apply->txn, "children"),
        .link = LINK_ALONE,
        .statement = UINT64_MAX,
    };
    subject_row_put(apply->txn, subject, ret);
    put_member(apply, ret->child, subject, ret->link);
}

/* --- contradictions --- */

/* The verified identifiers of one class that a child's members state. */
struct verified_set {
    struct store_txn *txn;
    enum token_class class;
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
    if (!subject_row_get(set->txn, subject, &row)) {
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

static bool class_contradicts(struct apply *apply, enum token_class class, uint64_t a, uint64_t b)
{
    struct verified_set of_a = {.txn = apply->txn, .class = class};
    struct verified_set of_b = {.txn = apply->txn, .class = class};
    identity_members(apply->txn, a, collect_verified, &of_a);
    identity_members(apply->txn, b, collect_verified, &of_b);
    if (of_a.n == 0 || of_b.n == 0) {
        return false;
    }
    for (size_t i = 0; i < of_a.n; i++) {
        if (set_has(&of_b, of_a.stored[i])) {
            return false;
        }
    }
    return true;
}

static bool contradicted(struct apply *apply, uint64_t a, uint64_t b)
{
    for (size_t i = 0; i < ARRAY_LEN(strong_classes); i++) {
        if (class_contradicts(apply, strong_classes[i], a, b)) {
            return true;
        }
    }
    return false;
}

/* --- joining --- */

static uint64_t alert_of(struct apply *apply, uint64_t child, struct alert_row *ret)
{
    struct store_key key = store_key_u64(child);
    struct slice value;
    if (!store_get(apply->txn, T_CHILD_ALERT, store_key_slice(&key), &value)) {
        return 0;
    }
    struct reader reader = reader_over(value);
    uint64_t number = read_u64(&reader);
    return alert_row_get(apply->txn, number, ret) ? number : 0;
}

/* An alert follows its child. Where both had one, each stays reachable by its number; the current
 * one is the open one, or else the newer. */
static void move_alert(struct apply *apply, uint64_t from, uint64_t to)
{
    struct store_key from_key = store_key_u64(from);
    struct store_key to_key = store_key_u64(to);
    struct alert_row moved;
    struct alert_row there;
    uint64_t number = alert_of(apply, from, &moved);
    if (number == 0) {
        return;
    }
    moved.child = to;
    alert_row_put(apply->txn, number, &moved);
    (void)store_delete(apply->txn, T_CHILD_ALERT, store_key_slice(&from_key));
    uint64_t other = alert_of(apply, to, &there);
    bool moved_open = moved.state != ALERT_CLOSED;
    bool other_open = other != 0 && there.state != ALERT_CLOSED;
    if (moved_open == other_open ? number > other : moved_open) {
        struct store_key row = store_key_u64(number);
        store_put(apply->txn, T_CHILD_ALERT, store_key_slice(&to_key), store_key_slice(&row));
    }
}

/* Re-points every subject of `from` to `to`. False, and nothing changed, when it would exceed a
 * limit. */
static bool join(struct apply *apply, uint64_t from, uint64_t to, enum link link)
{
    struct member_list moving = {.n = 0};
    struct member_list staying = {.n = 0};
    identity_members(apply->txn, from, collect_member, &moving);
    identity_members(apply->txn, to, collect_member, &staying);
    if (moving.n + staying.n > CAIRN_MEMBERS_MAX || !chronology_move(apply, from, to)) {
        apply_noted(apply, NOTED_LINKS_TOO_LARGE);
        return false;
    }
    for (size_t i = 0; i < moving.n; i++) {
        struct subject_row row;
        if (!subject_row_get(apply->txn, &moving.subjects[i], &row)) {
            continue;
        }
        row.child = to;
        row.link = row.link == LINK_PROVISIONAL ? LINK_PROVISIONAL : link;
        subject_row_put(apply->txn, &moving.subjects[i], &row);
        struct store_key old = key_member(from, &moving.subjects[i]);
        (void)store_delete(apply->txn, T_MEMBER, store_key_slice(&old));
        put_member(apply, to, &moving.subjects[i], row.link);
    }
    move_alert(apply, from, to);
    apply_noted(apply, link == LINK_PROVISIONAL ? NOTED_LINKS_PROVISIONAL : NOTED_LINKS_VERIFIED);
    return true;
}

/* --- finding --- */

/* Children, other than `self`, that somebody states this token for; strong tokens count only when
 * verified. */
struct matches {
    size_t n;
    uint64_t children[CAIRN_TOKEN_MATCHES_MAX];
    bool same_child; /* another subject of `self` states it too */
};

static void add_match(struct matches *matches, uint64_t child)
{
    for (size_t i = 0; i < matches->n; i++) {
        if (matches->children[i] == child) {
            return;
        }
    }
    matches->children[matches->n++] = child;
}

static void find_matches(struct apply *apply, const struct subject_token *token,
                         const struct subject_id *self, uint64_t self_child, struct matches *ret)
{
    *ret = (struct matches){.n = 0};
    bool strong = token->class != TOKEN_NAME_BIRTH_POSTCODE;
    struct store_key prefix = key_token_prefix(token->class, token->stored);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(apply->txn, T_TOKEN, store_key_slice(&prefix));
    for (size_t n = 0;
         walk.live && n < CAIRN_TOKEN_MATCHES_MAX && key_has_prefix(walk.key, &prefix); n++) {
        struct subject_id other = subject_id_unpack(walk.key.data + prefix.len);
        bool usable = !strong || walk.value.data[0] == IDENTIFIER_VERIFIED;
        struct subject_row row;
        if (usable && !subject_id_equal(&other, self) &&
            subject_row_get(apply->txn, &other, &row)) {
            if (row.child == self_child) {
                ret->same_child = true;
            } else {
                add_match(ret, row.child);
            }
        }
        store_walk_next(&walk);
    }
}

static bool is_strong(const struct subject_token *token)
{
    return token->status == IDENTIFIER_VERIFIED &&
           (token->class == TOKEN_NHS_NUMBER || token->class == TOKEN_UPN);
}

/* Joins the subject's child with every child that shares the verified identifier. Returns true when
 * anything joined. */
static bool link_strong(struct apply *apply, const struct subject_id *subject,
                        const struct subject_token *token)
{
    struct subject_row row;
    struct matches matches;
    bool joined = false;
    identity_subject(apply, subject, &row);
    find_matches(apply, token, subject, row.child, &matches);
    for (size_t i = 0; i < matches.n; i++) {
        uint64_t to = row.child < matches.children[i] ? row.child : matches.children[i];
        uint64_t from = row.child < matches.children[i] ? matches.children[i] : row.child;
        if (contradicted(apply, from, to)) {
            apply_noted(apply, NOTED_LINKS_CONTRADICTED);
        } else if (join(apply, from, to, LINK_VERIFIED)) {
            joined = true;
            row.child = to;
        }
    }
    if ((joined || matches.same_child) && subject_row_get(apply->txn, subject, &row) &&
        row.link != LINK_VERIFIED) {
        row.link = LINK_VERIFIED; /* a provisional link that an identifier now confirms */
        subject_row_put(apply->txn, subject, &row);
        put_member(apply, row.child, subject, row.link);
    }
    return joined;
}

static bool link_composite(struct apply *apply, const struct subject_id *subject,
                           const struct subject_token *token)
{
    struct subject_row row;
    struct matches matches;
    identity_subject(apply, subject, &row);
    find_matches(apply, token, subject, row.child, &matches);
    if (row.link != LINK_ALONE || matches.same_child || matches.n != 1) {
        return false; /* not alone any more, or not unique */
    }
    struct member_list own = {.n = 0};
    identity_members(apply->txn, row.child, collect_member, &own);
    if (own.n != 1) {
        return false; /* others rely on this child: a person decides */
    }
    if (contradicted(apply, row.child, matches.children[0])) {
        apply_noted(apply, NOTED_LINKS_CONTRADICTED);
        return false;
    }
    return join(apply, row.child, matches.children[0], LINK_PROVISIONAL);
}

static bool link_subject(struct apply *apply, const struct subject_id *subject,
                         const struct subject_row *row)
{
    bool joined = false;
    for (size_t i = 0; i < row->n_tokens; i++) {
        if (is_strong(&row->tokens[i])) {
            joined = link_strong(apply, subject, &row->tokens[i]) || joined;
        }
    }
    for (size_t i = 0; i < row->n_tokens; i++) {
        if (row->tokens[i].class == TOKEN_NAME_BIRTH_POSTCODE) {
            joined = link_composite(apply, subject, &row->tokens[i]) || joined;
        }
    }
    return joined;
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

uint64_t identity_state(struct apply *apply, const struct subject_header *header,
                        const struct entry_input *input, bool *ret_joined)
{
    assert(header->n_tokens == input->n_tokens);
    struct subject_id subject = {.agency = header->id.agency};
    memcpy(subject.handle, header->handle, CAIRN_HANDLE_BYTES);
    struct subject_row old;
    identity_subject(apply, &subject, &old);
    struct subject_row row = old;
    row.epoch = header->epoch;
    row.statement = apply->range.size; /* the leaf that follows */
    row.n_tokens = header->n_tokens;
    for (size_t i = 0; i < header->n_tokens; i++) {
        row.tokens[i].class = header->tokens[i].class;
        row.tokens[i].status = header->tokens[i].status;
        memcpy(row.tokens[i].stored, input->tokens[i], 32);
    }
    subject_row_put(apply->txn, &subject, &row);
    replace_tokens(apply, &subject, &old, &row);
    *ret_joined = link_subject(apply, &subject, &row);
    identity_subject(apply, &subject, &row);
    return row.child;
}
