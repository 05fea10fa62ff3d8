/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/notice.h"

#include "base/date.h"

#include <string.h>

static int32_t window_end(const struct pattern *pattern, int32_t first_day)
{
    return date_add_months(first_day, pattern->window_months) + pattern->window_days;
}

void notice_span(const struct pattern *pattern, int32_t anchor, int32_t *ret_from, int32_t *ret_to)
{
    *ret_from = date_add_months(anchor, -pattern->window_months) - pattern->window_days;
    *ret_to = window_end(pattern, anchor);
}

bool notice_counts(const struct pattern *pattern, const struct directory *directory,
                   const struct chronology_item *item)
{
    const struct agency *origin = directory_agency(directory, item->row.subject.agency);
    return !item->row.retracted && item->row.counts && origin != NULL &&
           pattern_counts(pattern, item->row.code, origin);
}

/* Rows before `upto` that tell of the same occurrence. */
static bool seen_before(const struct chronology_item *const *rows, size_t from, size_t upto)
{
    for (size_t i = from; i < upto; i++) {
        if (memcmp(rows[i]->row.occurrence, rows[upto]->row.occurrence, 16) == 0) {
            return true;
        }
    }
    return false;
}

static uint32_t distinct_agencies(const struct chronology_item *const *rows, size_t n)
{
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t j = 0;
        while (rows[j]->row.subject.agency != rows[i]->row.subject.agency) {
            j++;
        }
        count += j == i ? 1 : 0;
    }
    return count;
}

struct window {
    size_t first;
    size_t n;
    uint32_t occurrences;
};

/* The window that starts at row `first`; occurrences 0 when it does not contain the anchor. */
static struct window window_from(const struct pattern *pattern, int32_t anchor,
                                 const struct chronology_item *const *rows, size_t n, size_t first)
{
    struct window window = {.first = first};
    int32_t end = window_end(pattern, rows[first]->day);
    if (anchor < rows[first]->day || anchor >= end) {
        return window;
    }
    for (size_t i = first; i < n && rows[i]->day < end; i++) {
        window.occurrences += seen_before(rows, first, i) ? 0 : 1;
        window.n++;
    }
    return window;
}

bool notice_pattern(const struct pattern *pattern, const struct directory *directory,
                    int32_t anchor, const struct chronology_item *items, size_t n,
                    struct noticed *ret)
{
    const struct chronology_item *rows[CAIRN_CHRONOLOGY_SCAN_MAX];
    size_t counted = 0;
    assert(n <= CAIRN_CHRONOLOGY_SCAN_MAX);
    for (size_t i = 0; i < n; i++) {
        if (notice_counts(pattern, directory, &items[i])) {
            rows[counted++] = &items[i];
        }
    }
    struct window best = {.n = 0};
    for (size_t first = 0; first < counted; first++) {
        if (first > 0 && rows[first]->day == rows[first - 1]->day) {
            continue; /* the window of the day's first row holds this one's */
        }
        struct window window = window_from(pattern, anchor, rows, counted, first);
        if (window.occurrences > best.occurrences &&
            distinct_agencies(rows + first, window.n) >= pattern->agencies_min) {
            best = window;
        }
    }
    if (best.occurrences == 0 || best.occurrences < pattern->occurrences_min) {
        return false;
    }
    ret->n = best.n;
    ret->occurrences = best.occurrences;
    memcpy(ret->items, rows + best.first, best.n * sizeof(rows[0]));
    return true;
}
