/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/link_notice.h"

#include "broker/alert_addressees.h"
#include "broker/alert_retract.h"
#include "broker/alert_tell.h"
#include "broker/chronology.h"
#include "broker/decision.h"
#include "broker/headline.h"

#define AGENCIES_MAX (CAIRN_MEMBERS_MAX + CAIRN_ADDRESSEES_MAX)

struct telling_all {
    struct apply *apply;
    const struct link_notice *link;
    size_t n;
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    size_t n_agencies;
    uint32_t agencies[AGENCIES_MAX];
};

static void add_agency(struct telling_all *all, uint32_t agency)
{
    for (size_t i = 0; i < all->n_agencies; i++) {
        if (all->agencies[i] == agency) {
            return;
        }
    }
    if (all->n_agencies == AGENCIES_MAX) {
        apply_noted(all->apply, NOTED_TELL_TOO_LARGE);
        return;
    }
    all->agencies[all->n_agencies++] = agency;
}

/* The alert that a record is listed in; false when it is in none. */
static bool alert_of(struct apply *apply, const struct entry_id *record, struct alert_row *ret)
{
    struct entry_row row;
    return entry_row_get(apply->txn, record, &row) && row.alert != 0 &&
           alert_row_get(apply->txn, row.alert, ret);
}

/* Whoever was told that it exists. */
static void add_told(struct telling_all *all, const struct entry_id *record)
{
    struct store_key prefix = key_entry(record);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(all->apply->txn, T_HEADLINE, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        struct reader rest =
            reader_over(slice_make(walk.key.data + prefix.len, walk.key.len - prefix.len));
        add_agency(all, read_u32(&rest));
    }
}

static void add_readers(struct telling_all *all, const struct entry_id *record)
{
    uint32_t readers[CAIRN_ADDRESSEES_MAX];
    struct alert_row alert;
    size_t n = alert_readers(all->apply, record, readers);
    for (size_t i = 0; i < n; i++) {
        add_agency(all, readers[i]);
    }
    add_told(all, record);
    if (alert_of(all->apply, record, &alert)) {
        for (size_t i = 0; i < alert.n_addressees; i++) {
            add_agency(all, alert.addressees[i].agency);
        }
    }
}

/* Whether the link led the agency to this record: it knows the child on one side, and the record is
 * of the other. A front door knows no side: it was told of the one as of the other's child. */
static bool is_through_link(const struct telling_all *all, const struct agency *recipient,
                            const struct member_list *members, const struct subject_id *subject)
{
    const struct member_list *group = all->link->group;
    bool of_group = member_list_has(group, subject);
    bool in_group = member_list_has_agency(group, recipient->number);
    bool outside = false;
    if (agency_is_front_door(recipient)) {
        return of_group;
    }
    for (size_t i = 0; i < members->n; i++) {
        outside = outside || (members->subjects[i].agency == recipient->number &&
                              !member_list_has(group, &members->subjects[i]));
    }
    return of_group ? outside && !in_group : in_group && !outside;
}

/* What it may know today; of what was delivered to it, at least which record is meant. */
static bool headline_of(struct apply *apply, const struct entry_id *id,
                        const struct agency *recipient, struct wire_headline *ret)
{
    struct told_record record;
    struct reader_row reader;
    struct alert_row alert;
    bool delivered = reader_row_get(apply->txn, id, recipient->number, &reader);
    struct headline_row row;
    bool told = (alert_of(apply, id, &alert) && alert_was_told(&alert, recipient->number)) ||
                headline_row_get(apply->txn, id, recipient->number, &row);
    if ((!delivered && !told) || !headline_load(apply, id, &record)) {
        return false;
    }
    if (headline_for(apply, &record, recipient, ret)) {
        return true;
    }
    if (delivered) {
        headline_fill(&record, recipient, true, ret);
    }
    return delivered;
}

static struct wire_notice notice_to(struct telling_all *all, const struct agency *recipient)
{
    struct apply *apply = all->apply;
    struct wire_notice notice = {
        .type = all->link->type,
        .agency = all->link->decision->id.agency,
        .has_record = true,
        .record = all->link->decision->id,
        .time_ms = apply->time_ms,
    };
    struct alert_row alert;
    if (all->link->alert != 0 && alert_row_get(apply->txn, all->link->alert, &alert) &&
        alert_was_told(&alert, recipient->number)) {
        notice.alert = all->link->alert;
        notice.revision = alert.revision;
    }
    alert_own_handle(apply, all->link->child, recipient->number, &notice);
    return notice;
}

static void tell_agency(struct telling_all *all, const struct member_list *members, uint32_t agency)
{
    struct wire_headline headlines[CAIRN_ALERT_RECORDS_MAX];
    const struct agency *recipient = directory_agency(&all->apply->governance->directory, agency);
    if (recipient == NULL || !recipient->active) {
        return;
    }
    struct wire_notice notice = notice_to(all, recipient);
    notice.headlines = headlines;
    for (size_t i = 0; i < all->n; i++) {
        const struct chronology_row *row = &all->items[i].row;
        if (is_through_link(all, recipient, members, &row->subject) &&
            headline_of(all->apply, &row->entry, recipient, &headlines[notice.n_headlines])) {
            notice.n_headlines++;
        }
        if (notice.n_headlines == CAIRN_ALERT_RECORDS_MAX) {
            decision_tell(all->apply, agency, &notice, all->link->decision);
            notice.n_headlines = 0;
        }
    }
    if (notice.n_headlines > 0) {
        decision_tell(all->apply, agency, &notice, all->link->decision);
    }
}

static bool every(const void *data, const struct chronology_item *item)
{
    (void)data;
    (void)item;
    return true;
}

void link_notice_tell(struct apply *apply, const struct link_notice *link)
{
    struct telling_all all = {.apply = apply, .link = link};
    const struct chronology_search search = {
        .child = link->child, .from = INT32_MIN, .to = INT32_MAX, .wanted = every};
    struct member_list members;
    members_list(apply->txn, link->child, &members);
    all.n = chronology_scan(apply, &search, all.items);
    if (all.n == CAIRN_CHRONOLOGY_SCAN_MAX) {
        apply_noted(apply, NOTED_TELL_TOO_LARGE);
    }
    for (size_t i = 0; i < all.n; i++) {
        add_readers(&all, &all.items[i].row.entry);
    }
    for (size_t i = 0; i < all.n_agencies; i++) {
        tell_agency(&all, &members, all.agencies[i]);
    }
}
