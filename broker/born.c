/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/born.h"

#include <string.h>

#include "broker/alert.h"
#include "broker/child.h"
#include "broker/circle.h"
#include "broker/contradiction.h"
#include "broker/link_notice.h"
#include "broker/links.h"
#include "broker/ties.h"
#include "broker/withdraw.h"

/* Nothing was said of it but an agency's own number: it has no name and no number of its own
 * yet. */
static bool is_unborn(const struct subject_row *row)
{
    for (size_t i = 0; i < row->n_tokens; i++) {
        if (row->tokens[i].class != TOKEN_LOCAL_ID) {
            return false;
        }
    }
    return !row->person && row->n_tokens > 0;
}

static bool unborn_child(struct apply *apply, uint64_t child)
{
    struct member_list members;
    members_list(apply->txn, child, &members);
    for (size_t i = 0; i < members.n; i++) {
        struct subject_row row;
        if (!subject_row_get(apply->txn, &members.subjects[i], &row) || !is_unborn(&row)) {
            return false;
        }
    }
    return members.n > 0;
}

/* --- it is born --- */

/* The first one who is born; a further one is that child's twin. */
static bool is_first(struct apply *apply, const struct subject_row *expected,
                     const struct subject_row *born)
{
    return unborn_child(apply, expected->child) &&
           !contradiction_of_children(apply, expected->child, born->child) &&
           child_can_join(apply, expected->child, born->child);
}

static enum verdict judge_withdrawal(struct apply *apply, const struct tie_case *tie,
                                     const struct subject_row *expected, bool together)
{
    struct tie_row row;
    if (tie_row_get(apply->txn, &tie->child, &tie->person, &row)) {
        return VERDICT_STORED;
    }
    struct member_list group;
    struct member_list members;
    links_bound(apply, expected->child, &tie->person, &group);
    members_list(apply->txn, expected->child, &members);
    bool parts = expected->link == LINK_CONFIRMED || expected->link == LINK_PROVISIONAL;
    return together && parts && group.n < members.n && !member_list_has(&group, &tie->child)
               ? VERDICT_STORED
               : VERDICT_CONFLICT;
}

enum verdict born_judge(struct apply *apply, const struct tie_header *header, struct tie_case *ret)
{
    struct subject_row expected;
    struct subject_row born;
    struct tie_row there;
    if (!subject_row_get(apply->txn, &ret->person, &expected) ||
        !subject_row_get(apply->txn, &ret->child, &born)) {
        return VERDICT_NOT_FOUND;
    }
    if (expected.person || born.person) {
        return VERDICT_BAD_ENTRY;
    }
    ret->born = true;
    if (header->withdrawn) {
        ret->removed = true;
        return judge_withdrawal(apply, ret, &expected, expected.child == born.child);
    }
    ret->fresh =
        expected.child != born.child && !tie_row_get(apply->txn, &ret->child, &ret->person, &there);
    ret->joins = ret->fresh && is_first(apply, &expected, &born);
    return VERDICT_STORED;
}

static void undo(struct apply *apply, const struct tie_case *tie, uint64_t child,
                 const struct entry_input *entry)
{
    struct member_list group;
    struct tie_row row;
    uint64_t parted = 0;
    if (tie_row_get(apply->txn, &tie->child, &tie->person, &row)) {
        tie_row_delete(apply->txn, &tie->child, &tie->person);
    } else {
        links_bound(apply, child, &tie->person, &group);
        const struct link_notice notice = {
            .type = NOTICE_LINK_UNDONE, .child = child, .group = &group, .decision = entry};
        link_notice_tell(apply, &notice);
        parted = links_undo(apply, child, &group);
    }
    withdraw_unmet(apply, child, parted, entry);
}

void born_act(struct apply *apply, const struct tie_case *tie, const struct entry_input *entry)
{
    struct subject_row expected;
    struct subject_row born;
    if (!subject_row_get(apply->txn, &tie->person, &expected) ||
        !subject_row_get(apply->txn, &tie->child, &born)) {
        return;
    }
    if (tie->removed) {
        undo(apply, tie, born.child, entry);
    } else if (tie->joins && child_join(apply, expected.child, born.child, LINK_CONFIRMED)) {
        circle_meet(apply, born.child);
    }
    if (tie->fresh) {
        alert_look(apply, born.child, ALERT_NEWEST);
    }
}

/* --- it is expected --- */

struct expecting {
    struct apply *apply;
    uint64_t child; /* who waits */
    uint64_t found; /* who is waited for by others; 0 nobody */
    size_t n;
};

static bool holds(const struct apply *apply, const struct tie_row *row)
{
    return row->relationship == RELATIONSHIP_MOTHER && apply_day(apply) < row->until_day;
}

static bool add_expected(void *data, const struct subject_id *mother, enum link link)
{
    struct expecting *expecting = data;
    struct store_key prefix = key_subject(mother);
    if (link == LINK_PROVISIONAL) {
        return true; /* a name is not enough to say that it is the same mother */
    }
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(expecting->apply->txn, T_TIED, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        struct subject_id child = subject_id_unpack(walk.key.data + prefix.len);
        struct subject_row row;
        struct tie_row tie;
        if (tie_row_get(expecting->apply->txn, &child, mother, &tie) &&
            holds(expecting->apply, &tie) && subject_row_get(expecting->apply->txn, &child, &row) &&
            row.child != expecting->child && row.child != expecting->found &&
            unborn_child(expecting->apply, row.child)) {
            expecting->found = row.child;
            expecting->n++;
        }
    }
    return true;
}

/* One agency that has two of them waits for twins, and knows them as two. */
static bool shares_agency(struct apply *apply, uint64_t a, uint64_t b)
{
    struct member_list of_a;
    struct member_list of_b;
    members_list(apply->txn, a, &of_a);
    members_list(apply->txn, b, &of_b);
    for (size_t i = 0; i < of_a.n; i++) {
        if (member_list_has_agency(&of_b, of_a.subjects[i].agency)) {
            return true;
        }
    }
    return false;
}

void born_expected(struct apply *apply, const struct tie_case *tie)
{
    struct subject_row child;
    struct subject_row mother;
    struct tie_row row;
    if (!tie_row_get(apply->txn, &tie->child, &tie->person, &row) || !holds(apply, &row) ||
        !subject_row_get(apply->txn, &tie->child, &child) ||
        !subject_row_get(apply->txn, &tie->person, &mother) || mother.link == LINK_PROVISIONAL ||
        !unborn_child(apply, child.child)) {
        return;
    }
    struct expecting expecting = {.apply = apply, .child = child.child};
    members_each(apply->txn, mother.child, add_expected, &expecting);
    if (expecting.n != 1 || shares_agency(apply, child.child, expecting.found) ||
        contradiction_of_children(apply, child.child, expecting.found)) {
        return;
    }
    uint64_t to = child.child < expecting.found ? child.child : expecting.found;
    uint64_t from = child.child < expecting.found ? expecting.found : child.child;
    if (child_join(apply, from, to, LINK_PROVISIONAL)) {
        circle_meet(apply, to);
        alert_look(apply, to, ALERT_NEWEST);
    }
}

/* --- its mother is found at another agency --- */

/* The ties of one statement about her, once: what comes together here changes them. */
static size_t ties_of(struct apply *apply, const struct subject_id *mother,
                      struct tie_case ret[CAIRN_MEMBERS_MAX])
{
    struct store_key prefix = key_subject(mother);
    size_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(apply->txn, T_TIED, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix) && n < CAIRN_MEMBERS_MAX;
         store_walk_next(&walk)) {
        ret[n++] = (struct tie_case){.child = subject_id_unpack(walk.key.data + prefix.len),
                                     .person = *mother};
    }
    return n;
}

void born_mother_met(struct apply *apply, uint64_t person)
{
    struct member_list members;
    members_list(apply->txn, person, &members);
    for (size_t i = 0; i < members.n; i++) {
        struct tie_case ties[CAIRN_MEMBERS_MAX];
        size_t n = ties_of(apply, &members.subjects[i], ties);
        for (size_t j = 0; j < n; j++) {
            born_expected(apply, &ties[j]);
        }
    }
}
