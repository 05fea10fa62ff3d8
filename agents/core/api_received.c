/* SPDX-License-Identifier: Apache-2.0 */
/* One entry of another agency: its header, and what of it we may open. */
#include <errno.h>

#include "agents/core/api_view.h"
#include "agents/core/event.h"
#include "agents/core/narrow.h"
#include "base/text.h"

static void set_word(struct json *object, const char *key, const char *word)
{
    if (word != NULL) {
        json_set_word(object, key, word);
    }
}

static struct json *record_header_json(const struct api_view *view,
                                       const struct record_header *record)
{
    struct json *object = json_object_new();
    set_word(object, "record_kind", record_kind_text(record->record_kind));
    set_word(object, "code", record_code_text(record->code));
    set_word(object, "urgency", urgency_text(record->urgency));
    json_set_integer(object, "level", record->level);
    json_set_day(object, "event_date", record->event_day);
    json_set_instant(object, "recorded_at", record->recorded_ms);
    json_set_instant(object, "created_at", record->created_ms);
    set_word(object, "judged_by", judged_by_text(record->judged_by));
    set_word(object, "basis", basis_text(record->basis));
    set_word(object, "detriment", detriment_text(record->detriment));
    set_word(object, "family_told", family_told_text(record->family_told));
    json_set_integer(object, "home_authority", record->home_authority);
    if (record->has_retracts) {
        answer_set_entry(object, "retracts", &record->retracts);
    }
    struct json *narrow = json_array_new();
    for (size_t i = 0; i < record->narrow.n_agencies; i++) {
        struct json *agency = view_agency(view, record->narrow.agencies[i]);
        (void)json_append_node(narrow, &agency);
    }
    (void)json_set_node(object, "left_out", &narrow);
    narrow_show(object, &record->narrow);
    return object;
}

static struct json *decision_header_json(const struct decision_header *decision)
{
    struct json *object = json_object_new();
    set_word(object, "action", action_text(decision->action));
    set_word(object, "outcome", outcome_text((uint32_t)decision->outcome));
    json_set_instant(object, "decided_at", decision->decided_ms);
    if (decision->alert != 0) {
        answer_set_count(object, "alert", decision->alert);
    }
    if (decision->has_record) {
        answer_set_entry(object, "record", &decision->record);
    }
    return object;
}

static struct json *involvement_header_json(const struct involvement_header *involvement)
{
    struct json *object = json_object_new();
    set_word(object, "role", role_text((uint32_t)involvement->role));
    json_set_day(object, "from", involvement->from_day);
    if (involvement->until_day != INVOLVEMENT_OPEN) {
        json_set_day(object, "until", involvement->until_day);
    }
    return object;
}

void view_set_header(struct json *object, const struct api_view *view,
                     const struct entry_header *header)
{
    struct json *part = NULL;
    if (header->kind == ENTRY_RECORD) {
        part = record_header_json(view, &header->record);
    } else if (header->kind == ENTRY_DECISION) {
        part = decision_header_json(&header->decision);
    } else if (header->kind == ENTRY_INVOLVEMENT) {
        part = involvement_header_json(&header->involvement);
    } else {
        return;
    }
    (void)json_set_node(object, "header", &part);
}

static void set_received(struct json *object, const struct received_row *row)
{
    answer_set_count(object, "delivery", row->delivered);
    view_set_retraction(object, row->retraction);
    if (row->alert != 0) {
        answer_set_count(object, "alert", row->alert);
    }
    if (row->decided_ms != 0) {
        json_set_instant(object, "decided", row->decided_ms);
    }
}

static const char *received_words(const struct received_row *row, uint8_t flags)
{
    if (row->retraction == RETRACTION_SIGNED) {
        return "Taken back by the agency that sent it: do not act on it.";
    }
    if (row->retraction == RETRACTION_SAID) {
        return "The broker says that it was taken back, and shows nothing signed by the agency "
               "that sent it: ask that agency by telephone.";
    }
    if (row->link == JUDGED_ANOTHER) {
        return "About another child, as a named person has said: do not act on it for this one.";
    }
    if ((flags & INBOX_DOUBT) != 0) {
        return "Signed with a key that has been revoked since: ask that agency by telephone.";
    }
    return "As the other agency sent it.";
}

static void show(const struct api_view *view, struct store_txn *txn, const struct entry_id *entry,
                 struct api_answer *answer)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    const struct opening opening = {.agent = view->agent, .txn = txn, .own = view->own};
    struct wire_delivered delivered;
    struct entry_header header;
    struct received_row row;
    uint8_t flags;
    if (!received_get(txn, entry, &row) ||
        !received_entry(txn, entry, &arena, &delivered, &flags)) {
        answer_no_record(answer);
        return;
    }
    if (!wire_entry_header_read(delivered.kind, delivered.header, &arena, &header)) {
        answer_fault(answer, -EBADMSG);
        return;
    }
    struct json *document = json_object_new();
    answer_set_entry(document, "record", entry);
    view_set_agency(document, "from", view, entry->agency);
    json_set_word(document, "entry_kind", entry_kind_text((uint32_t)delivered.kind));
    view_set_link(document, (delivered.flags & DELIVERED_PROVISIONAL) != 0, row.link);
    json_set_bool(document, "on_duty", (delivered.flags & DELIVERED_ON_DUTY) != 0);
    json_set_bool(document, "doubt", (flags & INBOX_DOUBT) != 0);
    json_set_word(document, "words", received_words(&row, flags));
    if (header.kind == ENTRY_RECORD && view_must_pass_on(view, &header.record)) {
        char words[WORDS_MAX_BYTES];
        words_pass_on(header.record.home_authority, words);
        json_set_integer(document, "pass_on_to", header.record.home_authority);
        json_set_word(document, "pass_on", words);
    }
    view_set_header(document, view, &header);
    set_received(document, &row);
    if (delivered.has_handle) {
        view_set_circle(document, view, &opening, delivered.handle);
    }
    view_set_part(document, &opening, &delivered, PART_CARD);
    view_set_part(document, &opening, &delivered, PART_ACCOUNT);
    answer_json(answer, 200, &document);
}

void api_received_show(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct entry_id entry;
    view_begin(call->agent, &view);
    if (!entry_id_parse(call->segment, &entry)) {
        answer_no_record(answer);
        return;
    }
    _cleanup_(store_end) struct store_txn *txn = view_read(&view, answer);
    if (txn == NULL) {
        return;
    }
    show(&view, txn, &entry, answer);
    (void)view_broken(txn, answer);
}
