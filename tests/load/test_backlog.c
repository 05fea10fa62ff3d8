/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MASH stops reading; records for it go on being stored, and a day passes, with its night. What
 * another agency waits for a receipt at a low and steady rate, what memory the broker has and how
 * its store grows are compared with what they were before; then the MASH reads it all, and what
 * another waits is looked at once more, in a store as large of which all was read: so it is known
 * what the store's size is the reason of.
 * CAIRN_LOAD_QUEUED sets how many records wait, CAIRN_LOAD_SENT how many receipts are timed. The
 * figures are printed when CAIRN_LOAD_QUEUED is set: `./run load`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/text.h"
#include "load/backlog.h"
#include "load/rig.h"
#include "support/crypto.h"

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
    bool prints;
};

static struct scene scene;

static size_t count_of(const char *name, size_t fallback, uint64_t most)
{
    const char *text = getenv(name);
    uint64_t n;
    return text != NULL && u64_parse(text, most, &n) && n > 0 ? (size_t)n : fallback;
}

static int set_up(void **state)
{
    (void)state;
    log_init("test", LOG_LEVEL_ERROR);
    scene.prints = getenv("CAIRN_LOAD_QUEUED") != NULL;
    scene.queued = count_of("CAIRN_LOAD_QUEUED", QUEUED_DEFAULT, QUEUED_MAX);
    scene.sent = count_of("CAIRN_LOAD_SENT", SENT_DEFAULT, SENT_MAX);
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
    print_message("  receipts %s: median %.2f ms (%.2f times a small store's, %.2f times one as "
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
    print_message("  %s: %zu records, %.0f a second; %.0f bytes of store each, %.0f on the wire\n",
                  what, growth->records, growth->per_s, growth->bytes_each, growth->wire_each);
}

static double memory_mib(void)
{
    return (double)rig_anonymous_bytes(scene.backlog.broker.pid) / RIG_MIB;
}

/* --- the story --- */

static void a_reader_that_stopped_for_a_day_costs_the_others_nothing(void **state)
{
    _cleanup_(samples_deinit) struct samples before = SAMPLES_NULL;
    _cleanup_(samples_deinit) struct samples waiting = SAMPLES_NULL;
    _cleanup_(samples_deinit) struct samples day = SAMPLES_NULL;
    _cleanup_(samples_deinit) struct samples after_day = SAMPLES_NULL;
    _cleanup_(samples_deinit) struct samples urgent = SAMPLES_NULL;
    _cleanup_(samples_deinit) struct samples all_read = SAMPLES_NULL;
    const struct against against = {.before = &before, .read = &all_read};
    struct growth small;
    struct growth large;
    struct rig_sampler sampler;
    (void)state;
    queue(scene.queued / SHORT_DIVISOR, &small);
    double peak = backlog_drain(&scene.backlog, small.records);
    backlog_settle(&scene.backlog);
    waits(scene.sent, &before);
    double memory = memory_mib();

    rig_sampler_start(&sampler, scene.backlog.broker.pid);
    queue(scene.queued, &large);
    backlog_settle(&scene.backlog);
    waits(scene.sent, &waiting);
    double memory_waiting = memory_mib();
    let_a_day_pass(&day);
    waits(scene.sent, &after_day);
    for (size_t i = 0; i < scene.sent; i++) {
        one_wait(LANE_URGENT, &urgent);
    }
    double memory_day = memory_mib();
    double drained = backlog_drain(&scene.backlog, large.records);
    double most = (double)rig_sampler_stop(&sampler) / RIG_MIB;
    backlog_settle(&scene.backlog);
    waits(scene.sent, &all_read);

    if (scene.prints) {
        print_growth("before", &small);
        print_growth("queued", &large);
        print_waits("before", &before, &against);
        print_waits("while they wait", &waiting, &against);
        print_waits("through a day and a night", &day, &against);
        print_waits("the day after", &after_day, &against);
        print_waits("in the urgent lane", &urgent, &against);
        print_waits("when all was read", &all_read, &against);
        print_message(
            "  memory: before %.1f MiB, while they wait %.1f, a day later %.1f, at most %.1f\n",
            memory, memory_waiting, memory_day, most);
        print_message("  drained %.0f a second, a short backlog %.0f: %.0f %%\n", drained, peak,
                      100 * drained / peak);
    }
    assert_int_equal(backlog_counter(&scene.backlog, "commit_clock_frozen"), 0);
    assert_true(times(&waiting, &before, 50) < WORSE_MAX);
    assert_true(times(&day, &all_read, 50) < WORSE_MAX);
    assert_true(CAIRN_SANITIZED || memory_day < memory + FLAT_MIB);
    assert_true(large.bytes_each < 1.2 * small.bytes_each || scene.queued < 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_reader_that_stopped_for_a_day_costs_the_others_nothing,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests_name("backlog", tests, crypto_set_up, crypto_tear_down);
}
