/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker refused for good and nobody has dealt with yet; a named person says that somebody
 * has. */
#include <errno.h>

#include "agents/core/api_decision.h"
#include "agents/core/api_view.h"
#include "agents/core/returned.h"

#define WAITING_WORDS "Nobody has it, and nobody here has dealt with that yet."
#define DONE_WORDS    "Nobody has it. A named person here says that somebody has dealt with that."

/* --- the list --- */

static struct json *item_json(const struct api_view *view, struct store_txn *txn,
                              const struct returned_item *item)
{
    char text[REFERENCE_TEXT_BYTES];
    const struct out_row *row = &item->row;
    bool record = row->kind == ENTRY_RECORD;
    struct json *object = json_object_new();
    struct json *by = json_object_new();
    reference_format(&item->reference, text);
    json_set_word(object, "reference", text);
    json_set_word(object, "kind",
                  record ? record_kind_text(row->record_kind)
                         : entry_kind_text((uint32_t)row->kind));
    if (record && row->code != CODE_NOT_SAID) {
        json_set_word(object, "code", record_code_text(row->code));
    }
    if (row->event_day != 0) {
        json_set_day(object, "event_date", row->event_day);
    }
    if (row->has_entry) {
        answer_set_entry(object, "record", &row->entry);
    }
    json_set_instant(object, "returned_at", row->answered_ms);
    json_set_word(object, "verdict", verdict_name((enum verdict)row->verdict));
    view_set_state(object, view, txn, row, NULL);
    json_set_word(object, "advice", returned_advice((enum verdict)row->verdict));
    json_set_integer(by, "uid", row->by_uid);
    (void)json_set_node(object, "submitted_by", &by);
    return object;
}

static bool read_page(const struct api_call *call, struct returned_page *page,
                      struct api_answer *answer)
{
    uint64_t limit = CAIRN_PAGE_DEFAULT;
    struct error error = ERROR_NULL;
    const char *after = api_query_text(call, "after");
    *page = (struct returned_page){.own = call->role < USER_PRACTITIONER,
                                   .by_uid = (uint32_t)call->uid};
    if (after != NULL && !reference_parse(after, &page->cursor)) {
        (void)error_set(&error, "after", "is no `next` of an earlier answer");
        answer_problem(answer, PROBLEM_BAD_REQUEST, &error);
        return false;
    }
    if (!api_query_limit(call, &limit, answer)) {
        return false;
    }
    page->max = limit;
    return true;
}

void api_returned_list(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct returned_item returned[CAIRN_PAGE_MAX];
    char cursor[REFERENCE_TEXT_BYTES];
    struct returned_page page;
    view_begin(call->agent, &view);
    if (!read_page(call, &page, answer)) {
        return;
    }
    page.items = returned;
    _cleanup_(store_end) struct store_txn *txn = view_read(&view, answer);
    if (txn == NULL) {
        return;
    }
    returned_list(txn, &page);
    struct json *items = json_array_new();
    for (size_t i = 0; i < page.n; i++) {
        struct json *item = item_json(&view, txn, &returned[i]);
        (void)json_append_node(items, &item);
    }
    if (view_broken(txn, answer)) {
        json_free(&items);
        return;
    }
    struct json *document = json_object_new();
    (void)json_set_node(document, "items", &items);
    if (page.more) {
        reference_format(&page.cursor, cursor);
        json_set_word(document, "next", cursor);
    }
    answer_json(answer, 200, &document);
}

/* --- one of them --- */

static void set_person(struct json *object, const struct secret *store_key,
                       const struct returned_done *done)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(DECIDE_SEALED_MAX_BYTES);
    if (returned_done_open(store_key, done, &text)) {
        view_set_person(object, buf_slice(&text));
    }
}

void view_set_returned(struct json *object, const struct api_view *view, struct store_txn *txn,
                       const struct reference *reference, bool persons)
{
    struct returned_done done;
    bool waits = returned_waits(txn, reference);
    if (!waits && !returned_done_get(txn, reference, &done)) {
        return;
    }
    struct json *part = json_object_new();
    json_set_bool(part, "waits", waits);
    json_set_word(part, "words", waits ? WAITING_WORDS : DONE_WORDS);
    if (!waits) {
        json_set_instant(part, "at", done.at_ms);
    }
    if (!waits && persons) {
        set_person(part, &view->agent->keys.store, &done);
    }
    (void)json_set_node(object, "returned", &part);
}

/* --- dealing with it --- */

void api_returned_done(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct returned_decision decision = {.record = call->segment, .by_uid = (uint32_t)call->uid};
    struct api_decision read = {.n_tell = 0};
    struct error error = ERROR_NULL;
    struct reference reference;
    char text[REFERENCE_TEXT_BYTES];
    view_begin(call->agent, &view);
    _cleanup_(json_free) struct json *body = api_body_json(call, answer);
    if (body == NULL) {
        return;
    }
    int r = api_answer_read(body, &read, &error);
    if (r == 0) {
        decision.person = api_decision_person(&read);
        r = returned_deal(call->agent, &decision, &reference, &error);
    }
    bytes_wipe(&read, sizeof(read));
    if (r != 0) {
        if (r == -EALREADY) {
            answer_problem(answer, PROBLEM_NOT_RETURNED, NULL);
        } else if (r == -ENOENT) {
            answer_problem_words(answer, PROBLEM_NOT_FOUND,
                                 "this record has not come back; `cairn returned` lists what has");
        } else {
            view_answer_refused(r, &error, answer);
        }
        return;
    }
    struct json *document = json_object_new();
    reference_format(&reference, text);
    json_set_word(document, "reference", text);
    json_set_word(document, "words", DONE_WORDS);
    answer_json(answer, 200, &document);
}
