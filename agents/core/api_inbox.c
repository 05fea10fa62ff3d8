/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox: what came, in order, handed over until the application says that it has it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents/core/api_view.h"
#include "agents/core/narrow.h"
#include "base/crash_point.h"

#define QUIET_MAX 1000 /* passed over for one page; the next goes on behind them */

struct page {
    uint64_t after;
    uint64_t limit;
    uint64_t wait_s;
    const char *application; /* NULL: nobody in particular */
    bool newest;             /* the last ones of what lies behind `after`, not the first */
};

/* Where a page stands among the others. */
struct place {
    uint64_t next;  /* behind its last delivery */
    uint64_t older; /* of the newest: how many lie between `after` and it */
    bool more;      /* something came after it */
};

/* --- one item --- */

static void set_state_of_part(struct json *object, const char *key, const struct opening *opening,
                              const struct wire_delivered *delivered, enum part part)
{
    json_set_word(object, key, open_result_text(open_may(opening, delivered, part)));
}

/* Whether somebody is named to act on it. */
static bool desk_matters(const struct record_header *record)
{
    return record->record_kind != RECORD_RETRACTION &&
           record_is_danger(record->record_kind, record->urgency);
}

static void set_record(struct json *object, const struct opening *opening,
                       const struct wire_delivered *delivered, const struct record_header *record)
{
    json_set_word(object, "record_kind", record_kind_text(record->record_kind));
    if (record->code != CODE_NOT_SAID) {
        json_set_word(object, "code", record_code_text(record->code));
    }
    json_set_word(object, "urgency", urgency_text(record->urgency));
    json_set_integer(object, "level", record->level);
    json_set_day(object, "event_date", record->event_day);
    json_set_bool(object, "provisional", (delivered->flags & DELIVERED_PROVISIONAL) != 0);
    if (desk_matters(record)) {
        json_set_bool(object, "on_duty", (delivered->flags & DELIVERED_ON_DUTY) != 0);
    }
    narrow_show(object, &record->narrow);
    set_state_of_part(object, "card_state", opening, delivered, PART_CARD);
    set_state_of_part(object, "account_state", opening, delivered, PART_ACCOUNT);
}

/* A front door is to tell the child's own authority. */
static void set_passing(struct json *object, const struct api_view *view,
                        const struct record_header *record)
{
    char words[WORDS_MAX_BYTES];
    if (view_must_pass_on(view, record)) {
        words_pass_on(record->home_authority, words);
        json_set_integer(object, "pass_on_to", record->home_authority);
        json_set_word(object, "pass_on", words);
    }
}

static void set_decision(struct json *object, const struct decision_header *decision)
{
    json_set_word(object, "action", action_text(decision->action));
    if (decision->alert != 0) {
        answer_set_count(object, "alert", decision->alert);
    }
}

static const char *record_words(const struct record_header *record, bool on_duty)
{
    if (record->record_kind == RECORD_RETRACTION) {
        return "Another agency has taken back what it sent.";
    }
    if (record->urgency == URGENCY_IMMEDIATE) {
        return on_duty
                   ? "Immediate: another agency needs you, who are on duty, to look at this now."
                   : "Immediate: another agency needs somebody to look at this now. The desk on "
                     "duty has it too.";
    }
    if (record->record_kind == RECORD_REFERRAL) {
        return on_duty ? "A referral from another agency, for you, who are on duty."
                       : "A referral from another agency. The desk on duty has it too.";
    }
    return "Another agency has shared something.";
}

static bool set_delivered(struct json *object, const struct api_view *view,
                          const struct opening *opening, const struct inbox_row *row)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_delivered delivered;
    struct entry_header header;
    const char *kind = "entry";
    const char *words = "Another agency has said something.";
    if (!wire_delivered_read(row->payload, &arena, &delivered) ||
        !wire_entry_header_read(delivered.kind, delivered.header, &arena, &header)) {
        return false;
    }
    if (header.kind == ENTRY_RECORD) {
        kind = "record";
        words = record_words(&header.record, (delivered.flags & DELIVERED_ON_DUTY) != 0);
        set_record(object, opening, &delivered, &header.record);
        set_passing(object, view, &header.record);
    } else if (header.kind == ENTRY_DECISION) {
        kind = "decision";
        words = "A named person there has decided, and lets this agency read why.";
        set_decision(object, &header.decision);
    }
    json_set_word(object, "kind", kind);
    json_set_word(object, "words", words);
    answer_set_entry(object, "record", &header.id);
    view_set_agency(object, "from", view, header.id.agency);
    return true;
}

static bool set_release(struct json *object, const struct inbox_row *row)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_release release;
    if (!wire_release_read(row->payload, &arena, &release)) {
        return false;
    }
    json_set_word(object, "kind", "release");
    json_set_word(object, "words",
                  (row->flags & INBOX_NOT_HELD) != 0
                      ? "What was kept until now could be opened, but the record never came here: "
                        "ask the agency that sent it."
                      : "What was kept until now can be opened here.");
    answer_set_entry(object, "record", &release.record);
    if (release.alert != 0) {
        answer_set_count(object, "alert", release.alert);
    }
    return true;
}

/* The records that a question or an answer about children is about, one of each. */
static void set_records(struct json *object, const struct wire_notice *notice)
{
    struct json *list = json_array_new();
    for (size_t i = 0; i < notice->n_headlines; i++) {
        if (notice->headlines[i].has_record) {
            struct json *record = json_object_new();
            answer_set_entry(record, "record", &notice->headlines[i].record);
            (void)json_append_node(list, &record);
        }
    }
    (void)json_set_node(object, "records", &list);
}

/* Of a child of ours: which one, and what there is. */
static void set_told(struct json *object, const struct api_view *view,
                     const struct opening *opening, const struct wire_notice *notice)
{
    _cleanup_(identity_deinit) struct identity identity = IDENTITY_NULL;
    _cleanup_(buf_deinit) struct buf card = BUF_MAX(SEAL_CARD_MAX_BYTES);
    struct json *list = json_array_new();
    for (size_t i = 0; i < notice->n_headlines; i++) {
        struct json *headline = view_headline(view, opening->txn, &notice->headlines[i]);
        (void)json_append_node(list, &headline);
    }
    (void)json_set_node(object, "told", &list);
    if (known_alert_child(opening->txn, &view->agent->keys.store, notice, &identity) &&
        identity_card_json(&identity, &card) == 0) {
        (void)answer_set_sealed(object, "card", buf_slice(&card));
    }
}

static void set_heading(struct json *object, const struct wire_notice *notice)
{
    char words[WORDS_MAX_BYTES];
    (void)snprintf(words, sizeof(words), "%s.",
                   words_alert_heading(notice->headlines, notice->n_headlines));
    json_set_word(object, "words", words);
}

static void set_notice_words(struct json *object, const struct api_view *view,
                             const struct wire_notice *notice)
{
    if (notice->alert == 0 && notice->outcome == OUTCOME_PASSED_TO_AUTHORITY) {
        json_set_word(object, "words",
                      notice->type == NOTICE_CLOSED ? WORDS_PASSED_ON : WORDS_NOT_PASSED_ON);
    } else if (notice->type == NOTICE_UNOPENED) {
        view_set_unopened(object, view);
    } else if (notice->type == NOTICE_RAISED) {
        set_heading(object, notice);
    } else {
        json_set_word(object, "words", words_notice(notice->type));
    }
}

static bool set_notice(struct json *object, const struct api_view *view,
                       const struct opening *opening, const struct inbox_row *row)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_notice notice;
    if (!wire_notice_read(row->payload, &arena, &notice)) {
        return false;
    }
    json_set_word(object, "kind", "notice");
    json_set_word(object, "notice", notice_type_text(notice.type));
    set_notice_words(object, view, &notice);
    if (notice.alert != 0) {
        answer_set_count(object, "alert", notice.alert);
        json_set_integer(object, "revision", notice.revision);
    }
    if (notice.has_record) {
        answer_set_entry(object, "record", &notice.record);
    }
    if (notice.agency != 0) {
        view_set_agency(object, "agency", view, notice.agency);
    }
    if (notice.outcome != OUTCOME_NONE) {
        json_set_word(object, "outcome", outcome_text(notice.outcome));
    }
    if (notice.type == NOTICE_CANDIDATE || notice.type == NOTICE_LINK_CONFIRMED ||
        notice.type == NOTICE_LINK_UNDONE) {
        set_records(object, &notice);
    }
    if (notice.type == NOTICE_RAISED || notice.type == NOTICE_EXTENDED ||
        notice.type == NOTICE_TOLD) {
        answer_set_count(object, "headlines", notice.n_headlines);
    }
    if (notice.type == NOTICE_TOLD) {
        set_told(object, view, opening, &notice);
    }
    return true;
}

static bool set_item(struct json *object, const struct api_view *view,
                     const struct opening *opening, const struct inbox_row *row)
{
    switch (row->kind) {
    case ITEM_DELIVERED:
        return set_delivered(object, view, opening, row);
    case ITEM_RELEASE:
        return set_release(object, row);
    case ITEM_NOTICE:
        return set_notice(object, view, opening, row);
    case ITEM_WITHHELD:
        break; /* quiet: never listed */
    }
    return false;
}

/* --- a page --- */

/* False for what is no news for a person. */
static bool append_item(struct json *items, const struct api_view *view,
                        const struct opening *opening, const struct store_walk *walk)
{
    struct inbox_row row;
    uint64_t position;
    bool good = inbox_unpack(walk->key, walk->value, &position, &row);
    if (good && (row.flags & INBOX_QUIET) != 0) {
        return false;
    }
    struct json *object = json_object_new();
    if (!good || !set_item(object, view, opening, &row)) {
        store_fail(opening->txn, -EBADMSG); /* it was read before it was kept */
        json_free(&object);
        return false;
    }
    answer_set_count(object, "delivery", position);
    json_set_instant(object, "received_at", row.taken_ms);
    json_set_instant(object, "told_at", row.told_ms);
    if ((row.flags & INBOX_DOUBT) != 0) {
        json_set_bool(object, "doubt", true);
    }
    (void)json_append_node(items, &object);
    return true;
}

static bool is_news(const struct store_walk *walk)
{
    struct inbox_row row;
    uint64_t position;
    return !inbox_unpack(walk->key, walk->value, &position, &row) || (row.flags & INBOX_QUIET) == 0;
}

static uint64_t position_of(const struct store_walk *walk)
{
    struct reader key = reader_over(walk->key);
    return read_u64(&key);
}

/* Behind which delivery the last `limit` begin; counts what lies before them. */
static uint64_t before_newest(struct store_txn *txn, uint64_t after, uint64_t limit,
                              uint64_t *ret_older)
{
    uint64_t last[CAIRN_PAGE_MAX]; /* a ring of the latest */
    uint64_t n = 0;
    struct store_key from = store_key_u64(after + 1);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_INBOX, store_key_slice(&from));
    for (; walk.live; store_walk_next(&walk)) {
        if (is_news(&walk)) {
            last[n++ % limit] = position_of(&walk);
        }
    }
    *ret_older = n > limit ? n - limit : 0;
    return n > limit ? last[n % limit] - 1 : after;
}

/* Whether something for a person lies from here on. */
static bool more_follows(struct store_walk *walk)
{
    for (uint64_t quiet = 0; walk->live && quiet < QUIET_MAX; quiet++) {
        if (is_news(walk)) {
            return true;
        }
        store_walk_next(walk);
    }
    return walk->live; /* it may */
}

/* What lies behind page->after now. NULL, and a problem, when the store cannot be read. */
static struct json *list_page(const struct api_view *view, const struct page *page,
                              struct place *ret, struct api_answer *answer)
{
    _cleanup_(store_end) struct store_txn *txn = view_read(view, answer);
    if (txn == NULL) {
        return NULL;
    }
    uint64_t read = page->application == NULL ? 0 : reading_get(txn, page->application);
    struct place place = {.next = read > page->after ? read : page->after};
    if (page->newest) {
        place.next = before_newest(txn, place.next, page->limit, &place.older);
    }
    const struct opening opening = {.agent = view->agent, .txn = txn, .own = view->own};
    struct store_key from = store_key_u64(place.next + 1);
    struct json *items = json_array_new();
    uint64_t n = 0;
    uint64_t quiet = 0;
    struct store_walk walk = store_walk_from(txn, AT_INBOX, store_key_slice(&from));
    while (walk.live && n < page->limit && quiet < QUIET_MAX) {
        place.next = position_of(&walk);
        if (append_item(items, view, &opening, &walk)) {
            n++;
        } else {
            quiet++;
        }
        store_walk_next(&walk);
    }
    place.more = more_follows(&walk);
    store_walk_end(&walk);
    if (view_broken(txn, answer)) {
        json_free(&items);
        return NULL;
    }
    *ret = place;
    return items;
}

static bool is_empty(const struct json *items)
{
    struct error error = ERROR_NULL;
    struct json_view view = json_view(items, &error);
    return json_length(&view) == 0;
}

/* Looks, and if there is nothing waits for news and looks again, until the time is up. */
static struct json *wait_page(const struct api_view *view, const struct page *page,
                              struct place *ret, struct api_answer *answer)
{
    struct news *news = &view->agent->news;
    int64_t until_ms = clock_boot_ms(view->agent->clock) + (int64_t)page->wait_s * 1000;
    for (;;) {
        uint64_t seen = news_count(news);
        struct json *items = list_page(view, page, ret, answer);
        int64_t left_ms = until_ms - clock_boot_ms(view->agent->clock);
        if (items == NULL || !is_empty(items) || ret->next >= page->after + QUIET_MAX ||
            left_ms <= 0 || news_closed(news) || !news_wait(news, seen, (int)left_ms)) {
            return items;
        }
        json_free(&items);
    }
}

static bool read_page(const struct api_call *call, struct page *ret, struct api_answer *answer)
{
    *ret = (struct page){.limit = CAIRN_PAGE_DEFAULT};
    ret->application = api_query_text(call, "application");
    if (ret->application != NULL && !reading_name_ok(ret->application)) {
        answer_problem_words(answer, PROBLEM_BAD_REQUEST,
                             "an application's name has a to z, 0 to 9 and -");
        return false;
    }
    uint64_t newest = 0;
    if (!api_query_number(call, "newest", 1, &newest, answer)) {
        return false;
    }
    ret->newest = newest == 1;
    return api_query_number(call, "after", INT64_MAX - 1, &ret->after, answer) &&
           api_query_limit(call, &ret->limit, answer) &&
           api_query_number(call, "wait", CAIRN_API_POLL_MAX_S, &ret->wait_s, answer);
}

void api_inbox_list(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct page page;
    struct place place = {.next = 0};
    view_begin(call->agent, &view);
    if (!read_page(call, &page, answer)) {
        return;
    }
    struct json *items = wait_page(&view, &page, &place, answer);
    if (items == NULL) {
        return;
    }
    struct json *document = json_object_new();
    (void)json_set_node(document, "items", &items);
    answer_set_count(document, "next", place.next);
    if (page.newest) {
        answer_set_count(document, "older", place.older);
    }
    json_set_bool(document, "more", place.more);
    CRASH_POINT(HANDED_OVER);
    answer_json(answer, 200, &document);
}

/* --- acknowledging --- */

static int read_acknowledgement(const struct json *document, char *application, size_t bytes,
                                uint64_t *ret_delivery, struct error *error)
{
    static const char *const keys[] = {"application", "delivery"};
    struct json_view view = json_view(document, error);
    json_only(&view, keys, ARRAY_LEN(keys));
    json_get_copy(&view, "application", application, bytes);
    *ret_delivery = (uint64_t)json_get_integer(&view, "delivery", 1, INT64_MAX);
    if (json_ok(&view) && !reading_name_ok(application)) {
        struct json_view member = json_member(&view, "application");
        (void)json_refuse(&member, "has only a to z, 0 to 9 and -, and is not empty");
    }
    return json_ok(&view) ? 0 : -EINVAL;
}

void api_inbox_acknowledge(const struct api_call *call, struct api_answer *answer)
{
    char application[CAIRN_APPLICATION_MAX_BYTES + 1];
    struct error error = ERROR_NULL;
    uint64_t delivery;
    struct json *document = api_body_json(call, answer);
    if (document == NULL) {
        return;
    }
    int r = read_acknowledgement(document, application, sizeof(application), &delivery, &error);
    json_free(&document);
    if (r == 0) {
        r = reading_acknowledge(call->agent, application, delivery);
    }
    if (r == -ERANGE) {
        (void)error_set(&error, "/delivery", "nothing of that number has come yet");
    }
    if (r == -EUSERS) {
        (void)error_set(&error, "/application", "%d others have acknowledged something already",
                        CAIRN_API_APPLICATIONS_MAX);
    }
    if (r == -EINVAL || r == -ERANGE || r == -EUSERS) {
        answer_problem(answer, PROBLEM_REFUSED, &error);
        return;
    }
    if (r != 0) {
        answer_fault(answer, r);
        return;
    }
    CRASH_POINT(READING_KEPT);
    document = json_object_new();
    json_set_word(document, "application", application);
    answer_set_count(document, "delivery", delivery);
    answer_json(answer, 200, &document);
}
