/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net: the network of this process, begun once before the first router or dealer and ended after
 * the last. main's thread, before it starts others.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/error.h"

int net_init(struct error *error) MUST_USE;
void net_deinit(void); /* nothing when net_init was not called or failed */

#endif
