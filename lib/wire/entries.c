/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clear headers. Each kind has a reader that takes the unpacked message apart, a check of our
 * own struct's ranges and a writer. Writers do not judge: what an agency's own system sends is
 * checked at its intake, and the broker reads strictly; a test must be able to write a bad header.
 */
#include "wire/entries.h"

#include <string.h>

#include "wire/pieces.h"
#include "wire/strict.h"

/* --- acknowledgement --- */

static bool acknowledgement_read(const Cairn__V1__AcknowledgementHeader *from,
                                 struct acknowledgement_header *ret)
{
    *ret = (struct acknowledgement_header){
        .id = HEADER_ID(from), .position = from->position, .log_size = from->log_size};
    return piece_hash(&from->log_root, &ret->log_root) &&
           piece_fixed(&from->cosignature, ret->cosignature, sizeof(ret->cosignature));
}

static void acknowledgement_write(const struct acknowledgement_header *acknowledgement,
                                  struct buf *out)
{
    Cairn__V1__AcknowledgementHeader message = CAIRN__V1__ACKNOWLEDGEMENT_HEADER__INIT;

    HEADER_FILL(&message, ENTRY_ACKNOWLEDGEMENT, acknowledgement->id);
    message.position = acknowledgement->position;
    message.log_size = acknowledgement->log_size;
    message.log_root = piece_bytes(SLICE_OF(acknowledgement->log_root.bytes));
    message.cosignature = piece_bytes(SLICE_OF(acknowledgement->cosignature));
    strict_write(&message.base, out);
}

/* --- decision --- */

/* Opening and closing are about one alert or one record, looking about one alert or one child; a
 * refusal is of one request, which stands where a record does; a
 * link is named by a record of whom is meant, with the alert that shows it when it is decided
 * there, or by one of each of two. */
static bool decision_about_ok(const struct decision_header *decision)
{
    bool alert = decision->alert != 0;

    if (action_is_link(decision->action)) {
        return decision->has_record && !decision->has_handle &&
               (!decision->has_other || decision->action != ACTION_UNDO_LINK);
    }
    if (decision->action == ACTION_LOOK) {
        return decision->has_handle != alert && !decision->has_record && !decision->has_other;
    }
    if ((decision->action == ACTION_REFUSE_REQUEST || action_is_hold(decision->action)) && alert) {
        return false;
    }
    return decision->has_record != alert && !decision->has_handle && !decision->has_other;
}

static bool decision_read(const Cairn__V1__DecisionHeader *from, struct decision_header *ret)
{
    *ret = (struct decision_header){
        .id = HEADER_ID(from),
        .action = (enum action)from->action,
        .alert = from->alert,
        .has_record = from->record != NULL,
        .has_other = from->other != NULL,
        .outcome = (enum outcome)from->outcome,
        .decided_ms = from->decided_ms,
    };
    bool outcome_ok = piece_outcome_ok(from->outcome) &&
                      (from->action == ACTION_CLOSE || from->outcome == OUTCOME_NONE);
    return action_text(from->action) != NULL && outcome_ok && piece_instant_ok(from->decided_ms) &&
           piece_optional_id16(&from->handle, &ret->has_handle, ret->handle) &&
           decision_about_ok(ret) && (!ret->has_record || piece_ref(from->record, &ret->record)) &&
           (!ret->has_other || piece_ref(from->other, &ret->other));
}

static void decision_write(const struct decision_header *decision, struct buf *out)
{
    Cairn__V1__DecisionHeader message = CAIRN__V1__DECISION_HEADER__INIT;
    Cairn__V1__EntryRef record;
    Cairn__V1__EntryRef other;

    HEADER_FILL(&message, ENTRY_DECISION, decision->id);
    message.action = decision->action;
    message.alert = decision->alert;
    if (decision->has_record) {
        piece_ref_fill(&decision->record, &record);
        message.record = &record;
    }
    if (decision->has_other) {
        piece_ref_fill(&decision->other, &other);
        message.other = &other;
    }
    message.outcome = decision->outcome;
    message.decided_ms = decision->decided_ms;
    message.handle = piece_optional(decision->has_handle, decision->handle);
    strict_write(&message.base, out);
}

/* --- grant --- */

static bool grant_read(const Cairn__V1__GrantHeader *from, struct grant_header *ret)
{
    *ret = (struct grant_header){
        .id = HEADER_ID(from), .basis = from->basis, .judged_by = from->judged_by};
    return within(from->basis, 1, BASIS_MAX) && within(from->judged_by, 1, JUDGED_BY_MAX) &&
           piece_ref(from->record, &ret->record);
}

static void grant_write(const struct grant_header *grant, struct buf *out)
{
    Cairn__V1__GrantHeader message = CAIRN__V1__GRANT_HEADER__INIT;
    Cairn__V1__EntryRef record;

    HEADER_FILL(&message, ENTRY_GRANT, grant->id);
    piece_ref_fill(&grant->record, &record);
    message.record = &record;
    message.basis = grant->basis;
    message.judged_by = grant->judged_by;
    strict_write(&message.base, out);
}

/* --- request --- */

static bool request_read(const Cairn__V1__RequestHeader *from, struct request_header *ret)
{
    *ret = (struct request_header){
        .id = HEADER_ID(from),
        .has_record = from->record != NULL,
        .purpose = (enum purpose)from->purpose,
    };
    return purpose_text(from->purpose) != NULL && piece_id16(&from->handle, ret->handle) &&
           (!ret->has_record || piece_ref(from->record, &ret->record));
}

static void request_write(const struct request_header *request, struct buf *out)
{
    Cairn__V1__RequestHeader message = CAIRN__V1__REQUEST_HEADER__INIT;
    Cairn__V1__EntryRef record;

    HEADER_FILL(&message, ENTRY_REQUEST, request->id);
    message.handle = piece_bytes(SLICE_OF(request->handle));
    if (request->has_record) {
        piece_ref_fill(&request->record, &record);
        message.record = &record;
    }
    message.purpose = request->purpose;
    strict_write(&message.base, out);
}

/* --- any kind --- */

static const ProtobufCMessageDescriptor *header_type(enum entry_kind kind)
{
    switch (kind) {
    case ENTRY_RECORD:
        return &cairn__v1__record_header__descriptor;
    case ENTRY_GRANT:
        return &cairn__v1__grant_header__descriptor;
    case ENTRY_SUBJECT:
        return &cairn__v1__subject_header__descriptor;
    case ENTRY_TIE:
        return &cairn__v1__tie_header__descriptor;
    case ENTRY_INVOLVEMENT:
        return &cairn__v1__involvement_header__descriptor;
    case ENTRY_ACKNOWLEDGEMENT:
        return &cairn__v1__acknowledgement_header__descriptor;
    case ENTRY_DECISION:
        return &cairn__v1__decision_header__descriptor;
    case ENTRY_REQUEST:
        return &cairn__v1__request_header__descriptor;
    }
    return NULL;
}

/* Fields 1 to 4 are kind, agency, stream and seq in every header message; fields are sorted by
 * number. */
static bool read_common(const ProtobufCMessageDescriptor *type, const void *message,
                        struct entry_header *ret)
{
    const uint8_t *start = message;
    uint32_t kind = 0;

    memcpy(&kind, start + type->fields[0].offset, sizeof(kind));
    memcpy(&ret->id.agency, start + type->fields[1].offset, sizeof(ret->id.agency));
    memcpy(&ret->id.stream, start + type->fields[2].offset, sizeof(ret->id.stream));
    memcpy(&ret->id.seq, start + type->fields[3].offset, sizeof(ret->id.seq));
    return kind == (uint32_t)ret->kind && piece_entry_id_ok(&ret->id);
}

static bool read_particular(const void *message, struct entry_header *ret)
{
    switch (ret->kind) {
    case ENTRY_RECORD:
        return record_header_read(message, &ret->record);
    case ENTRY_SUBJECT:
        return subject_header_read(message, &ret->subject);
    case ENTRY_INVOLVEMENT:
        return involvement_header_read(message, &ret->involvement);
    case ENTRY_ACKNOWLEDGEMENT:
        return acknowledgement_read(message, &ret->acknowledgement);
    case ENTRY_DECISION:
        return decision_read(message, &ret->decision);
    case ENTRY_GRANT:
        return grant_read(message, &ret->grant);
    case ENTRY_REQUEST:
        return request_read(message, &ret->request);
    case ENTRY_TIE:
        return tie_header_read(message, &ret->tie);
    }
    return false;
}

bool wire_entry_header_read(enum entry_kind kind, struct slice header, struct arena *arena,
                            struct entry_header *ret)
{
    const ProtobufCMessageDescriptor *type = header_type(kind);
    struct entry_header read = {.kind = kind};

    if (type == NULL || header.len > CAIRN_HEADER_MAX_BYTES) {
        return false;
    }
    const void *message = strict_read(type, header, arena);
    if (message == NULL || !read_common(type, message, &read) || !read_particular(message, &read)) {
        return false;
    }
    *ret = read;
    return true;
}

void wire_entry_header_write(const struct entry_header *header, struct buf *out)
{
    switch (header->kind) {
    case ENTRY_RECORD:
        assert(entry_id_equal(&header->id, &header->record.id));
        record_header_write(&header->record, out);
        return;
    case ENTRY_SUBJECT:
        assert(entry_id_equal(&header->id, &header->subject.id));
        subject_header_write(&header->subject, out);
        return;
    case ENTRY_INVOLVEMENT:
        assert(entry_id_equal(&header->id, &header->involvement.id));
        involvement_header_write(&header->involvement, out);
        return;
    case ENTRY_ACKNOWLEDGEMENT:
        assert(entry_id_equal(&header->id, &header->acknowledgement.id));
        acknowledgement_write(&header->acknowledgement, out);
        return;
    case ENTRY_DECISION:
        assert(entry_id_equal(&header->id, &header->decision.id));
        decision_write(&header->decision, out);
        return;
    case ENTRY_GRANT:
        assert(entry_id_equal(&header->id, &header->grant.id));
        grant_write(&header->grant, out);
        return;
    case ENTRY_REQUEST:
        assert(entry_id_equal(&header->id, &header->request.id));
        request_write(&header->request, out);
        return;
    case ENTRY_TIE:
        assert(entry_id_equal(&header->id, &header->tie.id));
        tie_header_write(&header->tie, out);
        return;
    }
    assert(false && "a kind that there is not cannot be written");
}

bool wire_entry_fits(const struct entry_header *header, struct slice body)
{
    switch (header->kind) {
    case ENTRY_RECORD:
        return header->record.card_bytes <= body.len;
    case ENTRY_SUBJECT:
        return body.len == header->subject.n_tokens * WIRE_TOKEN_BYTES;
    case ENTRY_TIE:
    case ENTRY_ACKNOWLEDGEMENT:
    case ENTRY_GRANT:
    case ENTRY_REQUEST:
        return body.len == 0;
    case ENTRY_INVOLVEMENT:
    case ENTRY_DECISION:
        return true;
    }
    return false;
}
