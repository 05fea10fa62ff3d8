/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/decision.h"

#include "broker/alert.h"
#include "broker/alert_addressees.h"
#include "broker/alert_tell.h"
#include "broker/child.h"
#include "broker/disclose.h"
#include "broker/headline.h"
#include "broker/hold.h"
#include "broker/link_decision.h"
#include "broker/mailbox.h"
#include "broker/members.h"
#include "broker/picture.h"
#include "broker/request.h"

/* The account goes to the opener when an agreement, a grant and a link for good all allow it. */
static void release_account(struct apply *apply, uint64_t number, const struct told_record *record,
                            const struct agency *opener)
{
    struct decision decision = headline_decide(apply, record, opener);
    if (record->id.agency == opener->number || record->provisional || record->row.retracted ||
        record->row.destroyed != DESTROYED_NOT || decision.effect < EFFECT_HOLD ||
        decision.mode != MODE_CONTENT ||
        !disclose_granted(&record->input, opener->number, PART_ACCOUNT)) {
        return;
    }
    struct reader_row reader = {.opened = false};
    bool told = reader_row_get(apply->txn, &record->id, opener->number, &reader);
    if (told && reader.opened && (reader.parts & PART_BIT(PART_ACCOUNT)) != 0) {
        return; /* opened before: this decision is about what came since */
    }
    if (!told) {
        const struct telling card = {
            .entry = &record->id, .item = &record->row.item, .parts = PART_BIT(PART_CARD)};
        mailbox_deliver(apply, opener->number, &card);
    }
    const struct telling account = {.entry = &record->id,
                                    .item = &record->row.item,
                                    .parts = PART_BIT(PART_ACCOUNT),
                                    .alert = number};
    mailbox_release(apply, opener->number, &account);
}

void decision_tell(struct apply *apply, uint32_t agency, const struct wire_notice *notice,
                   const struct entry_input *decision)
{
    if (disclose_granted(decision, agency, PART_ACCOUNT)) {
        const struct telling reason = {
            .entry = &decision->id, .item = &decision->item, .parts = PART_BIT(PART_ACCOUNT)};
        mailbox_deliver(apply, agency, &reason);
    }
    (void)mailbox_notice(apply, agency, notice);
}

static void tell_one_decided(struct apply *apply, const struct alert_row *alert,
                             const struct wire_notice *notice, uint32_t agency,
                             const struct entry_input *decision)
{
    struct wire_notice own = *notice;
    const struct agency *recipient = directory_agency(&apply->governance->directory, agency);
    if (recipient == NULL || !alert_known_to(apply, alert, recipient)) {
        return;
    }
    alert_own_handle(apply, alert->child, agency, &own);
    decision_tell(apply, agency, &own, decision);
}

/* The addressees, and every origin, whether or not the rule names origins as addressees. */
static void tell_decided(struct apply *apply, uint64_t number, const struct alert_row *alert,
                         const struct entry_input *decision, enum notice_type type)
{
    struct alert_row all = *alert;
    struct wire_notice notice = alert_notice(apply, number, alert, type);
    notice.agency = decision->id.agency;
    notice.has_record = true;
    notice.record = decision->id;
    for (size_t i = 0; i < alert->n_records; i++) {
        alert_add_addressee(apply, &all, alert->records[i].entry.agency);
    }
    for (size_t i = 0; i < all.n_addressees; i++) {
        tell_one_decided(apply, alert, &notice, all.addressees[i].agency, decision);
    }
}

static void open_alert(struct apply *apply, uint64_t number, const struct entry_input *input,
                       struct alert_row *alert)
{
    const struct agency *opener = directory_agency(&apply->governance->directory, input->id.agency);
    for (size_t i = 0; i < alert->n_records; i++) {
        struct told_record record;
        if (headline_load_listed(apply, alert, i, &record)) {
            release_account(apply, number, &record, opener);
        }
    }
    alert->state = ALERT_OPENED;
    alert_row_put(apply->txn, number, alert);
    tell_decided(apply, number, alert, input, NOTICE_OPENED);
    apply_noted(apply, NOTED_ALERTS_OPENED);
}

static void close_alert(struct apply *apply, uint64_t number, const struct entry_input *input,
                        struct alert_row *alert)
{
    alert->state = ALERT_CLOSED;
    alert->closed_at = apply->range.size;
    alert_row_put(apply->txn, number, alert);
    tell_decided(apply, number, alert, input, NOTICE_CLOSED);
    apply_noted(apply, NOTED_ALERTS_CLOSED);
}

/* Its card alone came while a name was all that said whose it is; since then a person, or a number,
 * has said so. */
static void release_shared(struct apply *apply, const struct decision_header *header,
                           const struct reader_row *reader)
{
    struct told_record record;
    uint32_t agency = header->id.agency;
    const struct agency *opener = directory_agency(&apply->governance->directory, agency);
    if ((reader->parts & PART_BIT(PART_ACCOUNT)) != 0 || opener == NULL ||
        !headline_load(apply, &header->record, &record)) {
        return;
    }
    struct decision decision = headline_decide(apply, &record, opener);
    if (record.provisional || record.row.retracted || record.row.destroyed != DESTROYED_NOT ||
        members_by_name(apply->txn, record.child, agency) || decision.effect != EFFECT_SHARE ||
        decision.mode != MODE_CONTENT || !disclose_granted(&record.input, agency, PART_ACCOUNT)) {
        return;
    }
    const struct telling account = {
        .entry = &record.id, .item = &record.row.item, .parts = PART_BIT(PART_ACCOUNT)};
    mailbox_release(apply, agency, &account);
}

/* A person opened a record that was shared with the agency: its origin is told that it was seen. */
static void open_record(struct apply *apply, const struct decision_header *header,
                        const struct entry_input *input)
{
    struct reader_row reader;
    bool queued = reader_row_get(apply->txn, &header->record, header->id.agency, &reader);
    if (!apply_found(apply, queued)) {
        return;
    }
    bool opened_before = reader.opened;
    release_shared(apply, header, &reader);
    if (opened_before) {
        return; /* its origin was told then */
    }
    (void)reader_row_get(apply->txn, &header->record, header->id.agency, &reader);
    reader.opened = true;
    reader_row_put(apply->txn, &header->record, header->id.agency, &reader);
    struct wire_notice notice = {
        .type = NOTICE_RECORD_OPENED,
        .agency = header->id.agency,
        .has_record = true,
        .record = header->record,
        .time_ms = apply->time_ms,
    };
    decision_tell(apply, header->record.agency, &notice, input);
}

/* A person at a front door has passed on what is about a child of another authority: its origin
 * hears, and the other front doors, which need not do so as well. */
static void pass_on(struct apply *apply, const struct decision_header *header,
                    const struct entry_input *input)
{
    const struct directory *directory = &apply->governance->directory;
    struct reader_row reader;
    const struct wire_notice notice = {
        .type = NOTICE_CLOSED,
        .agency = header->id.agency,
        .has_record = true,
        .record = header->record,
        .outcome = header->outcome,
        .time_ms = apply->time_ms,
    };
    bool queued = reader_row_get(apply->txn, &header->record, header->id.agency, &reader);
    if (!apply_found(apply, queued) || reader.passed_on) {
        return;
    }
    reader.passed_on = true;
    reader_row_put(apply->txn, &header->record, header->id.agency, &reader);
    decision_tell(apply, header->record.agency, &notice, input);
    for (size_t i = 0; i < directory->n_front_doors; i++) {
        uint32_t other = directory->front_doors[i];
        if (other != header->id.agency && other != header->record.agency &&
            reader_row_get(apply->txn, &header->record, other, &reader)) {
            decision_tell(apply, other, &notice, input);
        }
    }
}

static void act_on_record(struct apply *apply, const struct decision_header *header,
                          const struct entry_input *input)
{
    if (header->action == ACTION_CLOSE) {
        pass_on(apply, header, input);
    } else {
        open_record(apply, header, input);
    }
}

/* A record is closed by passing it on, and no other way. */
static bool may_pass_on(struct apply *apply, const struct decision_header *header)
{
    struct told_record record;
    const struct agency *sender =
        directory_agency(&apply->governance->directory, header->id.agency);
    return sender != NULL && agency_is_front_door(sender) &&
           header->outcome == OUTCOME_PASSED_TO_AUTHORITY &&
           headline_load(apply, &header->record, &record) && record.header.home_authority != 0;
}

static enum verdict judge_record(struct apply *apply, const struct decision_header *header)
{
    struct reader_row reader;
    struct entry_row row;
    if (header->action != ACTION_OPEN && header->action != ACTION_CLOSE) {
        return VERDICT_BAD_ENTRY;
    }
    /* What does not exist and what was not told get one answer: ids are not to be probed. */
    bool queued = entry_row_get(apply->txn, &header->record, &row) &&
                  reader_row_get(apply->txn, &header->record, header->id.agency, &reader);
    if (!queued) {
        return VERDICT_NOT_ENTITLED;
    }
    return header->action == ACTION_OPEN || may_pass_on(apply, header) ? VERDICT_STORED
                                                                       : VERDICT_CONFLICT;
}

/* Of alerts that go on as one, a decision is about those that the decider was told of: what nobody
 * there has read is not put away by it. */
static bool decides(const struct alert_row *alert, const struct decision_header *header)
{
    return alert_may_be_decided(alert) && alert_was_told(alert, header->id.agency);
}

static bool decides_any(struct apply *apply, const struct decision_header *header)
{
    struct alert_row alert;
    uint64_t number = alert_going_on(apply, header->alert, &alert);
    bool there = number != 0;
    while (there && !decides(&alert, header)) {
        number = alert.absorbed;
        there = number != 0 && apply_found(apply, alert_row_get(apply->txn, number, &alert));
    }
    return there;
}

enum verdict decision_judge(struct apply *apply, const struct decision_header *header)
{
    if (action_is_link(header->action)) {
        return link_decision_judge(apply, header);
    }
    if (header->action == ACTION_LOOK) {
        return picture_child(apply, header) != 0 ? VERDICT_STORED : VERDICT_NOT_ENTITLED;
    }
    if (action_is_hold(header->action)) {
        return hold_judge(apply, header);
    }
    if (header->action == ACTION_REFUSE_REQUEST) {
        return request_judge_refusal(apply, header);
    }
    if (header->has_record) {
        return judge_record(apply, header);
    }
    struct alert_row alert;
    if (!alert_row_get(apply->txn, header->alert, &alert)) {
        return VERDICT_NOT_ENTITLED; /* as for one that it was not told of */
    }
    const struct agency *sender =
        directory_agency(&apply->governance->directory, header->id.agency);
    if (sender == NULL || !agency_is_front_door(sender) ||
        !alert_was_told(&alert, sender->number)) {
        return VERDICT_NOT_ENTITLED;
    }
    bool closes = header->action == ACTION_CLOSE;
    return !decides_any(apply, header) || closes != (header->outcome != OUTCOME_NONE)
               ? VERDICT_CONFLICT
               : VERDICT_STORED;
}

static void decide(struct apply *apply, uint64_t number, const struct decision_header *header,
                   const struct entry_input *input, struct alert_row *alert)
{
    switch (header->action) {
    case ACTION_OPEN:
        open_alert(apply, number, input, alert);
        return;
    case ACTION_CLOSE:
        alert->outcome = header->outcome;
        close_alert(apply, number, input, alert);
        return;
    case ACTION_CONFIRM_LINK:
    case ACTION_REFUSE_LINK:
    case ACTION_UNDO_LINK:
    case ACTION_LOOK:
    case ACTION_REFUSE_REQUEST:
    case ACTION_HOLD:
    case ACTION_RELEASE_HOLD:
        return; /* about children or requests, not about alerts */
    }
}

void decision_act(struct apply *apply, const struct decision_header *header,
                  const struct entry_input *input)
{
    struct alert_row alert;
    if (action_is_link(header->action)) {
        link_decision_act(apply, header, input);
        return;
    }
    if (header->action == ACTION_LOOK) {
        picture_look(apply, header);
        return;
    }
    if (action_is_hold(header->action)) {
        hold_act(apply, header);
        return;
    }
    if (header->action == ACTION_REFUSE_REQUEST) {
        request_refuse(apply, header, input);
        return;
    }
    if (header->has_record) {
        act_on_record(apply, header, input);
        return;
    }
    uint64_t first = alert_going_on(apply, header->alert, &alert);
    uint64_t number = first;
    bool there = apply_found(apply, number != 0);
    while (there && number != 0) {
        if (decides(&alert, header)) {
            decide(apply, number, header, input, &alert);
        }
        number = alert.absorbed;
        there = number == 0 || apply_found(apply, alert_row_get(apply->txn, number, &alert));
    }
    if (header->action == ACTION_CLOSE) {
        child_alerts_closed(apply, first);
    }
}
