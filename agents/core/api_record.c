/* SPDX-License-Identifier: Apache-2.0 */
/* What became of something of ours; and proofs that it is in the log. */
#include <errno.h>

#include "agents/core/api_view.h"
#include "agents/core/kept.h"

struct asked_record {
    struct reference reference;
    struct out_row row;
};

static bool find_reference(struct store_txn *txn, const char *text, struct reference *ret)
{
    struct entry_id entry;
    return reference_parse(text, ret) ||
           (entry_id_parse(text, &entry) && out_by_entry(txn, &entry, ret));
}

/* A submitter sees what it submitted itself, and nothing says that there is more. */
static bool may_see(const struct api_call *call, const struct out_row *row)
{
    return call->role >= USER_PRACTITIONER || row->by_uid == call->uid;
}

static bool find_record(const struct api_view *view, const struct api_call *call,
                        struct asked_record *ret, struct api_answer *answer)
{
    _cleanup_(store_end) struct store_txn *txn = view_read(view, answer);
    if (txn == NULL) {
        return false;
    }
    bool found = find_reference(txn, call->segment, &ret->reference) &&
                 out_get(txn, &ret->reference, &ret->row) && may_see(call, &ret->row);
    if (view_broken(txn, answer)) {
        return false;
    }
    if (!found) {
        answer_no_record(answer);
    }
    return found;
}

/* The broker does not name to an origin who was told of an adult, nor a sensitive service. */
#define UNNAMED "an agency that is not named here"

static const char *reader_name(const struct api_view *view, uint32_t agency)
{
    return agency == 0 ? UNNAMED : view_agency_name(view, agency);
}

static struct json *reader_agency(const struct api_view *view, uint32_t agency)
{
    if (agency != 0) {
        return view_agency(view, agency);
    }
    struct json *object = json_object_new();
    json_set_word(object, "name", UNNAMED);
    return object;
}

void view_ask_readers(const struct api_view *view, const struct out_row *row,
                      struct view_readers *readers, struct state_answer *state)
{
    const struct logged_entry entry = {.id = row->entry, .log_index = row->log_index};
    if (row->state != OUT_STORED || (row->kind != ENTRY_RECORD && row->kind != ENTRY_REQUEST) ||
        link_ask_state(view->agent, &entry, state, CAIRN_API_ASK_MAX_MS) != 0) {
        return;
    }
    readers->asked = true;
    readers->n = state->n_readers;
    for (size_t i = 0; i < state->n_readers; i++) {
        readers->of[i] = (struct words_reader){
            .name = reader_name(view, state->readers[i].agency),
            .state = state->readers[i].state,
        };
        readers->agencies[i] = state->readers[i].agency;
    }
}

static struct json *readers_json(const struct api_view *view, const struct view_readers *readers,
                                 enum entry_kind kind)
{
    struct json *list = json_array_new();
    for (size_t i = 0; i < readers->n; i++) {
        enum reader_state state = readers->of[i].state;
        struct json *reader = reader_agency(view, readers->agencies[i]);
        json_set_word(reader, "state",
                      kind == ENTRY_REQUEST && state == READER_OPENED ? "refused"
                                                                      : reader_state_text(state));
        (void)json_append_node(list, &reader);
    }
    return list;
}

/* Why others decided about it. */
static void set_reasons(struct json *object, const struct api_view *view, struct store_txn *txn,
                        const struct out_row *row, uint64_t alert)
{
    const struct opening opening = {.agent = view->agent, .txn = txn, .own = view->own};
    if (row->has_entry && row->kind == ENTRY_REQUEST) {
        view_set_refusals(object, view, &opening, &row->entry);
    } else if (row->has_entry && row->kind == ENTRY_RECORD) {
        view_set_reasons(object, view, &opening, &row->entry, alert);
    }
}

static void set_out(struct json *object, const struct asked_record *record)
{
    const struct out_row *row = &record->row;
    char reference[REFERENCE_TEXT_BYTES];
    reference_format(&record->reference, reference);
    json_set_word(object, "reference", reference);
    json_set_word(object, "kind",
                  row->kind == ENTRY_RECORD ? record_kind_text(row->record_kind)
                                            : entry_kind_text((uint32_t)row->kind));
    json_set_instant(object, "since", row->answered_ms != 0 ? row->answered_ms : row->created_ms);
    if (row->has_entry) {
        answer_set_entry(object, "record", &row->entry);
    }
    if (row->verdict != 0) {
        json_set_word(object, "verdict", verdict_name((enum verdict)row->verdict));
    }
    if (row->state == OUT_STORED) {
        answer_set_count(object, "log_index", row->log_index);
    }
    if (row->retracted) {
        json_set_bool(object, "retracted", true);
    }
    struct json *by = json_object_new();
    json_set_integer(by, "uid", row->by_uid);
    (void)json_set_node(object, "submitted_by", &by);
}

/* As it was frozen; nothing while it settles. */
static void set_frozen(struct json *object, const struct api_view *view, struct store_txn *txn,
                       const struct out_row *row)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header;
    struct kept kept;
    if (row->has_entry && kept_get(txn, &row->entry, &kept) &&
        wire_entry_header_read(row->kind, kept.header, &arena, &header)) {
        view_set_header(object, view, &header);
    }
}

/* Who else is involved with its child, as of a record of others. */
static void set_circle(struct json *object, const struct api_view *view, struct store_txn *txn,
                       const struct out_row *row)
{
    const struct opening opening = {.agent = view->agent, .txn = txn, .own = view->own};
    if (row->has_entry && row->kind == ENTRY_RECORD) {
        view_set_circle(object, view, &opening, row->handle);
    }
}

void api_record_show(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct asked_record record;
    struct view_readers readers = {.asked = false};
    struct state_answer state = {.n_readers = 0};
    view_begin(call->agent, &view);
    if (!find_record(&view, call, &record, answer)) {
        return;
    }
    view_ask_readers(&view, &record.row, &readers, &state);
    _cleanup_(store_end) struct store_txn *txn = view_read(&view, answer);
    if (txn == NULL) {
        return;
    }
    struct json *document = json_object_new();
    if (record.row.has_entry && record.row.kind == ENTRY_REQUEST) {
        view_mark_refused(&view, txn, &record.row.entry, &readers);
    }
    set_out(document, &record);
    set_frozen(document, &view, txn, &record.row);
    view_set_state(document, &view, txn, &record.row, &readers);
    view_set_review(document, &view, txn,
                    &(struct view_reviewed){.reference = &record.reference,
                                            .readers = &readers,
                                            .persons = call->role >= USER_PRACTITIONER});
    view_set_returned(document, &view, txn, &record.reference, call->role >= USER_PRACTITIONER);
    if (call->role >= USER_PRACTITIONER) {
        set_reasons(document, &view, txn, &record.row, state.alert);
        set_circle(document, &view, txn, &record.row);
    }
    if (readers.asked) {
        struct json *list = readers_json(&view, &readers, record.row.kind);
        (void)json_set_node(document, "readers", &list);
        if (state.alert != 0) {
            answer_set_count(document, "alert", state.alert);
        }
        json_set_bool(document, "on_hold", state.on_hold);
    }
    int64_t as_of_ms = readers.asked ? view.now_ms : view.link.last_contact_ms;
    if (as_of_ms != 0) {
        json_set_instant(document, "as_of", as_of_ms);
    }
    answer_json(answer, 200, &document);
}

/* --- proofs --- */

/* An entry of ours, or one that was delivered to us. */
static bool find_logged(const struct api_view *view, const char *text, struct logged_entry *ret,
                        struct api_answer *answer)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    _cleanup_(store_end) struct store_txn *txn = view_read(view, answer);
    struct wire_delivered delivered;
    struct asked_record record;
    struct received_row received;
    struct entry_id entry;
    uint8_t flags;
    if (txn == NULL) {
        return false;
    }
    if (find_reference(txn, text, &record.reference) &&
        out_get(txn, &record.reference, &record.row)) {
        *ret = (struct logged_entry){
            .id = record.row.entry, .log_index = record.row.log_index, .item = record.row.item};
        if (record.row.state != OUT_STORED) {
            answer_problem(answer, PROBLEM_NOT_LOGGED, NULL);
        }
        return record.row.state == OUT_STORED;
    }
    if (entry_id_parse(text, &entry) && received_get(txn, &entry, &received) &&
        received_entry(txn, &entry, &arena, &delivered, &flags)) {
        *ret = (struct logged_entry){
            .id = entry, .log_index = delivered.log_index, .item = received.item};
        return true;
    }
    if (!view_broken(txn, answer)) {
        answer_no_record(answer);
    }
    return false;
}

void api_record_proof(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    enum verdict verdict;
    struct logged_entry entry;
    view_begin(call->agent, &view);
    if (!find_logged(&view, call->segment, &entry, answer)) {
        return;
    }
    int r = link_ask_proof(call->agent, &entry, &verdict, &answer->body, CAIRN_API_ASK_MAX_MS);
    if (r != 0) {
        buf_reset(&answer->body);
        answer_problem_words(answer, PROBLEM_OFFLINE,
                             r == -EPROTO ? "the broker's proof does not hold"
                                          : "the broker does not answer");
        return;
    }
    if (verdict != VERDICT_STORED) {
        answer_problem_words(answer, PROBLEM_NOT_LOGGED, verdict_words(verdict));
        return;
    }
    answer->status = 200;
    answer->type = CAIRN_MEDIA_TEXT;
}
