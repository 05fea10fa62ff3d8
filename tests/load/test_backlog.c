/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MASH stops reading; records for it go on being stored, and a day passes, with its night. What
 * another agency waits for a receipt at a low and steady rate, what memory the broker has and how
 * its store grows are compared with what they were before; then the MASH reads it all, and what
 * another waits is looked at once more, in a store as large of which all was read: so it is known
 * what the store's size is the reason of.
 * CAIRN_LOAD_QUEUED sets how many records wait, CAIRN_LOAD_SENT how many receipts are timed:
 * `./run load`.
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

#define QUEUED_DEFAULT 4000
#define QUEUED_MAX     100000000
#define SHORT_DIVISOR  50 /* of what waits: the backlog that tells how fast a reader can be */
#define SENT_DEFAULT   60
#define SENT_MAX       100000
#define PAUSE_MS       10
#define DAY_S          86400
#define STEP_S         45 /* less than what the broker takes for a clock that was set */
#define DAY_STEPS      (DAY_S / STEP_S)

#define WORSE_MAX 20.0 /* for a busy machine of few cores; what it really is, is printed */
#define FLAT_MIB  24.0

struct scene {
    struct backlog backlog;
    size_t queued;
    size_t sent;
};

static struct scene scene;

static int set_up(void **state)
{
    (void)state;
    log_init("test", LOG_LEVEL_ERROR);
    scene.queued = setting_count("CAIRN_LOAD_QUEUED", QUEUED_DEFAULT, QUEUED_MAX);
    scene.sent = setting_count("CAIRN_LOAD_SENT", SENT_DEFAULT, SENT_MAX);
    backlog_start(&scene.backlog, &(struct backlog_options){.floods = false});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    backlog_stop(&scene.backlog);
    return 0;
}

/* --- waiting --- */

static void one_wait(enum lane lane, struct samples *ret)
{
    bench_pause_ms(PAUSE_MS);
    samples_add(ret, backlog_wait_ms(&scene.backlog.other, lane));
}

static void waits(size_t n, struct samples *ret)
{
    for (size_t i = 0; i < n; i++) {
        one_wait(LANE_NORMAL, ret);
    }
}

/* Somebody else records something every so often, by day and by night. At midnight what waits is
 * judged again, and at two whatever is due is looked at, some with each batch: with many that is
 * not done by the end. */
static void let_a_day_pass(struct samples *ret)
{
    for (size_t i = 0; i < DAY_STEPS; i++) {
        backlog_forward(&scene.backlog, STEP_S);
        one_wait(LANE_NORMAL, ret);
    }
}

/* Against what was waited in a small store, and in one as large of which all was read. */
struct against {
    const struct samples *before;
    const struct samples *read;
};

static double times(const struct samples *now, const struct samples *then, double percent)
{
    return samples_percentile(now, percent) / samples_percentile(then, percent);
}

static void print_waits(const char *when, const struct samples *now, const struct against *against)
{
    rig_print("  receipts %s: median %.2f ms (%.2f times a small store's, %.2f times one as "
              "large that is read), p99 %.2f ms (%.2f, %.2f)\n",
              when, samples_percentile(now, 50), times(now, against->before, 50),
              times(now, against->read, 50), samples_percentile(now, 99),
              times(now, against->before, 99), times(now, against->read, 99));
}

/* --- growing --- */

struct growth {
    double bytes_each; /* of the store */
    double wire_each;  /* of the frames that brought them */
    double per_s;
    size_t records;
};

static void queue(size_t records, struct growth *ret)
{
    uint64_t wire = 0;
    uint64_t before = backlog_store_bytes(&scene.backlog);
    double began = bench_now_s();
    size_t n = backlog_queue(&scene.backlog, records, &wire);
    double took = bench_now_s() - began;
    uint64_t after = backlog_store_bytes(&scene.backlog);
    *ret = (struct growth){.bytes_each = (double)(after - before) / (double)n,
                           .wire_each = (double)wire / (double)n,
                           .per_s = (double)n / took,
                           .records = n};
}

static void print_growth(const char *what, const struct growth *growth)
{
    rig_print("  %s: %zu records, %.0f a second; %.0f bytes of store each, %.0f on the wire\n",
              what, growth->records, growth->per_s, growth->bytes_each, growth->wire_each);
}

static double memory_mib(void)
{
    return (double)rig_anonymous_bytes(scene.backlog.broker.pid) / RIG_MIB;
}

/* --- the story --- */

struct figures {
    struct samples before;
    struct samples waiting;
    struct samples day;
    struct samples after_day;
    struct samples urgent;
    struct samples all_read;
    struct growth small;
    struct growth large;
    double memory; /* MiB, and so are the next three */
    double memory_waiting;
    double memory_day;
    double memory_most;
    double peak; /* of a short backlog, a second */
    double drained;
};

static void figures_deinit(struct figures *figures)
{
    samples_deinit(&figures->before);
    samples_deinit(&figures->waiting);
    samples_deinit(&figures->day);
    samples_deinit(&figures->after_day);
    samples_deinit(&figures->urgent);
    samples_deinit(&figures->all_read);
}

static void print_figures(const struct figures *figures)
{
    const struct against against = {.before = &figures->before, .read = &figures->all_read};
    print_growth("before", &figures->small);
    print_growth("queued", &figures->large);
    print_waits("before", &figures->before, &against);
    print_waits("while they wait", &figures->waiting, &against);
    print_waits("through a day and a night", &figures->day, &against);
    print_waits("the day after", &figures->after_day, &against);
    print_waits("in the urgent lane", &figures->urgent, &against);
    print_waits("when all was read", &figures->all_read, &against);
    rig_print("  memory: before %.1f MiB, while they wait %.1f, a day later %.1f, at most %.1f\n",
              figures->memory, figures->memory_waiting, figures->memory_day, figures->memory_most);
    rig_print("  drained %.0f a second, a short backlog %.0f: %.0f %%\n", figures->drained,
              figures->peak, 100 * figures->drained / figures->peak);
}

static void a_reader_that_stopped_for_a_day_costs_the_others_nothing(void **state)
{
    _cleanup_(figures_deinit) struct figures figures = {.before = SAMPLES_NULL};
    struct rig_sampler sampler;
    (void)state;
    queue(scene.queued / SHORT_DIVISOR, &figures.small);
    figures.peak = backlog_drain(&scene.backlog, figures.small.records);
    backlog_settle(&scene.backlog);
    waits(scene.sent, &figures.before);
    figures.memory = memory_mib();

    rig_sampler_start(&sampler, scene.backlog.broker.pid);
    queue(scene.queued, &figures.large);
    backlog_settle(&scene.backlog);
    waits(scene.sent, &figures.waiting);
    figures.memory_waiting = memory_mib();
    let_a_day_pass(&figures.day);
    waits(scene.sent, &figures.after_day);
    for (size_t i = 0; i < scene.sent; i++) {
        one_wait(LANE_URGENT, &figures.urgent);
    }
    figures.memory_day = memory_mib();
    figures.drained = backlog_drain(&scene.backlog, figures.large.records);
    figures.memory_most = (double)rig_sampler_stop(&sampler) / RIG_MIB;
    backlog_settle(&scene.backlog);
    waits(scene.sent, &figures.all_read);

    print_figures(&figures);
    assert_int_equal(backlog_counter(&scene.backlog, "commit_clock_frozen"), 0);
    assert_true(times(&figures.waiting, &figures.before, 50) < WORSE_MAX);
    assert_true(times(&figures.day, &figures.all_read, 50) < WORSE_MAX);
    assert_true(CAIRN_SANITIZED || figures.memory_day < figures.memory + FLAT_MIB);
    assert_true(figures.large.bytes_each < 1.2 * figures.small.bytes_each || scene.queued < 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_reader_that_stopped_for_a_day_costs_the_others_nothing,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests_name("backlog", tests, crypto_set_up, crypto_tear_down);
}
