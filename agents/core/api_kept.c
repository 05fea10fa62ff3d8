/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept and nobody has seen, and what a named person does about it: sending is not
 * referring. */
#include <errno.h>
#include <string.h>

#include "agents/core/api_decision.h"
#include "agents/core/api_view.h"
#include "agents/core/following.h"
#include "agents/core/granting.h"
#include "agents/core/review_decide.h"
#include "base/date.h"
#include "base/text.h"

static_assert(CAIRN_KEPT_CURSOR_BYTES == REVIEW_CURSOR_BYTES, "a cursor is a place in the list");

#define KEPT_DESTROYED_WORDS                                                                       \
    "Kept. Nobody has seen it, and the broker has destroyed its copy: it cannot be sent on. If "   \
    "it still matters, record it again from your own system. This is not a referral."

static struct review review_of(const struct api_view *view, struct store_txn *txn)
{
    return (struct review){.txn = txn, .governance = view->governance, .now_ms = view->now_ms};
}

/* --- the list --- */

/* What the broker says of one of them; empty: nobody has it, or it was not asked. */
struct seen {
    char words[WORDS_MAX_BYTES];
};

/* Of each that is stored, until it does not answer. */
static void ask_seen(const struct api_view *view, const struct review_page *page, struct seen *seen)
{
    for (size_t i = 0; i < page->n; i++) {
        struct view_readers readers = {.asked = false};
        struct state_answer state;
        if (page->items[i].row.state != OUT_STORED) {
            continue;
        }
        view_ask_readers(view, &page->items[i].row, &readers, &state);
        if (!readers.asked) {
            return;
        }
        if (!words_seen(readers.of, readers.n, seen[i].words)) {
            seen[i].words[0] = '\0';
        }
    }
}

static void seen_free(struct seen **seen)
{
    base_free(seen);
}

static void set_kept_words(struct json *object, int64_t destroyed_ms, const struct seen *seen)
{
    if (seen->words[0] != '\0') {
        answer_set_peer_text(object, "words", slice_of_text(seen->words));
        json_set_bool(object, "seen", true);
        return;
    }
    json_set_word(object, "words", destroyed_ms == 0 ? CAIRN_KEPT_WORDS : KEPT_DESTROYED_WORDS);
}

static struct json *item_json(const struct review *review, const struct review_item *item,
                              const struct seen *seen)
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
    json_set_day(object, "event_date", row->event_day);
    json_set_word(object, "state", out_state_text(row->state));
    json_set_instant(object, "kept_since", row->created_ms);
    json_set_integer(object, "kept_days", today - instant_london_day(row->created_ms));
    json_set_day(object, "review_date", instant_london_day(item->due_ms));
    json_set_bool(object, "overdue", item->due_ms <= review->now_ms);
    int64_t destroyed_ms = review_destroyed_ms(review->txn, row);
    json_set_bool(object, "may_send",
                  destroyed_ms == 0 && review_front_doors(review, row, doors) > 0);
    if (destroyed_ms != 0) {
        json_set_instant(object, "destroyed_at", destroyed_ms);
    }
    set_kept_words(object, destroyed_ms, seen);
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
    if (!api_query_limit(call, &limit, answer)) {
        return false;
    }
    page->max = limit;
    return true;
}

static bool read_kept(const struct api_view *view, struct review_page *page,
                      struct api_answer *answer)
{
    _cleanup_(store_end) struct store_txn *txn = view_read(view, answer);
    if (txn == NULL) {
        return false;
    }
    const struct review review = review_of(view, txn);
    review_list(&review, page);
    return !view_broken(txn, answer);
}

/* The broker is asked while no transaction is open. */
static void show_kept(const struct api_view *view, const struct review_page *page,
                      struct api_answer *answer)
{
    char cursor[HEX_BYTES(REVIEW_CURSOR_BYTES)];
    _cleanup_(seen_free) struct seen *seen = base_zalloc(CAIRN_PAGE_MAX, sizeof(*seen));
    ask_seen(view, page, seen);
    _cleanup_(store_end) struct store_txn *txn = view_read(view, answer);
    if (txn == NULL) {
        return;
    }
    const struct review review = review_of(view, txn);
    struct json *items = json_array_new();
    for (size_t i = 0; i < page->n; i++) {
        struct json *item = item_json(&review, &page->items[i], &seen[i]);
        (void)json_append_node(items, &item);
    }
    struct json *document = json_object_new();
    (void)json_set_node(document, "items", &items);
    if (page->more) {
        hex_encode(SLICE_OF(page->cursor), cursor);
        json_set_word(document, "next", cursor);
    }
    answer_json(answer, 200, &document);
    (void)view_broken(txn, answer);
}

void api_kept_list(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct review_item kept[CAIRN_PAGE_MAX];
    struct review_page page;
    view_begin(call->agent, &view);
    if (!read_page(call, &page, answer)) {
        return;
    }
    page.items = kept;
    if (read_kept(&view, &page, answer)) {
        show_kept(&view, &page, answer);
    }
}

/* --- one of them --- */

struct decisions {
    struct json *list;
    const struct secret *store_key;
    bool persons;
};

static void set_person(struct json *object, const struct decisions *decisions,
                       const struct reviewed *reviewed)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(DECIDE_SEALED_MAX_BYTES);
    if (decisions->persons && reviewed_open(decisions->store_key, reviewed, &text)) {
        view_set_person(object, buf_slice(&text));
    }
}

static void add_decision(void *data, const struct reviewed *reviewed)
{
    struct decisions *decisions = data;
    if (reviewed->act == REVIEW_HELD) {
        return; /* the agreements did, and nobody else */
    }
    struct json *object = json_object_new();
    json_set_word(object, "act", review_act_text(reviewed->act));
    json_set_instant(object, "at", reviewed->at_ms);
    set_person(object, decisions, reviewed);
    (void)json_append_node(decisions->list, &object);
}

/* Of what was sent on in an earlier version. */
static const char *following_words(const struct review *review, const struct out_row *row)
{
    if (granting_was_made(review->txn, &row->entry)) {
        return "A named person here had sent the version before it on to the front door; this one "
               "has gone there too.";
    }
    if (row->state == OUT_STORED && review_is_kept(review, row)) {
        return "A named person here had sent the version before it on to the front door; this one "
               "has not gone there: it is about another child, or no agreement lets it "
               "go. " CAIRN_KEPT_WORDS;
    }
    return row->state == OUT_STORED
               ? "A named person here had sent the version before it on to the front door."
               : "A named person here had sent the version before it on to the front door; this "
                 "one goes there too once the broker has stored it.";
}

static const char *words_of(const struct review *review, const struct out_row *row,
                            const struct reviewed *last)
{
    if (last->act == REVIEW_SEND && following_is(last) && !row->retracted) {
        return following_words(review, row);
    }
    bool sent = last->act == REVIEW_SEND;
    if (sent && granting_was_made(review->txn, &row->entry)) {
        return "A named person here has sent it on to the front door.";
    }
    if (last->act == REVIEW_WITHDRAW && row->retracted) {
        return "A named person here has taken it back.";
    }
    if (review_is_kept(review, row)) {
        return sent ? "It was sent on, and the broker refused that. " CAIRN_KEPT_WORDS
                    : CAIRN_KEPT_WORDS;
    }
    return "It was kept for a while; it is not any more.";
}

/* What the broker says of who has it goes before what we know ourselves. */
static void set_words(struct json *object, const struct review *review, const struct out_row *row,
                      const struct reviewed *last, const struct view_readers *readers)
{
    char words[WORDS_MAX_BYTES];
    bool kept = review_is_kept(review, row);
    if (kept && readers != NULL && words_seen(readers->of, readers->n, words)) {
        answer_set_peer_text(object, "words", slice_of_text(words));
        return;
    }
    if (kept) {
        json_set_day(object, "date", instant_london_day(last->due_ms));
        json_set_bool(object, "overdue", last->due_ms <= review->now_ms);
    }
    json_set_word(object, "words", words_of(review, row, last));
}

void view_set_review(struct json *object, const struct api_view *view, struct store_txn *txn,
                     const struct view_reviewed *what)
{
    const struct review review = review_of(view, txn);
    struct decisions decisions = {.store_key = &view->agent->keys.store, .persons = what->persons};
    struct reviewed last;
    struct out_row row;
    if (!review_last(txn, what->reference, &last) || !out_get(txn, what->reference, &row)) {
        return;
    }
    struct json *part = json_object_new();
    set_words(part, &review, &row, &last, what->readers);
    decisions.list = json_array_new();
    review_each(txn, what->reference, add_decision, &decisions);
    (void)json_set_node(part, "decisions", &decisions.list);
    (void)json_set_node(object, "review", &part);
}

/* --- deciding --- */

static void refuse(int r, const struct error *error, struct api_answer *answer)
{
    switch (r) {
    case -EALREADY:
        answer_problem(answer, PROBLEM_NOT_KEPT, NULL);
        return;
    case -ENODATA:
        answer_problem_words(answer, PROBLEM_NOT_AGREED,
                             "the broker has destroyed its copy of what the record says; record it "
                             "again from your own system");
        return;
    case -EPERM:
        answer_problem(answer, PROBLEM_NOT_AGREED, NULL);
        return;
    case -ENOENT:
        answer_problem_words(answer, PROBLEM_NOT_FOUND,
                             "this record is not kept by this agency; `cairn kept` lists what is");
        return;
    default:
        view_answer_refused(r, error, answer);
    }
}

static void show_decided(const struct api_view *view, const struct reference *reference,
                         struct api_answer *answer)
{
    char text[REFERENCE_TEXT_BYTES];
    struct reviewed last;
    struct out_row row;
    _cleanup_(store_end) struct store_txn *txn = view_read(view, answer);
    if (txn == NULL) {
        return;
    }
    const struct review review = review_of(view, txn);
    struct json *document = json_object_new();
    reference_format(reference, text);
    json_set_word(document, "reference", text);
    if (review_last(txn, reference, &last) && out_get(txn, reference, &row)) {
        json_set_word(document, "words", words_of(&review, &row, &last));
    }
    view_set_review(document, view, txn,
                    &(struct view_reviewed){.reference = reference, .persons = true});
    answer_json(answer, 200, &document);
    (void)view_broken(txn, answer);
}

static void decide(const struct api_call *call, enum review_act act, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct review_decision decision = {
        .record = call->segment, .act = act, .by_uid = (uint32_t)call->uid};
    struct api_decision read = {.n_tell = 0};
    struct error error = ERROR_NULL;
    struct reference reference;
    view_begin(call->agent, &view);
    _cleanup_(json_free) struct json *document = api_body_json(call, answer);
    if (document == NULL) {
        return;
    }
    int r = api_answer_read(document, &read, &error);
    if (r == 0) {
        decision.person = api_decision_person(&read);
        r = review_decide(call->agent, &decision, &reference, &error);
    }
    bytes_wipe(&read, sizeof(read));
    if (r != 0) {
        refuse(r, &error, answer);
        return;
    }
    show_decided(&view, &reference, answer);
}

void api_kept_send(const struct api_call *call, struct api_answer *answer)
{
    decide(call, REVIEW_SEND, answer);
}

void api_kept_withdraw(const struct api_call *call, struct api_answer *answer)
{
    decide(call, REVIEW_WITHDRAW, answer);
}

void api_kept_keep(const struct api_call *call, struct api_answer *answer)
{
    decide(call, REVIEW_KEEP, answer);
}
