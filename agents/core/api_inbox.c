/* SPDX-License-Identifier: Apache-2.0 */
/* The inbox: what came, in order, handed over until the application says that it has it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents/core/api_inbox_item.h"
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
    if (!good || !api_inbox_item(object, view, opening, &row)) {
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
