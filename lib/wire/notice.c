/* SPDX-License-Identifier: Apache-2.0 */
#include "delivery.pb-c.h"
#include "wire/headline.h"
#include "wire/pieces.h"
#include "wire/strict.h"
#include "wire/wire.h"

/* --- notice --- */

static bool notice_numbers_ok(const Cairn__V1__Notice *from)
{
    return from->type >= NOTICE_RAISED && from->type <= NOTICE_LAST &&
           piece_outcome_ok(from->outcome) && piece_outcome_ok(from->earlier_outcome) &&
           piece_instant_ok(from->time_ms) && from->n_headlines <= CAIRN_ALERT_RECORDS_MAX;
}

static bool notice_pieces(const Cairn__V1__Notice *from, struct wire_notice *ret)
{
    return piece_text(&from->pattern, CAIRN_NAME_MAX_BYTES, &ret->pattern) &&
           piece_hash(&from->pattern_hash, &ret->pattern_hash) &&
           piece_optional_id16(&from->handle, &ret->has_handle, ret->handle) &&
           (!ret->has_record || piece_ref(from->subject_record, &ret->record));
}

bool wire_notice_read(struct slice payload, struct arena *arena, struct wire_notice *ret)
{
    const Cairn__V1__Notice *from = strict_read(&cairn__v1__notice__descriptor, payload, arena);

    if (from == NULL || !notice_numbers_ok(from)) {
        return false;
    }
    struct wire_notice read = {
        .type = (enum notice_type)from->type,
        .alert = from->alert,
        .revision = from->revision,
        .rule_version = from->rule_version,
        .n_headlines = from->n_headlines,
        .agency = from->agency,
        .outcome = from->outcome,
        .has_record = from->subject_record != NULL,
        .time_ms = from->time_ms,
        .earlier_outcome = from->earlier_outcome,
    };
    struct wire_headline *headlines = arena_alloc(arena, from->n_headlines * sizeof(*headlines));
    if (headlines == NULL || !notice_pieces(from, &read)) {
        return false;
    }
    for (size_t i = 0; i < from->n_headlines; i++) {
        if (!wire_headline_read(from->headlines[i], &headlines[i])) {
            return false;
        }
    }
    read.headlines = headlines;
    *ret = read;
    return true;
}

void wire_notice_write(const struct wire_notice *notice, struct buf *out)
{
    Cairn__V1__Notice message = CAIRN__V1__NOTICE__INIT;
    Cairn__V1__EntryRef record;
    struct wire_headline_row rows[CAIRN_ALERT_RECORDS_MAX];
    Cairn__V1__Headline *list[CAIRN_ALERT_RECORDS_MAX];

    assert(notice->n_headlines <= CAIRN_ALERT_RECORDS_MAX);
    for (size_t i = 0; i < notice->n_headlines; i++) {
        wire_headline_fill(&notice->headlines[i], &rows[i]);
        list[i] = &rows[i].message;
    }
    message.type = notice->type;
    message.alert = notice->alert;
    message.revision = notice->revision;
    message.pattern = piece_bytes(notice->pattern);
    message.pattern_hash = piece_bytes(SLICE_OF(notice->pattern_hash.bytes));
    message.rule_version = notice->rule_version;
    message.handle = piece_optional(notice->has_handle, notice->handle);
    message.n_headlines = notice->n_headlines;
    message.headlines = list;
    message.agency = notice->agency;
    message.outcome = notice->outcome;
    if (notice->has_record) {
        piece_ref_fill(&notice->record, &record);
        message.subject_record = &record;
    }
    message.time_ms = notice->time_ms;
    message.earlier_outcome = notice->earlier_outcome;
    strict_write(&message.base, out);
}
