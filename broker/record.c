/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/record.h"

#include <string.h>

#include "broker/alert.h"
#include "broker/candidates.h"
#include "broker/chronology.h"
#include "broker/circle.h"
#include "broker/desk.h"
#include "broker/disclose.h"
#include "broker/headline.h"
#include "broker/links.h"
#include "broker/mailbox.h"
#include "broker/members.h"
#include "broker/timers.h"

/* --- grants --- */

static bool grants_own_parts(const struct entry_input *entry)
{
    unsigned parts = 0;
    for (size_t i = 0; i < entry->n_grants; i++) {
        if (entry->grants[i].recipient == entry->id.agency) {
            parts |= PART_BIT(entry->grants[i].part);
        }
    }
    return (parts & PART_BIT(PART_ACCOUNT)) != 0;
}

/* The urgent lane does not wait for a sender to learn of a newer document, and a batch may hold one
 * before an entry. Such an entry was sealed in good faith. */
static bool sealed_before(const struct apply *apply, const struct entry_input *entry)
{
    const uint64_t *versions = apply->governance->versions;
    return entry->directory_version < versions[GOVERNANCE_DIRECTORY] ||
           entry->agreements_version < versions[GOVERNANCE_AGREEMENTS];
}

/* On the day it was sealed, by a clock that may be a little off, or on its way at midnight. */
static bool allowed_around(const struct apply *apply, const struct record_header *header,
                           const struct agency *origin, const struct agency *recipient)
{
    for (int32_t day = apply_day(apply) - 1; day <= apply_day(apply) + 1; day++) {
        struct decision decision = disclose_decide_at_most(apply, header, origin, recipient, day);
        if (decision.effect >= EFFECT_HOLD && decision.mode == MODE_CONTENT) {
            return true;
        }
    }
    return false;
}

/* Every reader that the sender sealed to must be one that the agreements in force here allow in some
 * role; one that only newer documents or a later day forbid, or whose involvement does not hold
 * today, is no fault of the sender's and is passed over when telling. */
static enum verdict check_grants(const struct apply *apply, const struct record_header *header,
                                 const struct entry_input *entry, const struct agency *origin)
{
    if (!grants_own_parts(entry)) {
        return VERDICT_BAD_GRANT;
    }
    for (size_t i = 0; i < entry->n_grants; i++) {
        uint32_t number = entry->grants[i].recipient;
        const struct agency *recipient = directory_agency(&apply->governance->directory, number);
        if (recipient == NULL || disclose_narrowed(header, number)) {
            return VERDICT_BAD_GRANT;
        }
        if (number != origin->number && !sealed_before(apply, entry) &&
            !allowed_around(apply, header, origin, recipient)) {
            return VERDICT_BAD_GRANT;
        }
    }
    return VERDICT_STORED;
}

/* --- record --- */

static bool may_read(struct apply *apply, const struct record_case *record,
                     const struct agency *agency)
{
    return agency != NULL && agency->active && agency->number != record->origin->number &&
           !disclose_narrowed(record->header, agency->number) &&
           disclose_decide(apply, record->header, record->origin, agency).effect >= EFFECT_ASK;
}

struct reader_search {
    struct apply *apply;
    const struct record_case *record;
    bool found;
};

static bool find_reader(void *data, const struct subject_id *subject, enum link link)
{
    (void)link;
    struct reader_search *search = data;
    const struct directory *directory = &search->apply->governance->directory;
    search->found =
        may_read(search->apply, search->record, directory_agency(directory, subject->agency));
    return !search->found;
}

/* Whether anybody but its origin may read of it: a front door, or somebody who knows the child. Whom
 * it was sealed to is asked first: with a reader among them, as nearly always, the cost does not
 * grow with the partnership. */
static bool has_reader(struct apply *apply, const struct record_case *record)
{
    struct reader_search search = {.apply = apply, .record = record};
    const struct directory *directory = &apply->governance->directory;
    for (size_t i = 0; i < record->entry->n_grants; i++) {
        if (may_read(apply, record,
                     directory_agency(directory, record->entry->grants[i].recipient))) {
            return true;
        }
    }
    for (size_t i = 0; i < directory->n_agencies; i++) {
        if (agency_is_front_door(&directory->agencies[i]) &&
            may_read(apply, record, &directory->agencies[i])) {
            return true;
        }
    }
    members_each(apply->txn, record->subject.child, find_reader, &search);
    return search.found;
}

/* The front door reads what its origin says about its own child. Whoever is told because it is
 * involved with the child gets the card alone while a name is all that says it is the same
 * child. */
static void share_with(struct apply *apply, const struct record_case *record,
                       const struct agency *recipient)
{
    uint32_t number = recipient->number;
    uint8_t parts = PART_BIT(PART_CARD) | PART_BIT(PART_ACCOUNT);
    bool by_name = record->subject.link == LINK_PROVISIONAL;
    uint8_t watch = 0;
    if (agency_is_front_door(recipient)) {
        watch =
            desk_has_watch(apply, record->header, record->entry, recipient) ? DELIVERED_ON_DUTY : 0;
    } else {
        if (disclose_roles(apply, record->subject.child, number) == 0) {
            return;
        }
        by_name = by_name || members_by_name(apply->txn, record->subject.child, number);
        parts = by_name ? PART_BIT(PART_CARD) : parts;
    }
    const struct telling telling = {.entry = &record->entry->id,
                                    .item = &record->entry->item,
                                    .parts = parts,
                                    .flags =
                                        (uint8_t)(watch | (by_name ? DELIVERED_PROVISIONAL : 0))};
    mailbox_deliver(apply, number, &telling);
}

/* `share` and danger go at once, to whoever was granted and either is the front door or is involved
 * with the child. */
static void share_now(struct apply *apply, const struct record_case *record)
{
    uint32_t last = 0;
    for (size_t i = 0; i < record->entry->n_grants; i++) {
        uint32_t number = record->entry->grants[i].recipient;
        const struct agency *recipient = directory_agency(&apply->governance->directory, number);
        if (number == last || number == record->origin->number || recipient == NULL ||
            !recipient->active) {
            continue;
        }
        last = number; /* grants are sorted by recipient */
        struct decision decision =
            disclose_decide(apply, record->header, record->origin, recipient);
        if (decision.effect == EFFECT_SHARE && decision.mode == MODE_CONTENT) {
            share_with(apply, record, recipient);
        }
    }
}

/* --- what is not content --- */

static void tell_existence(struct apply *apply, const struct told_record *record,
                           const struct agency *recipient)
{
    struct wire_headline headline;
    if (!headline_for(apply, record, recipient, &headline)) {
        return;
    }
    struct wire_notice notice = {
        .type = NOTICE_TOLD,
        .n_headlines = 1,
        .headlines = &headline,
        .time_ms = apply->time_ms,
    };
    alert_own_handle(apply, record->child, recipient->number, &notice);
    mailbox_existence(apply, recipient->number, &notice, &record->id);
}

/* Whoever an agreement tells at once without content hears that there is something. Whoever it would
 * give content, but the origin did not know of, is introduced to the origin, which can grant then. */
static void consider(struct apply *apply, const struct told_record *record, uint32_t number)
{
    const struct agency *recipient = directory_agency(&apply->governance->directory, number);
    if (recipient == NULL || !recipient->active || number == record->id.agency ||
        disclose_narrowed(&record->header, number)) {
        return;
    }
    struct decision decision = disclose_decide(apply, &record->header, record->origin, recipient);
    bool shares = decision.effect == EFFECT_SHARE;
    if (decision.effect == EFFECT_ASK || (shares && decision.mode == MODE_EXISTENCE)) {
        tell_existence(apply, record, recipient);
    } else if (shares && !agency_is_front_door(recipient) && !recipient->sensitive &&
               !disclose_granted(&record->input, number, PART_ACCOUNT)) {
        circle_introduce(apply, record->child, number, record->id.agency);
    }
}

static void tell_others(struct apply *apply, const struct told_record *record)
{
    const struct directory *directory = &apply->governance->directory;
    struct member_list members;
    members_list(apply->txn, record->child, &members);
    for (size_t i = 0; i < members.n; i++) {
        bool again = false;
        for (size_t j = 0; j < i && !again; j++) {
            again = members.subjects[j].agency == members.subjects[i].agency;
        }
        const struct agency *member = directory_agency(directory, members.subjects[i].agency);
        if (!again && member != NULL && !agency_is_front_door(member)) {
            consider(apply, record, member->number);
        }
    }
    for (size_t i = 0; i < directory->n_front_doors; i++) {
        consider(apply, record, directory->front_doors[i]);
    }
}

static void chronicle(struct apply *apply, const struct record_case *record, uint64_t log_index)
{
    const struct record_header *header = record->header;
    struct chronology_row row = {
        .subject = {.agency = header->id.agency},
        .entry = header->id,
        .record_kind = header->record_kind,
        .code = header->code,
        .level = header->level,
        .urgency = header->urgency,
        .counts = record->counts,
    };
    memcpy(row.subject.handle, header->handle, CAIRN_HANDLE_BYTES);
    if (header->has_occurrence) {
        memcpy(row.occurrence, header->occurrence, sizeof(row.occurrence));
    } else {
        memcpy(row.occurrence, record->entry->item.bytes, sizeof(row.occurrence));
    }
    chronology_add(apply, record->subject.child, header->event_day, log_index, &row);
}

static enum verdict retract(struct apply *apply, const struct record_header *header, bool *ret_news)
{
    struct entry_row target;
    struct entry_input input;
    struct entry_header old;
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    if (header->retracts.agency != header->id.agency) {
        return VERDICT_NOT_ENTITLED;
    }
    if (!entry_row_get(apply->txn, &header->retracts, &target) || target.kind != ENTRY_RECORD ||
        !verdict_is_stored(target.verdict) ||
        !journal_entry_at(apply->txn, target.batch, target.offset, &input) ||
        !wire_entry_header_read(ENTRY_RECORD, input.header, &arena, &old)) {
        return VERDICT_NOT_FOUND;
    }
    struct subject_id subject = {.agency = header->id.agency};
    struct subject_row row;
    memcpy(subject.handle, old.record.handle, CAIRN_HANDLE_BYTES);
    if (subject_row_get(apply->txn, &subject, &row)) {
        (void)chronology_retract(apply, row.child, old.record.event_day, target.log_index);
    }
    *ret_news = !target.retracted; /* told once, however often it is said */
    target.retracted = true;
    entry_row_put(apply->txn, &header->retracts, &target);
    apply_noted(apply, NOTED_RETRACTIONS);
    return VERDICT_STORED;
}

enum verdict record_judge(struct apply *apply, const struct record_header *header,
                          const struct entry_input *entry, struct record_case *ret)
{
    *ret = (struct record_case){
        .header = header,
        .entry = entry,
        .origin = directory_agency(&apply->governance->directory, header->id.agency),
    };
    assert(ret->origin != NULL); /* its key was checked */
    enum verdict verdict = check_grants(apply, header, entry, ret->origin);
    if (verdict != VERDICT_STORED) {
        return verdict;
    }
    if (header->record_kind == RECORD_RETRACTION) {
        return retract(apply, header, &ret->retracts);
    }
    struct subject_id subject = {.agency = header->id.agency};
    memcpy(subject.handle, header->handle, CAIRN_HANDLE_BYTES);
    links_subject(apply, &subject, &ret->subject);
    ret->tells = true;
    ret->counts = record_is_danger(header->record_kind, header->urgency) || has_reader(apply, ret);
    apply_noted(apply, NOTED_RECORDS_STORED);
    return ret->counts ? VERDICT_STORED : VERDICT_STORED_NO_READER;
}

void record_act(struct apply *apply, const struct record_case *record, uint64_t log_index)
{
    struct entry_row target;
    if (record->retracts && entry_row_get(apply->txn, &record->header->retracts, &target)) {
        const struct retraction retraction = {
            .header = record->header, .entry = record->entry, .alert = target.alert};
        alert_retracted(apply, &retraction);
    }
    if (!record->tells) {
        return;
    }
    chronicle(apply, record, log_index);
    struct told_record told;
    if (record->counts && headline_load(apply, &record->header->id, &told)) {
        share_now(apply, record);
        if (desk_concerns(record->header)) {
            timers_watch_record(apply, &record->header->id, log_index);
        }
        tell_others(apply, &told);
        alert_look(apply, record->subject.child, record->header->event_day);
        candidates_look(apply, record->subject.child, record->header->event_day);
    }
}
