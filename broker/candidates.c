/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/candidates.h"

#include "broker/alert_addressees.h"
#include "broker/alert_met.h"
#include "broker/alert_tell.h"
#include "broker/chronology.h"
#include "broker/contradiction.h"
#include "broker/headline.h"
#include "broker/holders.h"
#include "broker/mailbox.h"

/* --- alike --- */

/* Children that somebody states one of our child's tokens for. */
struct alike {
    struct apply *apply;
    uint64_t child;
    struct member_list members; /* of our child */
    size_t n_seen;
    struct subject_token seen[CAIRN_MEMBERS_MAX]; /* members mostly state the same */
    struct matches by_name;                       /* NAME_BIRTH */
    struct matches by_family;                     /* FAMILY_BIRTH_POSTCODE, of one other child */
    bool others;                                  /* any other child at all states one */
};

static bool seen_before(struct alike *alike, const struct subject_token *token)
{
    for (size_t i = 0; i < alike->n_seen; i++) {
        if (alike->seen[i].class == token->class &&
            slice_equal(SLICE_OF(alike->seen[i].stored), SLICE_OF(token->stored))) {
            return true;
        }
    }
    if (alike->n_seen < ARRAY_LEN(alike->seen)) {
        alike->seen[alike->n_seen++] = *token;
    }
    return false;
}

static void add_match(struct matches *matches, uint64_t child)
{
    if (matches->n < CAIRN_CANDIDATES_MAX) {
        matches_add(matches, child);
    }
}

static bool holds_agency_twice(const struct member_list *holders)
{
    for (size_t i = 0; i < holders->n; i++) {
        for (size_t j = 0; j < i; j++) {
            if (holders->subjects[i].agency == holders->subjects[j].agency) {
                return true;
            }
        }
    }
    return false;
}

static void look_at_token(struct alike *alike, const struct subject_token *token)
{
    struct member_list holders;
    struct matches found = {.n = 0};
    bool by_name = token->class == TOKEN_NAME_BIRTH;
    holders_find(alike->apply, token, &holders);
    for (size_t i = 0; i < holders.n; i++) {
        struct subject_row row;
        if (!member_list_has(&alike->members, &holders.subjects[i]) &&
            subject_row_get(alike->apply->txn, &holders.subjects[i], &row) &&
            row.child != alike->child) {
            matches_add(&found, row.child);
            alike_row_put(alike->apply->txn, row.child);
            alike->others = true;
        }
    }
    if (!by_name && (found.n != 1 || holds_agency_twice(&holders))) {
        return; /* a household with twins, or of another kind that only people can tell apart */
    }
    for (size_t i = 0; i < found.n; i++) {
        add_match(by_name ? &alike->by_name : &alike->by_family, found.children[i]);
    }
}

static void look_at_member(struct alike *alike, const struct subject_id *subject)
{
    struct subject_row row;
    if (!subject_row_get(alike->apply->txn, subject, &row)) {
        return;
    }
    for (size_t i = 0; i < row.n_tokens; i++) {
        const struct subject_token *token = &row.tokens[i];
        if ((token->class == TOKEN_NAME_BIRTH || token->class == TOKEN_FAMILY_BIRTH_POSTCODE) &&
            !seen_before(alike, token)) {
            look_at_token(alike, token);
        }
    }
}

/* --- not known to be two --- */

static bool has_given_name(struct apply *apply, const struct member_list *members)
{
    for (size_t i = 0; i < members->n; i++) {
        struct subject_row row;
        bool there = subject_row_get(apply->txn, &members->subjects[i], &row);
        for (size_t t = 0; there && t < row.n_tokens; t++) {
            if (row.tokens[t].class == TOKEN_NAME_BIRTH) {
                return true;
            }
        }
    }
    return false;
}

static bool may_be_one(struct apply *apply, uint64_t child, uint64_t other, bool by_name)
{
    struct member_list ours;
    struct member_list theirs;
    members_list(apply->txn, child, &ours);
    members_list(apply->txn, other, &theirs);
    for (size_t i = 0; i < ours.n; i++) {
        if (member_list_has_agency(&theirs, ours.subjects[i].agency)) {
            return false; /* that agency knows them as two */
        }
    }
    return (by_name || !has_given_name(apply, &ours) || !has_given_name(apply, &theirs)) &&
           contradiction_judged(apply, child, other) == PAIR_UNKNOWN &&
           !contradiction_of_children(apply, child, other);
}

/* --- worth it --- */

/* The open alert of either; 0 none. */
static uint64_t open_alert(struct apply *apply, uint64_t child, uint64_t other)
{
    struct alert_row row;
    uint64_t number = child_alert_get(apply->txn, child, &row);
    if (number != 0 && alert_is_open(&row)) {
        return number;
    }
    number = child_alert_get(apply->txn, other, &row);
    return number != 0 && alert_is_open(&row) ? number : 0;
}

static bool completes(struct apply *apply, uint64_t child, uint64_t other, int32_t anchor)
{
    struct ties ours;
    struct ties theirs;
    const struct alert_question both = {.n = 2, .children = {&ours, &theirs}, .anchor = anchor};
    const struct alert_question first = {.n = 1, .children = {&ours}, .anchor = anchor};
    const struct alert_question second = {.n = 1, .children = {&theirs}, .anchor = anchor};
    ties_of_child(apply, child, &ours);
    ties_of_child(apply, other, &theirs);
    return alert_met(apply, &both) && !alert_met(apply, &first) && !alert_met(apply, &second);
}

/* --- showing --- */

static bool may_count(const void *data, const struct chronology_item *item)
{
    (void)data;
    return !item->row.retracted && item->row.counts;
}

/* The newest record of the child that this front door may have by name. */
static bool find_record(struct apply *apply, uint64_t child, const struct agency *recipient,
                        struct told_record *ret, struct wire_headline *headline)
{
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    const struct chronology_search search = {
        .child = child, .from = INT32_MIN, .to = INT32_MAX, .wanted = may_count};
    size_t n = chronology_scan(apply, &search, items);
    for (size_t i = n; i > 0; i--) {
        if (headline_load(apply, &items[i - 1].row.entry, ret) &&
            headline_for(apply, ret, recipient, headline) && headline->has_record) {
            return true;
        }
    }
    return false;
}

static bool show_to(struct apply *apply, const uint64_t children[2], uint64_t alert,
                    const struct agency *recipient)
{
    struct told_record records[2];
    struct wire_headline headlines[2];
    struct alert_row row;
    struct wire_notice notice = {.type = NOTICE_CANDIDATE,
                                 .n_headlines = 2,
                                 .headlines = headlines,
                                 .time_ms = apply->time_ms};
    for (size_t i = 0; i < 2; i++) {
        if (!find_record(apply, children[i], recipient, &records[i], &headlines[i])) {
            return false;
        }
    }
    if (alert != 0 && alert_row_get(apply->txn, alert, &row) &&
        alert_was_told(&row, recipient->number)) {
        notice.alert = alert;
        notice.revision = row.revision;
    }
    struct subject_id first = headline_subject(&records[0]);
    struct subject_id second = headline_subject(&records[1]);
    pair_put(apply->txn, &first, &second, PAIR_SHOWN);
    alert_deliver_card(apply, &records[0], recipient);
    alert_deliver_card(apply, &records[1], recipient);
    uint64_t position = mailbox_notice(apply, recipient->number, &notice);
    headline_told(apply, &records[0].id, recipient->number, position);
    headline_told(apply, &records[1].id, recipient->number, position);
    return true;
}

static void look_at_pair(struct apply *apply, uint64_t child, uint64_t other, int32_t anchor)
{
    const struct directory *directory = &apply->governance->directory;
    const uint64_t children[2] = {child, other};
    uint64_t alert = open_alert(apply, child, other);
    bool shown = false;
    if (alert == 0 && !completes(apply, child, other, anchor)) {
        return;
    }
    for (size_t i = 0; i < directory->n_agencies; i++) {
        const struct agency *agency = &directory->agencies[i];
        if (agency->active && agency_is_front_door(agency)) {
            shown = show_to(apply, children, alert, agency) || shown;
        }
    }
    if (shown) {
        apply_noted(apply, NOTED_CANDIDATES_SHOWN);
    }
}

static void look(struct apply *apply, uint64_t child, int32_t anchor)
{
    struct alike alike = {.apply = apply, .child = child};
    members_list(apply->txn, child, &alike.members);
    for (size_t i = 0; i < alike.members.n; i++) {
        look_at_member(&alike, &alike.members.subjects[i]);
    }
    if (!alike.others) {
        alike_row_delete(apply->txn, child);
        return;
    }
    alike_row_put(apply->txn, child);
    for (size_t i = 0; i < alike.by_name.n; i++) {
        if (may_be_one(apply, child, alike.by_name.children[i], true)) {
            look_at_pair(apply, child, alike.by_name.children[i], anchor);
        }
    }
    for (size_t i = 0; i < alike.by_family.n; i++) {
        if (may_be_one(apply, child, alike.by_family.children[i], false)) {
            look_at_pair(apply, child, alike.by_family.children[i], anchor);
        }
    }
}

void candidates_look(struct apply *apply, uint64_t child, int32_t anchor)
{
    if (alike_row_get(apply->txn, child)) {
        look(apply, child, anchor);
    }
}

void candidates_stated(struct apply *apply, const struct subject_header *header)
{
    struct subject_row row;
    struct subject_id subject = subject_id_of(header->id.agency, header->handle);
    if (apply_found(apply, subject_row_get(apply->txn, &subject, &row)) && !row.person) {
        look(apply, row.child, ALERT_NEWEST);
    }
}
