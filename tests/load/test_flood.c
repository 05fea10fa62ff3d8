/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One agency floods a real broker in every lane and with questions; another stops reading while
 * thousands wait for it. What the others wait for a receipt is compared with what they waited before,
 * in the same run. CAIRN_LOAD_QUEUED sets how many records wait for the one that stopped, CAIRN_LOAD_SENT how many receipts are timed. The figures are printed.
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
#include "bench/bench_figures.h"
#include "broker/memory_plan.h"
#include "load/rig.h"
#include "net/net.h"
#include "support/crypto.h"
#include "support/load_internal.h"

#define QUEUED_DEFAULT 2000
#define QUEUED_MAX     300000 /* what one load keeps note of */
#define SENT_DEFAULT   100
#define WORSE_MAX      20.0 /* for a busy machine of few cores; what it really is, is printed */
#define URGENT_MS      2000.0
#define AGAIN_MS       1000.0

struct scene {
    struct estate estate;
    struct process broker;
    struct load *quiet;
    struct load *flooding;
    struct load *questions; /* of the flooding agency: its second connection */
    struct load *mash;      /* that does not read */
};

static struct scene scene;

static int set_up(void **state)
{
    (void)state;
    scene = (struct scene){.broker = PROCESS_NULL};
    log_init("test", LOG_LEVEL_ERROR);
    estate_make(&scene.estate);
    estate_add_agency(&scene.estate, "gp-elm", "gp");
    estate_add_agency(&scene.estate, "gp-oak", "gp");
    estate_add_agency(&scene.estate, "mash", "mash");
    broker_start(&scene.estate, &scene.broker);
    scene.quiet = load_new(&scene.estate, "gp-elm");
    scene.flooding = load_new(&scene.estate, "gp-oak");
    scene.questions = load_new(&scene.estate, "gp-oak");
    scene.mash = load_new(&scene.estate, "mash");
    load_greet(scene.quiet);
    load_greet(scene.flooding);
    load_greet(scene.questions);
    load_greet(scene.mash);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    load_free(&scene.quiet);
    load_free(&scene.flooding);
    load_free(&scene.questions);
    load_free(&scene.mash);
    process_deinit(&scene.broker);
    estate_remove(&scene.estate);
    return 0;
}

static size_t count_of(const char *name, size_t fallback)
{
    const char *text = getenv(name);
    uint64_t n;
    return text != NULL && u64_parse(text, QUEUED_MAX, &n) && n > 0 ? (size_t)n : fallback;
}

static void time_receipts(size_t n, void (*meanwhile)(void), struct samples *ret)
{
    for (size_t i = 0; i < n; i++) {
        if (meanwhile != NULL) {
            meanwhile();
        }
        samples_add(ret, rig_wait_ms(scene.quiet, LANE_NORMAL));
    }
}

static void print_ratio(const char *what, const struct samples *before,
                        const struct samples *during)
{
    print_message("  %s: median %.2f ms, before %.2f, ratio %.2f; p95 %.2f, before %.2f\n", what,
                  samples_percentile(during, 50), samples_percentile(before, 50),
                  samples_percentile(during, 50) / samples_percentile(before, 50),
                  samples_percentile(during, 95), samples_percentile(before, 95));
}

/* As fast as it can, up to what its socket takes: the largest frames in two lanes, and questions. */
static void flood(void)
{
    for (size_t i = 0; i < 4; i++) {
        (void)rig_send_largest(scene.questions, WIRE_PARCEL, LANE_NORMAL);
        (void)rig_send_largest(scene.questions, WIRE_PARCEL, LANE_BULK);
        (void)rig_send_largest(scene.questions, WIRE_PROOF_REQUEST, (enum lane)0);
    }
    rig_ignore_answers(scene.questions);
}

static void a_flood_from_one_agency_leaves_the_others_and_what_is_urgent_alone(void **state)
{
    _cleanup_(samples_deinit) struct samples before = SAMPLES_NULL;
    _cleanup_(samples_deinit) struct samples during = SAMPLES_NULL;
    size_t n = count_of("CAIRN_LOAD_SENT", SENT_DEFAULT);
    (void)state;
    time_receipts(n, NULL, &before);

    time_receipts(n, flood, &during);
    flood();
    double urgent_of_other = rig_wait_ms(scene.quiet, LANE_URGENT);
    flood();
    double urgent_of_its_own = rig_wait_ms(scene.flooding, LANE_URGENT);

    print_ratio("beside a flood", &before, &during);
    print_message("  urgent beside it %.2f ms, of the flooding agency itself %.2f ms\n",
                  urgent_of_other, urgent_of_its_own);
    assert_true(samples_percentile(&during, 50) < WORSE_MAX * samples_percentile(&before, 50));
    assert_true(CAIRN_SANITIZED || urgent_of_other < URGENT_MS);
    assert_true(CAIRN_SANITIZED || urgent_of_its_own < URGENT_MS);
}

/* In a minute an agency may say 30,000 records and 64 MiB. What is urgent is not counted. */
static void who_has_used_up_its_quota_still_says_what_is_urgent_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * CAIRN_QUOTA_RECORDS_PER_MIN / CAIRN_PARCEL_ENTRIES_MAX; i++) {
        (void)rig_send_largest(scene.questions, WIRE_PARCEL, LANE_NORMAL);
        rig_ignore_answers(scene.questions);
    }

    double urgent = rig_wait_ms(scene.flooding, LANE_URGENT);
    double other = rig_wait_ms(scene.quiet, LANE_NORMAL);

    print_message("  beyond its quota: its urgent record %.2f ms, another's normal one %.2f ms\n",
                  urgent, other);
    assert_true(CAIRN_SANITIZED || urgent < URGENT_MS);
}

static void submit_all(size_t n)
{
    load_in_lane(scene.flooding, LANE_NORMAL);
    for (size_t done = 0; done < n; done += CAIRN_PARCEL_ENTRIES_MAX) {
        size_t before = load_unanswered(scene.flooding);
        load_submit(scene.flooding, CAIRN_PARCEL_ENTRIES_MAX);
        while (load_unanswered(scene.flooding) > before) {
            if (load_receive(scene.flooding, 50) == 0) {
                load_resend(scene.flooding);
            }
        }
    }
}

static void fetch(uint64_t after)
{
    const struct wire_header header = {.version = CAIRN_PROTOCOL_MAX, .type = WIRE_FETCH};
    const struct wire_fetch fetch = {.after = after, .credit = CAIRN_CREDIT_MAX};
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(1024);
    wire_frame_begin(&frame, &header);
    wire_fetch_write(&fetch, &frame);
    wire_frame_end(&frame);
    assert_true(load_send(scene.mash, buf_slice(&frame)));
}

/* Asks for what comes after `after`; how many items came, and the last one's place. */
static size_t fetch_some(uint64_t *after)
{
    double until = rig_now_ms() + PATIENCE_MS;
    double again = 0;
    for (;;) {
        struct net_frame frame = NET_FRAME_NULL;
        struct wire_delivery delivery;
        struct wire_header header;
        bool readable = false;
        assert_true(rig_now_ms() < until);
        if (rig_now_ms() > again) { /* as an agent does: a delivery may be dropped */
            fetch(*after);
            again = rig_now_ms() + AGAIN_MS;
        }
        assert_int_equal(dealer_wait(scene.mash->dealer, 100, &readable), 0);
        if (!readable || !dealer_receive(scene.mash->dealer, &frame)) {
            continue;
        }
        arena_reset(&scene.mash->arena);
        size_t n = 0;
        bool delivered = wire_header_read(net_frame_slice(&frame), &header) &&
                         header.type == WIRE_DELIVERY &&
                         wire_delivery_read(wire_payload(net_frame_slice(&frame)),
                                            &scene.mash->arena, &delivery);
        if (delivered) {
            n = delivery.n_items;
            *after = n > 0 ? delivery.items[n - 1].position : *after;
        }
        net_frame_deinit(&frame);
        if (delivered) {
            return n;
        }
    }
}

static double drained_per_s(size_t n)
{
    double began = rig_now_ms();
    uint64_t after = 0;
    size_t got = 0;
    while (got < n) {
        size_t more = fetch_some(&after);
        assert_true(more > 0);
        got += more;
    }
    return (double)got * 1e3 / (rig_now_ms() - began);
}

static void who_does_not_read_costs_the_others_nothing_and_drains_afterwards(void **state)
{
    _cleanup_(samples_deinit) struct samples before = SAMPLES_NULL;
    _cleanup_(samples_deinit) struct samples during = SAMPLES_NULL;
    size_t n = count_of("CAIRN_LOAD_SENT", SENT_DEFAULT);
    size_t queued = count_of("CAIRN_LOAD_QUEUED", QUEUED_DEFAULT);
    (void)state;
    submit_all(512);
    time_receipts(n, NULL, &before);
    double peak = drained_per_s(400);
    uint64_t memory = rig_anonymous_bytes(scene.broker.pid);

    submit_all(queued);
    time_receipts(n, NULL, &during);
    uint64_t queued_memory = rig_anonymous_bytes(scene.broker.pid);
    double drain = drained_per_s(queued);

    print_ratio("beside one that stopped reading", &before, &during);
    print_message(
        "  %zu wait: %.1f MiB, before %.1f; drained %.0f a second, before %.0f, %.0f %%\n", queued,
        (double)queued_memory / RIG_MIB, (double)memory / RIG_MIB, drain, peak, 100 * drain / peak);
    assert_true(samples_percentile(&during, 50) < WORSE_MAX * samples_percentile(&before, 50));
    assert_true(CAIRN_SANITIZED || queued_memory < memory + (64U << 20));
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_flood_from_one_agency_leaves_the_others_and_what_is_urgent_alone),
        STORY(who_has_used_up_its_quota_still_says_what_is_urgent_at_once),
        STORY(who_does_not_read_costs_the_others_nothing_and_drains_afterwards),
    };
    return cmocka_run_group_tests_name("flood", tests, net_set_up, net_tear_down);
}
