/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/alert_met.h"

#include <string.h>

#include "ledger/tally.h"

static bool counts(const void *data, const struct chronology_item *item)
{
    const struct notice_rule *rule = data;
    return notice_counts(rule, item);
}

static bool may_be_told(const void *data, const struct chronology_item *item)
{
    (void)data;
    return !item->row.retracted && item->row.counts;
}

/* What those children's chronologies hold, as if they were one. */
static size_t scan_all(struct apply *apply, const struct alert_question *question,
                       const struct chronology_search *search,
                       struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < question->n; i++) {
        n = ties_merge(apply, question->children[i], search, items, n);
    }
    return n;
}

/* What the rule does not count comes along: a screener is to see that something is kept elsewhere.
 * False when nothing is: then there is nothing to look at but what was sent. */
static bool bring_kept(struct apply *apply, const struct alert_question *question,
                       const struct chronology_search *span,
                       struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX],
                       struct noticed *noticed)
{
    struct chronology_search search = *span;
    size_t counted = noticed->n;
    search.wanted = may_be_told;
    noticed->n = scan_all(apply, question, &search, items);
    for (size_t i = 0; i < noticed->n; i++) {
        noticed->items[i] = &items[i];
    }
    return noticed->n > counted;
}

/* Of any pattern its own: what it does not count, and what is younger, hides nothing from it. */
static bool find_newest(struct apply *apply, const struct alert_question *question,
                        struct notice_rule *rule)
{
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    const struct chronology_search search = {
        .from = INT32_MIN, .to = INT32_MAX, .wanted = counts, .data = rule};
    size_t n = scan_all(apply, question, &search, items);
    if (n > 0) {
        rule->anchor = items[n - 1].day;
    }
    return n > 0;
}

bool alert_pattern_met(struct apply *apply, const struct alert_question *question,
                       const struct pattern *pattern,
                       struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX], struct noticed *ret)
{
    struct notice_rule rule = {pattern, &apply->governance->directory, question->anchor};
    struct chronology_search search = {.wanted = counts, .data = &rule};
    if (question->anchor == ALERT_NEWEST && !find_newest(apply, question, &rule)) {
        return false;
    }
    notice_span(&rule, &search.from, &search.to);
    size_t n = scan_all(apply, question, &search, items);
    return notice_pattern(&rule, items, n, ret) &&
           (!pattern->brings_kept || bring_kept(apply, question, &search, items, ret));
}

bool alert_met(struct apply *apply, const struct alert_question *question)
{
    const struct patterns *patterns = &apply->governance->patterns;
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct noticed noticed;
    for (size_t i = 0; i < patterns->n; i++) {
        if (alert_pattern_met(apply, question, &patterns->items[i], items, &noticed)) {
            return true;
        }
    }
    return false;
}

/* The record at hand tells of an occurrence that no other one does. */
static bool completes(const struct noticed *noticed, uint64_t log_index)
{
    const struct chronology_item *fresh = NULL;
    for (size_t i = 0; i < noticed->n; i++) {
        fresh = noticed->items[i]->log_index == log_index ? noticed->items[i] : fresh;
    }
    for (size_t i = 0; fresh != NULL && i < noticed->n; i++) {
        const struct chronology_row *row = &noticed->items[i]->row;
        if (noticed->items[i] != fresh &&
            memcmp(row->occurrence, fresh->row.occurrence, sizeof(row->occurrence)) == 0) {
            return false;
        }
    }
    return fresh != NULL;
}

void alert_count_shadow(struct apply *apply, const struct alert_question *question,
                        const struct pattern *pattern, uint64_t log_index)
{
    struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct noticed noticed;
    struct pattern live = *pattern;
    live.shadow = false;
    if (question->anchor != ALERT_NEWEST &&
        alert_pattern_met(apply, question, &live, items, &noticed) &&
        noticed.occurrences == pattern->occurrences_min && completes(&noticed, log_index)) {
        (void)tally_add(apply->txn, TALLY_SHADOW, pattern->id, apply_day(apply));
        apply_noted(apply, NOTED_SHADOW_RAISED);
    }
}
