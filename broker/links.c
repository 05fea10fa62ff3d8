/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/links.h"

#include <string.h>

#include "broker/chronology.h"
#include "broker/members.h"

static const enum token_class strong_classes[] = {TOKEN_NHS_NUMBER, TOKEN_UPN};

/* --- subjects --- */

void links_subject(struct apply *apply, const struct subject_id *subject, struct subject_row *ret)
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
    members_put(apply, ret->child, subject, ret->link);
}

/* --- contradictions --- */

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

static bool children_contradict(struct apply *apply, uint64_t a, uint64_t b)
{
    const struct side of_a = {.child = a};
    const struct side of_b = {.child = b};
    return contradicted(apply, &of_a, &of_b);
}

static bool members_contradict(struct apply *apply, uint64_t child, const struct subject_id *a,
                               const struct subject_id *b)
{
    const struct side of_a = {.child = child, .only = a};
    const struct side of_b = {.child = child, .only = b};
    return contradicted(apply, &of_a, &of_b);
}

static bool contradicts_the_others(struct apply *apply, uint64_t child,
                                   const struct subject_id *subject)
{
    const struct side own = {.child = child, .only = subject};
    const struct side others = {.child = child, .except = subject};
    return contradicted(apply, &own, &others);
}

/* --- joining --- */

/* An open alert whose child's open alert is another one from now on. A decision about either is one
 * about both (decision.c). */
static void absorb(struct apply *apply, uint64_t going_on, uint64_t absorbed)
{
    struct alert_row head;
    struct alert_row tail;
    uint64_t last = absorbed;
    if (!apply_found(apply, alert_row_get(apply->txn, going_on, &head) &&
                                alert_row_get(apply->txn, absorbed, &tail))) {
        return;
    }
    tail.into = going_on;
    alert_row_put(apply->txn, absorbed, &tail);
    while (tail.absorbed != 0) {
        last = tail.absorbed;
        if (!apply_found(apply, alert_row_get(apply->txn, last, &tail))) {
            return;
        }
    }
    tail.absorbed = head.absorbed;
    alert_row_put(apply->txn, last, &tail);
    head.absorbed = absorbed;
    alert_row_put(apply->txn, going_on, &head);
}

/* An alert follows its child. Where both had one, each stays reachable by its number; the current
 * one is the open one, or else the newer. */
static void move_alert(struct apply *apply, uint64_t from, uint64_t to)
{
    struct store_key from_key = store_key_u64(from);
    struct alert_row moved;
    struct alert_row there;
    uint64_t number = child_alert_get(apply->txn, from, &moved);
    if (number == 0) {
        return;
    }
    moved.child = to;
    alert_row_put(apply->txn, number, &moved);
    (void)store_delete(apply->txn, T_CHILD_ALERT, store_key_slice(&from_key));
    uint64_t other = child_alert_get(apply->txn, to, &there);
    bool moved_open = moved.state != ALERT_CLOSED;
    bool other_open = other != 0 && there.state != ALERT_CLOSED;
    bool moved_goes_on = moved_open == other_open ? number > other : moved_open;
    if (moved_goes_on) {
        child_alert_put(apply->txn, to, number);
    }
    if (moved_open && other_open) {
        absorb(apply, moved_goes_on ? number : other, moved_goes_on ? other : number);
    }
}

/* No agency needs many handles for one child; one that has would fill the child and shut others out. */
static bool too_many_of_one_agency(const struct member_list *a, const struct member_list *b)
{
    for (size_t i = 0; i < a->n; i++) {
        size_t n = 0;
        for (size_t j = 0; j < a->n; j++) {
            n += a->subjects[j].agency == a->subjects[i].agency ? 1 : 0;
        }
        for (size_t j = 0; j < b->n; j++) {
            n += b->subjects[j].agency == a->subjects[i].agency ? 1 : 0;
        }
        if (n > CAIRN_MEMBERS_PER_AGENCY_MAX) {
            return true;
        }
    }
    return false;
}

/* Re-points every subject of `from` to `to`. False, and nothing changed, when it would exceed a
 * limit. */
static bool join(struct apply *apply, uint64_t from, uint64_t to, enum link link)
{
    struct member_list moving;
    struct member_list staying;
    members_list(apply->txn, from, &moving);
    members_list(apply->txn, to, &staying);
    if (moving.n + staying.n > CAIRN_MEMBERS_MAX || too_many_of_one_agency(&moving, &staying) ||
        !chronology_move(apply, from, to, NULL)) {
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
        members_remove(apply, from, &moving.subjects[i]);
        members_put(apply, to, &moving.subjects[i], row.link);
    }
    move_alert(apply, from, to);
    apply_noted(apply, link == LINK_PROVISIONAL ? NOTED_LINKS_PROVISIONAL : NOTED_LINKS_VERIFIED);
    return true;
}

/* --- parting --- */

static bool states(const struct subject_row *row, const struct subject_token *token)
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
                    states(&row, search->token);
    return !search->found;
}

/* A member that is there for good states this identifier, so whoever else does is the same child.
 */
static bool firmly_held(struct apply *apply, uint64_t child, const struct subject_token *token)
{
    struct firm_search search = {.txn = apply->txn, .token = token};
    members_each(apply->txn, child, find_firm, &search);
    return search.found;
}

/* A provisional member gets a child of its own again, with its records. What an alert has listed
 * stays listed. */
static void part(struct apply *apply, const struct subject_id *subject)
{
    struct subject_row row;
    if (!apply_found(apply, subject_row_get(apply->txn, subject, &row))) {
        return;
    }
    assert(row.link == LINK_PROVISIONAL);
    uint64_t to = meta_next(apply->txn, "children");
    if (!chronology_move(apply, row.child, to, subject)) {
        apply_noted(apply, NOTED_LINKS_TOO_LARGE);
        return;
    }
    members_remove(apply, row.child, subject);
    row.child = to;
    row.link = LINK_ALONE;
    subject_row_put(apply->txn, subject, &row);
    members_put(apply, to, subject, row.link);
    apply_noted(apply, NOTED_LINKS_PARTED);
}

/* After a new statement: provisional members that it contradicts part. False when a contradiction
 * is left, between members that are there for good: a person must look. */
static bool part_contradicted(struct apply *apply, const struct subject_id *subject)
{
    struct subject_row row;
    struct member_list members;
    links_subject(apply, subject, &row);
    if (!contradicts_the_others(apply, row.child, subject)) {
        return true;
    }
    apply_noted(apply, NOTED_LINKS_CONTRADICTED);
    if (row.link == LINK_PROVISIONAL) {
        part(apply, subject);
        return true;
    }
    members_list(apply->txn, row.child, &members);
    for (size_t i = 0; i < members.n; i++) {
        struct subject_row other;
        if (subject_row_get(apply->txn, &members.subjects[i], &other) &&
            other.link == LINK_PROVISIONAL &&
            members_contradict(apply, row.child, subject, &members.subjects[i])) {
            part(apply, &members.subjects[i]);
        }
    }
    return !contradicts_the_others(apply, row.child, subject);
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

static bool is_usable(struct apply *apply, const struct subject_token *token,
                      const struct subject_row *row)
{
    return token->class == TOKEN_NAME_BIRTH_POSTCODE || row->link != LINK_PROVISIONAL ||
           firmly_held(apply, row->child, token);
}

static size_t count_of(const struct member_list *list, uint32_t agency)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        n += list->subjects[i].agency == agency ? 1 : 0;
    }
    return n;
}

/* Subjects that state this token; a strong one verified. At most CAIRN_MEMBERS_PER_AGENCY_MAX of one
 * agency are looked at, so that none can hide the others behind a crowd of its own handles. Noted
 * when these were not all. */
static void find_holders(struct apply *apply, const struct subject_token *token,
                         struct member_list *ret)
{
    bool strong = token->class != TOKEN_NAME_BIRTH_POSTCODE;
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

static void find_matches(struct apply *apply, const struct subject_token *token,
                         const struct subject_id *self, uint64_t self_child, struct matches *ret)
{
    struct member_list holders;
    *ret = (struct matches){.n = 0};
    find_holders(apply, token, &holders);
    for (size_t i = 0; i < holders.n; i++) {
        struct subject_row row;
        if (subject_id_equal(&holders.subjects[i], self) ||
            !subject_row_get(apply->txn, &holders.subjects[i], &row) ||
            !is_usable(apply, token, &row)) {
            continue;
        }
        if (row.child == self_child) {
            ret->same_child = true;
        } else {
            add_match(ret, row.child);
        }
    }
}

static bool is_strong(const struct subject_token *token)
{
    return token->status == IDENTIFIER_VERIFIED &&
           (token->class == TOKEN_NHS_NUMBER || token->class == TOKEN_UPN);
}

static bool link_composite(struct apply *apply, const struct subject_id *subject,
                           const struct subject_token *token)
{
    struct subject_row row;
    struct matches matches;
    links_subject(apply, subject, &row);
    find_matches(apply, token, subject, row.child, &matches);
    if (row.link != LINK_ALONE || matches.same_child || matches.n != 1) {
        return false; /* not alone any more, or not unique */
    }
    struct member_list own;
    members_list(apply->txn, row.child, &own);
    if (own.n != 1) {
        return false; /* others rely on this child: a person decides */
    }
    if (children_contradict(apply, row.child, matches.children[0])) {
        apply_noted(apply, NOTED_LINKS_CONTRADICTED);
        return false;
    }
    return join(apply, row.child, matches.children[0], LINK_PROVISIONAL);
}

static bool link_composites(struct apply *apply, const struct subject_id *subject,
                            const struct subject_row *row)
{
    bool joined = false;
    for (size_t i = 0; i < row->n_tokens; i++) {
        if (row->tokens[i].class == TOKEN_NAME_BIRTH_POSTCODE) {
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
    find_holders(apply, token, &holders);
    for (size_t i = 0; holders.n > 1 && i < holders.n; i++) {
        struct subject_row row;
        if (subject_row_get(apply->txn, &holders.subjects[i], &row) &&
            row.link == LINK_PROVISIONAL && !firmly_held(apply, row.child, token)) {
            add_match(left, row.child);
            part(apply, &holders.subjects[i]);
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
    if (!firmly_held(apply, child, token)) {
        return;
    }
    members_list(apply->txn, child, &members);
    for (size_t i = 0; i < members.n; i++) {
        struct subject_row row;
        if (subject_row_get(apply->txn, &members.subjects[i], &row) &&
            row.link == LINK_PROVISIONAL && states(&row, token)) {
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
    links_subject(apply, subject, &row);
    if (!is_usable(apply, token, &row)) {
        return false; /* it could not part: its link is a matter of its name still */
    }
    find_matches(apply, token, subject, row.child, &matches);
    for (size_t i = 0; i < matches.n; i++) {
        uint64_t to = row.child < matches.children[i] ? row.child : matches.children[i];
        uint64_t from = row.child < matches.children[i] ? matches.children[i] : row.child;
        if (children_contradict(apply, from, to)) {
            apply_noted(apply, NOTED_LINKS_CONTRADICTED);
        } else if (join(apply, from, to, LINK_VERIFIED)) {
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

/* --- statements --- */

bool links_statement_sound(const struct subject_header *header)
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
            return false;
        }
    }
    return true;
}

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

uint64_t links_state(struct apply *apply, const struct subject_header *header,
                     const struct entry_input *input, bool *ret_joined)
{
    assert(header->n_tokens == input->n_tokens);
    struct subject_id subject = {.agency = header->id.agency};
    memcpy(subject.handle, header->handle, CAIRN_HANDLE_BYTES);
    struct subject_row old;
    links_subject(apply, &subject, &old);
    if (header->revision < old.revision) {
        *ret_joined = false; /* a newer one came first, in another lane */
        return old.child;
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
    *ret_joined = link_subject(apply, &subject, &row);
    links_subject(apply, &subject, &row);
    return row.child;
}
