/* SPDX-License-Identifier: Apache-2.0 */
#include "net/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/frame_internal.h"

static_assert(sizeof(zmq_msg_t) == sizeof(((struct net_frame *)NULL)->opaque),
              "a frame has room for libzmq's message");
static_assert(_Alignof(zmq_msg_t) <= _Alignof(struct net_frame),
              "a frame is aligned for libzmq's message");

static void release(void *bytes, void *hint)
{
    (void)hint;
    free(bytes);
}

zmq_msg_t *net_frame_message(const struct net_frame *frame)
{
    return (void *)frame->opaque;
}

void net_frame_init_empty(struct net_frame *frame)
{
    (void)zmq_msg_init(net_frame_message(frame));
    frame->live = true;
}

void net_frame_init(struct net_frame *frame, size_t len)
{
    /* Not zmq_msg_init_size: it puts short messages inside the struct. */
    uint8_t *bytes = base_alloc(len);

    if (zmq_msg_init_data(net_frame_message(frame), bytes, len, release, NULL) != 0) {
        log_fatal("out_of_memory", "frame_bytes=%zu", len);
    }
    frame->live = true;
}

void net_frame_copy(struct net_frame *frame, struct slice bytes)
{
    net_frame_init(frame, bytes.len);
    if (bytes.len > 0) {
        memcpy(net_frame_bytes(frame), bytes.data, bytes.len);
    }
}

void net_frame_settle(struct net_frame *frame)
{
    const uint8_t *bytes = net_frame_bytes(frame);
    const uint8_t *inside = frame->opaque;

    if (bytes < inside || bytes >= inside + sizeof(frame->opaque)) {
        return;
    }
    struct net_frame settled = NET_FRAME_NULL;

    net_frame_copy(&settled, net_frame_slice(frame));
    net_frame_move(frame, &settled);
}

void net_frame_deinit(struct net_frame *frame)
{
    if (frame->live) {
        (void)zmq_msg_close(net_frame_message(frame));
        frame->live = false;
    }
}

void net_frame_move(struct net_frame *to, struct net_frame *from)
{
    if (to == from) {
        return;
    }
    net_frame_deinit(to);
    if (!from->live) {
        return;
    }
    net_frame_init_empty(to);
    (void)zmq_msg_move(net_frame_message(to), net_frame_message(from));
    net_frame_deinit(from);
}

uint8_t *net_frame_bytes(struct net_frame *frame)
{
    assert(frame->live);
    return zmq_msg_data(net_frame_message(frame));
}

struct slice net_frame_slice(const struct net_frame *frame)
{
    if (!frame->live) {
        return SLICE_NULL;
    }
    return slice_make(zmq_msg_data(net_frame_message(frame)),
                      zmq_msg_size(net_frame_message(frame)));
}
