/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/withdraw.h"

#include "broker/alert.h"
#include "broker/alert_addressees.h"
#include "broker/alert_tell.h"
#include "broker/decision.h"
#include "broker/headline.h"

/* What alerts that have become one list together is judged together. */
static bool is_met(struct apply *apply, uint64_t number)
{
    struct alert_row alert;
    struct ties ties;
    while (number != 0 && apply_found(apply, alert_row_get(apply->txn, number, &alert))) {
        ties_of_child(apply, alert.child, &ties);
        for (size_t i = 0; i < alert.n_records; i++) {
            struct told_record record;
            const struct alert_question question = {
                .n = 1, .children = {&ties}, .anchor = alert.records[i].day};
            bool again = i > 0 && alert.records[i].day == alert.records[i - 1].day;
            if (!again && headline_load_listed(apply, &alert, i, &record) &&
                alert_met(apply, &question)) {
                return true;
            }
        }
        number = alert.absorbed;
    }
    return false;
}

static void own_handle(struct apply *apply, const uint64_t children[2], uint32_t agency,
                       struct wire_notice *notice)
{
    for (size_t i = 0; i < 2 && !notice->has_handle; i++) {
        alert_own_handle(apply, children[i], agency, notice);
    }
}

static void withdraw(struct apply *apply, uint64_t number, const uint64_t children[2],
                     const struct entry_input *decision)
{
    struct alert_row alert;
    if (!apply_found(apply, alert_row_get(apply->txn, number, &alert))) {
        return;
    }
    alert.state = ALERT_WITHDRAWN;
    alert.closed_at = apply->range.size;
    alert_row_put(apply->txn, number, &alert);
    for (size_t i = 0; i < alert.n_addressees; i++) {
        uint32_t agency = alert.addressees[i].agency;
        struct wire_notice notice = alert_notice(apply, number, &alert, NOTICE_WITHDRAWN);
        if (!alert_was_told(&alert, agency)) {
            continue;
        }
        if (decision->kind == ENTRY_DECISION) { /* nobody is told of a tie */
            notice.agency = decision->id.agency;
            notice.has_record = true;
            notice.record = decision->id;
        }
        own_handle(apply, children, agency, &notice);
        decision_tell(apply, agency, &notice, decision);
    }
    apply_noted(apply, NOTED_ALERTS_WITHDRAWN);
}

/* Until one of its days raises an alert: what that alert lists is more than one day's. */
static void look_at_parted(struct apply *apply, const struct alert_row *alert, uint64_t parted)
{
    struct alert_row ignored;
    for (size_t i = 0; i < alert->n_records && child_alert_get(apply->txn, parted, &ignored) == 0;
         i++) {
        struct told_record record;
        if (headline_load(apply, &alert->records[i].entry, &record) && record.child == parted) {
            alert_look(apply, parted, alert->records[i].day);
        }
    }
}

void withdraw_unmet(struct apply *apply, uint64_t child, uint64_t parted,
                    const struct entry_input *decision)
{
    const uint64_t children[2] = {child, parted};
    struct alert_row alert;
    uint64_t first = child_alert_get(apply->txn, child, &alert);
    if (first == 0 || !alert_may_be_decided(&alert)) {
        return;
    }
    bool met = is_met(apply, first);
    if (!met) {
        child_alert_delete(apply->txn, child); /* what comes later is seen afresh */
    }
    uint64_t number = first;
    while (number != 0 && apply_found(apply, alert_row_get(apply->txn, number, &alert))) {
        if (!met) {
            withdraw(apply, number, children, decision);
        }
        if (parted != 0) {
            look_at_parted(apply, &alert, parted);
        }
        number = alert.absorbed;
    }
}
