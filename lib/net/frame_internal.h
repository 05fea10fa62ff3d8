/* SPDX-License-Identifier: Apache-2.0 */
/* Private to lib/net: a net_frame is a zmq_msg_t whose bytes lie on the heap. */
#ifndef NET_FRAME_INTERNAL_H
#define NET_FRAME_INTERNAL_H

#include <zmq.h>

#include "net/frame.h"

zmq_msg_t *net_frame_message(const struct net_frame *frame);
/* An empty live frame for zmq_msg_recv to fill. */
void net_frame_init_empty(struct net_frame *frame);
/* After receiving: libzmq keeps the bytes of short messages inside the struct, where they would
 * move with it. Forgets the message's properties: read User-Id first. */
void net_frame_settle(struct net_frame *frame);

#endif
