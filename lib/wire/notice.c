/* SPDX-License-Identifier: Apache-2.0 */
#include "base/date.h"
#include "delivery.pb-c.h"
#include "wire/pieces.h"
#include "wire/strict.h"
#include "wire/wire.h"

#define HEADLINE_FLAGS (HEADLINE_PROVISIONAL | HEADLINE_RETRACTED | HEADLINE_OWN | HEADLINE_MAY_ASK)

/* --- one thing noticed --- */

/* Mode content: the record and what it says. Mode existence: nothing that leads to it, only class,
 * day, origin's kind. */
static bool headline_mode_ok(const struct wire_headline *headline)
{
    if (headline->has_record) {
        return record_kind_text(headline->record_kind) != NULL &&
               piece_code_ok(headline->code, headline->record_kind) && headline->origin != 0;
    }
    return headline->record_kind == 0 && headline->code == CODE_NOT_SAID && headline->origin == 0 &&
           headline->log_index == 0 && headline->class.len >= 1 && headline->origin_kind.len >= 1;
}

static bool headline_read(const Cairn__V1__Headline *from, struct wire_headline *ret)
{
    *ret = (struct wire_headline){
        .has_record = from->record != NULL,
        .log_index = from->log_index,
        .record_kind = from->record_kind,
        .code = from->code,
        .event_day = from->event_day,
        .origin = from->origin,
        .flags = from->flags,
    };
    return piece_text(&from->class_, CAIRN_AGENCY_ID_MAX_BYTES, &ret->class) &&
           piece_text(&from->origin_kind, CAIRN_AGENCY_ID_MAX_BYTES, &ret->origin_kind) &&
           (!ret->has_record || piece_ref(from->record, &ret->record)) && headline_mode_ok(ret) &&
           date_in_range(from->event_day) && (from->flags & ~HEADLINE_FLAGS) == 0;
}

/* The row and the reference that it points to. */
struct headline_row {
    Cairn__V1__Headline message;
    Cairn__V1__EntryRef record;
};

static void headline_fill(const struct wire_headline *headline, struct headline_row *ret)
{
    cairn__v1__headline__init(&ret->message);
    if (headline->has_record) {
        piece_ref_fill(&headline->record, &ret->record);
        ret->message.record = &ret->record;
    }
    ret->message.log_index = headline->log_index;
    ret->message.record_kind = headline->record_kind;
    ret->message.code = headline->code;
    ret->message.class_ = piece_bytes(headline->class);
    ret->message.event_day = headline->event_day;
    ret->message.origin_kind = piece_bytes(headline->origin_kind);
    ret->message.origin = headline->origin;
    ret->message.flags = headline->flags;
}

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
        if (!headline_read(from->headlines[i], &headlines[i])) {
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
    struct headline_row rows[CAIRN_ALERT_RECORDS_MAX];
    Cairn__V1__Headline *list[CAIRN_ALERT_RECORDS_MAX];

    assert(notice->n_headlines <= CAIRN_ALERT_RECORDS_MAX);
    for (size_t i = 0; i < notice->n_headlines; i++) {
        headline_fill(&notice->headlines[i], &rows[i]);
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
