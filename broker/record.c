/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/record.h"

#include <string.h>

#include "broker/alert.h"
#include "broker/alert_retract.h"
#include "broker/alert_tell.h"
#include "broker/candidates.h"
#include "broker/chronology.h"
#include "broker/circle.h"
#include "broker/desk.h"
#include "broker/disclose.h"
#include "broker/headline.h"
#include "broker/links.h"
#include "broker/mailbox.h"
#include "broker/members.h"
#include "broker/stored.h"
#include "broker/ties.h"
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

/* --- record --- */

struct reader_search {
    struct apply *apply;
    const struct record_header *header;
    const struct entry_input *entry;
    const struct agency *origin;
    uint64_t child;
    bool found;
};

/* One day: what is hidden counts by who reads it then. */
static bool may_read(const struct reader_search *search, const struct agency *agency)
{
    struct record_header header = *search->header;
    header.narrow.hidden_until = 0;
    return agency != NULL && agency->active && agency->number != search->origin->number &&
           disclose_decide(search->apply, search->child, &header, search->origin, agency).effect >=
               EFFECT_ASK;
}

static bool find_reader(void *data, const struct subject_id *subject, enum link link)
{
    (void)link;
    struct reader_search *search = data;
    const struct directory *directory = &search->apply->governance->directory;
    search->found = may_read(search, directory_agency(directory, subject->agency));
    return !search->found;
}

/* Whether anybody but its origin may read of it: a front door, or somebody who knows the child. Whom
 * it was sealed to is asked first: with a reader among them, as nearly always, the cost does not
 * grow with the partnership. */
static bool has_reader(struct reader_search *search)
{
    const struct directory *directory = &search->apply->governance->directory;
    const struct entry_input *entry = search->entry;
    for (size_t i = 0; i < entry->n_grants; i++) {
        if (may_read(search, directory_agency(directory, entry->grants[i].recipient))) {
            return true;
        }
    }
    for (size_t i = 0; i < directory->n_agencies; i++) {
        if (agency_is_front_door(&directory->agencies[i]) &&
            may_read(search, &directory->agencies[i])) {
            return true;
        }
    }
    members_each(search->apply->txn, search->child, find_reader, search);
    return search->found;
}

/* Of an adult whom nobody has tied to a child: nobody, for now. */
static bool is_read(struct apply *apply, const struct record_case *record)
{
    struct reader_search search = {
        .apply = apply,
        .header = record->header,
        .entry = record->entry,
        .origin = record->origin,
        .child = record->subject.child,
    };
    struct chronology_item item = {.day = record->header->event_day,
                                   .row = {.subject = {.agency = record->origin->number}}};
    struct tied_children children;
    struct tied ignored;
    if (!record->header->person) {
        return has_reader(&search);
    }
    memcpy(item.row.subject.handle, record->header->handle, CAIRN_HANDLE_BYTES);
    ties_children(apply, record->subject.child, &children);
    for (size_t i = 0; i < children.n && !search.found; i++) {
        search.child = children.of[i];
        search.found = ties_count(apply, search.child, &item, record->subject.child, &ignored) &&
                       has_reader(&search);
    }
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
        struct decision decision = disclose_decide(apply, record->subject.child, record->header,
                                                   record->origin, recipient);
        if (decision.effect == EFFECT_SHARE && decision.mode == MODE_CONTENT) {
            share_with(apply, record, recipient);
        }
    }
}

/* --- what is not content --- */

static void tell_existence(struct apply *apply, const struct told_record *record,
                           const struct agency *recipient, enum notice_type type)
{
    struct wire_headline headline;
    if (!headline_for(apply, record, recipient, &headline)) {
        return;
    }
    struct wire_notice notice = {
        .type = type,
        .n_headlines = 1,
        .headlines = &headline,
        .time_ms = apply->time_ms,
    };
    alert_own_handle(apply, record->child, recipient->number, &notice);
    if (type == NOTICE_TOLD) {
        uint64_t position = mailbox_existence(apply, recipient->number, &notice, &record->id);
        headline_told(apply, &record->id, recipient->number, position);
    } else {
        (void)mailbox_notice(apply, recipient->number, &notice);
    }
}

/* Whoever an agreement tells at once without content hears that there is something. Whoever it would
 * give content, but the origin did not know of, is introduced to the origin, which can grant then. */
static void consider(struct apply *apply, const struct told_record *record, uint32_t number,
                     enum notice_type type)
{
    const struct agency *recipient = directory_agency(&apply->governance->directory, number);
    if (recipient == NULL || !recipient->active || number == record->id.agency) {
        return;
    }
    struct decision decision = headline_decide(apply, record, recipient);
    bool shares = decision.effect == EFFECT_SHARE;
    if (decision.effect == EFFECT_ASK || (shares && decision.mode == MODE_EXISTENCE)) {
        tell_existence(apply, record, recipient, type);
    } else if (shares && !agency_is_front_door(recipient) && !recipient->sensitive &&
               !disclose_granted(&record->input, number, PART_ACCOUNT)) {
        circle_introduce(apply, record->child, number, record->id.agency);
        if (record->header.narrow.hidden_until != 0) {
            tell_existence(apply, record, recipient, type); /* its origin may know it long since */
        }
    }
}

/* Whoever has the child too. */
static void tell_members(struct apply *apply, const struct told_record *record,
                         enum notice_type type)
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
            consider(apply, record, member->number, type);
        }
    }
}

static void tell_others(struct apply *apply, const struct told_record *record,
                        enum notice_type type)
{
    const struct directory *directory = &apply->governance->directory;
    tell_members(apply, record, type);
    for (size_t i = 0; i < directory->n_front_doors; i++) {
        consider(apply, record, directory->front_doors[i], type);
    }
}

/* Of an adult: a sensitive service's word counts, and causes no notice. */
static void tell_of_adult(struct apply *apply, const struct told_record *record,
                          enum notice_type type)
{
    if (!record->origin->sensitive) {
        tell_others(apply, record, type);
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
    _cleanup_(stored_deinit) struct stored target = STORED_NULL;
    if (header->retracts.agency != header->id.agency) {
        return VERDICT_NOT_ENTITLED;
    }
    if (!stored_load_as(apply->txn, &header->retracts, ENTRY_RECORD, &target) ||
        !verdict_is_stored(target.row.verdict)) {
        return VERDICT_NOT_FOUND;
    }
    struct subject_id subject = {.agency = header->id.agency};
    struct subject_row row;
    memcpy(subject.handle, target.header.record.handle, CAIRN_HANDLE_BYTES);
    if (subject_row_get(apply->txn, &subject, &row)) {
        (void)chronology_retract(apply, row.child, target.header.record.event_day,
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
    struct subject_id subject = {.agency = header->id.agency};
    memcpy(subject.handle, header->handle, CAIRN_HANDLE_BYTES);
    if (!links_subject(apply, &subject, header->person, &ret->subject)) {
        return VERDICT_BAD_ENTRY; /* an adult's handle for a child's, or the other way round */
    }
    ret->tells = true;
    ret->counts = record_is_danger(header->record_kind, header->urgency) || is_read(apply, ret);
    apply_noted(apply, NOTED_RECORDS_STORED);
    return ret->counts ? VERDICT_STORED : VERDICT_STORED_NO_READER;
}

/* Whether it counts for that child; who is told at once is told. */
static bool tell_child(struct apply *apply, const struct entry_id *id, uint64_t child)
{
    struct told_record told;
    if (!headline_load_of(apply, id, child, &told)) {
        return false;
    }
    struct reader_search search = {
        .apply = apply,
        .header = &told.header,
        .entry = &told.input,
        .origin = told.origin,
        .child = child,
    };
    if (!has_reader(&search)) {
        return false;
    }
    tell_of_adult(apply, &told, NOTICE_TOLD);
    return true;
}

/* Every child's circle hears at once. Of the patterns' looks, which may each write as much as an entry
 * may, those that do not fit this step have a tick of their own. */
static void act_on_adult(struct apply *apply, const struct record_case *record, uint64_t log_index)
{
    struct tied_children children;
    bool counts[CAIRN_TIED_MAX] = {false};
    uint64_t from = store_writes(apply->txn);
    ties_children(apply, record->subject.child, &children);
    for (size_t i = 0; i < children.n; i++) {
        counts[i] = tell_child(apply, &record->header->id, children.of[i]);
    }
    for (size_t i = 0; i < children.n; i++) {
        if (counts[i] && apply_paused(apply, from)) {
            timers_look_later(apply, children.of[i]);
        } else if (counts[i]) {
            alert_look_at(apply, children.of[i], record->header->event_day, log_index);
        }
    }
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
        act_on_adult(apply, record, log_index);
        return;
    }
    struct told_record told;
    if (record->counts && headline_load(apply, &record->header->id, &told)) {
        share_now(apply, record);
        if (record->header->home_authority != 0) {
            timers_watch_passing(apply, &record->header->id, log_index);
        }
        if (desk_concerns(record->header)) {
            timers_watch_record(apply, &record->header->id, log_index);
        }
        tell_others(apply, &told, NOTICE_TOLD);
        alert_look_at(apply, record->subject.child, record->header->event_day, log_index);
        candidates_look(apply, record->subject.child, record->header->event_day);
    }
}

/* --- an adult and a child who come together, or part --- */

static bool not_retracted(const void *data, const struct chronology_item *item)
{
    (void)data;
    return !item->row.retracted;
}

static bool waits(const void *data, const struct chronology_item *item)
{
    (void)data;
    return !item->row.retracted && !item->row.counts;
}

/* The newest that was said of an adult. */
static size_t said_of(struct apply *apply, uint64_t person,
                      bool (*wanted)(const void *data, const struct chronology_item *item),
                      struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX])
{
    const struct chronology_search search = {
        .child = person, .from = INT32_MIN, .to = INT32_MAX, .wanted = wanted};
    return chronology_scan(apply, &search, items);
}

static void look_or_later(struct apply *apply, uint64_t child, uint64_t from)
{
    if (apply_paused(apply, from)) {
        timers_look_later(apply, child);
    } else {
        alert_look(apply, child, ALERT_NEWEST);
    }
}

/* The newest first. What does not fit one step goes on in a tick as long as nobody was told of it;
 * what was told of another child before is in the picture of this one. */
void record_tied(struct apply *apply, uint64_t person, uint64_t child)
{
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    uint64_t from = store_writes(apply->txn);
    size_t left = said_of(apply, person, not_retracted, items);
    bool counts = false;
    for (; left > 0 && !apply_paused(apply, from); left--) {
        if (tell_child(apply, &items[left - 1].row.entry, child)) {
            chronology_count(apply, person, &items[left - 1]);
            counts = true;
        }
    }
    if (left > 0) {
        timers_go_on_telling(apply, person);
        apply_noted(apply, NOTED_TELL_TOO_LARGE);
    }
    if (counts) {
        look_or_later(apply, child, from);
    }
}

/* Of one record to every child at once: from then on it does not wait any more. */
void record_person_met(struct apply *apply, uint64_t person)
{
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct tied_children children;
    bool counts[CAIRN_TIED_MAX] = {false};
    uint64_t from = store_writes(apply->txn);
    size_t left = said_of(apply, person, waits, items);
    ties_children(apply, person, &children);
    for (; left > 0 && !apply_paused(apply, from); left--) {
        bool counted = false;
        for (size_t i = 0; i < children.n; i++) {
            if (tell_child(apply, &items[left - 1].row.entry, children.of[i])) {
                counts[i] = true;
                counted = true;
            }
        }
        if (counted) {
            chronology_count(apply, person, &items[left - 1]);
        }
    }
    if (left > 0) {
        timers_go_on_telling(apply, person);
    }
    for (size_t i = 0; i < children.n; i++) {
        if (counts[i]) {
            look_or_later(apply, children.of[i], from);
        }
    }
}

/* Whom an alert told of it, and no agreement tells at once. */
static void tell_addressees(struct apply *apply, const struct told_record *record)
{
    struct alert_row alert;
    if (child_alert_get(apply->txn, record->child, &alert) == 0 ||
        !alert_lists(&alert, &record->id)) {
        return;
    }
    for (size_t i = 0; i < alert.n_addressees; i++) {
        const struct agency *addressee =
            directory_agency(&apply->governance->directory, alert.addressees[i].agency);
        if (addressee != NULL && addressee->active && alert.addressees[i].told > 0 &&
            headline_decide(apply, record, addressee).effect != EFFECT_SHARE) {
            tell_existence(apply, record, addressee, NOTICE_LINK_UNDONE);
        }
    }
}

void record_untied(struct apply *apply, uint64_t person, uint64_t child)
{
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    uint64_t from = store_writes(apply->txn);
    size_t left = said_of(apply, person, not_retracted, items);
    for (; left > 0 && !apply_paused(apply, from); left--) {
        const struct chronology_item *item = &items[left - 1];
        struct told_record told;
        if (item->row.counts && headline_load_of(apply, &item->row.entry, child, &told)) {
            tell_of_adult(apply, &told, NOTICE_LINK_UNDONE);
            tell_addressees(apply, &told);
        }
    }
    if (left > 0) {
        apply_noted(apply, NOTED_TELL_TOO_LARGE);
    }
}

/* --- what was hidden --- */

static void show_to_child(struct apply *apply, const struct entry_id *id, uint64_t child)
{
    struct told_record told;
    if (headline_load_of(apply, id, child, &told) && !(told.tied && told.origin->sensitive)) {
        tell_members(apply, &told, NOTICE_TOLD);
        alert_shown(apply, &told);
    }
}

static void show_sealed(struct apply *apply, const struct told_record *told)
{
    const struct record_case record = {
        .header = &told->header,
        .entry = &told->input,
        .origin = told->origin,
        .subject = {.child = told->child,
                    .link = told->provisional ? LINK_PROVISIONAL : LINK_VERIFIED},
    };
    share_now(apply, &record); /* a front door has it: that tells it nothing again */
}

void record_shown(struct apply *apply, const struct entry_id *id)
{
    struct told_record told;
    struct tied_children children;
    if (!headline_load(apply, id, &told) || told.row.retracted) {
        return;
    }
    if (!told.header.person) {
        if (told.row.verdict != VERDICT_STORED) {
            return; /* nobody reads it, and its sender was told so */
        }
        if (told.row.destroyed == DESTROYED_NOT) {
            show_sealed(apply, &told);
        }
        show_to_child(apply, id, told.child);
        return;
    }
    ties_children(apply, told.child, &children);
    for (size_t i = 0; i < children.n; i++) {
        show_to_child(apply, id, children.of[i]);
    }
}
