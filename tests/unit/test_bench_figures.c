/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/bench_figures.h"

#define NEAR 1e-9

static struct samples measured(const double *values, size_t n)
{
    struct samples samples = SAMPLES_NULL;
    for (size_t i = 0; i < n; i++) {
        samples_add(&samples, values[i]);
    }
    return samples;
}

static void the_median_of_an_odd_number_is_the_one_in_the_middle(void **state)
{
    static const double values[] = {9, 1, 5};
    _cleanup_(samples_deinit) struct samples samples = measured(values, ARRAY_LEN(values));
    (void)state;

    struct spread spread = samples_spread(&samples);

    assert_float_equal(spread.median, 5, NEAR);
    assert_float_equal(spread.least, 1, NEAR);
    assert_float_equal(spread.most, 9, NEAR);
}

static void the_median_of_an_even_number_lies_between_the_two_in_the_middle(void **state)
{
    static const double values[] = {4, 1, 100, 2};
    _cleanup_(samples_deinit) struct samples samples = measured(values, ARRAY_LEN(values));
    (void)state;

    struct spread spread = samples_spread(&samples);

    assert_float_equal(spread.median, 3, NEAR);
}

static void a_percentile_is_a_value_that_was_measured(void **state)
{
    _cleanup_(samples_deinit) struct samples samples = SAMPLES_NULL;
    (void)state;
    for (int i = 200; i >= 1; i--) {
        samples_add(&samples, i);
    }

    assert_float_equal(samples_percentile(&samples, 50), 100, NEAR);
    assert_float_equal(samples_percentile(&samples, 99), 198, NEAR);
    assert_float_equal(samples_percentile(&samples, 99.9), 200, NEAR);
    assert_float_equal(samples_percentile(&samples, 100), 200, NEAR);
    assert_float_equal(samples_percentile(&samples, 0.001), 1, NEAR);
}

static void of_few_values_the_ninety_ninth_percentile_is_the_largest(void **state)
{
    static const double values[] = {3, 8, 2};
    _cleanup_(samples_deinit) struct samples samples = measured(values, ARRAY_LEN(values));
    (void)state;

    assert_float_equal(samples_percentile(&samples, 99), 8, NEAR);
}

static void a_ratio_compares_what_was_measured_in_the_same_round(void **state)
{
    static const double figure[] = {10, 30, 7};
    static const double limit[] = {20, 60, 0, 5};
    _cleanup_(samples_deinit) struct samples of = measured(figure, ARRAY_LEN(figure));
    _cleanup_(samples_deinit) struct samples by = measured(limit, ARRAY_LEN(limit));
    _cleanup_(samples_deinit) struct samples ratio = SAMPLES_NULL;
    (void)state;

    samples_divide(&of, &by, &ratio);

    assert_int_equal(ratio.n, 2);
    assert_float_equal(ratio.values[0], 0.5, NEAR);
    assert_float_equal(ratio.values[1], 0.5, NEAR);
}

static void measuring_goes_on_for_as_long_as_one_likes(void **state)
{
    _cleanup_(samples_deinit) struct samples samples = SAMPLES_NULL;
    (void)state;
    for (int i = 0; i < 1000; i++) {
        samples_add(&samples, i);
    }

    assert_int_equal(samples.n, 1000);
    assert_float_equal(samples.values[999], 999, NEAR);
    assert_float_equal(samples_spread(&samples).median, 499.5, NEAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_median_of_an_odd_number_is_the_one_in_the_middle),
        cmocka_unit_test(the_median_of_an_even_number_lies_between_the_two_in_the_middle),
        cmocka_unit_test(a_percentile_is_a_value_that_was_measured),
        cmocka_unit_test(of_few_values_the_ninety_ninth_percentile_is_the_largest),
        cmocka_unit_test(a_ratio_compares_what_was_measured_in_the_same_round),
        cmocka_unit_test(measuring_goes_on_for_as_long_as_one_likes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
