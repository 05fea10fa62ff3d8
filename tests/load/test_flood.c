/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One agency floods a real broker in every lane and with questions, soundly and unsoundly. What
 * another agency waits for a receipt, at a low and steady rate, is compared with what it waited
 * before, in the same run; what is urgent is answered, also of the flooding agency.
 * CAIRN_LOAD_SENT sets how many receipts are timed. The figures are printed when it is
 * set: `./run load`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/log.h"
#include "load/backlog.h"
#include "load/rig.h"
#include "support/crypto.h"
#include "support/setting.h"

#define SENT_DEFAULT 60
#define SENT_MAX     100000
#define PAUSE_MS     10
#define QUOTA        2000 /* records a minute: soon used up */
#define MINUTE_MS    60000
#define WORSE_MAX    30.0 /* for a busy machine of few cores; what it really is, is printed */
#define URGENT_MS    2000.0

struct scene {
    struct backlog backlog;
    size_t sent;
};

static struct scene scene;

static int set_up(void **state)
{
    const struct backlog_options options = {.quota_records = QUOTA, .floods = true};
    (void)state;
    log_init("test", LOG_LEVEL_ERROR);
    scene.sent = setting_count("CAIRN_LOAD_SENT", SENT_DEFAULT, SENT_MAX);
    backlog_start(&scene.backlog, &options);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    backlog_stop(&scene.backlog);
    return 0;
}

static void waits(struct writer_agency *agency, enum lane lane, size_t n, struct samples *ret)
{
    for (size_t i = 0; i < n; i++) {
        bench_pause_ms(PAUSE_MS);
        samples_add(ret, backlog_wait_ms(agency, lane));
    }
}

static void print_waits(const char *what, const struct samples *now, const struct samples *before)
{
    double median = samples_percentile(now, 50);
    double p99 = samples_percentile(now, 99);
    rig_print("  %s: median %.2f ms (%.2f times), p99 %.2f ms (%.2f times)\n", what, median,
              median / samples_percentile(before, 50), p99, p99 / samples_percentile(before, 99));
}

static void compare_beside(enum flood flood, struct flood_report *ret)
{
    _cleanup_(samples_deinit) struct samples before = SAMPLES_NULL;
    _cleanup_(samples_deinit) struct samples during = SAMPLES_NULL;
    _cleanup_(samples_deinit) struct samples urgent = SAMPLES_NULL;
    _cleanup_(samples_deinit) struct samples own = SAMPLES_NULL;
    struct flood_report then;
    waits(&scene.backlog.other, LANE_NORMAL, scene.sent, &before);

    flooder_set(scene.backlog.flooder, flood);
    double began = bench_now_s();
    flooder_report(scene.backlog.flooder, &then);
    waits(&scene.backlog.other, LANE_NORMAL, scene.sent, &during);
    waits(&scene.backlog.other, LANE_URGENT, scene.sent, &urgent);
    waits(&scene.backlog.writers[0], LANE_URGENT, scene.sent, &own);
    flooder_report(scene.backlog.flooder, ret);
    double took = bench_now_s() - began;
    flooder_set(scene.backlog.flooder, FLOOD_NONE);

    rig_print("  %.0f frames a second; %llu entries stored, %llu frames refused\n",
              (double)(ret->sent - then.sent) / took, (unsigned long long)ret->stored,
              (unsigned long long)ret->refused);
    print_waits("before", &before, &before);
    print_waits("another's", &during, &before);
    print_waits("another's urgent ones", &urgent, &before);
    print_waits("its own urgent ones", &own, &before);
    assert_true(samples_percentile(&during, 50) < WORSE_MAX * samples_percentile(&before, 50));
    assert_true(CAIRN_SANITIZED || samples_percentile(&urgent, 95) < URGENT_MS);
    assert_true(CAIRN_SANITIZED || samples_percentile(&own, 95) < URGENT_MS);
}

static void a_flood_from_one_agency_leaves_the_others_and_what_is_urgent_alone(void **state)
{
    struct flood_report report;
    (void)state;

    compare_beside(FLOOD_GARBAGE, &report);

    assert_true(report.sent > 0);
    assert_int_equal(report.stored, 0);
    assert_true(report.refused > 0);
}

/* What is urgent is not counted. A minute may begin meanwhile, and another. */
static void who_has_used_up_its_quota_still_says_what_is_urgent_at_once(void **state)
{
    struct flood_report report;
    (void)state;
    double began = bench_now_s();

    compare_beside(FLOOD_SOUND, &report);

    double minutes = 2 + (bench_now_s() - began) * 1000 / MINUTE_MS;
    assert_true(report.stored > 0);
    assert_true((double)report.stored <= minutes * QUOTA);
    assert_true(report.refused > 0);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_flood_from_one_agency_leaves_the_others_and_what_is_urgent_alone),
        STORY(who_has_used_up_its_quota_still_says_what_is_urgent_at_once),
    };
    return cmocka_run_group_tests_name("flood", tests, crypto_set_up, crypto_tear_down);
}
