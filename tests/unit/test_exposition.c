/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus's text format 0.0.4: heads, labels, histograms, numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/exposition.h"

static void a_metric_has_its_head_and_its_number(void **state)
{
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(4096);
    (void)state;

    exposition_one(&out, METRIC_BROKER_UP, 1, UNIT_ONE);

    assert_string_equal(buf_text(&out), "# HELP cairn_broker_up 1 while the broker's process runs\n"
                                        "# TYPE cairn_broker_up gauge\ncairn_broker_up 1\n");
}

static void numbers_become_base_units(void **state)
{
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(4096);
    (void)state;

    exposition_sample(&out, METRIC_BROKER_OLDEST_READ, "", 1007, UNIT_MS);
    exposition_sample(&out, METRIC_BROKER_DISK_USED, "", 7, UNIT_PERCENT);
    exposition_sample(&out, METRIC_BROKER_DISK_USED, "", 100, UNIT_PERCENT);
    exposition_sample(&out, METRIC_BROKER_FRAMES, "", UINT64_MAX, UNIT_ONE);

    assert_string_equal(
        buf_text(&out),
        "cairn_broker_oldest_read_seconds 1.007\ncairn_broker_disk_used_ratio 0.07\n"
        "cairn_broker_disk_used_ratio 1.00\ncairn_broker_frames_total 18446744073709551615\n");
}

static void what_has_not_happened_has_no_time(void **state)
{
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(4096);
    (void)state;

    exposition_sample(&out, METRIC_AGENT_CONTACT, "", 0, UNIT_TIME);
    assert_string_equal(buf_text(&out), "");

    exposition_sample(&out, METRIC_AGENT_CONTACT, "", 1795305600123, UNIT_TIME);
    assert_string_equal(buf_text(&out), "cairn_agent_contact_timestamp_seconds 1795305600.123\n");
}

static void a_labels_value_is_escaped(void **state)
{
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(4096);
    (void)state;

    exposition_sample(&out, METRIC_AGENT_TODAY, "a\"b\\c\nd", 1, UNIT_ONE);

    assert_string_equal(buf_text(&out), "cairn_agent_today{what=\"a\\\"b\\\\c\\nd\"} 1\n");
}

static void a_histogram_has_buckets_sum_and_count(void **state)
{
    _cleanup_(buf_deinit) struct buf out = BUF_MAX(4096);
    (void)state;

    exposition_sample(&out, METRIC_BROKER_BATCH, "0.05", 3, UNIT_ONE);
    exposition_sample(&out, METRIC_BROKER_BATCH, "count", 4, UNIT_ONE);
    exposition_sample(&out, METRIC_BROKER_BATCH, "sum", 250, UNIT_MS);

    assert_string_equal(buf_text(&out), "cairn_broker_batch_seconds_bucket{le=\"0.05\"} 3\n"
                                        "cairn_broker_batch_seconds_bucket{le=\"+Inf\"} 4\n"
                                        "cairn_broker_batch_seconds_count 4\n"
                                        "cairn_broker_batch_seconds_sum 0.250\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_metric_has_its_head_and_its_number),
        cmocka_unit_test(numbers_become_base_units),
        cmocka_unit_test(what_has_not_happened_has_no_time),
        cmocka_unit_test(a_labels_value_is_escaped),
        cmocka_unit_test(a_histogram_has_buckets_sum_and_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
