/* SPDX-License-Identifier: Apache-2.0 */
/* The clear header of a record. */
#include <string.h>

#include "base/date.h"
#include "wire/entries.h"
#include "wire/narrowing.h"
#include "wire/pieces.h"
#include "wire/strict.h"

#define DETRIMENT_MAX   2
#define FAMILY_TOLD_MAX 3

static bool record_words_ok(const Cairn__V1__RecordHeader *from)
{
    return record_kind_text(from->record_kind) != NULL &&
           piece_code_ok(from->code, from->record_kind) && from->level <= CAIRN_LEVEL_MAX &&
           urgency_text(from->urgency) != NULL && within(from->judged_by, 1, JUDGED_BY_MAX) &&
           within(from->basis, 1, BASIS_MAX) && within(from->detriment, 1, DETRIMENT_MAX) &&
           within(from->family_told, 1, FAMILY_TOLD_MAX) &&
           (from->home_authority == 0 ||
            within(from->home_authority, CAIRN_AUTHORITY_MIN, CAIRN_AUTHORITY_MAX));
}

/* Of an adult one kind of thing is said, and it is never what is told at once and in full. */
static bool record_person_ok(const Cairn__V1__RecordHeader *from)
{
    return !from->person || (from->record_kind == RECORD_ADULT_SERVICE &&
                             !record_is_danger(from->record_kind, (enum urgency)from->urgency));
}

static bool record_sizes_ok(const Cairn__V1__RecordHeader *from)
{
    return date_in_range(from->event_day) && piece_instant_ok(from->recorded_ms) &&
           piece_instant_ok(from->created_ms) && from->card_bytes <= CAIRN_BODY_MAX_BYTES;
}

/* Once the rest of the header is there. */
static bool record_narrow(const Cairn__V1__RecordHeader *from, struct record_header *ret)
{
    const Cairn__V1__Narrowing *narrow = from->narrow;
    uint32_t last = 0;

    if (narrow == NULL) {
        return true;
    }
    if (narrow->n_agencies > CAIRN_NARROW_MAX) {
        return false;
    }
    for (size_t i = 0; i < narrow->n_agencies; i++) {
        if (narrow->agencies[i] <= last) {
            return false;
        }
        last = narrow->agencies[i];
        ret->narrow.agencies[i] = last;
    }
    ret->narrow.n_agencies = narrow->n_agencies;
    ret->narrow.roles = narrow->roles;
    ret->narrow.hidden_until = narrow->hidden_until;
    ret->narrow.not_for_family = narrow->not_for_family;
    ret->narrow.reason = narrow->reason;
    ret->narrow.authority = narrow->authority;
    return narrowing_is_any(&ret->narrow) && narrowing_problem(ret) == NULL;
}

/* The record that a retraction withdraws, and nothing else withdraws one. */
static bool record_retracts(const Cairn__V1__RecordHeader *from, struct record_header *ret)
{
    ret->has_retracts = from->retracts != NULL;
    if (ret->has_retracts != (from->record_kind == RECORD_RETRACTION)) {
        return false;
    }
    return !ret->has_retracts || piece_ref(from->retracts, &ret->retracts);
}

bool record_header_read(const Cairn__V1__RecordHeader *from, struct record_header *ret)
{
    *ret = (struct record_header){
        .id = HEADER_ID(from),
        .record_kind = (enum record_kind)from->record_kind,
        .code = from->code,
        .level = from->level,
        .urgency = (enum urgency)from->urgency,
        .event_day = from->event_day,
        .recorded_ms = from->recorded_ms,
        .created_ms = from->created_ms,
        .card_bytes = from->card_bytes,
        .judged_by = from->judged_by,
        .basis = from->basis,
        .detriment = from->detriment,
        .family_told = from->family_told,
        .home_authority = from->home_authority,
        .person = from->person,
    };
    return record_words_ok(from) && record_person_ok(from) && record_sizes_ok(from) &&
           record_retracts(from, ret) && record_narrow(from, ret) &&
           piece_id16(&from->handle, ret->handle) && piece_id16(&from->event_id, ret->event_id) &&
           piece_optional_id16(&from->occurrence, &ret->has_occurrence, ret->occurrence);
}

/* The message borrows `agencies`. */
static void narrow_fill(const struct narrowing *narrow, uint32_t agencies[CAIRN_NARROW_MAX],
                        Cairn__V1__Narrowing *ret)
{
    assert(narrow->n_agencies <= CAIRN_NARROW_MAX);
    memcpy(agencies, narrow->agencies, sizeof(narrow->agencies));
    ret->n_agencies = narrow->n_agencies;
    ret->agencies = agencies;
    ret->roles = narrow->roles;
    ret->hidden_until = narrow->hidden_until;
    ret->not_for_family = narrow->not_for_family;
    ret->reason = narrow->reason;
    ret->authority = narrow->authority;
}

void record_header_write(const struct record_header *record, struct buf *out)
{
    Cairn__V1__RecordHeader message = CAIRN__V1__RECORD_HEADER__INIT;
    Cairn__V1__EntryRef retracts;
    Cairn__V1__Narrowing narrow = CAIRN__V1__NARROWING__INIT;
    uint32_t agencies[CAIRN_NARROW_MAX];

    HEADER_FILL(&message, ENTRY_RECORD, record->id);
    message.handle = piece_bytes(SLICE_OF(record->handle));
    message.record_kind = record->record_kind;
    message.code = record->code;
    message.level = record->level;
    message.urgency = record->urgency;
    message.event_day = record->event_day;
    message.recorded_ms = record->recorded_ms;
    message.created_ms = record->created_ms;
    message.event_id = piece_bytes(SLICE_OF(record->event_id));
    message.occurrence = piece_optional(record->has_occurrence, record->occurrence);
    if (record->has_retracts) {
        piece_ref_fill(&record->retracts, &retracts);
        message.retracts = &retracts;
    }
    message.card_bytes = record->card_bytes;
    message.judged_by = record->judged_by;
    message.basis = record->basis;
    message.detriment = record->detriment;
    message.family_told = record->family_told;
    if (narrowing_is_any(&record->narrow)) {
        narrow_fill(&record->narrow, agencies, &narrow);
        message.narrow = &narrow;
    }
    message.home_authority = record->home_authority;
    message.person = record->person;
    strict_write(&message.base, out);
}
