/* SPDX-License-Identifier: Apache-2.0 */
/*
 * half_open: connections that are begun and never finished, below TCP: each a SYN from an address
 * that nobody has, so that what answers it is lost. For that this process gets a network of its
 * own, in which whoever starts it may do what is root's elsewhere.
 */
#ifndef ATTACK_HALF_OPEN_H
#define ATTACK_HALF_OPEN_H

#include <stdbool.h>

#include "attack/strangers.h"

/* A network of the process's own, with a loopback, and a way to addresses that nobody has. Before
 * threads are there. False when the system forbids it; the network is the machine's then, or has a
 * loopback at least. */
bool half_open_network(void);

/* Of the stranger's processes: one SYN. */
void half_open_act(struct stranger *stranger);

/* Of this network: how many connections are half open now, and how many answers were cookies, for
 * which the kernel keeps nothing. */
unsigned long long half_open_count(void);
unsigned long long half_open_cookies(void);

#endif
