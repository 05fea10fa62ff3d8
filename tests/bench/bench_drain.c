/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_drain.h"

#define FETCH_AGAIN_S 1.0 /* a delivery may be dropped */
#define GIVE_UP_S     60.0

static void take(struct drain *drain)
{
    struct slice bytes = net_frame_slice(&drain->client.frame);
    struct wire_delivery delivery;
    struct wire_header header;

    if (!wire_header_read(bytes, &header)) {
        bench_fail("the reader got what is no Cairn frame");
    }
    if (header.type == WIRE_RECEIPT) {
        drain->acknowledging = false;
        return;
    }
    arena_reset(&drain->client.arena);
    if (header.type != WIRE_DELIVERY ||
        !wire_delivery_read(wire_payload(bytes), &drain->client.arena, &delivery) ||
        delivery.n_items == 0) {
        bench_fail("the reader got message %d", (int)header.type);
    }
    drain->position = delivery.items[delivery.n_items - 1].position;
    drain->delivered = true;
}

static void take_all(struct drain *drain)
{
    struct client *client = &drain->client;
    bool readable = false;

    bench_must(dealer_wait(client->dealer, (int)(FETCH_AGAIN_S * 1000), &readable), "wait", NULL);
    net_frame_deinit(&client->frame);
    while (dealer_receive(client->dealer, &client->frame)) {
        take(drain);
        net_frame_deinit(&client->frame);
    }
}

static void acknowledge(struct drain *drain)
{
    struct net_frame frame = NET_FRAME_NULL;

    sender_acknowledge(&drain->sender, drain->position, &frame);
    client_send(&drain->client, &frame);
    drain->acknowledging = true;
}

uint64_t drain_take(struct drain *drain, uint64_t items)
{
    uint64_t from = drain->position;
    double progress = bench_now_s();

    client_fetch(&drain->client, drain->position);
    while (drain->position < from + items || drain->acknowledging) {
        take_all(drain);
        if (drain->delivered && !drain->acknowledging) {
            acknowledge(drain);
        }
        /* No fetch is left behind: its answer would come later. */
        bool wants = drain->position < from + items;
        if (wants && (drain->delivered || bench_now_s() > progress + FETCH_AGAIN_S)) {
            client_fetch(&drain->client, drain->position);
        }
        progress = drain->delivered ? bench_now_s() : progress;
        drain->delivered = false;
        if (bench_now_s() > progress + GIVE_UP_S) {
            bench_fail("%llu of %llu were delivered", (unsigned long long)(drain->position - from),
                       (unsigned long long)items);
        }
    }
    return drain->position - from;
}

void drain_ask(struct drain *drain)
{
    client_fetch(&drain->client, drain->position);
}

void drain_await_alert(struct drain *drain)
{
    bool raised = false;

    drain->position = client_delivery(&drain->client, &raised);
    while (!raised) {
        drain_ask(drain);
        drain->position = client_delivery(&drain->client, &raised);
    }
}

void drain_init(struct drain *drain, const struct partnership *partnership, uint32_t agency)
{
    *drain = (struct drain){.position = 0};
    sender_init(&drain->sender, partnership->governing.governance, agency, 1);
    client_init(&drain->client, partnership, agency);
}

void drain_connect(struct drain *drain, const struct partnership *partnership)
{
    uint32_t agency = drain->client.agency;

    client_deinit(&drain->client);
    client_init(&drain->client, partnership, agency);
}

void drain_deinit(struct drain *drain)
{
    client_deinit(&drain->client);
    sender_deinit(&drain->sender);
}
