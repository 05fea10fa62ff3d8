/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/headline.h"

#include <string.h>

#include "broker/disclose.h"
#include "broker/ties.h"

bool headline_load(struct apply *apply, const struct entry_id *id, struct told_record *ret)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header;
    if (!entry_row_get(apply->txn, id, &ret->row) || ret->row.kind != ENTRY_RECORD ||
        !verdict_is_stored(ret->row.verdict) ||
        !journal_entry_at(apply->txn, ret->row.batch, ret->row.offset, &ret->input) ||
        !wire_entry_header_read(ENTRY_RECORD, ret->input.header, &arena, &header)) {
        return false;
    }
    ret->id = *id;
    ret->log_index = ret->row.log_index;
    ret->header = header.record;
    ret->origin = directory_agency(&apply->governance->directory, id->agency);
    struct subject_id subject = subject_id_of(id->agency, header.record.handle);
    struct subject_row row;
    if (!subject_row_get(apply->txn, &subject, &row)) {
        return false;
    }
    ret->child = row.child;
    ret->tied = false;
    ret->provisional = row.link == LINK_PROVISIONAL;
    return ret->origin != NULL;
}

struct subject_id headline_subject(const struct told_record *record)
{
    return subject_id_of(record->id.agency, record->header.handle);
}

bool headline_load_of(struct apply *apply, const struct entry_id *id, uint64_t child,
                      struct told_record *ret)
{
    struct chronology_item item = {.row = {.subject = {.agency = id->agency}}};
    struct tied tied;
    if (!headline_load(apply, id, ret)) {
        return false;
    }
    if (ret->child == child) {
        return true;
    }
    item.day = ret->header.event_day;
    memcpy(item.row.subject.handle, ret->header.handle, CAIRN_HANDLE_BYTES);
    if (!ties_count(apply, child, &item, ret->child, &tied)) {
        return false;
    }
    ret->child = child;
    ret->tied = true;
    ret->provisional = ret->provisional || tied.by_name;
    return true;
}

struct decision headline_decide(struct apply *apply, const struct told_record *record,
                                const struct agency *recipient)
{
    struct decision decision =
        disclose_decide(apply, record->child, &record->header, record->origin, recipient);
    if (record->tied) {
        disclose_existence(&decision);
    }
    return decision;
}

/* Fills one headline_for; false when this recipient is not to know of the record at all. */
bool headline_load_listed(struct apply *apply, const struct alert_row *alert, size_t i,
                          struct told_record *ret)
{
    return headline_load_of(apply, &alert->records[i].entry, alert->child, ret);
}

void headline_fill(const struct told_record *record, const struct agency *recipient, bool content,
                   struct wire_headline *ret)
{
    bool own = record->id.agency == recipient->number;
    *ret = (struct wire_headline){
        .class = slice_of_text(record_kind_class(record->header.record_kind)),
        .event_day = record->header.event_day,
        .origin_kind = slice_of_text(record->origin->kind->id),
        .flags = (record->provisional ? HEADLINE_PROVISIONAL : 0) |
                 (record->row.retracted ? HEADLINE_RETRACTED : 0) | (own ? HEADLINE_OWN : 0) |
                 (record->row.destroyed != DESTROYED_NOT ? HEADLINE_DESTROYED : 0) |
                 (record->header.narrow.not_for_family ? HEADLINE_NOT_FOR_FAMILY : 0),
    };
    if (own || content) {
        ret->has_record = true;
        ret->record = record->id;
        ret->log_index = record->log_index;
        ret->record_kind = (uint32_t)record->header.record_kind;
        ret->code = record->header.code;
        ret->origin = record->id.agency;
    }
}

bool headline_for(struct apply *apply, const struct told_record *record,
                  const struct agency *recipient, struct wire_headline *ret)
{
    bool own = record->id.agency == recipient->number;
    struct decision decision = headline_decide(apply, record, recipient);
    if (own && record->tied) {
        return false; /* whoever said it of an adult is not told to whom the adult is tied */
    }
    if (!own && decision.effect < EFFECT_ASK) {
        return false;
    }
    headline_fill(record, recipient,
                  decision.effect >= EFFECT_HOLD && decision.mode == MODE_CONTENT, ret);
    ret->flags |= !own && decision.effect == EFFECT_ASK ? HEADLINE_MAY_ASK : 0;
    return true;
}

void headline_told(struct apply *apply, const struct entry_id *record, uint32_t agency,
                   uint64_t position)
{
    struct headline_row row;
    if (record->agency != agency && !headline_row_get(apply->txn, record, agency, &row)) {
        row.position = position;
        headline_row_put(apply->txn, record, agency, &row);
    }
}

void headline_untold(struct apply *apply, const struct entry_id *record, uint32_t agency,
                     uint64_t position)
{
    struct store_key key = key_reader(record, agency);
    struct headline_row row;
    if (headline_row_get(apply->txn, record, agency, &row) && row.position == position) {
        (void)store_delete(apply->txn, T_HEADLINE, store_key_slice(&key));
    }
}
