/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/child.h"

#include "broker/catch_up.h"
#include "broker/chronology.h"
#include "broker/members.h"
#include "broker/waiting.h"

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

static bool any_open(struct apply *apply, uint64_t number)
{
    struct alert_row row;
    while (number != 0 && apply_found(apply, alert_row_get(apply->txn, number, &row))) {
        if (alert_is_open(&row)) {
            return true;
        }
        number = row.absorbed;
    }
    return false;
}

/* Behind `last` in the list of those that are open; the first of them is the one that goes on. */
static void go_on_behind(struct apply *apply, uint64_t going_on, uint64_t last, uint64_t number)
{
    struct alert_row row;
    if (last != 0 && apply_found(apply, alert_row_get(apply->txn, last, &row))) {
        row.absorbed = number;
        alert_row_put(apply->txn, last, &row);
    }
    if (apply_found(apply, alert_row_get(apply->txn, number, &row))) {
        row.into = going_on;
        row.absorbed = 0;
        alert_row_put(apply->txn, number, &row);
    }
}

void child_alerts_closed(struct apply *apply, uint64_t first)
{
    struct alert_row row;
    uint64_t going_on = 0;
    uint64_t last = 0;
    uint64_t number = any_open(apply, first) ? first : 0; /* all closed: they stay together */
    while (number != 0 && apply_found(apply, alert_row_get(apply->txn, number, &row))) {
        uint64_t next = row.absorbed;
        if (alert_is_open(&row)) {
            go_on_behind(apply, going_on, last, number);
            going_on = going_on == 0 ? number : going_on;
            last = number;
        } else {
            row.into = 0;
            row.absorbed = 0;
            alert_row_put(apply->txn, number, &row);
        }
        number = next;
    }
    if (going_on != 0 && going_on != first &&
        apply_found(apply, alert_row_get(apply->txn, going_on, &row))) {
        struct alert_row current;
        if (child_alert_get(apply->txn, row.child, &current) == first) {
            child_alert_put(apply->txn, row.child, going_on);
        }
    }
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

/* Who may be like the one may be like the other (candidates.h). */
static void move_alike(struct apply *apply, uint64_t from, uint64_t to)
{
    if (alike_row_get(apply->txn, from)) {
        alike_row_delete(apply->txn, from);
        alike_row_put(apply->txn, to);
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
    bool moved_open = alert_is_open(&moved);
    bool other_open = other != 0 && alert_is_open(&there);
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

/* What rests on a name, or on a person's word, still does. */
static enum link link_after_join(enum link before, enum link join)
{
    return before == LINK_PROVISIONAL || before == LINK_CONFIRMED ? before : join;
}

static enum apply_note note_of(enum link link)
{
    switch (link) {
    case LINK_PROVISIONAL:
        return NOTED_LINKS_PROVISIONAL;
    case LINK_CONFIRMED:
        return NOTED_LINKS_CONFIRMED;
    case LINK_ALONE:
    case LINK_VERIFIED:
        return NOTED_LINKS_VERIFIED;
    }
    return NOTED_LINKS_VERIFIED;
}

bool child_can_join(struct apply *apply, uint64_t from, uint64_t to)
{
    struct member_list moving;
    struct member_list staying;
    members_list(apply->txn, from, &moving);
    members_list(apply->txn, to, &staying);
    return moving.n + staying.n <= CAIRN_MEMBERS_MAX &&
           !too_many_of_one_agency(&moving, &staying) && chronology_can_move(apply, from);
}

bool child_join(struct apply *apply, uint64_t from, uint64_t to, enum link link)
{
    struct member_list moving;
    struct member_list staying;
    members_list(apply->txn, from, &moving);
    members_list(apply->txn, to, &staying);
    if (!child_can_join(apply, from, to) || !chronology_move(apply, from, to, NULL)) {
        apply_noted(apply, NOTED_LINKS_TOO_LARGE);
        return false;
    }
    for (size_t i = 0; i < moving.n; i++) {
        struct subject_row row;
        if (!subject_row_get(apply->txn, &moving.subjects[i], &row)) {
            continue;
        }
        row.child = to;
        row.link = link_after_join(row.link, link);
        subject_row_put(apply->txn, &moving.subjects[i], &row);
        members_remove(apply, from, &moving.subjects[i]);
        members_put(apply, to, &moving.subjects[i], row.link);
    }
    move_alike(apply, from, to);
    move_alert(apply, from, to);
    catch_up_join(apply, to, &moving, &staying);
    apply_noted(apply, note_of(link));
    return true;
}

uint64_t child_part_group(struct apply *apply, const struct member_list *group)
{
    struct subject_row row;
    assert(group->n > 0);
    if (!apply_found(apply, subject_row_get(apply->txn, &group->subjects[0], &row))) {
        return 0;
    }
    assert(row.link == LINK_PROVISIONAL || row.link == LINK_CONFIRMED);
    uint64_t from = row.child;
    uint64_t to = meta_next(apply->txn, "children");
    if (!chronology_move(apply, from, to, group)) {
        apply_noted(apply, NOTED_LINKS_TOO_LARGE);
        return 0;
    }
    for (size_t i = 0; i < group->n; i++) {
        if (!apply_found(apply, subject_row_get(apply->txn, &group->subjects[i], &row))) {
            return 0;
        }
        assert(row.child == from);
        members_remove(apply, from, &group->subjects[i]);
        row.child = to;
        row.link = i == 0 ? LINK_ALONE : row.link;
        subject_row_put(apply->txn, &group->subjects[i], &row);
        members_put(apply, to, &group->subjects[i], row.link);
    }
    alike_row_put(apply->txn, from);
    alike_row_put(apply->txn, to);
    waiting_judge_again(apply);
    apply_noted(apply, NOTED_LINKS_PARTED);
    return to;
}

void child_part(struct apply *apply, const struct subject_id *subject)
{
    const struct member_list alone = {.n = 1, .subjects = {*subject}};
    uint64_t to = child_part_group(apply, &alone);
    apply->parted = to != 0 ? to : apply->parted;
}
