/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net: the one thread that owns the ROUTER socket. Its loop runs gate on what comes in, answer on
 * what became durable, and sends what publish posted. It never waits for anything but the socket
 * and its wake-up.
 */
#ifndef BROKER_NET_H
#define BROKER_NET_H

#include "broker/answer.h"
#include "broker/gate.h"
#include "net/router.h"

struct net {
    struct router *router;
    struct pipeline *pipeline;
    struct board *board;
    struct counters *counters;
    struct gate gate;
    struct answer answer;
};

/* Wires gate and answer to the socket. The other members of both are the caller's to set, before or
 * after. */
void net_init_stages(struct net *net);
/* One turn of the loop: waits at most timeout_ms. With `reading` false nothing new is taken in
 * (draining). */
void net_step(struct net *net, bool reading, int timeout_ms);
void net_wake(void *net); /* any thread */

#endif
