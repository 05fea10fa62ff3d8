/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer: how fast another broker is on this machine, asked in the same way of each: eight
 * publishers, each with a TLS connection of its own and so many messages in flight, and one reader
 * on another connection. peer_load.c has the threads, the clock and what is printed; a peer's own
 * file has its library. One program for each peer:
 *
 *   bench-peer-NAME PORT CA QUEUE SECONDS
 *
 * prints one line: acknowledged/s, delivered/s, median and 99th percentile in milliseconds of
 * message to reader at 200/s, and this program's own processor time a message in microseconds.
 *
 * What fails ends the program with a reason.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_BODY_BYTES 2048
#define PEER_PUBLISHERS 8
#define PEER_IN_FLIGHT  64

struct peer_address {
    int port;         /* on 127.0.0.1 */
    const char *ca;   /* certificate that the server's is signed by */
    const char *name; /* of the queue, topic, table or stream */
};

/* A connection is owned by the thread that opened it. */
struct peer_connection;

struct peer_connection *peer_open(const struct peer_address *address, bool reads);
void peer_close(struct peer_connection *connection);
/* Hands one message to the connection; durable once it is confirmed, as far as the peer can. */
void peer_publish(struct peer_connection *connection, const uint8_t body[PEER_BODY_BYTES]);
/* How many have been confirmed since the last call; waits until there is one. */
size_t peer_confirmed(struct peer_connection *connection);
/* Calls `each` for what has arrived, and acknowledges it; waits a tenth of a second at most. */
void peer_receive(struct peer_connection *connection,
                  void (*each)(void *data, const uint8_t *body, size_t len), void *data);

void peer_fail(const char *what, const char *why) __attribute__((noreturn));

#endif
