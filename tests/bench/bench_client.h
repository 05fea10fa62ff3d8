/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client: one agency's connection to the broker, speaking the wire over lib/net. One thread at a
 * time owns it. Everything waits at most CLIENT_WAIT_MS, then fails. Needs net_init.
 */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include "bench/bench_partnership.h"
#include "net/dealer.h"
#include "wire/wire.h"

#define CLIENT_WAIT_MS 20000

struct client {
    uint32_t agency;
    struct dealer *dealer;
    struct arena arena; /* of what was received last */
    struct net_frame frame;
};

/* Dials, says hello and returns with the answer to it. */
void client_init(struct client *client, const struct partnership *partnership, uint32_t agency);
void client_deinit(struct client *client);

void client_send(struct client *client, struct net_frame *frame); /* takes it */
/* The next message of that type; any other fails, with the broker's verdict if it is an error.
 * Payload and header are the client's until it receives again. */
struct slice client_receive(struct client *client, enum wire_type type,
                            struct wire_header *ret_header);
/* A receipt in which every entry is stored. Returns how many there are. */
size_t client_receipt(struct client *client, struct wire_header *ret_header);
/* Asks for everything after that position. */
void client_fetch(struct client *client, uint64_t after);
/* The delivery that follows a fetch: the last position in it, and whether it says that an alert was
 * raised. */
uint64_t client_delivery(struct client *client, bool *ret_raised);

#endif
