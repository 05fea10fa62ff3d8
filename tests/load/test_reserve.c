/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring is full of others' frames, nothing of it is answered, and records wait for an agency
 * that does not read: what is urgent is taken all the same, within the memory plan; and when others
 * fill the reserve with the largest urgent frames as well, without a pause, it waits its turn and
 * no longer. CAIRN_LOAD_QUEUED and CAIRN_LOAD_SENT as for test_backlog.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/log.h"
#include "broker/memory_plan.h"
#include "broker/pipeline.h"
#include "load/backlog.h"
#include "load/rig.h"
#include "support/crypto.h"
#include "support/setting.h"

#define QUEUED_DEFAULT 2000
#define QUEUED_MAX     100000000
#define SENT_DEFAULT   30
#define SENT_MAX       100000
#define ATTACKERS      3
#define PATIENCE_S     60.0
#define URGENT_MS      3000.0 /* for a busy machine of few cores; what it really is, is printed */

struct scene {
    struct backlog backlog;
    size_t queued;
    size_t sent;
    uint64_t rest;                     /* bytes */
    struct net_frame sound[ATTACKERS]; /* a full parcel of each, sent again and again */
    struct net_frame largest;          /* in the urgent lane, with nothing sound in it */
};

static struct scene scene;

static int set_up(void **state)
{
    _cleanup_(buf_deinit) struct buf frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES);
    uint64_t bytes = 0;
    (void)state;
    log_init("test", LOG_LEVEL_ERROR);
    scene = (struct scene){.largest = NET_FRAME_NULL};
    scene.queued = setting_count("CAIRN_LOAD_QUEUED", QUEUED_DEFAULT, QUEUED_MAX);
    scene.sent = setting_count("CAIRN_LOAD_SENT", SENT_DEFAULT, SENT_MAX);
    backlog_start(&scene.backlog, &(struct backlog_options){.floods = false});
    scene.rest = rig_settled_bytes(scene.backlog.broker.pid);
    (void)backlog_queue(&scene.backlog, scene.queued, &bytes);
    for (size_t i = 0; i < ATTACKERS; i++) {
        sender_records(&scene.backlog.writers[i].sender, LANE_NORMAL, CAIRN_PARCEL_ENTRIES_MAX,
                       &scene.sound[i]);
    }
    rig_largest(WIRE_PARCEL, LANE_URGENT, &frame);
    net_frame_copy(&scene.largest, buf_slice(&frame));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < ATTACKERS; i++) {
        net_frame_deinit(&scene.sound[i]);
    }
    net_frame_deinit(&scene.largest);
    rig_resume_signer(scene.backlog.broker.pid);
    backlog_stop(&scene.backlog);
    return 0;
}

/* --- speaking --- */

/* False when the connection takes no more. */
static bool send_copy(struct client *client, const struct net_frame *frame)
{
    struct net_frame copy = NET_FRAME_NULL;
    net_frame_copy(&copy, net_frame_slice(frame));
    int r = dealer_send(client->dealer, &copy);
    net_frame_deinit(&copy);
    return r == 0;
}

/* What was said of a whole parcel, or of its first entry. */
static enum verdict verdict_in(struct client *client)
{
    struct slice bytes = net_frame_slice(&client->frame);
    struct wire_header header;
    struct wire_receipt receipt;
    enum verdict verdict = VERDICT_BAD_FRAME;
    arena_reset(&client->arena);
    assert_true(wire_header_read(bytes, &header));
    if (header.type == WIRE_ERROR) {
        assert_true(wire_error_read(wire_payload(bytes), &client->arena, &verdict));
        return verdict;
    }
    assert_int_equal(header.type, WIRE_RECEIPT);
    assert_true(wire_receipt_read(wire_payload(bytes), &client->arena, &receipt));
    return receipt.results[0].verdict;
}

static bool answered(struct client *client, int timeout_ms, enum verdict *ret)
{
    bool readable = false;
    bench_must(dealer_wait(client->dealer, timeout_ms, &readable), "wait", NULL);
    net_frame_deinit(&client->frame);
    if (!dealer_receive(client->dealer, &client->frame)) {
        return false;
    }
    *ret = verdict_in(client);
    net_frame_deinit(&client->frame);
    return true;
}

/* --- attacking --- */

/* Until it is told that there is no room. */
static void fill_ring(size_t attacker)
{
    struct client *client = &scene.backlog.writers[attacker].client;
    double until = bench_now_s() + PATIENCE_S;
    enum verdict verdict = VERDICT_STORED;
    while (verdict != VERDICT_BUSY) {
        assert_true(bench_now_s() < until);
        (void)send_copy(client, &scene.sound[attacker]);
        (void)answered(client, 1, &verdict);
    }
}

static void stop_answering_and_fill_the_ring(void)
{
    rig_halt_signer(scene.backlog.broker.pid);
    for (size_t i = 0; i < ATTACKERS; i++) {
        fill_ring(i);
    }
    backlog_settle(&scene.backlog);
}

/* All that their connections take, in the reserve too; what they hear of it is no matter. */
static void press(void)
{
    enum verdict ignored;
    for (size_t i = 0; i < ATTACKERS; i++) {
        struct client *client = &scene.backlog.writers[i].client;
        for (size_t n = 0; n < CAIRN_URGENT_IN_FLIGHT_MAX; n++) {
            (void)send_copy(client, &scene.largest);
        }
        (void)send_copy(client, &scene.sound[i]);
        while (answered(client, 0, &ignored)) {
        }
    }
}

/* --- what is urgent --- */

static uint64_t records_stored(void)
{
    return backlog_counter(&scene.backlog, "apply_records_stored");
}

static void make_urgent(struct net_frame *ret)
{
    struct sender *sender = &scene.backlog.other.sender;
    sender->urgency = URGENCY_IMMEDIATE;
    sender_records(sender, LANE_URGENT, 1, ret);
}

/* Sent again when it is told to, as an agent does. How long until it is stored. */
static double wait_under_pressure(const struct net_frame *frame, bool sent, size_t *refused)
{
    struct client *client = &scene.backlog.other.client;
    enum verdict verdict = VERDICT_BUSY;
    double began = bench_now_s();
    while (verdict != VERDICT_STORED) {
        assert_true(bench_now_s() < began + PATIENCE_S);
        press();
        if (answered(client, 1, &verdict) && verdict != VERDICT_STORED) {
            assert_int_equal(verdict, VERDICT_BUSY);
            *refused += 1;
            sent = false;
        }
        sent = sent || send_copy(client, frame);
    }
    return (bench_now_s() - began) * 1000;
}

/* --- stories --- */

static void what_is_urgent_is_taken_while_others_frames_fill_the_ring(void **state)
{
    _cleanup_(net_frame_deinit) struct net_frame urgent = NET_FRAME_NULL;
    struct client *client = &scene.backlog.other.client;
    struct rig_sampler sampler;
    enum verdict verdict = VERDICT_BUSY;
    (void)state;
    rig_sampler_start(&sampler, scene.backlog.broker.pid);
    stop_answering_and_fill_the_ring();
    uint64_t stored = records_stored();
    make_urgent(&urgent);

    assert_true(send_copy(client, &urgent));
    double until = bench_now_s() + PATIENCE_S;
    while (records_stored() == stored) {
        assert_false(answered(client, 1, &verdict));
        assert_true(bench_now_s() < until);
    }

    uint64_t ring = backlog_counter(&scene.backlog, "ring_bytes_used");
    assert_true(ring > CAIRN_RING_BYTES - CAIRN_RING_URGENT_BYTES -
                           CAIRN_RING_CHARGE(CAIRN_FRAME_MAX_BYTES));
    rig_resume_signer(scene.backlog.broker.pid);
    assert_true(answered(client, (int)PATIENCE_S * 1000, &verdict));
    assert_int_equal(verdict, VERDICT_STORED);
    uint64_t taken = rig_sampler_stop(&sampler) - scene.rest;
    rig_print("  the ring with %.1f MiB in use: %.1f MiB beside what was there at rest, its row "
              "%.1f\n",
              (double)ring / RIG_MIB, (double)taken / RIG_MIB,
              (double)memory_plan_ring_bytes() / RIG_MIB);
    rig_assert_at_most(taken, memory_plan_ring_bytes());
}

static void whoever_fills_the_reserve_too_makes_it_wait_its_turn_and_no_longer(void **state)
{
    _cleanup_(samples_deinit) struct samples waits = SAMPLES_NULL;
    const size_t agencies = scene.backlog.partnership.governing.governance->directory.n_agencies;
    uint64_t plan = memory_plan_bytes(agencies, CAIRN_VERIFY_WORKERS_MAX);
    struct net_frame urgent = NET_FRAME_NULL;
    struct rig_sampler sampler;
    size_t refused = 0;
    (void)state;
    rig_sampler_start(&sampler, scene.backlog.broker.pid);
    stop_answering_and_fill_the_ring();
    for (size_t i = 0; i < CAIRN_RECEIVE_HWM; i++) {
        press();
    }
    backlog_settle(&scene.backlog);
    uint64_t stored = records_stored();
    make_urgent(&urgent);
    assert_true(send_copy(&scene.backlog.other.client, &urgent));
    backlog_settle(&scene.backlog);
    assert_int_equal(records_stored(), stored); /* nothing of the reserve is left */

    rig_resume_signer(scene.backlog.broker.pid);
    double first_ms = wait_under_pressure(&urgent, true, &refused);
    net_frame_deinit(&urgent);
    for (size_t i = 0; i < scene.sent; i++) {
        make_urgent(&urgent);
        samples_add(&waits, wait_under_pressure(&urgent, false, &refused));
        net_frame_deinit(&urgent);
    }

    uint64_t most = rig_sampler_stop(&sampler);
    rig_print("  while others press into the reserve: the one that waited %.1f ms once the "
              "signer went on; %zu more, median %.2f ms, p99 %.2f ms; %zu told to come "
              "again; %.1f MiB at most, plan %.1f\n",
              first_ms, scene.sent, samples_percentile(&waits, 50), samples_percentile(&waits, 99),
              refused, (double)most / RIG_MIB, (double)plan / RIG_MIB);
    assert_true(CAIRN_SANITIZED || first_ms < URGENT_MS);
    assert_true(CAIRN_SANITIZED || samples_percentile(&waits, 95) < URGENT_MS);
    rig_assert_at_most(most, plan);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(what_is_urgent_is_taken_while_others_frames_fill_the_ring),
        STORY(whoever_fills_the_reserve_too_makes_it_wait_its_turn_and_no_longer),
    };
    return cmocka_run_group_tests_name("reserve", tests, crypto_set_up, crypto_tear_down);
}
