/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/tie.h"

#include <string.h>

#include "broker/born.h"
#include "broker/circle.h"
#include "broker/disclose.h"
#include "broker/links.h"
#include "broker/record_adult.h"
#include "broker/ties.h"
#include "broker/waiting.h"
#include "broker/withdraw.h"

static size_t count_rows(struct store_txn *txn, enum table table, const struct subject_id *subject)
{
    struct store_key prefix = key_subject(subject);
    size_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, table, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        n++;
    }
    return n;
}

/* As many ties a day as involvements; and a family, not a list of everybody, at one child or
 * adult. */
static bool within_limits(struct apply *apply, const struct tie_case *tie)
{
    const struct agency *agency =
        directory_agency(&apply->governance->directory, tie->child.agency);
    struct agency_row row;
    circle_today(apply, tie->child.agency, &row);
    assert(agency != NULL); /* its key was checked */
    if (row.ties_today >= agency->involvements_per_day_max ||
        count_rows(apply->txn, T_TIE, &tie->child) >= CAIRN_TIED_MAX ||
        count_rows(apply->txn, T_TIED, &tie->person) >= CAIRN_TIED_MAX) {
        apply_noted(apply, NOTED_LIMITS_REACHED);
        return false;
    }
    row.ties_today++;
    agency_row_put(apply->txn, tie->child.agency, &row);
    return true;
}

/* Of a child that the agency has nothing to do with it may not say who its people are. */
static bool knows_child(struct apply *apply, const struct subject_id *child)
{
    struct subject_row row;
    return subject_row_get(apply->txn, child, &row) && !row.person &&
           disclose_roles(apply, row.child, child->agency) != 0;
}

static enum verdict judge_holding(struct apply *apply, const struct tie_case *tie)
{
    struct subject_row row;
    if (!knows_child(apply, &tie->child)) {
        return VERDICT_NOT_ENTITLED;
    }
    if (tie->fresh && !within_limits(apply, tie)) {
        return VERDICT_OVER_LIMIT;
    }
    bool person = links_subject(apply, &tie->person, true, &row);
    assert(person);
    return VERDICT_STORED;
}

/* Its handles are children's both. A twin has a row as a tied adult has, and counts as one. */
static enum verdict judge_born(struct apply *apply, const struct tie_header *header,
                               struct tie_case *tie)
{
    enum verdict verdict = born_judge(apply, header, tie);
    if (verdict != VERDICT_STORED || !tie->fresh || tie->joins) {
        return verdict;
    }
    if (!within_limits(apply, tie)) {
        return VERDICT_OVER_LIMIT;
    }
    const struct tie_row row = {.relationship = header->relationship,
                                .until_day = TIE_OPEN,
                                .log_index = apply->range.size,
                                .entry = header->id};
    tie_row_put(apply->txn, &tie->child, &tie->person, &row);
    return VERDICT_STORED;
}

enum verdict tie_judge(struct apply *apply, const struct tie_header *header, struct tie_case *ret)
{
    struct subject_row person;
    struct tie_row old = {.until_day = INT32_MIN, .log_index = apply->range.size};
    int32_t today = apply_day(apply);
    bool holds = !header->withdrawn && today < header->until_day;
    *ret = (struct tie_case){.child = {.agency = header->id.agency},
                             .person = {.agency = header->id.agency}};
    memcpy(ret->child.handle, header->handle, CAIRN_HANDLE_BYTES);
    memcpy(ret->person.handle, header->person, CAIRN_HANDLE_BYTES);
    if (header->relationship == RELATIONSHIP_BORN) {
        return judge_born(apply, header, ret);
    }
    if (subject_row_get(apply->txn, &ret->person, &person) && !person.person) {
        return VERDICT_BAD_ENTRY; /* to end a tie of twins by another name would end a child */
    }
    bool there = tie_row_get(apply->txn, &ret->child, &ret->person, &old);
    bool held = there && today < old.until_day;
    ret->fresh = holds && !held;
    ret->removed = header->withdrawn && there;
    ret->shorter = there && header->until_day < old.until_day;
    if (header->withdrawn || (!there && !holds)) {
        return VERDICT_STORED; /* there is nothing of it, or nothing will be left */
    }
    if (holds) {
        enum verdict verdict = judge_holding(apply, ret);
        if (verdict != VERDICT_STORED) {
            return verdict;
        }
    }
    const struct tie_row row = {
        .relationship = header->relationship,
        .until_day = header->until_day,
        .log_index = ret->fresh ? apply->range.size : old.log_index,
        .entry = header->id,
    };
    tie_row_put(apply->txn, &ret->child, &ret->person, &row);
    return VERDICT_STORED;
}

/* --- what it does --- */

/* Nobody is kept whom nothing ties to a child and of whom nothing was said. */
static void forget_person(struct apply *apply, const struct subject_id *person)
{
    struct subject_row row;
    if (count_rows(apply->txn, T_TIED, person) > 0 || !subject_row_get(apply->txn, person, &row) ||
        chronology_has(apply, row.child, person)) {
        return;
    }
    links_forget(apply, person);
}

static void remove(struct apply *apply, const struct tie_case *tie, uint64_t child, uint64_t person)
{
    if (ties_between(apply, child, person) == 1) {
        record_untied(apply, person, child);
    }
    tie_row_delete(apply->txn, &tie->child, &tie->person);
    forget_person(apply, &tie->person);
    apply_noted(apply, NOTED_TIES_UNDONE);
}

void tie_act(struct apply *apply, const struct tie_case *tie, const struct entry_input *entry)
{
    struct subject_row child;
    struct subject_row person;
    if (tie->born) {
        born_act(apply, tie, entry);
        return;
    }
    if (!subject_row_get(apply->txn, &tie->child, &child) ||
        !subject_row_get(apply->txn, &tie->person, &person)) {
        return;
    }
    if (tie->removed) {
        remove(apply, tie, child.child, person.child);
    }
    if (tie->removed || tie->shorter) {
        waiting_judge_again(apply);
        withdraw_unmet(apply, child.child, 0, entry);
    }
    if (tie->fresh) {
        record_tied(apply, person.child, child.child);
        born_expected(apply, tie);
        apply_noted(apply, NOTED_TIES_MADE);
    }
}
