/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/alert_retract.h"

#include "broker/alert.h"
#include "broker/alert_addressees.h"
#include "broker/headline.h"
#include "broker/mailbox.h"
#include "broker/ties.h"
#include "wire/narrowing.h"

/* Tells one agency, as far as it knew: by the record's id when it was delivered or named to it,
 * that something is gone when it knew of existence, and nothing when it knew nothing. Who knows the
 * record gets the retraction itself, as its origin signed it, before the notice: our word is not
 * enough to set a record aside. */
static void tell_retracted(struct apply *apply, const struct told_record *record,
                           const struct retraction *retraction, uint32_t agency, uint64_t alert)
{
    const struct agency *recipient = directory_agency(&apply->governance->directory, agency);
    struct reader_row reader;
    struct wire_headline line = {.has_record = false};
    bool delivered = reader_row_get(apply->txn, &record->id, agency, &reader);
    if (recipient == NULL || (!headline_for(apply, record, recipient, &line) && !delivered)) {
        return;
    }
    struct wire_notice notice = {
        .type = NOTICE_RETRACTED, .alert = alert, .time_ms = apply->time_ms};
    if (delivered || line.has_record) {
        notice.agency = record->id.agency;
        notice.has_record = true;
        notice.record = record->id;
        if (agency != record->id.agency && recipient->active &&
            !narrowing_names(retraction->header, agency)) {
            const struct telling body = {.entry = &retraction->entry->id,
                                         .item = &retraction->entry->item};
            mailbox_deliver(apply, agency, &body);
        }
    }
    (void)mailbox_notice(apply, agency, &notice);
}

size_t alert_readers(struct apply *apply, const struct entry_id *record,
                     uint32_t readers[CAIRN_ADDRESSEES_MAX])
{
    struct store_key prefix = key_entry(record);
    size_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(apply->txn, T_READER, store_key_slice(&prefix));
    while (walk.live && n < CAIRN_ADDRESSEES_MAX && key_has_prefix(walk.key, &prefix)) {
        struct reader reader =
            reader_over(slice_make(walk.key.data + prefix.len, walk.key.len - prefix.len));
        readers[n++] = read_u32(&reader);
        store_walk_next(&walk);
    }
    return n;
}

/* What is said of an adult was delivered to nobody: the alerts of the children that it counted for
 * have told that it exists. */
static void tell_retracted_adult(struct apply *apply, const struct entry_id *record,
                                 const struct retraction *retraction)
{
    struct told_record told;
    struct tied_children children;
    if (!headline_load(apply, record, &told)) {
        return;
    }
    ties_children(apply, told.child, &children);
    for (size_t i = 0; i < children.n; i++) {
        struct alert_row row;
        uint64_t number = child_alert_get(apply->txn, children.of[i], &row);
        if (number == 0 || !alert_lists(&row, record) ||
            !headline_load_of(apply, record, children.of[i], &told)) {
            continue;
        }
        for (size_t a = 0; a < row.n_addressees; a++) {
            tell_retracted(apply, &told, retraction, row.addressees[a].agency, number);
        }
    }
}

void alert_retracted(struct apply *apply, const struct retraction *retraction)
{
    const struct entry_id *record = &retraction->header->retracts;
    struct alert_row row = {.n_addressees = 0};
    struct told_record told;
    uint32_t readers[CAIRN_ADDRESSEES_MAX];
    if (!headline_load(apply, record, &told)) {
        return;
    }
    if (told.header.person) {
        tell_retracted_adult(apply, record, retraction);
        return;
    }
    if (retraction->alert != 0 && alert_row_get(apply->txn, retraction->alert, &row)) {
        for (size_t i = 0; i < row.n_addressees; i++) {
            tell_retracted(apply, &told, retraction, row.addressees[i].agency, retraction->alert);
        }
    }
    size_t n = alert_readers(apply, record, readers);
    for (size_t i = 0; i < n; i++) {
        if (!alert_is_addressee(&row, readers[i])) {
            tell_retracted(apply, &told, retraction, readers[i],
                           0); /* it was not told that there is an alert */
        }
    }
}
