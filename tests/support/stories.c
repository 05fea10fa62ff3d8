/* SPDX-License-Identifier: Apache-2.0 */
#include "support/stories.h"

#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "crypto/token.h"

int32_t day_of(const char *text)
{
    int32_t ret = 0;
    bool good = date_parse(slice_of_text(text), &ret);
    assert(good);
    return ret;
}

/* As world.c makes handles, so that both speak of the same children. */
struct subject_id subject_of(uint32_t agency, int child)
{
    struct subject_id subject = {.agency = agency};
    assert(child > 0 && child < 256);
    subject.handle[0] = 0xAA;
    subject.handle[1] = (uint8_t)agency;
    subject.handle[2] = (uint8_t)child;
    return subject;
}

void make_statement(struct world *world, struct subject_id *subject, const struct stated *stated,
                    size_t n, struct world_entry *ret)
{
    _cleanup_(secret_deinit) struct secret linkage = SECRET_NULL;
    governing_seed(0, "linkage", &linkage);
    *ret = (struct world_entry){.header = {.kind = ENTRY_SUBJECT}};
    ret->header.id = world_next_id(world, subject->agency, LANE_NORMAL);
    struct subject_header *header = &ret->header.subject;
    *header = (struct subject_header){
        .id = ret->header.id, .epoch = 1, .revision = ret->header.id.seq, .n_tokens = n};
    memcpy(header->handle, subject->handle, CAIRN_HANDLE_BYTES);
    for (size_t i = 0; i < n; i++) {
        header->tokens[i] = (struct token_mark){stated[i].class, stated[i].status};
        token_make(&linkage, stated[i].class, slice_of_text(stated[i].value),
                   ret->body + i * CAIRN_HASH_BYTES);
    }
    ret->wire.body = slice_make(ret->body, n * CAIRN_HASH_BYTES);
    world_refreeze(ret);
}

void state_child(struct world *world, uint32_t agency, int child, const struct stated *stated,
                 size_t n)
{
    struct world_entry entry;
    struct subject_id subject = subject_of(agency, child);
    make_statement(world, &subject, stated, n, &entry);
    enum verdict verdict = world_send_one(world, agency, &entry);
    assert(verdict == VERDICT_STORED);
}

void state_verified(struct world *world, uint32_t agency, int child)
{
    struct world_entry entry;
    world_statement(world, agency, child, true, &entry);
    enum verdict verdict = world_send_one(world, agency, &entry);
    assert(verdict == VERDICT_STORED);
}

void state_named(struct world *world, uint32_t agency, int child)
{
    struct world_entry entry;
    world_statement(world, agency, child, false, &entry);
    enum verdict verdict = world_send_one(world, agency, &entry);
    assert(verdict == VERDICT_STORED);
}

struct entry_id store_record(struct world *world, const struct world_record *record)
{
    struct world_entry entry;
    world_record(world, record, &entry);
    enum verdict verdict = world_send_one(world, record->from, &entry);
    assert(verdict_is_stored(verdict));
    return entry.header.id;
}

struct entry_id miss(struct world *world, uint32_t agency, int child, const char *when)
{
    const struct world_record record = {.from = agency, .child = child, .day = day_of(when)};
    return store_record(world, &record);
}

struct entry_id report_danger(struct world *world)
{
    return store_record(world, &(const struct world_record){.from = SCHOOL,
                                                            .child = ALIX,
                                                            .day = day_of("2026-11-02"),
                                                            .record_kind = RECORD_CONCERN,
                                                            .code = CODE_NEGLECT_PHYSICAL,
                                                            .urgency = URGENCY_IMMEDIATE});
}

void retract(struct world *world, const struct entry_id *record, int child)
{
    const struct world_record retraction = {.from = record->agency,
                                            .child = child,
                                            .day = instant_london_day(world->clock.real_ms),
                                            .record_kind = RECORD_RETRACTION,
                                            .retracts = record};
    (void)store_record(world, &retraction);
}

void involve(struct world *world, uint32_t agency, int child)
{
    struct world_entry entry;
    world_involvement(world, agency, child, &entry);
    enum verdict verdict = world_send_one(world, agency, &entry);
    assert(verdict == VERDICT_STORED);
}

void three_missed(struct world *world, int child)
{
    state_verified(world, GP, child);
    state_verified(world, HOSPITAL, child);
    involve(world, GP, child);
    involve(world, HOSPITAL, child);
    (void)miss(world, GP, child, "2026-02-03");
    (void)miss(world, HOSPITAL, child, "2026-06-10");
    (void)miss(world, GP, child, "2026-09-21");
}

enum verdict decide(struct world *world, uint32_t agency, uint64_t alert, enum action action,
                    enum outcome outcome)
{
    struct world_entry entry;
    world_decision(world, agency, alert, action, outcome, &entry);
    return world_send_one(world, agency, &entry);
}

enum verdict decide_link(struct world *world, uint32_t agency, const struct world_link *link)
{
    struct world_entry entry;
    world_link_decision(world, agency, link, &entry);
    return world_send_one(world, agency, &entry);
}

void publish_document(struct world *world, enum governance_document document, struct buf *text)
{
    _cleanup_(buf_deinit) struct buf note = BUF_MAX(CAIRN_NOTE_MAX_BYTES);
    uint64_t version = world->governing.governance->versions[document] + 1;
    enum govern_result result =
        governing_offer(&world->governing, document, version, buf_slice(text));
    assert(result == GOVERN_ACCEPTED);
    governing_note(&world->governing, 1, document, version, buf_slice(text), &note);
    const struct govern_document offered = {
        .document = document, .text = buf_slice(text), .note = buf_slice(&note)};
    bool taken = gate_offer(&world->gate, &offered);
    assert(taken);
    world_turn(world);
    assert(world->commit.governance->versions[document] == version);
}

void change_document(struct world *world, enum governance_document document, const char *from,
                     const char *to)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    governing_template(governance_document_text(document), &text);
    text_replace(&text, from, to);
    publish_document(world, document, &text);
}

void change_directory(struct world *world, const char *from, const char *to)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    world_directory_text(&text);
    text_replace(&text, from, to);
    publish_document(world, GOVERNANCE_DIRECTORY, &text);
}

struct subject_row subject_row_of(struct world *world, uint32_t agency, int child)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    const struct subject_id subject = subject_of(agency, child);
    struct subject_row row;
    bool there = subject_row_get(txn, &subject, &row);
    assert(there);
    return row;
}

struct alert_row alert_row_of(struct world *world, uint64_t alert)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct alert_row row;
    bool there = alert_row_get(txn, alert, &row);
    assert(there);
    return row;
}

uint64_t current_alert_of(struct world *world, uint64_t child)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    struct alert_row alert;
    return child_alert_get(txn, child, &alert);
}

size_t notices(struct world *world, uint32_t agency, enum notice_type type)
{
    struct wire_notice notice;
    size_t n = 0;
    while (world_notice(world, agency, type, n, &notice)) {
        n++;
    }
    return n;
}

enum reader_state reader_state_at(struct world *world, const struct entry_id *record,
                                  uint32_t reader)
{
    struct wire_header header = {.version = CAIRN_PROTOCOL_MAX, .type = WIRE_STATE_REQUEST};
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    struct wire_state_reply reply;
    wire_frame_begin(&frame, &header);
    wire_state_request_write(record, &frame);
    wire_frame_end(&frame);
    world_forget_letters(world);
    world_receive(world, record->agency, buf_slice(&frame));
    world_turn(world);
    struct slice letter = world_letter(world, record->agency, WIRE_STATE_REPLY);
    bool good = wire_state_reply_read(letter, &world->arena, &reply);
    assert(good);
    for (size_t i = 0; i < reply.n_readers; i++) {
        if (reply.readers[i].agency == reader) {
            return reply.readers[i].state;
        }
    }
    return 0;
}
