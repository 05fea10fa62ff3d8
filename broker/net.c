/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/net.h"

#include <string.h>

#include "base/log.h"
#include "broker/admit.h"

/* Frames taken in one turn, so that answers never wait long behind a flood. */
#define FRAMES_PER_TURN 64

/* What was made for a connection whose key has been revoked since does not go out; that it was
 * revoked does. */
static bool may_go(const struct net *net, const struct peer *peer, const struct net_frame *frame)
{
    struct wire_header header;
    bool sound = wire_header_read(net_frame_slice(frame), &header);
    assert(sound); /* we wrote it */
    return header.type == WIRE_ERROR || admit_peer(net->board, peer);
}

static bool send_frame(void *data, const struct peer *peer, struct net_frame *frame)
{
    struct net *net = data;
    bool sent = may_go(net, peer, frame) && router_send(net->router, peer, frame) == 0;
    net_frame_deinit(frame);
    return sent;
}

static void reply_frame(void *data, const struct peer *peer, struct net_frame *frame)
{
    (void)send_frame(data, peer, frame);
}

void net_init_stages(struct net *net)
{
    net->gate.reply = reply_frame;
    net->gate.data = net;
    net->answer.send = send_frame;
    net->answer.data = net;
    net->answer.gate = &net->gate;
}

void net_wake(void *data)
{
    struct net *net = data;
    router_wake(net->router);
}

static void take_in(struct net *net)
{
    for (int i = 0; i < FRAMES_PER_TURN && pipeline_may_read(net->pipeline); i++) {
        struct peer peer;
        struct net_frame frame = NET_FRAME_NULL;
        switch (router_receive(net->router, &peer, &frame)) {
        case ROUTER_NOTHING:
            return;
        case ROUTER_BAD:
            gate_bad(&net->gate, &peer);
            break;
        case ROUTER_FRAME:
            gate_frame(&net->gate, &peer, &frame);
            break;
        }
    }
}

/* A delivery that cannot be sent now is not lost: its rows stay in the mailbox, and the agency
 * fetches again. */
static void send_posted(struct net *net)
{
    struct letter letter = {.frame = NET_FRAME_NULL};
    while (pipeline_posted(net->pipeline, &letter)) {
        if (!send_frame(net, &letter.peer, &letter.frame)) {
            count(net->counters, COUNT_PUBLISH_DROPPED, 1);
        }
    }
}

void net_step(struct net *net, bool reading, int timeout_ms)
{
    count_set(net->counters, COUNT_GATE_REFUSED, router_refused(net->router));
    bool may_read = reading && pipeline_may_read(net->pipeline);
    if (reading && !may_read) {
        count(net->counters, COUNT_GATE_PAUSED, 1);
    }
    int r = router_wait(net->router, may_read, timeout_ms);
    if (r != 0) {
        log_fatal("network_failed", "error=\"%s\"", strerror(-r));
    }
    if (may_read) {
        take_in(net);
    }
    while (answer_step(&net->answer)) {
    }
    send_posted(net);
}
