/* SPDX-License-Identifier: Apache-2.0 */
/* What measured numbers are turned into. Pure; no clock, no input or output. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stddef.h>

#include "base/attr.h"

/* Numbers in the order in which they were measured. Zero state SAMPLES_NULL; deinit accepts it. */
struct samples {
    double *values;
    size_t n;
    size_t room;
};

#define SAMPLES_NULL ((struct samples){.n = 0})
void samples_add(struct samples *samples, double value);
void samples_deinit(struct samples *samples);

/* The least value that `percent` of them do not exceed (nearest rank): always one that was
 * measured. There is at least one (asserted). */
double samples_percentile(const struct samples *samples, double percent);

struct spread {
    double median; /* of an even number: the mean of the two in the middle */
    double least;
    double most;
};
/* There is at least one (asserted). */
struct spread samples_spread(const struct samples *samples);

/* The i-th of one divided by the i-th of the other, as far as both go: what was measured side by
 * side is compared side by side, so that a machine that slows down does not look like a difference.
 * Pairs whose divisor is 0 are left out. */
void samples_divide(const struct samples *of, const struct samples *by, struct samples *ret);

#endif
