/* SPDX-License-Identifier: Apache-2.0 */
/*
 * router: the broker's public socket, a ROUTER over CURVE with an enforced ZAP domain. Identity is
 * the User-Id that ZAP gave to the connection, its agency and its key, read from the payload frame;
 * what lacks it never leaves this file. ZAP asks once for a connection: whether its key still holds
 * is for the caller to ask again. libzmq 4.3.4 is wrapped with the settings of docs/operations.md
 * ("Transport"), each read back before bind.
 *
 * Threads: one thread owns a router and calls everything but router_wake. The ZAP handler is a
 * thread of its own inside; it asks `admit`, which must therefore be thread-safe. Needs net_init
 * (net/net.h).
 */
#ifndef NET_ROUTER_H
#define NET_ROUTER_H

#include "base/error.h"
#include "net/curve.h"
#include "net/frame.h"

#define NET_ROUTE_MAX_BYTES 32

/* A live connection: where to send, and who is there. A value; never logged. */
struct peer {
    uint32_t agency;              /* number that `admit` gave to the connection's key */
    uint8_t key[CURVE_KEY_BYTES]; /* public half, proven in the handshake */
    uint8_t route_len;
    uint8_t route[NET_ROUTE_MAX_BYTES];
};

struct router;
struct router_options {
    const char *endpoint; /* "tcp://127.0.0.1:7440"; port 0 or "*" lets the system choose */
    const struct secret *secret_key;
    /* True and the agency's number when this public CURVE key may connect. Called on the ZAP
     * thread. */
    bool (*admit)(void *data, const uint8_t key[CURVE_KEY_BYTES], uint32_t *ret_agency);
    void *data;
};

/* Starts ZAP, proves on a private endpoint that (a) an unknown CURVE key, (b) NULL and PLAIN
 * clients are refused and (c) a known key yields its agency on the payload frame, and only then
 * binds the public endpoint. Any of these failing, or a socket option not reading back as set:
 * -EPROTO and the reason, nothing bound. */
int router_open(const struct router_options *options, struct router **ret,
                struct error *error) MUST_USE;
void router_close(struct router **router);
const char *router_endpoint(const struct router *router); /* the bound one, with its port */

/* Waits until something can be received, wake was called, or timeout_ms passed (-1 for ever). With
 * `reading` false only wake and the timeout end it: that is how a full ring stops reading. 0 or
 * -errno. */
int router_wait(struct router *router, bool reading, int timeout_ms) MUST_USE;
void router_wake(struct router *router); /* any thread, async-signal-safe */
/* How many handshakes were refused because `admit` did not know the key, or there was none; those
 * of its own proof are not counted. Any thread. */
uint64_t router_refused(const struct router *router);

enum router_got {
    ROUTER_NOTHING,
    ROUTER_FRAME,
    ROUTER_BAD
};
/* Never blocks. FRAME: *ret_frame is the caller's. BAD: a message that was not exactly one payload
 * frame with an identity and at most CAIRN_FRAME_MAX_BYTES was drained; *ret_peer.agency is set
 * when known, else 0. */
enum router_got router_receive(struct router *router, struct peer *ret_peer,
                               struct net_frame *ret_frame);
/* Never blocks; takes the frame on success. -EAGAIN: the peer does not read; -EHOSTUNREACH: it is
 * gone. Success promises nothing: only the application's acknowledgement does. */
int router_send(struct router *router, const struct peer *peer, struct net_frame *frame) MUST_USE;

#endif
