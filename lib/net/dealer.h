/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dealer: an agent's connection to the broker (DEALER over CURVE). It dials out, reconnects by
 * itself with jitter, and queues nothing while not connected. One thread owns it; dealer_wake may
 * be called from any thread. Needs net_init (net/net.h).
 */
#ifndef NET_DEALER_H
#define NET_DEALER_H

#include "base/error.h"
#include "net/curve.h"
#include "net/frame.h"

struct dealer;
struct dealer_options {
    const char *endpoint;
    uint8_t server_key[CURVE_KEY_BYTES];
    const struct secret *secret_key; /* own CURVE secret; copied */
};

int dealer_open(const struct dealer_options *options, struct dealer **ret,
                struct error *error) MUST_USE;
void dealer_close(struct dealer **dealer);
/* Drops the connection with all it holds and dials again; on failure the old connection stays. To
 * be called after silence, and after a refusal: libzmq never tries again by itself once the broker
 * has refused the key, not even when the key is admitted later. */
int dealer_reconnect(struct dealer *dealer) MUST_USE;
/* True once after the broker has refused our key, or somebody between us says that it has: that
 * word is not authenticated, and no evidence of anything. */
bool dealer_refused(struct dealer *dealer);
/* 0 or -errno; *ret_readable says whether a frame waits. */
int dealer_wait(struct dealer *dealer, int timeout_ms, bool *ret_readable) MUST_USE;
void dealer_wake(struct dealer *dealer);
/* True and the frame, or false when nothing (valid) waits. Multi-frame messages are drained and
 * dropped. */
bool dealer_receive(struct dealer *dealer, struct net_frame *ret_frame);
/* Takes the frame on success. -EAGAIN: not connected, or the broker does not read. */
int dealer_send(struct dealer *dealer, struct net_frame *frame) MUST_USE;

#endif
