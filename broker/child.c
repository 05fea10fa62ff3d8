/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/child.h"

#include "broker/chronology.h"
#include "broker/members.h"

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

/* The alert, and those that it goes on for, are this child's from now on: a decision about one of
 * them opens what each has listed. */
static void follow_child(struct apply *apply, uint64_t number, uint64_t child)
{
    struct alert_row row;
    while (number != 0 && apply_found(apply, alert_row_get(apply->txn, number, &row))) {
        row.child = child;
        alert_row_put(apply->txn, number, &row);
        number = row.absorbed;
    }
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
    follow_child(apply, number, to);
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

/* No agency needs many handles for one child; one that has would fill the child and shut others
 * out. */
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

bool child_join(struct apply *apply, uint64_t from, uint64_t to, enum link link)
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

void child_part(struct apply *apply, const struct subject_id *subject)
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
    apply->parted = to;
    apply_noted(apply, NOTED_LINKS_PARTED);
}
