/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exposition: the metrics of cairn/metrics.h as Prometheus's text format 0.0.4. All samples of one
 * metric stand together, below its head: whoever writes says them in that order. Whole numbers and
 * fixed decimals only, so no locale has a say.
 */
#ifndef BASE_EXPOSITION_H
#define BASE_EXPOSITION_H

#include "base/slice.h"
#include "cairn/metrics.h"

/* "# HELP" and "# TYPE"; also for a metric that has no sample now. */
void exposition_head(struct buf *out, enum cairn_metric metric);
/* One sample. `label` is the value of the metric's label, escaped here; of a histogram the bucket's
 * limit, "sum" or "count", and "count" gives the bucket +Inf as well. Nothing for a UNIT_TIME of
 * 0. */
void exposition_sample(struct buf *out, enum cairn_metric metric, const char *label, uint64_t value,
                       enum cairn_unit unit);
/* A metric without a label, head and sample. */
void exposition_one(struct buf *out, enum cairn_metric metric, uint64_t value,
                    enum cairn_unit unit);

#endif
