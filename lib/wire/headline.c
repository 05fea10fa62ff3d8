/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/headline.h"

#include "base/date.h"
#include "wire/pieces.h"

#define HEADLINE_FLAGS                                                                             \
    (HEADLINE_PROVISIONAL | HEADLINE_RETRACTED | HEADLINE_OWN | HEADLINE_MAY_ASK |                 \
     HEADLINE_DESTROYED | HEADLINE_NOT_FOR_FAMILY)

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

bool wire_headline_read(const Cairn__V1__Headline *from, struct wire_headline *ret)
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

void wire_headline_fill(const struct wire_headline *headline, struct wire_headline_row *ret)
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
