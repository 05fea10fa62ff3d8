/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/record.h"

#include <string.h>

#include "broker/alert.h"
#include "broker/alert_retract.h"
#include "broker/candidates.h"
#include "broker/chronology.h"
#include "broker/desk.h"
#include "broker/disclose.h"
#include "broker/links.h"
#include "broker/members.h"
#include "broker/record_adult.h"
#include "broker/record_tell.h"
#include "broker/stored.h"
#include "broker/timers.h"
#include "cairn/senders.h"
#include "wire/narrowing.h"

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

static bool grants_others(const struct entry_input *entry)
{
    for (size_t i = 0; i < entry->n_grants; i++) {
        if (entry->grants[i].recipient != entry->id.agency) {
            return true;
        }
    }
    return false;
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
    static const int32_t around[] = {0, -1, 1}; /* today answers nearly always */
    for (size_t i = 0; i < ARRAY_LEN(around); i++) {
        struct decision decision =
            disclose_decide_at_most(apply, header, origin, recipient, apply_day(apply) + around[i]);
        if (decision.effect >= EFFECT_HOLD && decision.mode == MODE_CONTENT) {
            return true;
        }
    }
    return false;
}

/* Every reader that the sender sealed to must be one that the agreements in force here allow in
 * some role; one that only newer documents or a later day forbid, or whose involvement does not
 * hold today, is no fault of the sender's and is passed over when telling. */
static enum verdict check_grants(const struct apply *apply, const struct record_header *header,
                                 const struct entry_input *entry, const struct agency *origin)
{
    if (!grants_own_parts(entry)) {
        return VERDICT_BAD_GRANT;
    }
    if (header->person && grants_others(entry)) {
        return VERDICT_BAD_GRANT; /* nobody opens what is said of an adult */
    }
    for (size_t i = 0; i < entry->n_grants; i++) {
        uint32_t number = entry->grants[i].recipient;
        if (i > 0 && number == entry->grants[i - 1].recipient) {
            continue; /* the same answer for another part */
        }
        const struct agency *recipient = directory_agency(&apply->governance->directory, number);
        if (recipient == NULL || narrowing_names(header, number)) {
            return VERDICT_BAD_GRANT;
        }
        if (number != origin->number && !sealed_before(apply, entry) &&
            !allowed_around(apply, header, origin, recipient)) {
            return VERDICT_BAD_GRANT;
        }
    }
    return VERDICT_STORED;
}

/* --- the record --- */

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
    _cleanup_(stored_deinit) struct stored target = STORED_NULL;
    if (header->retracts.agency != header->id.agency) {
        return VERDICT_NOT_ENTITLED;
    }
    if (!stored_load_as(apply->txn, &header->retracts, ENTRY_RECORD, &target) ||
        !verdict_is_stored(target.row.verdict)) {
        return VERDICT_NOT_FOUND;
    }
    struct subject_id subject = subject_id_of(header->id.agency, target.header.record.handle);
    uint64_t child = members_child(apply->txn, &subject);
    if (child != 0) {
        (void)chronology_retract(apply, child, target.header.record.event_day,
                                 target.row.log_index);
    }
    *ret_news = !target.row.retracted; /* told once, however often it is said */
    target.row.retracted = true;
    entry_row_put(apply->txn, &header->retracts, &target.row);
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
    if (!sender_may_say(ret->origin->kind->class, header->record_kind, header->code,
                        header->urgency)) {
        return VERDICT_NOT_ENTITLED;
    }
    enum verdict verdict = check_grants(apply, header, entry, ret->origin);
    if (verdict != VERDICT_STORED) {
        return verdict;
    }
    if (header->record_kind == RECORD_RETRACTION) {
        return retract(apply, header, &ret->retracts);
    }
    struct subject_id subject = subject_id_of(header->id.agency, header->handle);
    if (!links_subject(apply, &subject, header->person, &ret->subject)) {
        return VERDICT_BAD_ENTRY; /* an adult's handle for a child's, or the other way round */
    }
    ret->tells = true;
    ret->counts =
        record_is_danger(header->record_kind, header->urgency) || record_is_read(apply, ret);
    apply_noted(apply, NOTED_RECORDS_STORED);
    return ret->counts ? VERDICT_STORED : VERDICT_STORED_NO_READER;
}

/* As headline_load would find it, and all of it is at hand. */
static void tell_others(struct apply *apply, const struct record_case *record, uint64_t log_index)
{
    const struct told_record told = {
        .id = record->header->id,
        .log_index = log_index,
        .row = apply_entry_row(apply, record->entry, VERDICT_STORED, log_index),
        .input = *record->entry,
        .header = *record->header,
        .origin = record->origin,
        .child = record->subject.child,
        .provisional = record->subject.link == LINK_PROVISIONAL,
    };
    record_tell_others(apply, &told, NOTICE_TOLD);
}

/* Of a record that somebody may read. */
static void act_on_child(struct apply *apply, const struct record_case *record, uint64_t log_index)
{
    record_share_now(apply, record);
    if (record->header->home_authority != 0) {
        timers_watch_passing(apply, &record->header->id, log_index);
    }
    if (desk_concerns(record->header)) {
        timers_watch_record(apply, &record->header->id, log_index);
    }
    tell_others(apply, record, log_index);
    alert_look_at(apply, record->subject.child, record->header->event_day, log_index);
    candidates_look(apply, record->subject.child, record->header->event_day);
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
    if (apply_day(apply) < record->header->narrow.hidden_until) {
        timers_watch_hidden(apply, &record->header->id, record->header->narrow.hidden_until,
                            log_index);
    }
    if (record->header->person) {
        record_act_on_adult(apply, record, log_index);
        return;
    }
    if (record->counts) {
        act_on_child(apply, record, log_index);
    }
}
