/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/alert.h"

#include <string.h>

#include "broker/alert_addressees.h"
#include "broker/alert_met.h"
#include "broker/alert_tell.h"
#include "broker/backfill.h"
#include "broker/timers.h"
#include "ledger/tally.h"

/* --- its records --- */

static bool is_later(const struct alert_record *a, const struct alert_record *b)
{
    return a->day > b->day || (a->day == b->day && a->log_index > b->log_index);
}

/* Keeps the newest, ascending by day, then log index: when the list is full its oldest goes. False
 * for one that is older than all of a full list. */
static bool insert_record(struct alert_row *alert, const struct alert_record *record)
{
    if (alert->n_records == CAIRN_ALERT_RECORDS_MAX) {
        if (!is_later(record, &alert->records[0])) {
            return false;
        }
        alert->n_records--;
        memmove(alert->records, alert->records + 1, alert->n_records * sizeof(alert->records[0]));
    }
    size_t at = alert->n_records++;
    while (at > 0 && is_later(&alert->records[at - 1], record)) {
        alert->records[at] = alert->records[at - 1];
        at--;
    }
    alert->records[at] = *record;
    return true;
}

bool alert_lists(const struct alert_row *alert, const struct entry_id *record)
{
    for (size_t i = 0; i < alert->n_records; i++) {
        if (entry_id_equal(&alert->records[i].entry, record)) {
            return true;
        }
    }
    return false;
}

/* Adds what the rule counted and marks each record with the alert, also one that the list has no
 * room for. What counts through a tie is not marked: alerts of several children may list it.
 * Returns how many the list has anew. */
static size_t add_records(struct apply *apply, uint64_t number, struct alert_row *alert,
                          const struct noticed *noticed)
{
    size_t added = 0;
    for (size_t i = 0; i < noticed->n; i++) {
        const struct chronology_item *item = noticed->items[i];
        struct entry_row row;
        if (!entry_row_get(apply->txn, &item->row.entry, &row) ||
            (item->tied ? alert_lists(alert, &item->row.entry) : row.alert == number)) {
            continue;
        }
        struct alert_record record = {.entry = item->row.entry,
                                      .log_index = item->log_index,
                                      .day = item->day,
                                      .revision = alert->revision};
        added += insert_record(alert, &record) ? 1 : 0;
        if (!item->tied) {
            row.alert = number;
            entry_row_put(apply->txn, &item->row.entry, &row);
        }
    }
    return added;
}

/* --- raising and extending --- */

/* Whether whoever closed or listed the alert could not know of one of these: it came later, or it
 * was another child's until the two were joined and no alert has told of it. */
static bool any_news(struct apply *apply, const struct noticed *noticed,
                     const struct alert_row *closed)
{
    for (size_t i = 0; i < noticed->n; i++) {
        struct entry_row row;
        if (noticed->items[i]->since >= closed->closed_at ||
            (!noticed->items[i]->tied &&
             entry_row_get(apply->txn, &noticed->items[i]->row.entry, &row) && row.alert == 0)) {
            return true;
        }
    }
    return false;
}

/* One look at a child: what several patterns say of it is told as one change of one alert. */
struct look {
    uint64_t child;
    uint64_t number; /* of the alert below; 0: the child has none */
    struct alert_row alert;
    bool joined; /* because children came together, or parted: that is the news */
    bool raised;
    bool extended;
    bool over_budget;
};

/* Beyond the budget they are raised all the same: no child goes unseen because many were seen. Who
 * owns the pattern is told. */
static void count_raised(struct apply *apply, struct look *look, const struct pattern *pattern)
{
    uint32_t raised = tally_add(apply->txn, TALLY_RAISED, pattern->id, apply_day(apply));
    if (raised > pattern->weekly_budget) {
        look->over_budget = true;
        apply_noted(apply, NOTED_ALERTS_OVER_BUDGET);
    }
}

static void fill_rule(struct apply *apply, struct alert_row *alert, const struct pattern *pattern)
{
    memcpy(alert->pattern, pattern->id, sizeof(alert->pattern));
    alert->rule_version = pattern->version;
    alert->pattern_hash = apply->governance->digests[GOVERNANCE_PATTERNS];
}

static void raise(struct apply *apply, struct look *look, const struct pattern *pattern)
{
    enum outcome earlier = look->number == 0 ? OUTCOME_NONE : look->alert.outcome;
    look->number = meta_next(apply->txn, "alerts");
    look->alert = (struct alert_row){
        .child = look->child,
        .state = ALERT_OPEN,
        .revision = 1,
        .earlier_outcome = earlier,
    };
    fill_rule(apply, &look->alert, pattern);
    look->raised = true;
    count_raised(apply, look, pattern);
}

/* What was for review alone, and now there is news. */
static void promote(struct apply *apply, struct look *look, const struct pattern *pattern)
{
    look->alert.state = ALERT_OPEN;
    look->alert.revision++;
    fill_rule(apply, &look->alert, pattern);
    look->raised = true;
    count_raised(apply, look, pattern);
}

static bool any_since(const struct noticed *noticed, uint64_t log_index)
{
    for (size_t i = 0; i < noticed->n; i++) {
        if (noticed->items[i]->log_index >= log_index) {
            return true;
        }
    }
    return false;
}

/* False: nothing that this pattern noticed concerns the alert, or raises one. */
static bool concerns(struct apply *apply, struct look *look, const struct pattern *pattern,
                     const struct noticed *noticed)
{
    struct alert_row *alert = &look->alert;
    if (look->number == 0) {
        raise(apply, look, pattern);
        return true;
    }
    switch (alert->state) {
    case ALERT_OPEN:
    case ALERT_OPENED:
    case ALERT_WITHDRAWN:
        return true;
    case ALERT_LISTED:
        if (any_news(apply, noticed, alert)) {
            promote(apply, look, pattern);
            return true;
        }
        return false;
    case ALERT_CLOSED:
        break;
    }
    if (any_news(apply, noticed, alert)) {
        raise(apply, look, pattern);
        return true;
    }
    return false;
}

static void act_on(struct apply *apply, struct look *look, const struct pattern *pattern,
                   const struct noticed *noticed)
{
    struct alert_row *alert = &look->alert;
    uint64_t since = look->joined ? 0 : backfill_since(apply->txn, pattern);
    if (!any_since(noticed, since) || !concerns(apply, look, pattern, noticed)) {
        return;
    }
    uint32_t before = alert->revision;
    alert->revision += look->raised || look->extended ? 0 : 1;
    if (add_records(apply, look->number, alert, noticed) == 0) {
        alert->revision = before;
        return;
    }
    look->extended = true;
    alert_add_addressees(apply, alert, pattern);
    if (look->over_budget) {
        alert_add_owners(apply, alert, pattern);
    }
}

static void tell_all(struct apply *apply, struct look *look)
{
    enum notice_type type = look->raised ? NOTICE_RAISED : NOTICE_EXTENDED;
    for (size_t i = 0; i < look->alert.n_addressees; i++) {
        alert_tell(apply, look->number, &look->alert, &look->alert.addressees[i], type);
    }
    alert_row_put(apply->txn, look->number, &look->alert);
    if (look->over_budget) {
        alert_tell_over_budget(apply, look->number, &look->alert);
    }
    if (look->raised) {
        timers_watch_alert(apply, look->number);
        child_alert_put(apply->txn, look->child, look->number);
    }
    apply_noted(apply, look->raised ? NOTED_ALERTS_RAISED : NOTED_ALERTS_EXTENDED);
}

void alert_look_at(struct apply *apply, uint64_t child, int32_t anchor, uint64_t log_index)
{
    const struct patterns *patterns = &apply->governance->patterns;
    struct ties ties;
    const struct alert_question question = {.n = 1, .children = {&ties}, .anchor = anchor};
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct noticed noticed;
    struct look look = {.child = child, .joined = log_index == ALERT_NO_RECORD};
    look.number = child_alert_get(apply->txn, child, &look.alert);
    ties_of_child(apply, child, &ties);
    for (size_t i = 0; i < patterns->n; i++) {
        if (patterns->items[i].shadow) {
            alert_count_shadow(apply, &question, &patterns->items[i], log_index);
        } else if (alert_pattern_met(apply, &question, &patterns->items[i], items, &noticed)) {
            act_on(apply, &look, &patterns->items[i], &noticed);
        }
    }
    if (look.extended) {
        tell_all(apply, &look);
    }
}

void alert_look(struct apply *apply, uint64_t child, int32_t anchor)
{
    alert_look_at(apply, child, anchor, ALERT_NO_RECORD);
}

/* --- for review --- */

/* That it met the pattern once, longer ago than the pattern looks back, is no news to anybody. */
static bool is_past(struct apply *apply, const struct pattern *pattern,
                    const struct noticed *noticed)
{
    const struct notice_rule rule = {pattern, &apply->governance->directory,
                                     noticed->items[noticed->n - 1]->day};
    int32_t from;
    int32_t to;
    notice_span(&rule, &from, &to);
    return to <= apply_day(apply);
}

static bool any_untold(struct apply *apply, const struct noticed *noticed)
{
    struct entry_row row;
    for (size_t i = 0; i < noticed->n; i++) {
        if (entry_row_get(apply->txn, &noticed->items[i]->row.entry, &row) && row.alert == 0) {
            return true;
        }
    }
    return false;
}

void alert_list(struct apply *apply, uint64_t child, const struct pattern *pattern)
{
    struct ties ties;
    const struct alert_question question = {.n = 1, .children = {&ties}, .anchor = ALERT_NEWEST};
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct noticed noticed;
    struct alert_row alert;
    uint64_t number = child_alert_get(apply->txn, child, &alert);
    ties_of_child(apply, child, &ties);
    if ((number != 0 && alert_may_be_decided(&alert)) ||
        !alert_pattern_met(apply, &question, pattern, items, &noticed) ||
        any_since(&noticed, backfill_since(apply->txn, pattern)) ||
        is_past(apply, pattern, &noticed) || !any_untold(apply, &noticed)) {
        return;
    }
    enum outcome earlier = number == 0 ? OUTCOME_NONE : alert.outcome;
    number = meta_next(apply->txn, "alerts");
    alert = (struct alert_row){
        .child = child,
        .state = ALERT_LISTED,
        .revision = 1,
        .closed_at = apply->range.size,
        .earlier_outcome = earlier,
    };
    fill_rule(apply, &alert, pattern);
    (void)add_records(apply, number, &alert, &noticed);
    alert_add_owners(apply, &alert, pattern);
    for (size_t i = 0; i < alert.n_addressees; i++) {
        alert_tell(apply, number, &alert, &alert.addressees[i], NOTICE_LISTED);
    }
    alert_row_put(apply->txn, number, &alert);
    child_alert_put(apply->txn, child, number);
    (void)tally_add(apply->txn, TALLY_LISTED, pattern->id, apply_day(apply));
    apply_noted(apply, NOTED_ALERTS_LISTED);
}

uint64_t alert_going_on(struct apply *apply, uint64_t number, struct alert_row *ret)
{
    while (alert_row_get(apply->txn, number, ret)) {
        if (ret->into == 0) {
            return number;
        }
        number = ret->into;
    }
    return 0;
}
