/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/notice.h"

#include <string.h>

#include "base/date.h"

static int32_t window_end(const struct pattern *pattern, int32_t first_day)
{
    return date_add_months(first_day, pattern->window_months) + pattern->window_days;
}

void notice_span(const struct notice_rule *rule, int32_t *ret_from, int32_t *ret_to)
{
    const struct pattern *pattern = rule->pattern;
    *ret_from = date_add_months(rule->anchor, -pattern->window_months) - pattern->window_days;
    *ret_to = window_end(pattern, rule->anchor);
}

bool notice_counts(const struct notice_rule *rule, const struct chronology_item *item)
{
    const struct agency *origin = directory_agency(rule->directory, item->row.subject.agency);
    return !item->row.retracted && item->row.counts && origin != NULL &&
           pattern_counts(rule->pattern, item->row.record_kind, item->row.code, origin);
}

#define NONE SIZE_MAX

/* The rows that a rule counts, each with the row before it that tells of the same occurrence and
 * the one of the same agency: found once, so that a window is counted without comparing rows
 * again. */
struct counting {
    size_t n;
    const struct chronology_item *rows[CAIRN_CHRONOLOGY_SCAN_MAX];
    size_t same_occurrence[CAIRN_CHRONOLOGY_SCAN_MAX];
    size_t same_agency[CAIRN_CHRONOLOGY_SCAN_MAX];
};

static bool same_occurrence(const struct chronology_item *a, const struct chronology_item *b)
{
    return memcmp(a->row.occurrence, b->row.occurrence, sizeof(a->row.occurrence)) == 0;
}

static bool same_agency(const struct chronology_item *a, const struct chronology_item *b)
{
    return a->row.subject.agency == b->row.subject.agency;
}

static size_t find_before(const struct counting *counting, size_t upto,
                          bool (*same)(const struct chronology_item *,
                                       const struct chronology_item *))
{
    for (size_t i = upto; i > 0; i--) {
        if (same(counting->rows[i - 1], counting->rows[upto])) {
            return i - 1;
        }
    }
    return NONE;
}

static void count_row(struct counting *counting, const struct chronology_item *item)
{
    size_t at = counting->n++;
    counting->rows[at] = item;
    counting->same_occurrence[at] = find_before(counting, at, same_occurrence);
    counting->same_agency[at] = find_before(counting, at, same_agency);
}

struct window {
    size_t first;
    size_t n;
    uint32_t occurrences;
    uint32_t agencies;
};

/* The window that starts at row `first`; empty when it does not contain the anchor. */
static struct window window_from(const struct notice_rule *rule, const struct counting *counting,
                                 size_t first)
{
    struct window window = {.first = first};
    int32_t end = window_end(rule->pattern, counting->rows[first]->day);
    if (rule->anchor < counting->rows[first]->day || rule->anchor >= end) {
        return window;
    }
    for (size_t i = first; i < counting->n && counting->rows[i]->day < end; i++) {
        size_t told = counting->same_occurrence[i];
        size_t teller = counting->same_agency[i];
        window.occurrences += told == NONE || told < first ? 1 : 0;
        window.agencies += teller == NONE || teller < first ? 1 : 0;
        window.n++;
    }
    return window;
}

bool notice_pattern(const struct notice_rule *rule, const struct chronology_item *items, size_t n,
                    struct noticed *ret)
{
    const struct pattern *pattern = rule->pattern;
    struct counting counting;
    counting.n = 0;
    assert(n <= CAIRN_CHRONOLOGY_SCAN_MAX);
    if (pattern->shadow) {
        return false; /* nobody has turned it on */
    }
    for (size_t i = 0; i < n; i++) {
        if (notice_counts(rule, &items[i])) {
            count_row(&counting, &items[i]);
        }
    }
    struct window best = {.n = 0};
    for (size_t first = 0; first < counting.n; first++) {
        if (first > 0 && counting.rows[first]->day == counting.rows[first - 1]->day) {
            continue; /* the window of the day's first row holds this one's */
        }
        struct window window = window_from(rule, &counting, first);
        if (window.occurrences > best.occurrences && window.agencies >= pattern->agencies_min) {
            best = window;
        }
    }
    if (best.occurrences == 0 || best.occurrences < pattern->occurrences_min) {
        return false;
    }
    ret->n = best.n;
    ret->occurrences = best.occurrences;
    for (size_t i = 0; i < best.n; i++) {
        ret->items[i] = counting.rows[best.first + i];
    }
    return true;
}
