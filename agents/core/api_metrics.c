/* SPDX-License-Identifier: Apache-2.0 */
/* How the agent is, for Prometheus: the figures of cairn/metrics.h that are an agent's. */
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
#include "base/exposition.h"
#include "govern/duty.h"
#include "os/files.h"

struct metrics {
    const struct api_view *view;
    struct store_txn *txn;
    struct buf *out;
};

/* Times are never before 1970; a clock that says so says nothing. */
static uint64_t time_of(int64_t ms)
{
    return ms > 0 ? (uint64_t)ms : 0;
}

static void add_link(const struct metrics *to)
{
    const struct link_status *link = &to->view->link;
    int64_t ahead_ms = link->clock_ahead_ms;
    exposition_one(to->out, METRIC_AGENT_UP, 1, UNIT_ONE);
    exposition_one(to->out, METRIC_AGENT_CONNECTED, link->state == LINK_IS_CONNECTED ? 1 : 0,
                   UNIT_ONE);
    exposition_one(to->out, METRIC_AGENT_LINK_SINCE, time_of(link->since_ms), UNIT_TIME);
    exposition_one(to->out, METRIC_AGENT_CONTACT, time_of(link->last_contact_ms), UNIT_TIME);
    exposition_one(to->out, METRIC_AGENT_RECEIPT, agent_meta_u64(to->txn, SENDING_META_RECEIPT, 0),
                   UNIT_TIME);
    exposition_one(to->out, METRIC_AGENT_CLOCK_OFF, (uint64_t)(ahead_ms < 0 ? -ahead_ms : ahead_ms),
                   UNIT_MS);
    exposition_one(to->out, METRIC_AGENT_LOG, link->log_size, UNIT_ONE);
    exposition_one(to->out, METRIC_AGENT_CONTRADICTED, witness_forked(to->txn) ? 1 : 0, UNIT_ONE);
}

static void add_confirmations(const struct metrics *to)
{
    struct confirmations now;
    view_confirmations(to->view, to->txn, &now);
    exposition_one(to->out, METRIC_AGENT_CONFIRMING, now.lately, UNIT_ONE);
    exposition_one(to->out, METRIC_AGENT_CONFIRMED, time_of(now.time_ms), UNIT_TIME);
    exposition_one(to->out, METRIC_AGENT_UNCONFIRMED, now.missed ? 1 : 0, UNIT_ONE);
}

static void add_spool(const struct metrics *to)
{
    struct spool_depth depth;
    struct settle_figures before;
    struct held held[HELD_LIST_MAX];
    uint64_t aside = 0;
    size_t n = held_list(to->txn, held);
    spool_depth(to->txn, &depth);
    settle_count(to->txn, to->view->agent->clock, &before);
    exposition_head(to->out, METRIC_AGENT_SPOOL);
    exposition_sample(to->out, METRIC_AGENT_SPOOL, "urgent", depth.entries[LANE_URGENT], UNIT_ONE);
    exposition_sample(to->out, METRIC_AGENT_SPOOL, "normal", depth.entries[LANE_NORMAL], UNIT_ONE);
    exposition_sample(to->out, METRIC_AGENT_SPOOL, "bulk", depth.entries[LANE_BULK], UNIT_ONE);
    exposition_head(to->out, METRIC_AGENT_UNSEALED);
    exposition_sample(to->out, METRIC_AGENT_UNSEALED, "waiting", before.unsealed, UNIT_ONE);
    exposition_sample(to->out, METRIC_AGENT_UNSEALED, "settling", before.settling, UNIT_ONE);
    exposition_one(to->out, METRIC_AGENT_SPOOL_OLDEST,
                   time_of(spool_oldest(&depth, before.unsealed_since_ms)), UNIT_TIME);
    for (size_t i = 0; i < n; i++) {
        aside += held[i].aside ? 1 : 0;
    }
    exposition_head(to->out, METRIC_AGENT_HELD);
    exposition_sample(to->out, METRIC_AGENT_HELD, "waits", n - aside, UNIT_ONE);
    exposition_sample(to->out, METRIC_AGENT_HELD, "aside", aside, UNIT_ONE);
}

static void add_inbox(const struct metrics *to)
{
    struct inbox_gaps gaps;
    inbox_gaps(to->txn, &gaps);
    exposition_one(to->out, METRIC_AGENT_DELIVERIES, inbox_position(to->txn), UNIT_ONE);
    exposition_one(to->out, METRIC_AGENT_MISSING, gaps.missing, UNIT_ONE);
    exposition_one(to->out, METRIC_AGENT_MISSING_NOTICED, time_of(gaps.noticed_ms), UNIT_TIME);
}

/* What waits for a person. */
static void add_waiting(const struct metrics *to)
{
    const struct review review = {
        .txn = to->txn, .governance = to->view->governance, .now_ms = to->view->now_ms};
    struct returned_figures returned;
    struct unopened unopened;
    returned_count(to->txn, &returned);
    exposition_head(to->out, METRIC_AGENT_RETURNED);
    exposition_sample(to->out, METRIC_AGENT_RETURNED, "danger", returned.danger, UNIT_ONE);
    exposition_sample(to->out, METRIC_AGENT_RETURNED, "other", returned.n - returned.danger,
                      UNIT_ONE);
    unopened_count(to->txn, to->view->governance, to->view->now_ms, &unopened);
    exposition_head(to->out, METRIC_AGENT_UNOPENED);
    exposition_sample(to->out, METRIC_AGENT_UNOPENED, "record", unopened.records.n, UNIT_ONE);
    exposition_sample(to->out, METRIC_AGENT_UNOPENED, "alert", unopened.alerts.n, UNIT_ONE);
    exposition_head(to->out, METRIC_AGENT_UNOPENED_OLDEST);
    exposition_sample(to->out, METRIC_AGENT_UNOPENED_OLDEST, "record",
                      time_of(unopened.records.oldest_ms), UNIT_TIME);
    exposition_sample(to->out, METRIC_AGENT_UNOPENED_OLDEST, "alert",
                      time_of(unopened.alerts.oldest_ms), UNIT_TIME);
    exposition_one(to->out, METRIC_AGENT_REQUESTS, asked_waiting(to->txn), UNIT_ONE);
    exposition_one(to->out, METRIC_AGENT_REVIEWS, review_overdue(&review), UNIT_ONE);
}

static void add_feeds(const struct metrics *to)
{
    struct feed feeds[FEEDS_MAX];
    size_t n = feeds_list(to->txn, to->view->agent->options, feeds);
    exposition_head(to->out, METRIC_AGENT_FEED);
    for (size_t i = 0; i < n; i++) {
        exposition_sample(to->out, METRIC_AGENT_FEED, feeds[i].name, time_of(feeds[i].last_ms),
                          UNIT_TIME);
    }
    exposition_head(to->out, METRIC_AGENT_FEED_CONFIGURED);
    for (size_t i = 0; i < n; i++) {
        exposition_sample(to->out, METRIC_AGENT_FEED_CONFIGURED, feeds[i].name, 1, UNIT_ONE);
    }
    exposition_head(to->out, METRIC_AGENT_FEED_REFUSED);
    for (size_t i = 0; i < n; i++) {
        if (feeds[i].path != NULL) {
            exposition_sample(to->out, METRIC_AGENT_FEED_REFUSED, feeds[i].name, feeds[i].refused,
                              UNIT_ONE);
        }
    }
    exposition_head(to->out, METRIC_AGENT_FEED_SET_ASIDE);
    for (size_t i = 0; i < n; i++) {
        if (feeds[i].path != NULL) {
            exposition_sample(to->out, METRIC_AGENT_FEED_SET_ASIDE, feeds[i].name,
                              feeds[i].set_aside, UNIT_ONE);
        }
    }
}

/* Names of counts are ours. */
static void add_today(const struct metrics *to)
{
    int32_t day = instant_london_day(to->view->now_ms);
    struct count_walk walk = count_walk_from(to->txn, day);
    exposition_head(to->out, METRIC_AGENT_TODAY);
    for (; walk.rows.live; count_walk_next(&walk)) {
        exposition_sample(to->out, METRIC_AGENT_TODAY, walk.name, walk.count, UNIT_ONE);
    }
    store_walk_end(&walk.rows);
}

static void add_documents(const struct metrics *to)
{
    const struct governance *governance = to->view->governance;
    exposition_head(to->out, METRIC_AGENT_VERSION);
    for (uint32_t i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        exposition_sample(to->out, METRIC_AGENT_VERSION, governance_document_text(i),
                          governance->versions[i], UNIT_ONE);
    }
    exposition_head(to->out, METRIC_AGENT_REVIEW);
    for (uint32_t i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        int32_t day = governance->review_by[i];
        bool dated = governance->versions[i] != 0 && day != INT32_MAX;
        exposition_sample(to->out, METRIC_AGENT_REVIEW, governance_document_text(i),
                          dated ? time_of((day + 1) * DAY_MS) : 0, UNIT_TIME);
    }
    exposition_one(to->out, METRIC_AGENT_DUTY_GAP, duty_gap(governance), UNIT_ONE);
}

static void add_store(const struct metrics *to)
{
    const struct agent *agent = to->view->agent;
    struct store_stats stats = {.map_bytes = 1};
    int percent = 0;
    if (store_stats(agent->store, &stats) == 0) {
        exposition_one(to->out, METRIC_AGENT_STORE_USED, stats.used_bytes, UNIT_ONE);
        exposition_one(to->out, METRIC_AGENT_STORE_RATIO, stats.used_bytes * 100 / stats.map_bytes,
                       UNIT_PERCENT);
    }
    if (disk_used_percent(agent->options->dir, &percent) == 0) {
        exposition_one(to->out, METRIC_AGENT_DISK_USED, (uint64_t)percent, UNIT_PERCENT);
    }
}

void api_metrics(const struct api_call *call, struct api_answer *answer)
{
    _cleanup_(view_end) struct api_view view;
    view_begin(call->agent, &view);
    _cleanup_(store_end) struct store_txn *txn = view_read(&view, answer);
    if (txn == NULL) {
        return;
    }
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_API_ANSWER_MAX_BYTES);
    const struct metrics to = {.view = &view, .txn = txn, .out = &text};
    add_link(&to);
    add_confirmations(&to);
    add_spool(&to);
    add_inbox(&to);
    add_waiting(&to);
    add_feeds(&to);
    add_today(&to);
    add_documents(&to);
    add_store(&to);
    if (!view_broken(txn, answer)) {
        buf_add_slice(&answer->body, buf_slice(&text));
        answer->status = 200;
        answer->type = CAIRN_MEDIA_METRICS;
    }
}
