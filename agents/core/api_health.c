/* SPDX-License-Identifier: Apache-2.0 */
/* How the agent is, and the last log head that it verified. */
#include <errno.h>
#include <string.h>

#include "agents/core/api_view.h"
#include "agents/core/asked.h"
#include "agents/core/feeds.h"
#include "agents/core/held.h"
#include "agents/core/returned.h"
#include "agents/core/review.h"
#include "agents/core/sending.h"
#include "agents/core/settle.h"
#include "agents/core/spool.h"
#include "agents/core/unopened.h"
#include "agents/core/witness.h"
#include "base/date.h"
#include "govern/duty.h"
#include "os/files.h"

static void set_link(struct json *object, struct store_txn *txn, const struct link_status *status)
{
    uint64_t receipt_ms = agent_meta_u64(txn, SENDING_META_RECEIPT, 0);
    struct json *link = json_object_new();
    json_set_word(link, "state", link_state_text(status->state));
    if (status->since_ms != 0) {
        json_set_instant(link, "since", status->since_ms);
    }
    if (status->last_contact_ms != 0) {
        json_set_instant(link, "last_contact", status->last_contact_ms);
    }
    if (receipt_ms != 0) {
        json_set_instant(link, "last_receipt", (int64_t)receipt_ms);
    }
    if (status->retry_ms != 0) {
        json_set_instant(link, "next_try", status->retry_ms);
    }
    if (status->reason[0] != '\0') {
        answer_set_peer_text(link, "reason", slice_of_text(status->reason));
    }
    json_set_integer(link, "clock_ahead_ms", status->clock_ahead_ms);
    (void)json_set_node(object, "link", &link);
}

static void set_spool(struct json *object, const struct api_view *view, struct store_txn *txn)
{
    struct spool_depth depth;
    struct settle_figures before;
    struct json *spool = json_object_new();
    spool_depth(txn, &depth);
    settle_count(txn, view->agent->clock, &before);
    int64_t oldest_ms = spool_oldest(&depth, before.unsealed_since_ms);
    int64_t urgent_ms = spool_oldest_urgent(&depth, before.urgent_since_ms);
    answer_set_count(spool, "urgent", depth.entries[LANE_URGENT]);
    answer_set_count(spool, "normal", depth.entries[LANE_NORMAL]);
    answer_set_count(spool, "bulk", depth.entries[LANE_BULK]);
    answer_set_count(spool, "unsealed", before.unsealed);
    answer_set_count(spool, "settling", before.settling);
    answer_set_count(spool, "unsealed_urgent", before.urgent);
    if (oldest_ms != 0) {
        json_set_instant(spool, "oldest", oldest_ms);
    }
    if (urgent_ms != 0) {
        json_set_instant(spool, "oldest_urgent", urgent_ms);
    }
    (void)json_set_node(object, "spool", &spool);
}

static void set_held(struct json *object, struct store_txn *txn)
{
    struct held held[HELD_LIST_MAX];
    struct json *list = json_array_new();
    size_t n = held_list(txn, held);
    for (size_t i = 0; i < n; i++) {
        struct json *item = json_object_new();
        answer_set_entry(item, "record", &held[i].entry);
        json_set_word(item, "verdict", verdict_name(held[i].verdict));
        json_set_word(item, "words", verdict_words(held[i].verdict));
        json_set_instant(item, "since", held[i].since_ms);
        json_set_bool(item, "aside", held[i].aside);
        (void)json_append_node(list, &item);
    }
    (void)json_set_node(object, "held", &list);
}

/* COUNT rows of today: their names are ours. */
static void set_today(struct json *object, struct store_txn *txn, int64_t now_ms)
{
    struct count_walk walk = count_walk_from(txn, instant_london_day(now_ms));
    struct json *today = json_object_new();
    for (; walk.rows.live; count_walk_next(&walk)) {
        answer_set_count(today, walk.name, walk.count);
    }
    store_walk_end(&walk.rows);
    (void)json_set_node(object, "today", &today);
}

static void set_governance(struct json *object, const struct api_view *view)
{
    struct json *documents = json_object_new();
    for (uint32_t i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        struct json *document = json_object_new();
        int32_t review_by = view->governance->review_by[i];
        answer_set_count(document, "version", view->governance->versions[i]);
        if (view->governance->versions[i] != 0 && review_by != INT32_MAX) {
            json_set_day(document, "review_by", review_by);
            json_set_bool(document, "overdue", instant_london_day(view->now_ms) > review_by);
        }
        (void)json_set_node(documents, governance_document_text(i), &document);
    }
    (void)json_set_node(object, "governance", &documents);
}

/* Nothing while there is no directory. */
static void set_duty(struct json *object, const struct governance *governance)
{
    enum duty_gap gap = duty_gap(governance);
    if (governance->versions[GOVERNANCE_DIRECTORY] == 0) {
        return;
    }
    struct json *duty = json_object_new();
    json_set_word(duty, "gap", duty_gap_text(gap));
    if (gap != DUTY_GAP_NONE) {
        json_set_word(duty, "words", duty_gap_words(gap));
    }
    (void)json_set_node(object, "duty", &duty);
}

/* What a person must look at: positions of the mailbox that never came. */
static void set_gaps(struct json *inbox, struct store_txn *txn)
{
    struct inbox_gaps gaps;
    inbox_gaps(txn, &gaps);
    answer_set_count(inbox, "missing", gaps.missing);
    if (gaps.gaps > 0) {
        answer_set_count(inbox, "first_missing", gaps.first);
        answer_set_count(inbox, "last_missing", gaps.last);
        json_set_instant(inbox, "noticed", gaps.noticed_ms);
    }
}

/* Who else has confirmed this log: an operator asks the others when too few have. */
static void set_confirmations(struct json *log, const struct api_view *view, struct store_txn *txn)
{
    struct confirmations now;
    struct json *part = json_object_new();
    view_confirmations(view, txn, &now);
    answer_set_count(part, "others", now.others);
    answer_set_count(part, "ever", now.ever);
    answer_set_count(part, "lately", now.lately);
    json_set_bool(part, "missed", now.missed);
    if (now.begun_ms != 0) {
        json_set_instant(part, "since", now.begun_ms);
    }
    if (now.agency != 0) {
        view_set_agency(part, "by", view, now.agency);
        answer_set_count(part, "size", now.size);
        json_set_instant(part, "at", now.time_ms);
    }
    (void)json_set_node(log, "confirmations", &part);
}

static void set_inbox_and_log(struct json *object, const struct api_view *view,
                              struct store_txn *txn)
{
    struct json *inbox = json_object_new();
    struct json *log = json_object_new();
    answer_set_count(inbox, "position", inbox_position(txn));
    set_gaps(inbox, txn);
    (void)json_set_node(object, "inbox", &inbox);
    answer_set_count(log, "size", view->link.log_size);
    json_set_bool(log, "contradicted", witness_forked(txn));
    set_confirmations(log, view, txn);
    (void)json_set_node(object, "log", &log);
}

static void set_figure(struct json *object, const char *key, const char *oldest,
                       const struct unopened_figure *figure)
{
    answer_set_count(object, key, figure->n);
    if (figure->n > 0) {
        json_set_instant(object, oldest, figure->oldest_ms);
    }
}

static void set_unopened(struct json *object, const struct api_view *view, struct store_txn *txn)
{
    struct unopened unopened;
    struct json *part = json_object_new();
    unopened_count(txn, view->governance, view->now_ms, &unopened);
    set_figure(part, "alerts", "oldest_alert", &unopened.alerts);
    set_figure(part, "records", "oldest_record", &unopened.records);
    (void)json_set_node(object, "unopened", &part);
}

static void set_returned(struct json *object, struct store_txn *txn)
{
    struct returned_figures figures;
    struct json *part = json_object_new();
    returned_count(txn, &figures);
    answer_set_count(part, "waiting", figures.n);
    answer_set_count(part, "danger", figures.danger);
    if (figures.oldest_ms != 0) {
        json_set_instant(part, "oldest", figures.oldest_ms);
    }
    (void)json_set_node(object, "returned", &part);
}

static void set_feeds(struct json *object, const struct api_view *view, struct store_txn *txn)
{
    struct feed feeds[FEEDS_MAX];
    struct json *list = json_array_new();
    size_t n = feeds_list(txn, view->agent->options, feeds);
    for (size_t i = 0; i < n; i++) {
        struct json *item = json_object_new();
        json_set_word(item, "feed", feeds[i].name);
        if (feeds[i].last_ms > 0) {
            json_set_instant(item, "last", feeds[i].last_ms);
        }
        if (feeds[i].path != NULL) {
            answer_set_count(item, "refused", feeds[i].refused);
            answer_set_count(item, "set_aside", feeds[i].set_aside);
            answer_set_peer_text(item, "folder", slice_of_text(feeds[i].path));
        }
        (void)json_append_node(list, &item);
    }
    (void)json_set_node(object, "feeds", &list);
}

static void set_store(struct json *object, const struct api_view *view)
{
    struct store_stats stats;
    int percent = 0;
    struct json *part = json_object_new();
    if (store_stats(view->agent->store, &stats) == 0) {
        answer_set_count(part, "used_bytes", stats.used_bytes);
        answer_set_count(part, "used_percent", stats.used_bytes * 100 / stats.map_bytes);
    }
    if (disk_used_percent(view->agent->options->dir, &percent) == 0) {
        json_set_integer(part, "disk_percent", percent);
    }
    (void)json_set_node(object, "store", &part);
}

/* Which is needed, and not there. */
static void set_missing_key(struct json *document, const struct api_view *view)
{
    char name[KEY_NAME_BYTES];
    if (own_keys_missing(&view->agent->keys, &view->governance->directory, name)) {
        json_set_word(document, "missing_key", name);
    }
}

void api_health(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    view_begin(call->agent, &view);
    _cleanup_(store_end) struct store_txn *txn = view_read(&view, answer);
    if (txn == NULL) {
        return;
    }
    struct json *document = json_object_new();
    if (view.placed) {
        view_set_agency(document, "agency", &view, view.own);
    }
    json_set_word(document, "linkage", linkage_state_text(govern_keep_linkage(view.agent->keep)));
    set_missing_key(document, &view);
    set_link(document, txn, &view.link);
    set_spool(document, &view, txn);
    set_held(document, txn);
    set_today(document, txn, view.now_ms);
    set_governance(document, &view);
    set_duty(document, view.governance);
    set_inbox_and_log(document, &view, txn);
    answer_set_count(document, "requests_waiting", asked_waiting(txn));
    const struct review review = {.txn = txn, .governance = view.governance, .now_ms = view.now_ms};
    answer_set_count(document, "reviews_due", review_overdue(&review));
    set_returned(document, txn);
    set_unopened(document, &view, txn);
    set_feeds(document, &view, txn);
    set_store(document, &view);
    answer_json(answer, 200, &document);
    (void)view_broken(txn, answer);
}

void api_log_head(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct witness witness;
    view_begin(call->agent, &view);
    _cleanup_(store_end) struct store_txn *txn = view_read(&view, answer);
    if (txn == NULL) {
        return;
    }
    witness_load(txn, &witness);
    if (view_broken(txn, answer)) {
        return;
    }
    if (witness.note_len == 0) {
        answer_problem_words(answer, PROBLEM_NOT_FOUND, "no log head was verified yet");
        return;
    }
    buf_add(&answer->body, witness.note, witness.note_len);
    answer->status = 200;
    answer->type = CAIRN_MEDIA_TEXT;
}

void api_log_evidence(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    struct slice note = SLICE_NULL;
    bool shown = strcmp(call->segment, "shown") == 0;
    view_begin(call->agent, &view);
    _cleanup_(store_end) struct store_txn *txn = view_read(&view, answer);
    if (txn == NULL) {
        return;
    }
    bool known = shown || strcmp(call->segment, "held") == 0;
    bool there = known && witness_evidence(txn, shown, &note);
    if (view_broken(txn, answer)) {
        return;
    }
    if (!there) {
        answer_problem_words(answer, PROBLEM_NOT_FOUND,
                             known ? "the broker has never shown another log"
                                   : "the evidence is held and shown");
        return;
    }
    buf_add_slice(&answer->body, note);
    answer->status = 200;
    answer->type = CAIRN_MEDIA_TEXT;
}
