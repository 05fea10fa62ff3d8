/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/waiting.h"

#include <string.h>

#include "broker/disclose.h"
#include "broker/headline.h"
#include "broker/mailbox.h"
#include "broker/ties.h"

/* --- entries --- */

struct waiting_entry {
    struct arena arena;
    struct entry_row row;
    struct entry_header header;
};

static void waiting_entry_deinit(struct waiting_entry *entry)
{
    arena_deinit(&entry->arena);
}

static bool load(struct apply *apply, const struct entry_id *id, struct waiting_entry *ret)
{
    struct entry_input input;
    return entry_row_get(apply->txn, id, &ret->row) &&
           journal_entry_at(apply->txn, ret->row.batch, ret->row.offset, &input) &&
           wire_entry_header_read(ret->row.kind, input.header, &ret->arena, &ret->header);
}

static bool was_withheld(struct apply *apply, const struct entry_id *id, uint32_t agency)
{
    struct withheld_row row;
    return withheld_row_get(apply->txn, id, agency, &row);
}

/* Not even its card, which may have come before what was withheld. */
static bool never_had(struct apply *apply, const struct entry_id *id, uint32_t agency)
{
    struct reader_row reader;
    return was_withheld(apply, id, agency) && !reader_row_get(apply->txn, id, agency, &reader);
}

/* What lay behind each way to a mailbox (record.c, alert.c, grant.c), asked again. */
static bool record_may_go(struct apply *apply, const struct record_header *header,
                          const struct agency *recipient, uint8_t parts)
{
    const struct agency *origin =
        directory_agency(&apply->governance->directory, header->id.agency);
    if (header->has_retracts) {
        return !never_had(apply, &header->retracts, recipient->number);
    }
    if (origin == NULL) {
        return false;
    }
    struct decision decision =
        disclose_decide(apply, disclose_child(apply, header), header, origin, recipient);
    if (parts == 0) { /* its keys follow in a grant of their own */
        return decision.effect == EFFECT_ASK ||
               (decision.effect > EFFECT_ASK && decision.mode == MODE_CONTENT);
    }
    bool card_alone = parts == PART_BIT(PART_CARD) && agency_is_front_door(recipient);
    return decision.effect >= (card_alone ? EFFECT_HOLD : EFFECT_SHARE) &&
           decision.mode == MODE_CONTENT;
}

/* Who was told of it to act upon it (granting, answering) is told still: that names no child anew. */
static bool involvement_may_go(struct apply *apply, const struct involvement_header *header,
                               const struct agency *recipient, const struct mailbox_row *row)
{
    const struct agency *origin =
        directory_agency(&apply->governance->directory, header->id.agency);
    struct subject_id subject = {.agency = header->id.agency};
    struct subject_row known;
    memcpy(subject.handle, header->handle, CAIRN_HANDLE_BYTES);
    if ((row->flags & MAILBOX_INTRODUCES) != 0) {
        return true;
    }
    if (origin == NULL || !subject_row_get(apply->txn, &subject, &known)) {
        return false;
    }
    uint32_t roles = disclose_roles(apply, known.child, recipient->number);
    struct decision decision = disclose_involvement(apply, origin, recipient, roles);
    return decision.effect == EFFECT_SHARE && (row->parts == 0 || decision.mode == MODE_CONTENT);
}

static bool grant_may_go(struct apply *apply, const struct grant_header *header,
                         const struct agency *recipient, const struct mailbox_row *row)
{
    _cleanup_(waiting_entry_deinit) struct waiting_entry entry = {
        .arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES)};
    if (!load(apply, &header->record, &entry)) {
        return false;
    }
    return entry.row.kind == ENTRY_INVOLVEMENT
               ? involvement_may_go(apply, &entry.header.involvement, recipient, row)
               : record_may_go(apply, &entry.header.record, recipient, 0);
}

/* --- alerts --- */

/* Of an adult: as of somebody who is tied to that child. */
static bool may_know(struct apply *apply, const struct entry_id *id, uint64_t child,
                     const struct agency *recipient, struct wire_headline *ret)
{
    struct told_record record;
    return headline_load(apply, id, &record) &&
           (!record.header.person || headline_load_of(apply, id, child, &record)) &&
           headline_for(apply, &record, recipient, ret);
}

/* Of which child something was told at once: it is named by the recipient's own handle, if that has
 * one; an adult may be tied to several. */
static bool may_be_told(struct apply *apply, const struct entry_id *id,
                        const struct wire_notice *notice, const struct agency *recipient)
{
    struct subject_id subject = {.agency = recipient->number};
    struct tied_children children;
    struct told_record record;
    struct subject_row row;
    struct wire_headline ignored;
    memcpy(subject.handle, notice->handle, CAIRN_HANDLE_BYTES);
    if (notice->has_handle && subject_row_get(apply->txn, &subject, &row)) {
        return may_know(apply, id, row.child, recipient, &ignored);
    }
    if (!headline_load(apply, id, &record) || !record.header.person) {
        return may_know(apply, id, 0, recipient, &ignored);
    }
    ties_children(apply, record.child, &children);
    for (size_t i = 0; i < children.n; i++) {
        if (may_know(apply, id, children.of[i], recipient, &ignored)) {
            return true;
        }
    }
    return false;
}

/* Whether it may know of a record of the alert, whosever child that is by now. */
static bool alert_may_be_known(struct apply *apply, uint64_t number, const struct agency *recipient)
{
    struct alert_row alert;
    struct wire_headline ignored;
    if (!alert_row_get(apply->txn, number, &alert)) {
        return false;
    }
    for (size_t i = 0; i < alert.n_records; i++) {
        if (may_know(apply, &alert.records[i].entry, alert.child, recipient, &ignored)) {
            return true;
        }
    }
    return false;
}

/* A headline that names no record: one like it must be allowed still. */
static bool unnamed_may_go(struct apply *apply, uint64_t number, const struct agency *recipient,
                           const struct wire_headline *headline)
{
    struct alert_row alert;
    struct wire_headline now;
    if (!alert_row_get(apply->txn, number, &alert)) {
        return false;
    }
    for (size_t i = 0; i < alert.n_records; i++) {
        if (alert.records[i].day == headline->event_day &&
            may_know(apply, &alert.records[i].entry, alert.child, recipient, &now) &&
            slice_equal(now.class, headline->class) &&
            slice_equal(now.origin_kind, headline->origin_kind)) {
            return true;
        }
    }
    return false;
}

/* What is left of an alert's or a pair's headlines; no headline says more than it did. */
static size_t keep_headlines(struct apply *apply, const struct wire_notice *notice,
                             const struct agency *recipient,
                             struct wire_headline left[CAIRN_ALERT_RECORDS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < notice->n_headlines; i++) {
        const struct wire_headline *was = &notice->headlines[i];
        struct wire_headline now;
        if (!was->has_record) {
            left[n] = *was;
            n += unnamed_may_go(apply, notice->alert, recipient, was) ? 1 : 0;
        } else if (may_know(apply, &was->record, 0, recipient, &now)) {
            left[n++] = now.has_record ? *was : now;
        }
    }
    return n;
}

/* --- notices --- */

enum fate {
    FATE_GOES,
    FATE_NARROWED, /* with what is left of its headlines */
    FATE_WITHHELD
};

struct judged_notice {
    struct arena arena;
    struct wire_notice notice;
    struct wire_headline left[CAIRN_ALERT_RECORDS_MAX];
};

static void judged_notice_deinit(struct judged_notice *judged)
{
    arena_deinit(&judged->arena);
}

static enum fate fate_of_headlines(struct apply *apply, const struct agency *recipient,
                                   struct judged_notice *judged)
{
    struct wire_notice *notice = &judged->notice;
    size_t n = keep_headlines(apply, notice, recipient, judged->left);
    bool same = n == notice->n_headlines;
    for (size_t i = 0; i < n && same; i++) {
        same = judged->left[i].has_record == notice->headlines[i].has_record;
    }
    if (same) {
        return FATE_GOES;
    }
    notice->headlines = judged->left;
    notice->n_headlines = n;
    return n == 0 || notice->type == NOTICE_CANDIDATE ? FATE_WITHHELD : FATE_NARROWED;
}

static enum fate fate_if(bool goes)
{
    return goes ? FATE_GOES : FATE_WITHHELD;
}

static enum fate fate_of_notice(struct apply *apply, const struct agency *recipient,
                                const struct mailbox_row *row, struct judged_notice *ret)
{
    bool good = wire_notice_read(row->notice, &ret->arena, &ret->notice);
    assert(good); /* we wrote it */
    switch (ret->notice.type) {
    case NOTICE_RAISED:
    case NOTICE_EXTENDED:
    case NOTICE_LISTED:
    case NOTICE_CANDIDATE:
        return fate_of_headlines(apply, recipient, ret);
    case NOTICE_TOLD:
        return fate_if(may_be_told(apply, &row->entry, &ret->notice, recipient));
    case NOTICE_OPENED:
    case NOTICE_OVER_BUDGET:
        return fate_if(alert_may_be_known(apply, ret->notice.alert, recipient));
    case NOTICE_CLOSED: /* of a record: that it was passed on */
    case NOTICE_UNOPENED:
        return fate_if(ret->notice.alert == 0 ||
                       alert_may_be_known(apply, ret->notice.alert, recipient));
    case NOTICE_RETRACTED:
        return fate_if(!ret->notice.has_record ||
                       !never_had(apply, &ret->notice.record, recipient->number));
    case NOTICE_RECORD_OPENED: /* about its own */
    case NOTICE_DESTROYED_UNUSED:
    case NOTICE_DESTROYED_DELIVERED:
    case NOTICE_NOT_SHARED:
    case NOTICE_LINK_CONFIRMED: /* what it holds is another child's, or this one's: it must know */
    case NOTICE_LINK_UNDONE:
    case NOTICE_WITHDRAWN:
        break;
    }
    return FATE_GOES;
}

/* --- rows --- */

static bool entry_may_go(struct apply *apply, const struct agency *recipient,
                         const struct mailbox_row *row)
{
    _cleanup_(waiting_entry_deinit) struct waiting_entry entry = {
        .arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES)};
    if (!load(apply, &row->entry, &entry)) {
        return false;
    }
    switch (entry.row.kind) {
    case ENTRY_RECORD:
        return row->kind == ITEM_RELEASE
                   ? record_may_go(apply, &entry.header.record, recipient, 0)
                   : record_may_go(apply, &entry.header.record, recipient, row->parts);
    case ENTRY_INVOLVEMENT:
        return involvement_may_go(apply, &entry.header.involvement, recipient, row);
    case ENTRY_GRANT:
        return grant_may_go(apply, &entry.header.grant, recipient, row);
    case ENTRY_DECISION:
        return entry.header.decision.alert == 0 ||
               alert_may_be_known(apply, entry.header.decision.alert, recipient);
    case ENTRY_REQUEST:
    case ENTRY_SUBJECT:
    case ENTRY_ACKNOWLEDGEMENT:
    case ENTRY_TIE:
        break;
    }
    return true;
}

static enum fate fate_of(struct apply *apply, const struct agency *recipient,
                         const struct mailbox_row *row, struct judged_notice *ret)
{
    switch (row->kind) {
    case ITEM_DELIVERED:
    case ITEM_RELEASE:
        return fate_if(entry_may_go(apply, recipient, row));
    case ITEM_NOTICE:
        return fate_of_notice(apply, recipient, row, ret);
    case ITEM_WITHHELD:
        break;
    }
    return FATE_GOES;
}

bool waiting_may_go(struct apply *apply, uint32_t agency, const struct mailbox_row *row)
{
    const struct agency *recipient = directory_agency(&apply->governance->directory, agency);
    _cleanup_(judged_notice_deinit) struct judged_notice judged = {
        .arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES)};
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
    bool again = was_withheld(apply, id, agency);
    withheld_row_put(apply->txn, id, agency, &row);
    if (!again && origin != NULL && origin->active) {
        (void)mailbox_notice(apply, origin->number, &notice);
    }
}

static void withhold_entry(struct apply *apply, uint32_t agency, uint64_t position,
                           const struct mailbox_row *row)
{
    _cleanup_(waiting_entry_deinit) struct waiting_entry entry = {
        .arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES)};
    mailbox_untell(apply, agency, row);
    if (!load(apply, &row->entry, &entry)) {
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
        if (all || !may_know(apply, record, alert.child, recipient, &ignored)) {
            headline_untold(apply, record, agency, position);
        }
    }
}

static void judge(struct apply *apply, uint32_t agency, uint64_t position,
                  const struct mailbox_row *row)
{
    const struct agency *recipient = directory_agency(&apply->governance->directory, agency);
    _cleanup_(judged_notice_deinit) struct judged_notice judged = {
        .arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES)};
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
                             .position = meta_get(txn, "judged-position", 0)};
}

static void progress_put(struct apply *apply, const struct progress *progress)
{
    const uint64_t *versions = apply->governance->versions;
    meta_put(apply->txn, "judged-agreements", versions[GOVERNANCE_AGREEMENTS]);
    meta_put(apply->txn, "judged-directory", versions[GOVERNANCE_DIRECTORY]);
    meta_put(apply->txn, "judged-day", (uint64_t)apply_day(apply));
    meta_put(apply->txn, "judged-agency", progress->agency);
    meta_put(apply->txn, "judged-position", progress->position);
}

bool waiting_passed(struct store_txn *txn, const struct governance *governance, int32_t day,
                    uint32_t agency, uint64_t position)
{
    struct progress progress = progress_get(txn, governance, day);
    return progress.agency > agency || (progress.agency == agency && progress.position >= position);
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

void waiting_judge(struct apply *apply)
{
    struct progress progress = progress_get(apply->txn, apply->governance, apply_day(apply));
    for (size_t n = 0; progress.agency != JUDGED_ALL && n < CAIRN_JUDGED_PER_BATCH; n++) {
        struct mailbox_row row;
        if (!next_row(apply->txn, &progress, &row)) {
            progress = (struct progress){.agency = JUDGED_ALL};
            break;
        }
        judge(apply, (uint32_t)progress.agency, progress.position, &row);
    }
    progress_put(apply, &progress);
}
