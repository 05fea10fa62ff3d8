/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_load.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLE_EVERY_MS 20

/* What one lane of one agency has to send. */
struct queue {
    enum lane lane;
    struct net_frame *frames;
    size_t n;
    size_t next;
    double sent_s; /* when the one in flight was sent */
};

struct agency_load {
    struct load *load;
    struct sender sender;
    struct client client;
    pthread_t thread;
    struct queue queues[2];
    struct samples waits_ms;
    double ended_s;
};

struct load {
    struct agency_load agencies[BENCH_SENDERS];
    struct drain mash;
    pthread_t reading;
    const struct load_plan *plan; /* of the run under way */
    pthread_barrier_t prepared;
    pthread_barrier_t go;
    atomic_uint running;
};

/* --- one agency's thread --- */

static void prepare(struct agency_load *agency, const struct load_plan *plan)
{
    agency->queues[0].lane = LANE_NORMAL;
    agency->queues[1].lane = LANE_BULK;
    agency->sender.urgency = plan->told ? URGENCY_SAME_DAY : URGENCY_ROUTINE;
    for (size_t i = 0; i < plan->lanes; i++) {
        struct queue *queue = &agency->queues[i];
        queue->n = plan->parcels;
        queue->next = 0;
        queue->frames = base_zalloc(plan->parcels, sizeof(*queue->frames));
    }
    for (size_t i = 0; i < plan->parcels * plan->lanes; i++) {
        struct queue *queue = &agency->queues[i % plan->lanes];
        sender_records(&agency->sender, queue->lane, plan->records,
                       &queue->frames[i / plan->lanes]);
    }
}

static void send_next(struct agency_load *agency, struct queue *queue)
{
    queue->sent_s = bench_now_s();
    client_send(&agency->client, &queue->frames[queue->next++]);
}

/* Returns the queue that the receipt belongs to. */
static struct queue *take_receipt(struct agency_load *agency, size_t records)
{
    struct wire_header header;

    if (client_receipt(&agency->client, &header) != records) {
        bench_fail("a receipt does not name every entry of its parcel");
    }
    struct queue *queue = &agency->queues[header.lane == LANE_NORMAL ? 0 : 1];
    samples_add(&agency->waits_ms, (bench_now_s() - queue->sent_s) * 1000);
    return queue;
}

static void send_all(struct agency_load *agency, const struct load_plan *plan)
{
    size_t receipts = plan->parcels * plan->lanes;

    for (size_t i = 0; i < plan->lanes; i++) {
        send_next(agency, &agency->queues[i]);
    }
    while (receipts-- > 0) {
        struct queue *queue = take_receipt(agency, plan->records);
        if (queue->next < queue->n) {
            send_next(agency, queue);
        }
    }
}

static void *agency_thread(void *data)
{
    struct agency_load *agency = data;
    struct load *load = agency->load;
    const struct load_plan *plan = load->plan;

    prepare(agency, plan);
    (void)pthread_barrier_wait(&load->prepared);
    (void)pthread_barrier_wait(&load->go);
    send_all(agency, plan);
    agency->ended_s = bench_now_s();
    for (size_t i = 0; i < plan->lanes; i++) {
        base_free(&agency->queues[i].frames);
    }
    atomic_fetch_sub(&load->running, 1);
    return NULL;
}

static uint64_t records_of(const struct load_plan *plan)
{
    return BENCH_SENDERS * (uint64_t)plan->parcels * plan->records * plan->lanes;
}

/* --- the MASH's thread --- */

static void *mash_thread(void *data)
{
    struct load *load = data;

    (void)drain_take(&load->mash, records_of(load->plan));
    return NULL;
}

/* --- a run --- */

static void start_threads(struct load *load)
{
    atomic_store(&load->running, BENCH_SENDERS);
    (void)pthread_barrier_init(&load->prepared, NULL, BENCH_SENDERS + 1);
    (void)pthread_barrier_init(&load->go, NULL, BENCH_SENDERS + 1);
    for (size_t i = 0; i < BENCH_SENDERS; i++) {
        struct agency_load *agency = &load->agencies[i];
        bench_must(-pthread_create(&agency->thread, NULL, agency_thread, agency), "thread", NULL);
    }
}

static void start_reading(struct load *load)
{
    if (load->plan->told) {
        bench_must(-pthread_create(&load->reading, NULL, mash_thread, load), "thread", NULL);
    }
}

static void join_threads(struct load *load, double start_s, struct load_result *ret)
{
    for (size_t i = 0; i < BENCH_SENDERS; i++) {
        struct agency_load *agency = &load->agencies[i];
        (void)pthread_join(agency->thread, NULL);
        for (size_t j = 0; j < agency->waits_ms.n; j++) {
            samples_add(&ret->waits_ms, agency->waits_ms.values[j]);
        }
        samples_deinit(&agency->waits_ms);
        double seconds = agency->ended_s - start_s;
        ret->seconds = seconds > ret->seconds ? seconds : ret->seconds;
    }
    (void)pthread_barrier_destroy(&load->prepared);
    (void)pthread_barrier_destroy(&load->go);
}

void load_run(struct load *load, const struct load_plan *plan, struct load_result *ret)
{
    struct daemon_usage before;
    struct daemon_usage now;

    assert(plan->lanes >= 1 && plan->lanes <= 2 && plan->parcels > 0);
    *ret = (struct load_result){.records = records_of(plan)};
    load->plan = plan;
    start_threads(load);
    (void)pthread_barrier_wait(&load->prepared);
    daemon_usage(plan->broker, &before);
    double start_s = bench_now_s();
    double start_cpu_s = bench_process_cpu_s();
    (void)pthread_barrier_wait(&load->go);
    start_reading(load);
    do {
        bench_pause_ms(SAMPLE_EVERY_MS);
        daemon_usage(plan->broker, &now);
        ret->anonymous_mib =
            now.anonymous_mib > ret->anonymous_mib ? now.anonymous_mib : ret->anonymous_mib;
    } while (atomic_load(&load->running) > 0);
    if (plan->told) {
        (void)pthread_join(load->reading, NULL);
        ret->read_seconds = bench_now_s() - start_s;
    }
    daemon_usage(plan->broker, &now);
    ret->clients_cpu_s = bench_process_cpu_s() - start_cpu_s;
    join_threads(load, start_s, ret);
    ret->broker_cpu_s = now.cpu_s - before.cpu_s;
    for (size_t i = 0; i < DAEMON_STAGES; i++) {
        ret->stage_s[i] = now.stage_s[i] - before.stage_s[i];
    }
    ret->has_written = before.has_written && now.has_written;
    ret->written_bytes = now.written_bytes - before.written_bytes;
}

void load_result_deinit(struct load_result *result)
{
    samples_deinit(&result->waits_ms);
}

/* --- alerts --- */

static void send_and_wait(struct client *client, struct net_frame *frame)
{
    struct wire_header header;

    client_send(client, frame);
    (void)client_receipt(client, &header);
}

static void one_alert(struct load *load, const struct alert_plan *plan, struct net_frame *frame,
                      struct alert_result *ret)
{
    struct client *client = &load->agencies[0].client;
    struct wire_header header;

    drain_ask(&load->mash);
    bench_pause_ms(plan->pause_ms);
    double start_s = bench_now_s();
    plan->spool(plan->data);
    double sent_s = bench_now_s();
    client_send(client, frame);
    drain_await_alert(&load->mash);
    double there_s = bench_now_s();
    plan->inbox(plan->data);
    double end_s = bench_now_s();
    (void)client_receipt(client, &header);
    samples_add(&ret->wire_ms, (there_s - sent_s) * 1000);
    samples_add(&ret->whole_ms, (end_s - start_s) * 1000);
}

void load_alerts(struct load *load, const struct alert_plan *plan, struct alert_result *ret)
{
    struct agency_load *agency = &load->agencies[0];
    struct net_frame *frames = base_zalloc(plan->alerts, sizeof(*frames));
    uint64_t first = agency->sender.alerts;

    for (size_t done = 0; done < plan->alerts;) {
        struct net_frame frame = NET_FRAME_NULL;
        size_t n = plan->alerts - done;
        n = n < CAIRN_PARCEL_ENTRIES_MAX / 2 ? n : CAIRN_PARCEL_ENTRIES_MAX / 2;
        sender_missed_twice(&agency->sender, n, &frame);
        send_and_wait(&agency->client, &frame);
        done += n;
    }
    for (size_t i = 0; i < plan->alerts; i++) {
        sender_missed_again(&agency->sender, first + i, &frames[i]);
    }
    for (size_t i = 0; i < plan->alerts; i++) {
        one_alert(load, plan, &frames[i], ret);
    }
    base_free(&frames);
}

/* --- all of them --- */

struct load *load_new(const struct partnership *partnership, size_t children)
{
    struct load *load = base_zalloc(1, sizeof(*load));

    for (size_t i = 0; i < BENCH_SENDERS; i++) {
        struct agency_load *agency = &load->agencies[i];
        uint32_t number = (uint32_t)i + 1;
        agency->load = load;
        sender_init(&agency->sender, partnership->governing.governance, number, children);
        client_init(&agency->client, partnership, number);
    }
    drain_init(&load->mash, partnership, BENCH_MASH);
    return load;
}

void load_connect(struct load *load, const struct partnership *partnership)
{
    for (size_t i = 0; i < BENCH_SENDERS; i++) {
        client_deinit(&load->agencies[i].client);
        client_init(&load->agencies[i].client, partnership, (uint32_t)i + 1);
    }
    drain_connect(&load->mash, partnership);
}

void load_free(struct load **load)
{
    for (size_t i = 0; *load != NULL && i < BENCH_SENDERS; i++) {
        client_deinit(&(*load)->agencies[i].client);
        sender_deinit(&(*load)->agencies[i].sender);
    }
    if (*load != NULL) {
        drain_deinit(&(*load)->mash);
    }
    base_free(load);
}

void load_register(struct load *load)
{
    for (size_t i = 0; i < BENCH_SENDERS; i++) {
        struct agency_load *agency = &load->agencies[i];
        for (size_t at = 0; at < agency->sender.children; at += CAIRN_PARCEL_ENTRIES_MAX) {
            struct net_frame frame = NET_FRAME_NULL;
            size_t n = agency->sender.children - at;
            n = n < CAIRN_PARCEL_ENTRIES_MAX ? n : CAIRN_PARCEL_ENTRIES_MAX;
            sender_statements(&agency->sender, at, n, &frame);
            send_and_wait(&agency->client, &frame);
        }
    }
}

void load_sizes(struct load *load, struct record_sizes *ret)
{
    sender_sizes(&load->agencies[0].sender, ret);
}
