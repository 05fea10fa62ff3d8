/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_figures.h"

#include <stdlib.h>
#include <string.h>

void samples_add(struct samples *samples, double value)
{
    if (samples->n == samples->room) {
        size_t room = samples->room == 0 ? 64 : 2 * samples->room;
        double *values = base_alloc(room * sizeof(*values));
        if (samples->n > 0) {
            memcpy(values, samples->values, samples->n * sizeof(*values));
        }
        free(samples->values);
        samples->values = values;
        samples->room = room;
    }
    samples->values[samples->n++] = value;
}

void samples_deinit(struct samples *samples)
{
    free(samples->values);
    *samples = SAMPLES_NULL;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* The caller frees them. */
static double *sorted(const struct samples *samples)
{
    assert(samples->n > 0);
    double *values = base_alloc(samples->n * sizeof(*values));
    memcpy(values, samples->values, samples->n * sizeof(*values));
    qsort(values, samples->n, sizeof(*values), by_value);
    return values;
}

double samples_percentile(const struct samples *samples, double percent)
{
    _cleanup_(base_free) double *values = sorted(samples);

    assert(percent > 0 && percent <= 100);
    double wanted = percent / 100 * (double)samples->n;
    size_t rank = (size_t)wanted;
    if ((double)rank < wanted || rank == 0) {
        rank++;
    }
    return values[(rank < samples->n ? rank : samples->n) - 1];
}

struct spread samples_spread(const struct samples *samples)
{
    _cleanup_(base_free) double *values = sorted(samples);
    size_t n = samples->n;

    return (struct spread){
        .median = (values[(n - 1) / 2] + values[n / 2]) / 2,
        .least = values[0],
        .most = values[n - 1],
    };
}

void samples_divide(const struct samples *of, const struct samples *by, struct samples *ret)
{
    for (size_t i = 0; i < of->n && i < by->n; i++) {
        if (by->values[i] < 0 || by->values[i] > 0) {
            samples_add(ret, of->values[i] / by->values[i]);
        }
    }
}
