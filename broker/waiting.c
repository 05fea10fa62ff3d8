/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/waiting.h"

#include "broker/fate.h"
#include "broker/headline.h"
#include "broker/mailbox.h"
#include "broker/stored.h"

bool waiting_may_go(struct apply *apply, uint32_t agency, const struct mailbox_row *row)
{
    const struct agency *recipient = directory_agency(&apply->governance->directory, agency);
    _cleanup_(judged_notice_deinit) struct judged_notice judged = JUDGED_NOTICE_NULL;
    return recipient != NULL && fate_of(apply, recipient, row, &judged) == FATE_GOES;
}

/* --- withholding --- */

/* Once for each record and agency, whatever number of tellings waited. */
static void tell_origin(struct apply *apply, const struct entry_id *id, uint32_t agency,
                        uint64_t position)
{
    const struct agency *origin = directory_agency(&apply->governance->directory, id->agency);
    const struct withheld_row row = {
        .position = position,
        .agreements = apply->governance->versions[GOVERNANCE_AGREEMENTS],
    };
    const struct wire_notice notice = {
        .type = NOTICE_NOT_SHARED,
        .agency = agency,
        .has_record = true,
        .record = *id,
        .time_ms = apply->time_ms,
    };
    bool again = fate_was_withheld(apply, id, agency);
    withheld_row_put(apply->txn, id, agency, &row);
    if (!again && origin != NULL && origin->active) {
        (void)mailbox_notice(apply, origin->number, &notice);
    }
}

static void withhold_entry(struct apply *apply, uint32_t agency, uint64_t position,
                           const struct mailbox_row *row)
{
    _cleanup_(stored_deinit) struct stored entry = STORED_NULL;
    mailbox_untell(apply, agency, row);
    if (!stored_load(apply->txn, &row->entry, &entry)) {
        return;
    }
    if (entry.row.kind == ENTRY_RECORD && !entry.header.record.has_retracts) {
        tell_origin(apply, &row->entry, agency, position);
    } else if (entry.row.kind == ENTRY_GRANT) {
        tell_origin(apply, &entry.header.grant.record, agency, position);
    }
}

/* It knows nothing of the alert then: what is found later is told it as from the beginning. */
static void untell_alert(struct apply *apply, uint32_t agency, const struct wire_notice *notice)
{
    struct alert_row alert;
    if ((notice->type != NOTICE_RAISED && notice->type != NOTICE_LISTED) ||
        !alert_row_get(apply->txn, notice->alert, &alert)) {
        return;
    }
    for (size_t i = 0; i < alert.n_addressees; i++) {
        if (alert.addressees[i].agency == agency) {
            alert.addressees[i].told = 0;
        }
    }
    alert_row_put(apply->txn, notice->alert, &alert);
}

/* One of these records' headlines does not go, or none does: their origins are not to hear that it
 * was told. */
static void untell_headlines(struct apply *apply, uint32_t agency, uint64_t position,
                             const struct mailbox_row *row, enum fate fate)
{
    const struct agency *recipient = directory_agency(&apply->governance->directory, agency);
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    bool all = fate == FATE_WITHHELD || recipient == NULL;
    struct wire_notice notice;
    struct wire_headline ignored;
    struct alert_row alert;
    if (!apply_found(apply, wire_notice_read(row->notice, &arena, &notice))) {
        return;
    }
    if (all) {
        headline_untold(apply, &row->entry, agency, position);
    }
    for (size_t i = 0; i < notice.n_headlines && all; i++) {
        headline_untold(apply, &notice.headlines[i].record, agency, position);
    }
    if (notice.alert == 0 || !alert_row_get(apply->txn, notice.alert, &alert)) {
        return;
    }
    for (size_t i = 0; i < alert.n_records; i++) {
        const struct entry_id *record = &alert.records[i].entry;
        if (all || !fate_may_know(apply, record, alert.child, recipient, &ignored)) {
            headline_untold(apply, record, agency, position);
        }
    }
}

static void judge(struct apply *apply, uint32_t agency, uint64_t position,
                  const struct mailbox_row *row)
{
    const struct agency *recipient = directory_agency(&apply->governance->directory, agency);
    _cleanup_(judged_notice_deinit) struct judged_notice judged = JUDGED_NOTICE_NULL;
    enum fate fate = recipient == NULL ? FATE_WITHHELD : fate_of(apply, recipient, row, &judged);
    switch (fate) {
    case FATE_GOES:
        return;
    case FATE_NARROWED:
        untell_headlines(apply, agency, position, row, fate);
        mailbox_narrow(apply, agency, position, &judged.notice);
        break;
    case FATE_WITHHELD:
        if (row->kind == ITEM_NOTICE) {
            untell_alert(apply, agency, &judged.notice);
            untell_headlines(apply, agency, position, row, fate);
        } else {
            withhold_entry(apply, agency, position, row);
        }
        mailbox_withhold(apply, agency, position, row);
        break;
    }
    apply_noted(apply, NOTED_WITHHELD);
}

/* --- the judging --- */

#define JUDGED_ALL UINT64_MAX

struct progress {
    uint64_t agency; /* the place judged last; JUDGED_ALL: nothing is left */
    uint64_t position;
    bool again; /* from the beginning, once it is at the end */
};

/* As if it had not begun, when it was by other documents or for another day. */
static struct progress progress_get(struct store_txn *txn, const struct governance *governance,
                                    int32_t day)
{
    struct progress none = {.agency = 0};
    if (meta_get(txn, "judged-agreements", 0) != governance->versions[GOVERNANCE_AGREEMENTS] ||
        meta_get(txn, "judged-directory", 0) != governance->versions[GOVERNANCE_DIRECTORY] ||
        meta_get(txn, "judged-day", 0) != (uint64_t)day) {
        return none;
    }
    return (struct progress){.agency = meta_get(txn, "judged-agency", 0),
                             .position = meta_get(txn, "judged-position", 0),
                             .again = meta_get(txn, "judged-again", 0) != 0};
}

static void progress_put(struct apply *apply, const struct progress *progress)
{
    const uint64_t *versions = apply->governance->versions;
    meta_put(apply->txn, "judged-agreements", versions[GOVERNANCE_AGREEMENTS]);
    meta_put(apply->txn, "judged-directory", versions[GOVERNANCE_DIRECTORY]);
    meta_put(apply->txn, "judged-day", (uint64_t)apply_day(apply));
    meta_put(apply->txn, "judged-agency", progress->agency);
    meta_put(apply->txn, "judged-position", progress->position);
    meta_put(apply->txn, "judged-again", progress->again ? 1 : 0);
}

struct waiting_place waiting_passed(struct store_txn *txn, const struct governance *governance,
                                    int32_t day)
{
    struct progress progress = progress_get(txn, governance, day);
    if (progress.again) {
        return (struct waiting_place){.agency = 0};
    }
    return (struct waiting_place){.agency = progress.agency, .position = progress.position};
}

bool waiting_is_past(const struct waiting_place *passed, uint32_t agency, uint64_t position)
{
    return passed->agency > agency || (passed->agency == agency && passed->position >= position);
}

bool waiting_pending(struct store_txn *txn, const struct governance *governance, int32_t day)
{
    return progress_get(txn, governance, day).agency != JUDGED_ALL;
}

/* The row after that place. False at the end. The row is borrowed until something is written. */
static bool next_row(struct store_txn *txn, struct progress *progress, struct mailbox_row *ret)
{
    struct store_key from = key_mailbox((uint32_t)progress->agency, progress->position + 1);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, T_MAILBOX, store_key_slice(&from));
    if (!walk.live || !mailbox_row_unpack(walk.value, ret)) {
        return false;
    }
    struct reader reader = reader_over(walk.key);
    progress->agency = read_u32(&reader);
    progress->position = read_u64(&reader);
    return true;
}

/* What is under way is finished first: whoever comes last in it would never be judged, if it began
 * anew each time. */
void waiting_judge_again(struct apply *apply)
{
    struct progress progress = progress_get(apply->txn, apply->governance, apply_day(apply));
    progress.again = progress.agency != 0 && progress.agency != JUDGED_ALL;
    if (progress.agency == JUDGED_ALL) {
        progress = (struct progress){.agency = 0};
    }
    progress_put(apply, &progress);
}

void waiting_judge(struct apply *apply)
{
    struct progress progress = progress_get(apply->txn, apply->governance, apply_day(apply));
    for (size_t n = 0; progress.agency != JUDGED_ALL && n < CAIRN_JUDGED_PER_BATCH; n++) {
        struct mailbox_row row;
        if (!next_row(apply->txn, &progress, &row)) {
            progress = (struct progress){.agency = progress.again ? 0 : JUDGED_ALL};
            break;
        }
        judge(apply, (uint32_t)progress.agency, progress.position, &row);
    }
    progress_put(apply, &progress);
}
