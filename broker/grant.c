/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/grant.h"

#include "broker/disclose.h"
#include "broker/headline.h"
#include "broker/mailbox.h"
#include "broker/members.h"
#include "broker/stored.h"

/* --- whom an entry may be disclosed to --- */

bool grant_allows(const struct grant_header *header, struct decision decision)
{
    if (header->judged_by != JUDGED_BY_PERSON) {
        return decision.effect == EFFECT_SHARE && decision.mode == MODE_CONTENT;
    }
    return decision.effect == EFFECT_ASK ||
           (decision.effect > EFFECT_ASK && decision.mode == MODE_CONTENT);
}

/* The parts that this recipient may have today; 0: none. While a name is all that says it is the
 * same child, whoever is no front door gets the card alone. */
static uint8_t record_parts(struct apply *apply, const struct grant_header *header,
                            const struct told_record *record, const struct agency *recipient)
{
    struct decision decision = headline_decide(apply, record, recipient);
    if (!grant_allows(header, decision) || record->row.retracted) {
        return 0;
    }
    bool by_name =
        !agency_is_front_door(recipient) &&
        (record->provisional || members_by_name(apply->txn, record->child, recipient->number));
    return by_name ? PART_BIT(PART_CARD) : PART_BIT(PART_CARD) | PART_BIT(PART_ACCOUNT);
}

/* Of which child an involvement of ours says so; 0: it cannot be told any more. */
static uint64_t involved_with(struct apply *apply, const struct entry_id *id)
{
    _cleanup_(stored_deinit) struct stored stored = STORED_NULL;
    if (!stored_load_as(apply->txn, id, ENTRY_INVOLVEMENT, &stored)) {
        return 0;
    }
    struct subject_id subject = subject_id_of(id->agency, stored.header.involvement.handle);
    return members_child(apply->txn, &subject);
}

/* Who may know of it was decided when it was told; who it is and the telephone need more than
 * that. */
static uint8_t involvement_parts(struct apply *apply, const struct entry_id *id,
                                 const struct agency *recipient)
{
    const struct agency *origin = directory_agency(&apply->governance->directory, id->agency);
    uint64_t child = involved_with(apply, id);
    struct reader_row reader;
    if (origin == NULL || child == 0 || members_by_name(apply->txn, child, origin->number) ||
        members_by_name(apply->txn, child, recipient->number) ||
        !reader_row_get(apply->txn, id, recipient->number, &reader)) {
        return 0;
    }
    uint32_t roles = disclose_roles(apply, child, recipient->number);
    struct decision decision = disclose_involvement(apply, origin, recipient, roles);
    return decision.effect == EFFECT_SHARE && decision.mode == MODE_CONTENT ? PART_BIT(PART_ACCOUNT)
                                                                            : 0;
}

static uint8_t parts_for(struct apply *apply, const struct grant_header *header,
                         enum entry_kind kind, uint32_t number)
{
    const struct entry_id *id = &header->record;
    const struct agency *recipient = directory_agency(&apply->governance->directory, number);
    struct told_record record;
    if (recipient == NULL || !recipient->active || number == id->agency) {
        return 0;
    }
    if (kind == ENTRY_INVOLVEMENT) {
        return involvement_parts(apply, id, recipient);
    }
    return headline_load(apply, id, &record) ? record_parts(apply, header, &record, recipient) : 0;
}

/* --- judging --- */

enum verdict grant_judge(struct apply *apply, const struct grant_header *header,
                         const struct entry_input *entry)
{
    struct entry_row row;
    if (header->record.agency != header->id.agency) {
        return VERDICT_NOT_ENTITLED;
    }
    if (!entry_row_get(apply->txn, &header->record, &row) || !verdict_is_stored(row.verdict) ||
        (row.kind != ENTRY_RECORD && row.kind != ENTRY_INVOLVEMENT)) {
        return VERDICT_NOT_FOUND;
    }
    if (row.retracted || row.destroyed != DESTROYED_NOT) {
        return VERDICT_CONFLICT;
    }
    for (size_t i = 0; i < entry->n_grants; i++) {
        uint8_t parts = parts_for(apply, header, row.kind, entry->grants[i].recipient);
        if (parts == 0) {
            return VERDICT_BAD_GRANT;
        }
    }
    return entry->n_grants == 0 ? VERDICT_BAD_GRANT : VERDICT_STORED;
}

/* --- telling --- */

static uint8_t granted_parts(const struct entry_input *entry, uint32_t recipient)
{
    uint8_t parts = 0;
    for (size_t i = 0; i < entry->n_grants; i++) {
        if (entry->grants[i].recipient == recipient) {
            parts |= PART_BIT(entry->grants[i].part);
        }
    }
    return parts;
}

void grant_act(struct apply *apply, const struct grant_header *header,
               const struct entry_input *entry)
{
    struct entry_row row;
    bool there = entry_row_get(apply->txn, &header->record, &row);
    assert(there); /* judged */
    uint32_t last = 0;
    for (size_t i = 0; i < entry->n_grants; i++) {
        uint32_t recipient = entry->grants[i].recipient;
        if (recipient == last) {
            continue; /* sorted by recipient, then part */
        }
        last = recipient;
        uint8_t may = parts_for(apply, header, row.kind, recipient);
        uint8_t parts = granted_parts(entry, recipient) & may;
        if (parts != 0) {
            const struct telling what = {
                .entry = &header->record,
                .item = &row.item,
                .parts = parts,
                .flags = may == PART_BIT(PART_CARD) ? DELIVERED_PROVISIONAL : 0,
            };
            mailbox_grant(apply, recipient, &what, entry);
        }
    }
    apply_noted(apply, NOTED_GRANTED_LATER);
}
