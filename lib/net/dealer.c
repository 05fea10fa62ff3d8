/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dealer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "cairn/limits.h"
#include "net/context.h"
#include "net/frame_internal.h"
#include "net/socket.h"

struct dealer {
    void *socket;
    void *refusals; /* what libzmq says of the socket's handshakes */
    struct wake wake;
    bool draining; /* in the middle of a message that is thrown away */
    char *endpoint;
    uint8_t server_key[CURVE_KEY_BYTES];
    uint8_t own_key[CURVE_KEY_BYTES];
    struct secret secret; /* a copy, to dial again */
};

static int set_keys(void *socket, const struct dealer *dealer, struct error *error)
{
    int r = socket_set_key(socket, ZMQ_CURVE_SERVERKEY, dealer->server_key, error);

    if (r == 0) {
        r = socket_set_key(socket, ZMQ_CURVE_PUBLICKEY, dealer->own_key, error);
    }
    return r != 0 ? r : socket_set_key(socket, ZMQ_CURVE_SECRETKEY, dealer->secret.bytes, error);
}

static int set_options(void *socket, struct error *error)
{
    /* No ROUTING_ID: the broker refuses routes that it did not make. IMMEDIATE: what is sent while
     * not connected would wait in memory that a restart forgets; the spool is the queue. RCVHWM:
     * the reference settings leave it unlimited for fear of 4.3.4's abort, which needs heartbeats;
     * without them a bound is safe, and the broker's credit keeps well below it. */
    const struct socket_option options[] = {
        {.name = ZMQ_IMMEDIATE, .value = 1, .text = "IMMEDIATE"},
        {.name = ZMQ_RCVHWM, .value = CAIRN_AGENT_RECEIVE_HWM, .text = "RCVHWM"},
        {.name = ZMQ_CONNECT_TIMEOUT, .value = CAIRN_CONNECT_MAX_MS, .text = "CONNECT_TIMEOUT"},
        {.name = ZMQ_RECONNECT_IVL, .value = CAIRN_RECONNECT_MIN_MS, .text = "RECONNECT_IVL"},
        {.name = ZMQ_RECONNECT_IVL_MAX,
         .value = CAIRN_RECONNECT_MAX_MS,
         .text = "RECONNECT_IVL_MAX"},
    };

    return socket_set(socket, options, ARRAY_LEN(options), error);
}

/* Before the socket dials: what happened before it was watched is never told. */
static int watch_refusals(void *socket, void **ret, struct error *error)
{
    static uint64_t watched; /* an address of its own for each socket of the process */
    char endpoint[48];
    (void)snprintf(endpoint, sizeof(endpoint), "inproc://refusals.%" PRIu64,
                   __atomic_add_fetch(&watched, 1, __ATOMIC_RELAXED));
    _cleanup_(socket_close) void *refusals = zmq_socket(net_context(), ZMQ_PAIR);
    const int linger_ms = 0;

    if (refusals == NULL ||
        zmq_socket_monitor(socket, endpoint, ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) != 0 ||
        zmq_setsockopt(refusals, ZMQ_LINGER, &linger_ms, sizeof(linger_ms)) != 0 ||
        zmq_connect(refusals, endpoint) != 0) {
        int r = -errno;

        (void)error_set(error, "network", "the socket cannot be watched: %s", zmq_strerror(-r));
        return r;
    }
    *ret = refusals;
    refusals = NULL;
    return 0;
}

/* libzmq's thread would wait for ever, with all its connections, to tell of a refusal when nobody
 * listens any more: and a connection that was closed goes on for a moment. */
static void close_watched(struct dealer *dealer)
{
    if (dealer->socket != NULL) {
        (void)zmq_socket_monitor(dealer->socket, NULL, 0);
    }
    socket_close(&dealer->socket);
    socket_close(&dealer->refusals);
}

/* A new connection, then the old one goes; on failure the old one stays. */
static int dial(struct dealer *dealer, struct error *error)
{
    _cleanup_(socket_close) void *refusals = NULL;
    _cleanup_(socket_close) void *socket = NULL;
    int r = socket_open(ZMQ_DEALER, dealer->endpoint, &socket, error);

    if (r == 0) {
        r = set_options(socket, error);
    }
    if (r == 0) {
        r = set_keys(socket, dealer, error);
    }
    if (r == 0) {
        r = watch_refusals(socket, &refusals, error);
    }
    if (r == 0 && zmq_connect(socket, dealer->endpoint) != 0) {
        r = -errno;
        (void)error_set(error, dealer->endpoint, "the endpoint cannot be dialled: %s",
                        zmq_strerror(-r));
    }
    if (r != 0) {
        return r;
    }
    close_watched(dealer);
    dealer->socket = socket;
    dealer->refusals = refusals;
    socket = NULL;
    refusals = NULL;
    dealer->draining = false;
    return 0;
}

static int copy_keys(struct dealer *dealer, const struct dealer_options *options)
{
    int r = curve_public(options->secret_key, dealer->own_key);

    if (r == 0) {
        secret_set(&dealer->secret, options->secret_key->bytes, options->secret_key->len);
        memcpy(dealer->server_key, options->server_key, sizeof(dealer->server_key));
    }
    return r;
}

int dealer_open(const struct dealer_options *options, struct dealer **ret, struct error *error)
{
    _cleanup_(dealer_close) struct dealer *dealer = base_zalloc(1, sizeof(*dealer));

    dealer->endpoint = base_strdup(options->endpoint);
    dealer->wake = WAKE_NULL;
    int r = copy_keys(dealer, options);

    if (r != 0) {
        (void)error_set(error, "CURVE key", "the agency's transport key cannot be used");
        return r;
    }
    r = wake_open(&dealer->wake);
    if (r != 0) {
        (void)error_set(error, "network", "no wake-up descriptor: %s", strerror(-r));
        return r;
    }
    r = dial(dealer, error);
    if (r != 0) {
        return r;
    }
    *ret = dealer;
    dealer = NULL;
    return 0;
}

void dealer_close(struct dealer **dealer_owned)
{
    struct dealer *dealer = *dealer_owned;

    if (dealer == NULL) {
        return;
    }
    close_watched(dealer);
    wake_close(&dealer->wake);
    secret_deinit(&dealer->secret);
    free(dealer->endpoint);
    free(dealer);
    *dealer_owned = NULL;
}

int dealer_reconnect(struct dealer *dealer)
{
    /* A new socket, not zmq_disconnect: for a moment that one still takes frames for the connection
     * that goes. */
    struct error error = ERROR_NULL;

    return dial(dealer, &error);
}

bool dealer_refused(struct dealer *dealer)
{
    _cleanup_(net_frame_deinit) struct net_frame event = NET_FRAME_NULL;
    bool more = false;

    return socket_take(dealer->refusals, &event, &more) && socket_drain(dealer->refusals);
}

int dealer_wait(struct dealer *dealer, int timeout_ms, bool *ret_readable)
{
    return socket_wait(dealer->socket, &dealer->wake, true, timeout_ms, ret_readable);
}

void dealer_wake(struct dealer *dealer)
{
    wake_signal(&dealer->wake);
}

bool dealer_receive(struct dealer *dealer, struct net_frame *ret_frame)
{
    _cleanup_(net_frame_deinit) struct net_frame frame = NET_FRAME_NULL;
    bool more = false;

    if (dealer->draining) {
        dealer->draining = !socket_drain(dealer->socket);
    }
    if (dealer->draining || !socket_take(dealer->socket, &frame, &more)) {
        return false;
    }
    if (more) {
        dealer->draining = !socket_drain(dealer->socket);
        return false;
    }
    if (net_frame_slice(&frame).len > CAIRN_FRAME_MAX_BYTES) {
        return false;
    }
    net_frame_settle(&frame);
    net_frame_move(ret_frame, &frame);
    return true;
}

int dealer_send(struct dealer *dealer, struct net_frame *frame)
{
    return socket_give(dealer->socket, frame, 0);
}
