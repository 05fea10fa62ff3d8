/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/alert_tell.h"

#include <string.h>

#include "broker/alert.h"
#include "broker/disclose.h"
#include "broker/mailbox.h"
#include "broker/members.h"

void alert_own_handle(struct apply *apply, uint64_t child, uint32_t agency,
                      struct wire_notice *notice)
{
    struct subject_id own;
    if (members_own_subject(apply->txn, child, agency, &own)) {
        notice->has_handle = true;
        memcpy(notice->handle, own.handle, CAIRN_HANDLE_BYTES);
    }
}

struct wire_notice alert_notice(const struct apply *apply, uint64_t number,
                                const struct alert_row *alert, enum notice_type type)
{
    return (struct wire_notice){
        .type = type,
        .alert = number,
        .revision = alert->revision,
        .pattern = slice_of_text(alert->pattern),
        .pattern_hash = alert->pattern_hash,
        .rule_version = alert->rule_version,
        .outcome = (uint32_t)alert->outcome,
        .earlier_outcome = (uint32_t)alert->earlier_outcome,
        .time_ms = apply->time_ms,
    };
}

void alert_deliver_card(struct apply *apply, const struct told_record *record,
                        const struct agency *recipient)
{
    if (record->id.agency != recipient->number && record->row.destroyed == DESTROYED_NOT &&
        disclose_granted(&record->input, recipient->number, PART_CARD) &&
        headline_decide(apply, record, recipient).mode == MODE_CONTENT) {
        const struct telling card = {.entry = &record->id,
                                     .item = &record->row.item,
                                     .parts = PART_BIT(PART_CARD),
                                     .flags = record->provisional ? DELIVERED_PROVISIONAL : 0};
        mailbox_deliver(apply, recipient->number, &card);
    }
}

bool alert_known_to(struct apply *apply, const struct alert_row *alert,
                    const struct agency *recipient)
{
    struct told_record record;
    struct wire_headline ignored;
    for (size_t i = 0; i < alert->n_records; i++) {
        if (headline_load_listed(apply, alert, i, &record) &&
            headline_for(apply, &record, recipient, &ignored)) {
            return true;
        }
    }
    return false;
}

/* The headlines of one notice, and whose they are. */
struct headlines {
    size_t n;
    struct wire_headline of[CAIRN_ALERT_RECORDS_MAX];
    struct entry_id records[CAIRN_ALERT_RECORDS_MAX];
};

void alert_tell(struct apply *apply, uint64_t number, const struct alert_row *alert,
                struct alert_addressee *addressee, enum notice_type type)
{
    struct headlines headlines = {.n = 0};
    struct wire_notice notice = alert_notice(apply, number, alert, type);
    const struct agency *recipient =
        directory_agency(&apply->governance->directory, addressee->agency);
    if (recipient == NULL || !recipient->active) {
        return;
    }
    for (size_t i = 0; i < alert->n_records; i++) {
        struct told_record record;
        if (alert->records[i].revision <= addressee->told ||
            !headline_load_listed(apply, alert, i, &record) ||
            !headline_for(apply, &record, recipient, &headlines.of[headlines.n])) {
            continue;
        }
        headlines.records[headlines.n++] = record.id;
        if (agency_is_front_door(recipient) && type != NOTICE_LISTED) {
            alert_deliver_card(apply, &record, recipient);
        }
    }
    if (headlines.n == 0) {
        return; /* left out of every record: it is not to know that there is an alert either */
    }
    addressee->told = alert->revision;
    notice.n_headlines = headlines.n;
    notice.headlines = headlines.of;
    alert_own_handle(apply, alert->child, recipient->number, &notice);
    uint64_t position = mailbox_notice(apply, recipient->number, &notice);
    for (size_t i = 0; i < headlines.n; i++) {
        headline_told(apply, &headlines.records[i], recipient->number, position);
    }
}

void alert_tell_over_budget(struct apply *apply, uint64_t number, const struct alert_row *alert)
{
    const struct directory *directory = &apply->governance->directory;
    for (size_t i = 0; i < alert->n_addressees; i++) {
        const struct alert_addressee *addressee = &alert->addressees[i];
        const struct agency *agency = directory_agency(directory, addressee->agency);
        struct wire_notice notice = alert_notice(apply, number, alert, NOTICE_OVER_BUDGET);
        if (agency != NULL && agency->active && agency_is_front_door(agency) &&
            addressee->told > 0) {
            mailbox_notice(apply, agency->number, &notice);
        }
    }
}

void alert_unopened(struct apply *apply, uint64_t number, const struct alert_row *alert)
{
    const struct directory *directory = &apply->governance->directory;
    for (size_t i = 0; i < alert->n_addressees; i++) {
        const struct agency *agency = directory_agency(directory, alert->addressees[i].agency);
        struct wire_notice notice = alert_notice(apply, number, alert, NOTICE_UNOPENED);
        if (agency != NULL && agency->active && alert_known_to(apply, alert, agency)) {
            alert_own_handle(apply, alert->child, agency->number, &notice);
            (void)mailbox_notice(apply, agency->number, &notice);
        }
    }
}

/* Whoever was told of the alert before hears of this record alone, who was not of all that it
 * may. */
static void show_addressee(struct apply *apply, uint64_t number, const struct alert_row *alert,
                           struct alert_addressee *addressee, const struct told_record *record)
{
    const struct agency *recipient =
        directory_agency(&apply->governance->directory, addressee->agency);
    struct wire_headline headline;
    struct wire_notice notice = alert_notice(apply, number, alert, NOTICE_EXTENDED);
    if (recipient == NULL || !recipient->active || agency_is_front_door(recipient) ||
        recipient->number == record->id.agency) {
        return;
    }
    if (addressee->told == 0) {
        alert_tell(apply, number, alert, addressee, NOTICE_RAISED);
        return;
    }
    if (headline_for(apply, record, recipient, &headline)) {
        notice.n_headlines = 1;
        notice.headlines = &headline;
        alert_own_handle(apply, alert->child, recipient->number, &notice);
        mailbox_notice(apply, recipient->number, &notice);
    }
}

void alert_shown(struct apply *apply, const struct told_record *record)
{
    struct alert_row alert;
    uint64_t number = child_alert_get(apply->txn, record->child, &alert);
    if (number == 0 || !alert_is_open(&alert) || !alert_lists(&alert, &record->id)) {
        return;
    }
    for (size_t i = 0; i < alert.n_addressees; i++) {
        show_addressee(apply, number, &alert, &alert.addressees[i], record);
    }
    alert_row_put(apply->txn, number, &alert);
}
