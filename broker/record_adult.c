/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/record_adult.h"

#include "broker/alert.h"
#include "broker/chronology.h"
#include "broker/headline.h"
#include "broker/record_tell.h"
#include "broker/ties.h"
#include "broker/timers.h"

/* --- what is said --- */

/* Whether it counts for that child; who is told at once is told. */
static bool tell_child(struct apply *apply, const struct entry_id *id, uint64_t child)
{
    struct told_record told;
    if (!headline_load_of(apply, id, child, &told) || !record_has_reader(apply, &told)) {
        return false;
    }
    record_tell_of_adult(apply, &told, NOTICE_TOLD);
    return true;
}

/* Every child's circle hears at once. Of the patterns' looks, which may each write as much as an
 * entry may, those that do not fit this step have a tick of their own. */
void record_act_on_adult(struct apply *apply, const struct record_case *record, uint64_t log_index)
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
            timers_look_later(apply, children.of[i], &record->header->id);
        } else if (counts[i]) {
            alert_look_at(apply, children.of[i], record->header->event_day, log_index);
        }
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
        timers_look_later(apply, child, NULL);
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
            record_tell_existence(apply, record, addressee, NOTICE_LINK_UNDONE);
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
            record_tell_of_adult(apply, &told, NOTICE_LINK_UNDONE);
            tell_addressees(apply, &told);
        }
    }
    if (left > 0) {
        apply_noted(apply, NOTED_TELL_TOO_LARGE);
    }
}
