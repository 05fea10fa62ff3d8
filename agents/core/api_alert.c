/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts, as far as this agency was told of them. */
#include <errno.h>
#include <string.h>

#include "agents/core/api_view.h"
#include "agents/core/event.h"
#include "agents/core/household.h"
#include "base/text.h"

/* One alert being written, inside one read transaction. */
struct showing {
    const struct api_view *view;
    struct opening opening;
    struct arena arena;
    uint64_t number;
    struct known_alert row;
    bool listed;
    struct wire_notice notice; /* when listed */
};

static bool showing_begin(struct showing *showing)
{
    showing->listed = known_alert_listed(showing->opening.txn, showing->number, &showing->arena,
                                         &showing->notice);
    return store_fault(showing->opening.txn) == 0;
}

/* --- which child --- */

/* Our own system's card of the child, from the handle that we gave it. */
static bool set_own_child(struct json *child, const struct showing *showing)
{
    _cleanup_(identity_deinit) struct identity identity = IDENTITY_NULL;
    _cleanup_(buf_deinit) struct buf card = BUF_MAX(SEAL_CARD_MAX_BYTES);
    if (!showing->listed ||
        !known_alert_child(showing->opening.txn, &showing->view->agent->keys.store,
                           &showing->notice, &identity)) {
        return false;
    }
    if (identity.local_id[0] != '\0') {
        answer_set_peer_text(child, "local_id", slice_of_text(identity.local_id));
    }
    json_set_word(child, "known_as", "own");
    return identity_card_json(&identity, &card) == 0 &&
           answer_set_sealed(child, "card", buf_slice(&card));
}

/* The newest card that came with a record of the alert: how a front door, which never saw the
 * child, knows who it is. */
static bool set_told_child(struct json *child, const struct showing *showing)
{
    for (size_t i = showing->listed ? showing->notice.n_headlines : 0; i > 0; i--) {
        const struct wire_headline *headline = &showing->notice.headlines[i - 1];
        _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
        _cleanup_(buf_deinit) struct buf card = BUF_MAX(SEAL_CARD_MAX_BYTES);
        struct wire_delivered delivered;
        uint8_t flags;
        if (headline->has_record &&
            received_entry(showing->opening.txn, &headline->record, &arena, &delivered, &flags) &&
            open_part(&showing->opening, &delivered, PART_CARD, &card) == OPEN_DONE &&
            answer_set_sealed(child, "card", buf_slice(&card))) {
            json_set_word(child, "known_as", "told");
            return true;
        }
    }
    return false;
}

static void set_child(struct json *object, const struct showing *showing)
{
    struct json *child = json_object_new();
    if (!set_own_child(child, showing) && !set_told_child(child, showing)) {
        json_set_word(child, "known_as", "not-named");
    }
    (void)json_set_node(object, "child", &child);
}

/* --- the alert --- */

static void set_pattern(struct json *object, const struct showing *showing)
{
    const struct patterns *patterns = &showing->view->governance->patterns;
    if (!showing->listed) {
        return;
    }
    struct json *pattern = json_object_new();
    answer_set_peer_text(pattern, "id", showing->notice.pattern);
    answer_set_count(pattern, "version", showing->notice.rule_version);
    for (size_t i = 0; i < patterns->n; i++) {
        if (slice_is_text(showing->notice.pattern, patterns->items[i].id)) {
            json_set_word(pattern, "title", patterns->items[i].title);
        }
    }
    (void)json_set_node(object, "pattern", &pattern);
}

static void set_act(struct json *object, const char *key, const struct showing *showing,
                    const struct alert_act *act)
{
    if (act->at_ms == 0) {
        return;
    }
    struct json *part = view_agency(showing->view, act->agency);
    json_set_instant(part, "at", act->at_ms);
    answer_set_entry(part, "decision", &act->decision);
    (void)json_set_node(object, key, &part);
}

static void set_alert(struct json *object, const struct showing *showing)
{
    char words[WORDS_MAX_BYTES];
    const struct known_alert *row = &showing->row;
    const struct alert_act *act = known_alert_is_open(row) ? &row->opened : &row->closed;
    words_alert(row, view_agency_name(showing->view, act->agency), showing->view->now_ms, words);
    answer_set_count(object, "alert", showing->number);
    json_set_word(object, "state", known_state_text(row->state));
    json_set_word(object, "heading",
                  showing->listed
                      ? words_alert_heading(showing->notice.headlines, showing->notice.n_headlines)
                      : CAIRN_ALERT_HEADING_NOT_SENT);
    if (row->over_budget) {
        json_set_bool(object, "over_budget", true);
    }
    answer_set_peer_text(object, "words", slice_of_text(words));
    json_set_integer(object, "revision", row->revision);
    if (row->raised_ms != 0) {
        json_set_instant(object, "raised_at", row->raised_ms);
    }
    json_set_instant(object, "changed_at", row->changed_ms);
    if (row->outcome != OUTCOME_NONE) {
        json_set_word(object, "outcome", outcome_text((uint32_t)row->outcome));
    }
    if (showing->listed && showing->notice.earlier_outcome != OUTCOME_NONE) {
        json_set_word(object, "earlier_outcome", outcome_text(showing->notice.earlier_outcome));
    }
    answer_set_count(object, "household", household_of(showing->opening.txn, showing->number));
    set_pattern(object, showing);
    set_child(object, showing);
}

/* --- its headlines --- */

static void set_parts(struct json *object, const struct showing *showing,
                      const struct wire_headline *headline)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct wire_delivered delivered;
    uint8_t flags;
    if (!received_entry(showing->opening.txn, &headline->record, &arena, &delivered, &flags)) {
        return;
    }
    view_set_part(object, &showing->opening, &delivered, PART_CARD);
    view_set_part(object, &showing->opening, &delivered, PART_ACCOUNT);
}

static struct json *headline_json(const struct showing *showing,
                                  const struct wire_headline *headline)
{
    struct json *object = view_headline(showing->view, showing->opening.txn, headline);
    if (headline->has_record) {
        set_parts(object, showing, headline);
    }
    return object;
}

static void set_headlines(struct json *object, const struct showing *showing)
{
    struct json *list = json_array_new();
    for (size_t i = 0; showing->listed && i < showing->notice.n_headlines; i++) {
        struct json *headline = headline_json(showing, &showing->notice.headlines[i]);
        (void)json_append_node(list, &headline);
    }
    (void)json_set_node(object, "headlines", &list);
}

void api_alert_show(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct showing showing = {.arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES)};
    view_begin(call->agent, &view);
    _cleanup_(store_end) struct store_txn *txn = view_read(&view, answer);
    if (txn == NULL) {
        return;
    }
    showing.view = &view;
    showing.opening = (struct opening){.agent = call->agent, .txn = txn, .own = view.own};
    if (!u64_parse(call->segment, INT64_MAX, &showing.number) ||
        !known_alert_get(txn, showing.number, &showing.row)) {
        answer_no_alert(answer);
        (void)view_broken(txn, answer);
        return;
    }
    if (showing_begin(&showing)) {
        struct json *document = json_object_new();
        set_alert(document, &showing);
        set_headlines(document, &showing);
        set_act(document, "opened", &showing, &showing.row.opened);
        set_act(document, showing.row.state == KNOWN_WITHDRAWN ? "withdrawn" : "closed", &showing,
                &showing.row.closed);
        json_set_bool(document, "may_decide",
                      view_is_front_door(&view) && known_alert_is_open(&showing.row));
        answer_json(answer, 200, &document);
    }
    arena_deinit(&showing.arena);
    (void)view_broken(txn, answer);
}

/* --- all of them --- */

static void append_alert(struct json *items, struct showing *showing)
{
    arena_reset(&showing->arena);
    if (!showing_begin(showing)) {
        return;
    }
    struct json *object = json_object_new();
    set_alert(object, showing);
    answer_set_count(object, "headlines", showing->listed ? showing->notice.n_headlines : 0);
    (void)json_append_node(items, &object);
}

struct alert_page {
    uint64_t after;
    uint64_t limit;
    bool review;
};

/* `review`: those on the list for review, else those that somebody was alerted by. */
static uint64_t list(struct json *items, struct showing *showing, const struct alert_page *page)
{
    uint64_t after = page->after;
    struct store_key from = store_key_u64(after + 1);
    uint64_t next = after;
    uint64_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(showing->opening.txn, AT_ALERT, store_key_slice(&from));
    while (walk.live && n < page->limit) {
        struct reader key = reader_over(walk.key);
        showing->number = read_u64(&key);
        if (!known_alert_unpack(walk.value, &showing->row)) {
            store_fail(showing->opening.txn, -EBADMSG);
            return next;
        }
        next = showing->number;
        if (page->review ? known_alert_for_review(&showing->row)
                         : showing->row.state != KNOWN_LISTED) {
            append_alert(items, showing);
            n++;
        }
        store_walk_next(&walk);
    }
    return next;
}

void api_alert_list(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct showing showing = {.arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES)};
    struct alert_page page = {.limit = CAIRN_PAGE_DEFAULT};
    uint64_t review = 0;
    view_begin(call->agent, &view);
    if (!api_query_number(call, "after", INT64_MAX - 1, &page.after, answer) ||
        !api_query_number(call, "review", 1, &review, answer) ||
        !api_query_limit(call, &page.limit, answer)) {
        return;
    }
    page.review = review == 1;
    _cleanup_(store_end) struct store_txn *txn = view_read(&view, answer);
    if (txn == NULL) {
        return;
    }
    showing.view = &view;
    showing.opening = (struct opening){.agent = call->agent, .txn = txn, .own = view.own};
    struct json *items = json_array_new();
    uint64_t next = list(items, &showing, &page);
    arena_deinit(&showing.arena);
    struct json *document = json_object_new();
    (void)json_set_node(document, "items", &items);
    answer_set_count(document, "next", next);
    answer_json(answer, 200, &document);
    (void)view_broken(txn, answer);
}
