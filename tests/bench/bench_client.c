/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_client.h"

#include <errno.h>
#include <string.h>

#define RETRY_MS 2

/* Takes `frame`; false when the broker does not read, or is not there yet. */
static bool try_send(struct client *client, struct net_frame *frame)
{
    int r = dealer_send(client->dealer, frame);

    if (r != 0 && r != -EAGAIN) {
        bench_must(r, "send", NULL);
    }
    return r == 0;
}

void client_send(struct client *client, struct net_frame *frame)
{
    for (int waited = 0; waited < CLIENT_WAIT_MS; waited += RETRY_MS) {
        if (try_send(client, frame)) {
            return;
        }
        bench_pause_ms(RETRY_MS);
    }
    bench_fail("the broker takes nothing from agency %u", client->agency);
}

static struct slice refused(const struct client *client, struct slice frame,
                            const struct wire_header *header, enum wire_type wanted)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(4096);
    enum verdict verdict;

    if (header->type == WIRE_ERROR && wire_error_read(wire_payload(frame), &arena, &verdict)) {
        bench_fail("the broker answers agency %u: %s", client->agency, verdict_words(verdict));
    }
    bench_fail("agency %u waits for message %d and got %d", client->agency, (int)wanted,
               (int)header->type);
}

struct slice client_receive(struct client *client, enum wire_type type,
                            struct wire_header *ret_header)
{
    double until = bench_now_s() + CLIENT_WAIT_MS / 1000.0;
    bool readable;

    net_frame_deinit(&client->frame);
    arena_reset(&client->arena);
    while (!dealer_receive(client->dealer, &client->frame)) {
        if (bench_now_s() > until) {
            bench_fail("agency %u got no answer in %d s", client->agency, CLIENT_WAIT_MS / 1000);
        }
        bench_must(dealer_wait(client->dealer, CLIENT_WAIT_MS, &readable), "wait", NULL);
    }
    struct slice frame = net_frame_slice(&client->frame);
    if (!wire_header_read(frame, ret_header)) {
        bench_fail("agency %u got what is no Cairn frame", client->agency);
    }
    return ret_header->type == type ? wire_payload(frame)
                                    : refused(client, frame, ret_header, type);
}

size_t client_receipt(struct client *client, struct wire_header *ret_header)
{
    struct slice payload = client_receive(client, WIRE_RECEIPT, ret_header);
    struct wire_receipt receipt;

    if (!wire_receipt_read(payload, &client->arena, &receipt)) {
        bench_fail("a receipt cannot be read");
    }
    for (size_t i = 0; i < receipt.n_results; i++) {
        if (receipt.results[i].verdict != VERDICT_STORED) {
            bench_fail("an entry of agency %u was not stored: %s", client->agency,
                       verdict_words(receipt.results[i].verdict));
        }
    }
    return receipt.n_results;
}

/* --- mailbox --- */

void client_fetch(struct client *client, uint64_t after)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(1024);
    struct net_frame frame = NET_FRAME_NULL;
    const struct wire_header header = {
        .version = CAIRN_PROTOCOL_MAX, .type = WIRE_FETCH, .correlation = after};
    const struct wire_fetch fetch = {.after = after, .credit = CAIRN_CREDIT_MAX};

    wire_frame_begin(&bytes, &header);
    wire_fetch_write(&fetch, &bytes);
    wire_frame_end(&bytes);
    net_frame_copy(&frame, buf_slice(&bytes));
    client_send(client, &frame);
}

uint64_t client_delivery(struct client *client, bool *ret_raised)
{
    struct wire_header header;
    struct wire_delivery delivery;
    struct slice payload = client_receive(client, WIRE_DELIVERY, &header);

    *ret_raised = false;
    if (!wire_delivery_read(payload, &client->arena, &delivery) || delivery.n_items == 0) {
        bench_fail("a delivery cannot be read");
    }
    for (size_t i = 0; i < delivery.n_items; i++) {
        struct wire_notice notice;
        if (delivery.items[i].kind == ITEM_NOTICE &&
            wire_notice_read(delivery.items[i].payload, &client->arena, &notice)) {
            *ret_raised = *ret_raised || notice.type == NOTICE_RAISED;
        }
    }
    return delivery.items[delivery.n_items - 1].position;
}

/* --- the connection --- */

static void say_hello(struct client *client, const struct governance *governance)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(4096);
    struct net_frame frame = NET_FRAME_NULL;
    const struct wire_header header = {.version = CAIRN_PROTOCOL_MAX, .type = WIRE_HELLO};
    struct wire_hello hello = {
        .protocol_min = CAIRN_PROTOCOL_MIN,
        .protocol_max = CAIRN_PROTOCOL_MAX,
        .software = slice_of_text("cairn-bench " CAIRN_VERSION),
    };
    struct wire_header answer;

    memcpy(hello.versions.of, governance->versions, sizeof(hello.versions.of));
    wire_frame_begin(&bytes, &header);
    wire_hello_write(&hello, &bytes);
    wire_frame_end(&bytes);
    net_frame_copy(&frame, buf_slice(&bytes));
    client_send(client, &frame);
    (void)client_receive(client, WIRE_HELLO_REPLY, &answer);
}

void client_init(struct client *client, const struct partnership *partnership, uint32_t agency)
{
    _cleanup_(secret_deinit) struct secret secret = SECRET_NULL;
    struct dealer_options options = {.endpoint = partnership->endpoint, .secret_key = &secret};
    struct error error = ERROR_NULL;

    *client = (struct client){
        .agency = agency,
        .arena = ARENA_BUDGET(4 * CAIRN_UNPACK_BUDGET_BYTES),
        .frame = NET_FRAME_NULL,
    };
    governing_seed(agency, "curve", &secret);
    memcpy(options.server_key, partnership->broker_key, sizeof(options.server_key));
    bench_must(dealer_open(&options, &client->dealer, &error), "connection", &error);
    say_hello(client, partnership->governing.governance);
}

void client_deinit(struct client *client)
{
    dealer_close(&client->dealer);
    net_frame_deinit(&client->frame);
    arena_deinit(&client->arena);
}
