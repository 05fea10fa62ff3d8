/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drain: an agency that takes what its mailbox holds as fast as it comes, and acknowledges it. As
 * an agent does, it has one fetch and one acknowledgement under way at a time; but it checks
 * nothing and keeps nothing. One thread at a time owns it. Failures end the program with a reason.
 */
#ifndef BENCH_DRAIN_H
#define BENCH_DRAIN_H

#include "bench/bench_client.h"
#include "bench/bench_sender.h"

struct drain {
    struct client client;
    struct sender sender; /* of acknowledgements */
    uint64_t position;    /* of its mailbox, as far as it was read */
    bool delivered;       /* since the last fetch */
    bool acknowledging;
};

void drain_init(struct drain *drain, const struct partnership *partnership, uint32_t agency);
/* After the broker was started again: its connection is made anew. */
void drain_connect(struct drain *drain, const struct partnership *partnership);
void drain_deinit(struct drain *drain);

/* So many more items of its mailbox, or a few more; returns how many, once the last of them that
 * it acknowledged is stored. Fails when nothing comes for a minute. */
uint64_t drain_take(struct drain *drain, uint64_t items);

/* Asks for whatever comes next, and returns at once. */
void drain_ask(struct drain *drain);
/* Until what was asked for says that an alert was raised; what says nothing of one is read and more
 * asked for. Acknowledges nothing. */
void drain_await_alert(struct drain *drain);

#endif
