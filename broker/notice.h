/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notice: noticing a pattern in a child's chronology. Pure: rows in, rows out. A rule counts
 * occurrences, not rows, inside a window that contains the anchor day and may lie before or after
 * it, so a late arrival completes a pattern as well.
 */
#ifndef BROKER_NOTICE_H
#define BROKER_NOTICE_H

#include "broker/chronology.h"

struct noticed {
    size_t n; /* rows that the rule counted, ascending */
    const struct chronology_item *items[CAIRN_CHRONOLOGY_SCAN_MAX];
    uint32_t occurrences;
};

/* A pattern looked for around a day. Borrowed from the governance in force. */
struct notice_rule {
    const struct pattern *pattern;
    const struct directory *directory;
    int32_t anchor;
};

/* The days that a rule must see around its anchor. */
void notice_span(const struct notice_rule *rule, int32_t *ret_from, int32_t *ret_to);
/* Whether the rule counts this row: its code and origin, not retracted, not without a reader. */
bool notice_counts(const struct notice_rule *rule, const struct chronology_item *item);
/* True when the rule is met by a window that contains the anchor; then *ret is the window with the
 * most occurrences, the earliest of equals. Retracted rows and rows that do not count are passed
 * over. */
bool notice_pattern(const struct notice_rule *rule, const struct chronology_item *items, size_t n,
                    struct noticed *ret);

#endif
