/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/alerts.h"
#include "agents/core/household.h"
#include "agents/core/inbox_internal.h"
#include "agents/core/unopened.h"

/* What a notice says of single records: of ours whom it reached, of others' that it was taken back.
 */
static void keep_record(struct store_txn *txn, uint64_t position, const struct wire_notice *notice)
{
    struct received_row row = {.delivered = 0};
    if (notice->has_record && notice->type == NOTICE_UNOPENED) {
        if (notice->outcome != OUTCOME_NONE) {
            return; /* it may be open: it has not been passed on */
        }
        unopened_note(txn, &notice->record, notice->time_ms);
        return;
    }
    if (!notice->has_record ||
        (notice->type != NOTICE_RECORD_OPENED && notice->type != NOTICE_RETRACTED)) {
        return;
    }
    (void)received_get(txn, &notice->record, &row);
    row.noticed = position;
    unopened_drop(txn, &notice->record);
    if (notice->type == NOTICE_RETRACTED) {
        row.retraction = row.retraction == RETRACTION_NONE ? RETRACTION_SAID : row.retraction;
    } else if (row.opened_ms == 0) {
        row.opened_ms = notice->time_ms;
        row.opened_by = notice->agency;
    }
    received_put(txn, &notice->record, &row);
}

/* What a named person says of records that a link led here. */
static void keep_link(struct store_txn *txn, const struct wire_notice *notice)
{
    for (size_t i = 0; i < notice->n_headlines; i++) {
        struct received_row row = {.delivered = 0};
        if (notice->headlines[i].has_record) {
            (void)received_get(txn, &notice->headlines[i].record, &row);
            row.link = notice->type == NOTICE_LINK_CONFIRMED ? JUDGED_SAME : JUDGED_ANOTHER;
            received_put(txn, &notice->headlines[i].record, &row);
        }
    }
}

/* The broker has no copy any more of what these, ours, say. */
static void keep_destroyed(struct store_txn *txn, uint32_t own, const struct wire_notice *notice)
{
    for (size_t i = 0; i < notice->n_headlines; i++) {
        struct received_row row = {.delivered = 0};
        const struct wire_headline *headline = &notice->headlines[i];
        if (headline->has_record && headline->record.agency == own) {
            (void)received_get(txn, &headline->record, &row);
            row.destroyed_ms = notice->time_ms;
            received_put(txn, &headline->record, &row);
        }
    }
}

/* Records that an alert lists, ours or others', lead to that alert. */
static void keep_headlines(struct store_txn *txn, uint32_t own, const struct wire_notice *notice)
{
    if (notice->type == NOTICE_DESTROYED_UNUSED || notice->type == NOTICE_DESTROYED_DELIVERED) {
        keep_destroyed(txn, own, notice);
        return;
    }
    if (notice->type == NOTICE_CANDIDATE) {
        return; /* nothing is said of them yet */
    }
    if (notice->type == NOTICE_LINK_CONFIRMED || notice->type == NOTICE_LINK_UNDONE) {
        keep_link(txn, notice);
        return;
    }
    for (size_t i = 0; notice->alert != 0 && i < notice->n_headlines; i++) {
        struct received_row row = {.delivered = 0};
        if (notice->headlines[i].has_record) {
            (void)received_get(txn, &notice->headlines[i].record, &row);
            row.alert = notice->alert;
            received_put(txn, &notice->headlines[i].record, &row);
        }
    }
}

/* The alert was opened: so were, as far as the log says it, the records of ours that it listed by
 * then. */
static void keep_alert_opened(struct store_txn *txn, uint32_t own, const struct wire_notice *notice)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_notice listing;
    if (notice->type != NOTICE_OPENED ||
        !known_alert_listed(txn, notice->alert, &arena, &listing)) {
        return;
    }
    for (size_t i = 0; i < listing.n_headlines; i++) {
        const struct wire_headline *headline = &listing.headlines[i];
        struct received_row row;
        if (headline->has_record && headline->record.agency == own &&
            received_get(txn, &headline->record, &row) && row.alert_opened_ms == 0) {
            row.alert_opened_ms = notice->time_ms;
            row.alert_opened_by = notice->agency;
            received_put(txn, &headline->record, &row);
        }
    }
}

void notice_keep(struct store_txn *txn, uint32_t own, uint64_t position,
                 const struct wire_notice *notice)
{
    keep_record(txn, position, notice);
    keep_headlines(txn, own, notice);
    if (notice->alert != 0) {
        known_alert_take(txn, position, notice);
        household_keep(txn, notice);
        keep_alert_opened(txn, own, notice);
    }
}
