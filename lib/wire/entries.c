/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clear headers. Each kind has a reader that takes the unpacked message apart, a check of our
 * own struct's ranges and a writer. Writers do not judge: what an agency's own system sends is
 * checked at its intake, and the broker reads strictly; a test must be able to write a bad header.
 */
#include <string.h>

#include "base/date.h"
#include "entries.pb-c.h"
#include "wire/narrowing.h"
#include "wire/pieces.h"
#include "wire/strict.h"
#include "wire/wire.h"

#define JUDGED_BY_MAX   2
#define BASIS_MAX       3
#define DETRIMENT_MAX   2
#define FAMILY_TOLD_MAX 3

/* Every header message has these four fields. */
#define HEADER_ID(message)                                                                         \
    ((struct entry_id){                                                                            \
        .agency = (message)->agency, .stream = (message)->stream, .seq = (message)->seq})
#define HEADER_FILL(message, entry_kind, id)                                                       \
    ((message)->kind = (entry_kind), (message)->agency = (id).agency,                              \
     (message)->stream = (id).stream, (message)->seq = (id).seq)

static bool within(uint32_t value, uint32_t min, uint32_t max)
{
    return value >= min && value <= max;
}

/* --- record --- */

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

static bool record_read(const Cairn__V1__RecordHeader *from, struct record_header *ret)
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

static void record_write(const struct record_header *record, struct buf *out)
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

/* --- subject --- */

static bool subject_read(const Cairn__V1__SubjectHeader *from, struct subject_header *ret)
{
    *ret = (struct subject_header){.id = HEADER_ID(from),
                                   .epoch = from->epoch,
                                   .revision = from->revision,
                                   .person = from->person,
                                   .n_tokens = from->n_tokens};
    if (from->epoch == 0 || from->revision == 0 || from->n_tokens > CAIRN_TOKENS_MAX) {
        return false;
    }
    for (size_t i = 0; i < from->n_tokens; i++) {
        const Cairn__V1__TokenMark *mark = from->tokens[i];
        if (token_class_text(mark->class_) == NULL ||
            identifier_status_text(mark->status) == NULL ||
            token_class_is_person((enum token_class)mark->class_) != from->person) {
            return false;
        }
        ret->tokens[i].class = (enum token_class)mark->class_;
        ret->tokens[i].status = (enum identifier_status)mark->status;
    }
    return piece_id16(&from->handle, ret->handle);
}

static void subject_write(const struct subject_header *subject, struct buf *out)
{
    Cairn__V1__SubjectHeader message = CAIRN__V1__SUBJECT_HEADER__INIT;
    Cairn__V1__TokenMark marks[CAIRN_TOKENS_MAX];
    Cairn__V1__TokenMark *list[CAIRN_TOKENS_MAX];

    assert(subject->n_tokens <= CAIRN_TOKENS_MAX);
    HEADER_FILL(&message, ENTRY_SUBJECT, subject->id);
    message.handle = piece_bytes(SLICE_OF(subject->handle));
    message.epoch = subject->epoch;
    message.revision = subject->revision;
    message.person = subject->person;
    message.n_tokens = subject->n_tokens;
    message.tokens = list;
    for (size_t i = 0; i < subject->n_tokens; i++) {
        cairn__v1__token_mark__init(&marks[i]);
        marks[i].class_ = subject->tokens[i].class;
        marks[i].status = subject->tokens[i].status;
        list[i] = &marks[i];
    }
    strict_write(&message.base, out);
}

/* --- tie --- */

static bool tie_read(const Cairn__V1__TieHeader *from, struct tie_header *ret)
{
    *ret = (struct tie_header){
        .id = HEADER_ID(from),
        .relationship = (enum relationship)from->relationship,
        .until_day = from->until_day,
        .withdrawn = from->withdrawn,
    };
    bool born = from->relationship == RELATIONSHIP_BORN;
    return relationship_text(from->relationship) != NULL &&
           (from->until_day == TIE_OPEN || (!born && date_in_range(from->until_day))) &&
           piece_id16(&from->handle, ret->handle) && piece_id16(&from->person, ret->person) &&
           !slice_equal(SLICE_OF(ret->handle), SLICE_OF(ret->person));
}

static void tie_write(const struct tie_header *tie, struct buf *out)
{
    Cairn__V1__TieHeader message = CAIRN__V1__TIE_HEADER__INIT;

    HEADER_FILL(&message, ENTRY_TIE, tie->id);
    message.handle = piece_bytes(SLICE_OF(tie->handle));
    message.person = piece_bytes(SLICE_OF(tie->person));
    message.relationship = tie->relationship;
    message.until_day = tie->until_day;
    message.withdrawn = tie->withdrawn;
    strict_write(&message.base, out);
}

/* --- involvement --- */

static bool involvement_read(const Cairn__V1__InvolvementHeader *from,
                             struct involvement_header *ret)
{
    *ret = (struct involvement_header){
        .id = HEADER_ID(from),
        .role = (enum role)from->role,
        .from_day = from->from_day,
        .until_day = from->until_day,
    };
    bool ends = from->until_day != INVOLVEMENT_OPEN;
    return role_text(from->role) != NULL && date_in_range(from->from_day) &&
           (!ends || (date_in_range(from->until_day) && from->until_day >= from->from_day)) &&
           piece_id16(&from->handle, ret->handle);
}

static void involvement_write(const struct involvement_header *involvement, struct buf *out)
{
    Cairn__V1__InvolvementHeader message = CAIRN__V1__INVOLVEMENT_HEADER__INIT;

    HEADER_FILL(&message, ENTRY_INVOLVEMENT, involvement->id);
    message.handle = piece_bytes(SLICE_OF(involvement->handle));
    message.role = involvement->role;
    message.from_day = involvement->from_day;
    message.until_day = involvement->until_day;
    strict_write(&message.base, out);
}

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
 * link is named by a record of whom is meant, with the alert that shows it when it is decided there,
 * or by one of each of two. */
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
        return record_read(message, &ret->record);
    case ENTRY_SUBJECT:
        return subject_read(message, &ret->subject);
    case ENTRY_INVOLVEMENT:
        return involvement_read(message, &ret->involvement);
    case ENTRY_ACKNOWLEDGEMENT:
        return acknowledgement_read(message, &ret->acknowledgement);
    case ENTRY_DECISION:
        return decision_read(message, &ret->decision);
    case ENTRY_GRANT:
        return grant_read(message, &ret->grant);
    case ENTRY_REQUEST:
        return request_read(message, &ret->request);
    case ENTRY_TIE:
        return tie_read(message, &ret->tie);
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
        record_write(&header->record, out);
        return;
    case ENTRY_SUBJECT:
        assert(entry_id_equal(&header->id, &header->subject.id));
        subject_write(&header->subject, out);
        return;
    case ENTRY_INVOLVEMENT:
        assert(entry_id_equal(&header->id, &header->involvement.id));
        involvement_write(&header->involvement, out);
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
        tie_write(&header->tie, out);
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
