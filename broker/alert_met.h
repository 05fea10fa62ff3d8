/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert_met: whether a child's chronology, with what counts for it through ties, meets a pattern of
 * the governance in force. Writes nothing but what it counts. Part of apply.
 */
#ifndef BROKER_ALERT_MET_H
#define BROKER_ALERT_MET_H

#include "broker/notice.h"
#include "broker/ties.h"

/* One child, or several as if they were one. */
struct alert_question {
    size_t n;
    const struct ties *children[2]; /* each with what is tied to it */
    int32_t anchor;
};
#define ALERT_NEWEST INT32_MAX /* an anchor: the newest day that the pattern counts */

/* Whether any live pattern is met around that day. */
bool alert_met(struct apply *apply, const struct alert_question *question);
/* Whether this one is; what is noticed borrows from `items`. */
bool alert_pattern_met(struct apply *apply, const struct alert_question *question,
                       const struct pattern *pattern,
                       struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX],
                       struct noticed *ret);
/* A pattern in the shadow raises nothing: that it would have is counted, once, by the occurrence
 * that completes it. `log_index` is of the record at hand. */
void alert_count_shadow(struct apply *apply, const struct alert_question *question,
                        const struct pattern *pattern, uint64_t log_index);

#endif
