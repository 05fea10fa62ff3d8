/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_frame: one message's payload as it came from or goes to the network, owned by whoever holds
 * the struct, moved between threads by moving the struct. Its bytes never move. Zero state
 * NET_FRAME_NULL; deinit accepts it.
 */
#ifndef NET_FRAME_H
#define NET_FRAME_H

#include "base/slice.h"

struct net_frame {
    _Alignas(8) uint8_t opaque[64];
    bool live;
};

#define NET_FRAME_NULL ((struct net_frame){.live = false})
/* A frame of len bytes for the caller to fill through net_frame_bytes. Ends the process when memory
 * is out. */
void net_frame_init(struct net_frame *frame, size_t len);
void net_frame_copy(struct net_frame *frame, struct slice bytes);
void net_frame_deinit(struct net_frame *frame);
void net_frame_move(struct net_frame *to, struct net_frame *from); /* from becomes NET_FRAME_NULL */
uint8_t *net_frame_bytes(struct net_frame *frame);
struct slice net_frame_slice(const struct net_frame *frame);

#endif
