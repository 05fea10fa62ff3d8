/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/link_decision.h"

#include "broker/alert.h"
#include "broker/alert_addressees.h"
#include "broker/child.h"
#include "broker/chronology.h"
#include "broker/contradiction.h"
#include "broker/headline.h"
#include "broker/link_notice.h"
#include "broker/links.h"
#include "broker/withdraw.h"

/* --- which link is meant --- */

struct link_case {
    struct subject_id subject; /* whose link to its child it is */
    struct subject_row row;
};

/* The record is listed in that alert, or in one that goes on as it. */
static bool is_listed(struct apply *apply, const struct told_record *record, uint64_t number)
{
    struct alert_row ignored;
    return record->row.alert != 0 && alert_going_on(apply, record->row.alert, &ignored) == number;
}

static enum verdict judge_seen(struct apply *apply, const struct decision_header *header,
                               const struct told_record *record)
{
    const struct agency *sender =
        directory_agency(&apply->governance->directory, header->id.agency);
    struct alert_row alert;
    struct wire_headline ignored;
    if (sender == NULL || !agency_is_front_door(sender) ||
        !alert_row_get(apply->txn, header->alert, &alert) ||
        !alert_is_addressee(&alert, sender->number)) {
        return VERDICT_NOT_ENTITLED;
    }
    uint64_t number = alert_going_on(apply, header->alert, &alert);
    if (!is_listed(apply, record, number) || record->child != alert.child ||
        !headline_for(apply, record, sender, &ignored)) {
        return VERDICT_NOT_ENTITLED;
    }
    return alert_may_be_decided(&alert) ? VERDICT_STORED : VERDICT_CONFLICT;
}

/* Its own child, seen in its own record or in one that came to it because of that child. */
static bool find_own(struct apply *apply, const struct decision_header *header,
                     const struct told_record *record, struct subject_id *ret)
{
    struct reader_row reader;
    if (record->id.agency == header->id.agency) {
        *ret = headline_subject(record);
        return true;
    }
    return reader_row_get(apply->txn, &record->id, header->id.agency, &reader) &&
           members_own_subject(apply->txn, record->child, header->id.agency, ret);
}

/* What does not exist and what is none of its business get one answer. */
static enum verdict find_case(struct apply *apply, const struct decision_header *header,
                              struct link_case *ret)
{
    struct told_record record;
    enum verdict verdict = VERDICT_STORED;
    if (!headline_load(apply, &header->record, &record)) {
        return VERDICT_NOT_ENTITLED;
    }
    if (header->alert != 0) {
        ret->subject = headline_subject(&record);
        verdict = judge_seen(apply, header, &record);
    } else if (header->action == ACTION_CONFIRM_LINK ||
               !find_own(apply, header, &record, &ret->subject)) {
        verdict = VERDICT_NOT_ENTITLED;
    }
    if (verdict == VERDICT_STORED && !subject_row_get(apply->txn, &ret->subject, &ret->row)) {
        return VERDICT_NOT_ENTITLED;
    }
    return verdict;
}

/* --- whether it can be --- */

static bool can_part(struct apply *apply, const struct link_case *link)
{
    struct member_list group;
    struct member_list members;
    links_bound(apply, link->row.child, &link->subject, &group);
    members_list(apply->txn, link->row.child, &members);
    return group.n < members.n && chronology_can_move(apply, link->row.child);
}

/* --- candidates --- */

struct candidate_case {
    struct told_record records[2];
};

static enum verdict find_candidate(struct apply *apply, const struct decision_header *header,
                                   struct candidate_case *ret)
{
    const struct entry_id *named[2] = {&header->record, &header->other};
    const struct agency *sender =
        directory_agency(&apply->governance->directory, header->id.agency);
    struct subject_id subjects[2];
    struct wire_headline ignored;
    for (size_t i = 0; i < 2; i++) {
        if (sender == NULL || !agency_is_front_door(sender) ||
            !headline_load(apply, named[i], &ret->records[i]) ||
            !headline_for(apply, &ret->records[i], sender, &ignored)) {
            return VERDICT_NOT_ENTITLED;
        }
        subjects[i] = headline_subject(&ret->records[i]);
    }
    enum pair pair = pair_get(apply->txn, &subjects[0], &subjects[1]);
    if (pair == PAIR_UNKNOWN) {
        return VERDICT_NOT_ENTITLED; /* nobody was asked */
    }
    return pair == PAIR_SHOWN && ret->records[0].child != ret->records[1].child ? VERDICT_STORED
                                                                                : VERDICT_CONFLICT;
}

static enum verdict judge_candidate(struct apply *apply, const struct decision_header *header)
{
    struct candidate_case pair;
    enum verdict verdict = find_candidate(apply, header, &pair);
    if (verdict != VERDICT_STORED || header->action == ACTION_REFUSE_LINK) {
        return verdict;
    }
    uint64_t a = pair.records[0].child;
    uint64_t b = pair.records[1].child;
    return contradiction_of_children(apply, a, b) ||
                   !child_can_join(apply, a > b ? a : b, a < b ? a : b)
               ? VERDICT_CONFLICT
               : VERDICT_STORED;
}

static void join(struct apply *apply, const struct candidate_case *pair,
                 const struct entry_input *input)
{
    uint64_t a = pair->records[0].child;
    uint64_t b = pair->records[1].child;
    uint64_t to = a < b ? a : b;
    struct member_list moving;
    struct subject_id subjects[2] = {headline_subject(&pair->records[0]),
                                     headline_subject(&pair->records[1])};
    members_list(apply->txn, a < b ? b : a, &moving);
    if (!child_join(apply, a < b ? b : a, to, LINK_CONFIRMED)) {
        return; /* it was judged that they can */
    }
    pair_put(apply->txn, &subjects[0], &subjects[1], PAIR_UNKNOWN);
    const struct link_notice notice = {
        .type = NOTICE_LINK_CONFIRMED, .child = to, .group = &moving, .decision = input};
    link_notice_tell(apply, &notice);
    for (size_t i = 0; i < 2; i++) {
        alert_look(apply, to, pair->records[i].header.event_day);
    }
    alert_look(apply, to, ALERT_NEWEST);
}

static void act_candidate(struct apply *apply, const struct decision_header *header,
                          const struct entry_input *input)
{
    struct candidate_case pair;
    if (!apply_found(apply, find_candidate(apply, header, &pair) == VERDICT_STORED)) {
        return;
    }
    if (header->action == ACTION_CONFIRM_LINK) {
        join(apply, &pair, input);
        return;
    }
    struct member_list a;
    struct member_list b;
    members_list(apply->txn, pair.records[0].child, &a);
    members_list(apply->txn, pair.records[1].child, &b);
    links_keep_apart(apply, &a, &b);
}

enum verdict link_decision_judge(struct apply *apply, const struct decision_header *header)
{
    struct link_case link;
    if (header->has_other) {
        return judge_candidate(apply, header);
    }
    enum verdict verdict = find_case(apply, header, &link);
    if (verdict != VERDICT_STORED) {
        return verdict;
    }
    bool by_name = link.row.link == LINK_PROVISIONAL;
    bool confirmed = link.row.link == LINK_CONFIRMED;
    bool good = header->action == ACTION_CONFIRM_LINK
                    ? by_name
                    : (by_name || (confirmed && header->action == ACTION_UNDO_LINK)) &&
                          can_part(apply, &link);
    return good ? VERDICT_STORED : VERDICT_CONFLICT;
}

/* --- what it does --- */

static void confirm(struct apply *apply, const struct link_notice *about,
                    const struct link_case *link)
{
    const struct member_list group = {.n = 1, .subjects = {link->subject}};
    struct link_notice notice = *about;
    links_confirm(apply, &link->subject);
    notice.type = NOTICE_LINK_CONFIRMED;
    notice.group = &group;
    link_notice_tell(apply, &notice);
}

static void part(struct apply *apply, const struct link_notice *about, const struct link_case *link)
{
    struct member_list group;
    struct link_notice notice = *about;
    links_bound(apply, notice.child, &link->subject, &group);
    notice.type = NOTICE_LINK_UNDONE;
    notice.group = &group;
    link_notice_tell(apply, &notice);
    uint64_t parted = links_undo(apply, notice.child, &group);
    if (parted != 0) { /* it was judged that they can move */
        withdraw_unmet(apply, notice.child, parted, notice.decision);
    }
}

void link_decision_act(struct apply *apply, const struct decision_header *header,
                       const struct entry_input *input)
{
    struct link_case link;
    if (header->has_other) {
        act_candidate(apply, header, input);
        return;
    }
    if (!apply_found(apply, find_case(apply, header, &link) == VERDICT_STORED)) {
        return;
    }
    const struct link_notice notice = {
        .child = link.row.child, .alert = header->alert, .decision = input};
    if (header->action == ACTION_CONFIRM_LINK) {
        confirm(apply, &notice, &link);
    } else {
        part(apply, &notice, &link);
    }
}
