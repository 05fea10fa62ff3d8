/* SPDX-License-Identifier: Apache-2.0 */
/* Requests: what this agency asks others for, and what others ask of it. */
#include <errno.h>
#include <string.h>

#include "agents/core/api_decision.h"
#include "agents/core/api_view.h"
#include "agents/core/ask.h"
#include "agents/core/asked.h"

/* --- asking --- */

static void refuse(int r, const struct error *error, struct api_answer *answer)
{
    switch (r) {
    case -EALREADY:
        answer_problem(answer, PROBLEM_ANSWERED, NULL);
        return;
    case -EPERM:
        answer_problem(answer, PROBLEM_NOT_INVOLVED, NULL);
        return;
    default:
        view_answer_refused(r, error, answer);
    }
}

void api_ask(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct ask_request request = {.body = call->request->body, .by_uid = call->uid};
    struct error error = ERROR_NULL;
    struct reference reference;
    view_begin(call->agent, &view);
    _cleanup_(json_free) struct json *document = api_body_json(call, answer);
    if (document == NULL || !api_idempotency_key(call, &request.idempotency_key, answer)) {
        return;
    }
    int r = ask_submit(call->agent, &request, &reference, &error);
    if (r != 0) {
        refuse(r, &error, answer);
        return;
    }
    view_answer_taken(&view, &reference, answer);
}

/* --- what waits for a person --- */

static struct granting granting_of(const struct api_view *view, struct store_txn *txn)
{
    return (struct granting){
        .txn = txn, .governance = view->governance, .own = view->own, .now_ms = view->now_ms};
}

static struct json *record_json(struct store_txn *txn, const struct entry_id *entry)
{
    char text[REFERENCE_TEXT_BYTES];
    struct reference reference;
    struct out_row row;
    struct json *object = json_object_new();
    answer_set_entry(object, "record", entry);
    if (!out_by_entry(txn, entry, &reference) || !out_get(txn, &reference, &row)) {
        return object;
    }
    reference_format(&reference, text);
    json_set_word(object, "reference", text);
    json_set_word(object, "record_kind", record_kind_text(row.record_kind));
    if (row.code != CODE_NOT_SAID) {
        json_set_word(object, "code", record_code_text(row.code));
    }
    json_set_day(object, "event_date", row.event_day);
    return object;
}

static void set_records(struct json *object, const struct granting *granting,
                        const struct entry_id *request, const struct asked_row *row)
{
    struct entry_id entries[GRANTING_MAX];
    struct json *records = json_array_new();
    size_t n = asked_records(granting, request, row, entries);
    for (size_t i = 0; i < n; i++) {
        struct json *record = record_json(granting->txn, &entries[i]);
        (void)json_append_node(records, &record);
    }
    (void)json_set_node(object, "records", &records);
    json_set_word(object, "words",
                  n == 0 ? "It asks for nothing that could be granted now: refuse it, or leave it."
                         : "An agency that works with this child asks for what is kept here. A "
                           "named person grants it or refuses it, and says why.");
}

static struct json *item_json(const struct api_view *view, struct store_txn *txn,
                              const struct entry_id *request, const struct asked_row *row)
{
    const struct granting granting = granting_of(view, txn);
    struct json *object = json_object_new();
    answer_set_entry(object, "request", request);
    view_set_agency(object, "from", view, request->agency);
    if (row->handles.n > 0) {
        view_set_roles(object, view_roles(view, txn, row->handles.of[0], request->agency));
    }
    json_set_word(object, "purpose", purpose_text((uint32_t)row->purpose));
    json_set_instant(object, "asked_at", row->taken_ms);
    if (row->has_record) {
        answer_set_entry(object, "asked_for", &row->record);
    }
    set_records(object, &granting, request, row);
    return object;
}

void api_asked_list(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    view_begin(call->agent, &view);
    _cleanup_(store_end) struct store_txn *txn = view_read(&view, answer);
    if (txn == NULL) {
        return;
    }
    struct json *items = json_array_new();
    size_t n = 0;
    struct store_walk walk = store_walk_from(txn, AT_ASKED, SLICE_NULL);
    for (; walk.live && n < CAIRN_PAGE_MAX; store_walk_next(&walk)) {
        struct asked_row row;
        struct entry_id request;
        if (!asked_unpack(walk.key, walk.value, &request, &row)) {
            store_fail(txn, -EBADMSG);
            break;
        }
        if (row.state == ASKED_WAITING) {
            struct json *item = item_json(&view, txn, &request, &row);
            (void)json_append_node(items, &item);
            n++;
        }
    }
    store_walk_end(&walk);
    if (view_broken(txn, answer)) {
        json_free(&items);
        return;
    }
    struct json *document = json_object_new();
    (void)json_set_node(document, "items", &items);
    answer_json(answer, 200, &document);
}

/* --- deciding --- */

static void show_answered(const struct api_view *view, const struct entry_id *request,
                          struct api_answer *answer)
{
    struct asked_row row;
    _cleanup_(store_end) struct store_txn *txn = view_read(view, answer);
    if (txn == NULL) {
        return;
    }
    struct json *document = json_object_new();
    answer_set_entry(document, "request", request);
    if (asked_get(txn, request, &row)) {
        json_set_word(document, "state", asked_state_text(row.state));
        answer_set_count(document, "granted", row.granted);
        json_set_word(document, "words",
                      row.state == ASKED_GRANTED
                          ? "Granted; it is on its way. Who decided and why is kept here."
                          : "Refused; nothing was disclosed. Who decided and why is kept here.");
    }
    answer_json(answer, 200, &document);
}

static void decide(const struct api_call *call, bool grant, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct asked_decision decision = {.grant = grant, .by_uid = call->uid};
    struct api_decision read = {.n_tell = 0};
    struct error error = ERROR_NULL;
    view_begin(call->agent, &view);
    if (!entry_id_parse(call->segment, &decision.request)) {
        answer_problem(answer, PROBLEM_NOT_FOUND, NULL);
        return;
    }
    _cleanup_(json_free) struct json *document = api_body_json(call, answer);
    if (document == NULL) {
        return;
    }
    int r = api_answer_read(document, &read, &error);
    if (r == 0) {
        decision.person = api_decision_person(&read);
        r = asked_decide(call->agent, &decision, &error);
    }
    bytes_wipe(&read, sizeof(read));
    if (r != 0) {
        refuse(r, &error, answer);
        return;
    }
    show_answered(&view, &decision.request, answer);
}

void api_asked_grant(const struct api_call *call, struct api_answer *answer)
{
    decide(call, true, answer);
}

void api_asked_refuse(const struct api_call *call, struct api_answer *answer)
{
    decide(call, false, answer);
}
