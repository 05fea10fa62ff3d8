/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/fate.h"

#include "broker/disclose.h"
#include "broker/grant.h"
#include "broker/headline.h"
#include "broker/members.h"
#include "broker/stored.h"
#include "broker/ties.h"

/* --- records --- */

bool fate_was_withheld(struct apply *apply, const struct entry_id *id, uint32_t agency)
{
    struct withheld_row row;
    return withheld_row_get(apply->txn, id, agency, &row);
}

/* Not even its card, which may have come before what was withheld. */
static bool never_had(struct apply *apply, const struct entry_id *id, uint32_t agency)
{
    struct reader_row reader;
    return fate_was_withheld(apply, id, agency) && !reader_row_get(apply->txn, id, agency, &reader);
}

/* What lay behind each way to a mailbox (record.c, alert.c, grant.c), asked again. */
static bool record_may_go(struct apply *apply, const struct record_header *header,
                          const struct agency *recipient, uint8_t parts)
{
    const struct agency *origin =
        directory_agency(&apply->governance->directory, header->id.agency);
    if (header->has_retracts) {
        return !never_had(apply, &header->retracts, recipient->number);
    }
    if (origin == NULL) {
        return false;
    }
    struct decision decision =
        disclose_decide(apply, disclose_child(apply, header), header, origin, recipient);
    if (parts == 0) { /* its keys follow in a grant of their own */
        return decision.effect == EFFECT_ASK ||
               (decision.effect > EFFECT_ASK && decision.mode == MODE_CONTENT);
    }
    bool card_alone = parts == PART_BIT(PART_CARD) && agency_is_front_door(recipient);
    return decision.effect >= (card_alone ? EFFECT_HOLD : EFFECT_SHARE) &&
           decision.mode == MODE_CONTENT;
}

/* Who was told of it to act upon it (granting, answering) is told still: that names no child
 * anew. */
static bool involvement_may_go(struct apply *apply, const struct involvement_header *header,
                               const struct agency *recipient, const struct mailbox_row *row)
{
    const struct agency *origin =
        directory_agency(&apply->governance->directory, header->id.agency);
    struct subject_id subject = subject_id_of(header->id.agency, header->handle);
    uint64_t child = members_child(apply->txn, &subject);
    if ((row->flags & MAILBOX_INTRODUCES) != 0) {
        return true;
    }
    if (origin == NULL || child == 0) {
        return false;
    }
    uint32_t roles = disclose_roles(apply, child, recipient->number);
    struct decision decision = disclose_involvement(apply, origin, recipient, roles);
    return decision.effect == EFFECT_SHARE && (row->parts == 0 || decision.mode == MODE_CONTENT);
}

static bool granted_record_may_go(struct apply *apply, const struct grant_header *header,
                                  const struct record_header *record,
                                  const struct agency *recipient)
{
    const struct agency *origin =
        directory_agency(&apply->governance->directory, record->id.agency);
    return origin != NULL &&
           grant_allows(header, disclose_decide(apply, disclose_child(apply, record), record,
                                                origin, recipient));
}

static bool grant_may_go(struct apply *apply, const struct grant_header *header,
                         const struct agency *recipient, const struct mailbox_row *row)
{
    _cleanup_(stored_deinit) struct stored entry = STORED_NULL;
    if (!stored_load(apply->txn, &header->record, &entry)) {
        return false;
    }
    return entry.row.kind == ENTRY_INVOLVEMENT
               ? involvement_may_go(apply, &entry.header.involvement, recipient, row)
               : granted_record_may_go(apply, header, &entry.header.record, recipient);
}

/* --- alerts --- */

/* Of an adult: as of somebody who is tied to that child. */
bool fate_may_know(struct apply *apply, const struct entry_id *id, uint64_t child,
                   const struct agency *recipient, struct wire_headline *ret)
{
    struct told_record record;
    return headline_load(apply, id, &record) &&
           (!record.header.person || headline_load_of(apply, id, child, &record)) &&
           headline_for(apply, &record, recipient, ret);
}

/* Of which child something was told at once: it is named by the recipient's own handle, if that has
 * one; an adult may be tied to several. */
static bool may_be_told(struct apply *apply, const struct entry_id *id,
                        const struct wire_notice *notice, const struct agency *recipient)
{
    struct tied_children children;
    struct told_record record;
    struct wire_headline ignored;
    struct subject_id subject = subject_id_of(recipient->number, notice->handle);
    uint64_t child = notice->has_handle ? members_child(apply->txn, &subject) : 0;
    if (child != 0) {
        return fate_may_know(apply, id, child, recipient, &ignored);
    }
    if (!headline_load(apply, id, &record) || !record.header.person) {
        return fate_may_know(apply, id, 0, recipient, &ignored);
    }
    ties_children(apply, record.child, &children);
    for (size_t i = 0; i < children.n; i++) {
        if (fate_may_know(apply, id, children.of[i], recipient, &ignored)) {
            return true;
        }
    }
    return false;
}

/* Whether it may know of a record of the alert, whosever child that is by now. */
static bool alert_may_be_known(struct apply *apply, uint64_t number, const struct agency *recipient)
{
    struct alert_row alert;
    struct wire_headline ignored;
    if (!alert_row_get(apply->txn, number, &alert)) {
        return false;
    }
    for (size_t i = 0; i < alert.n_records; i++) {
        if (fate_may_know(apply, &alert.records[i].entry, alert.child, recipient, &ignored)) {
            return true;
        }
    }
    return false;
}

/* A headline that names no record: one like it must be allowed still. */
static bool unnamed_may_go(struct apply *apply, uint64_t number, const struct agency *recipient,
                           const struct wire_headline *headline)
{
    struct alert_row alert;
    struct wire_headline now;
    if (!alert_row_get(apply->txn, number, &alert)) {
        return false;
    }
    for (size_t i = 0; i < alert.n_records; i++) {
        if (alert.records[i].day == headline->event_day &&
            fate_may_know(apply, &alert.records[i].entry, alert.child, recipient, &now) &&
            slice_equal(now.class, headline->class) &&
            slice_equal(now.origin_kind, headline->origin_kind)) {
            return true;
        }
    }
    return false;
}

/* What is left of an alert's or a pair's headlines; no headline says more than it did. */
static size_t keep_headlines(struct apply *apply, const struct wire_notice *notice,
                             const struct agency *recipient,
                             struct wire_headline left[CAIRN_ALERT_RECORDS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < notice->n_headlines; i++) {
        const struct wire_headline *was = &notice->headlines[i];
        struct wire_headline now;
        if (!was->has_record) {
            left[n] = *was;
            n += unnamed_may_go(apply, notice->alert, recipient, was) ? 1 : 0;
        } else if (fate_may_know(apply, &was->record, 0, recipient, &now)) {
            left[n++] = now.has_record ? *was : now;
        }
    }
    return n;
}

/* --- notices --- */

void judged_notice_deinit(struct judged_notice *judged)
{
    arena_deinit(&judged->arena);
}

static enum fate fate_of_headlines(struct apply *apply, const struct agency *recipient,
                                   struct judged_notice *judged)
{
    struct wire_notice *notice = &judged->notice;
    size_t n = keep_headlines(apply, notice, recipient, judged->left);
    bool same = n == notice->n_headlines;
    for (size_t i = 0; i < n && same; i++) {
        same = judged->left[i].has_record == notice->headlines[i].has_record;
    }
    if (same) {
        return FATE_GOES;
    }
    notice->headlines = judged->left;
    notice->n_headlines = n;
    return n == 0 || notice->type == NOTICE_CANDIDATE ? FATE_WITHHELD : FATE_NARROWED;
}

static enum fate fate_if(bool goes)
{
    return goes ? FATE_GOES : FATE_WITHHELD;
}

static enum fate fate_of_notice(struct apply *apply, const struct agency *recipient,
                                const struct mailbox_row *row, struct judged_notice *ret)
{
    bool good = wire_notice_read(row->notice, &ret->arena, &ret->notice);
    assert(good); /* we wrote it */
    switch (ret->notice.type) {
    case NOTICE_RAISED:
    case NOTICE_EXTENDED:
    case NOTICE_LISTED:
    case NOTICE_CANDIDATE:
        return fate_of_headlines(apply, recipient, ret);
    case NOTICE_TOLD:
        return fate_if(may_be_told(apply, &row->entry, &ret->notice, recipient));
    case NOTICE_OPENED:
    case NOTICE_OVER_BUDGET:
        return fate_if(alert_may_be_known(apply, ret->notice.alert, recipient));
    case NOTICE_CLOSED: /* of a record: that it was passed on */
    case NOTICE_UNOPENED:
        return fate_if(ret->notice.alert == 0 ||
                       alert_may_be_known(apply, ret->notice.alert, recipient));
    case NOTICE_RETRACTED:
        return fate_if(!ret->notice.has_record ||
                       !never_had(apply, &ret->notice.record, recipient->number));
    case NOTICE_RECORD_OPENED: /* about its own */
    case NOTICE_DESTROYED_UNUSED:
    case NOTICE_DESTROYED_DELIVERED:
    case NOTICE_HOLD_ENDS: /* its own, by a decision of its own */
    case NOTICE_NOT_SHARED:
    case NOTICE_LINK_CONFIRMED: /* what it holds is another child's, or this one's: it must know */
    case NOTICE_LINK_UNDONE:
    case NOTICE_WITHDRAWN:
        break;
    }
    return FATE_GOES;
}

/* --- rows --- */

static bool entry_may_go(struct apply *apply, const struct agency *recipient,
                         const struct mailbox_row *row)
{
    _cleanup_(stored_deinit) struct stored entry = STORED_NULL;
    if (!stored_load(apply->txn, &row->entry, &entry)) {
        return false;
    }
    switch (entry.row.kind) {
    case ENTRY_RECORD:
        return row->kind == ITEM_RELEASE
                   ? record_may_go(apply, &entry.header.record, recipient, 0)
                   : record_may_go(apply, &entry.header.record, recipient, row->parts);
    case ENTRY_INVOLVEMENT:
        return involvement_may_go(apply, &entry.header.involvement, recipient, row);
    case ENTRY_GRANT:
        return grant_may_go(apply, &entry.header.grant, recipient, row);
    case ENTRY_DECISION:
        return entry.header.decision.alert == 0 ||
               alert_may_be_known(apply, entry.header.decision.alert, recipient);
    case ENTRY_REQUEST:
    case ENTRY_SUBJECT:
    case ENTRY_ACKNOWLEDGEMENT:
    case ENTRY_TIE:
        break;
    }
    return true;
}

enum fate fate_of(struct apply *apply, const struct agency *recipient,
                  const struct mailbox_row *row, struct judged_notice *ret)
{
    switch (row->kind) {
    case ITEM_DELIVERED:
    case ITEM_RELEASE:
        return fate_if(entry_may_go(apply, recipient, row));
    case ITEM_NOTICE:
        return fate_of_notice(apply, recipient, row, ret);
    case ITEM_WITHHELD:
        break;
    }
    return FATE_GOES;
}
