/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept and nobody has seen: sending is not referring. */
#include <errno.h>
#include <string.h>

#include "agents/core/api_view.h"
#include "agents/core/review.h"
#include "base/date.h"
#include "base/text.h"

static_assert(CAIRN_KEPT_CURSOR_BYTES == REVIEW_CURSOR_BYTES, "a cursor is a place in the list");

static struct review review_of(const struct api_view *view, struct store_txn *txn)
{
    return (struct review){.txn = txn, .governance = view->governance, .now_ms = view->now_ms};
}

/* --- the list --- */

static struct json *item_json(const struct review *review, const struct review_item *item)
{
    char text[REFERENCE_TEXT_BYTES];
    uint32_t doors[CAIRN_FRONT_DOORS_MAX];
    const struct out_row *row = &item->row;
    int32_t today = instant_london_day(review->now_ms);
    struct json *object = json_object_new();
    reference_format(&item->reference, text);
    json_set_word(object, "reference", text);
    answer_set_entry(object, "record", &row->entry);
    json_set_word(object, "record_kind", record_kind_text(row->record_kind));
    if (row->code != CODE_NOT_SAID) {
        json_set_word(object, "code", record_code_text(row->code));
    }
    answer_set_day(object, "event_date", row->event_day);
    json_set_word(object, "state", out_state_text(row->state));
    answer_set_instant(object, "kept_since", row->created_ms);
    json_set_integer(object, "kept_days", today - instant_london_day(row->created_ms));
    answer_set_day(object, "review_date", instant_london_day(item->due_ms));
    json_set_bool(object, "overdue", item->due_ms <= review->now_ms);
    json_set_bool(object, "may_send", review_front_doors(review, row, doors) > 0);
    json_set_word(object, "words", CAIRN_KEPT_WORDS);
    return object;
}

static bool read_page(const struct api_call *call, struct review_page *page,
                      struct api_answer *answer)
{
    uint64_t limit = CAIRN_PAGE_DEFAULT;
    struct error error = ERROR_NULL;
    const char *after = api_query_text(call, "after");
    *page = (struct review_page){.n = 0};
    if (after != NULL && !hex_decode(after, page->cursor, sizeof(page->cursor))) {
        (void)error_set(&error, "after", "is no `next` of an earlier answer");
        answer_problem(answer, PROBLEM_BAD_REQUEST, &error);
        return false;
    }
    if (!api_query_number(call, "limit", CAIRN_PAGE_MAX, &limit, answer)) {
        return false;
    }
    page->max = limit;
    return true;
}

void api_kept_list(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct review_item kept[CAIRN_PAGE_MAX];
    char cursor[HEX_BYTES(REVIEW_CURSOR_BYTES)];
    struct review_page page;
    view_begin(call->agent, &view);
    if (!read_page(call, &page, answer)) {
        return;
    }
    page.items = kept;
    _cleanup_(store_end) struct store_txn *txn = view_read(&view, answer);
    if (txn == NULL) {
        return;
    }
    const struct review review = review_of(&view, txn);
    review_list(&review, &page);
    struct json *items = json_array_new();
    for (size_t i = 0; i < page.n; i++) {
        struct json *item = item_json(&review, &kept[i]);
        (void)json_append_node(items, &item);
    }
    if (view_broken(txn, answer)) {
        json_free(&items);
        return;
    }
    struct json *document = json_object_new();
    (void)json_set_node(document, "items", &items);
    if (page.more) {
        hex_encode(SLICE_OF(page.cursor), cursor);
        json_set_word(document, "next", cursor);
    }
    answer_json(answer, 200, &document);
}
