/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/record_tell.h"

#include <string.h>

#include "broker/alert_tell.h"
#include "broker/chronology.h"
#include "broker/circle.h"
#include "broker/desk.h"
#include "broker/disclose.h"
#include "broker/mailbox.h"
#include "broker/members.h"
#include "broker/ties.h"

/* --- who may read of it --- */

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

/* Whether anybody but its origin may read of it: a front door, or somebody who knows the child.
 * Whom it was sealed to is asked first: with a reader among them, as nearly always, the cost does
 * not grow with the partnership. */
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

bool record_has_reader(struct apply *apply, const struct told_record *record)
{
    struct reader_search search = {
        .apply = apply,
        .header = &record->header,
        .entry = &record->input,
        .origin = record->origin,
        .child = record->child,
    };
    return has_reader(&search);
}

bool record_is_read(struct apply *apply, const struct record_case *record)
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

/* --- content --- */

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

void record_share_now(struct apply *apply, const struct record_case *record)
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

void record_tell_existence(struct apply *apply, const struct told_record *record,
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

/* Whoever an agreement tells at once without content hears that there is something. Whoever it
 * would give content, but the origin did not know of, is introduced to the origin, which can grant
 * then. */
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
        record_tell_existence(apply, record, recipient, type);
    } else if (shares && !agency_is_front_door(recipient) && !recipient->sensitive &&
               !disclose_granted(&record->input, number, PART_ACCOUNT)) {
        circle_introduce(apply, record->child, number, record->id.agency);
        if (record->header.narrow.hidden_until != 0) {
            record_tell_existence(apply, record, recipient,
                                  type); /* its origin may know it long since */
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

void record_tell_others(struct apply *apply, const struct told_record *record,
                        enum notice_type type)
{
    const struct directory *directory = &apply->governance->directory;
    tell_members(apply, record, type);
    for (size_t i = 0; i < directory->n_front_doors; i++) {
        consider(apply, record, directory->front_doors[i], type);
    }
}

void record_tell_of_adult(struct apply *apply, const struct told_record *record,
                          enum notice_type type)
{
    if (!record->origin->sensitive) {
        record_tell_others(apply, record, type);
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
    record_share_now(apply, &record); /* a front door has it: that tells it nothing again */
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
