/* SPDX-License-Identifier: Apache-2.0 */
#include "net/dealer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "cairn/limits.h"
#include "net/frame_internal.h"
#include "net/socket.h"

struct dealer {
    void *socket;
    struct wake wake;
    bool draining; /* in the middle of a message that is thrown away */
    char *endpoint;
};

static int set_keys(void *socket, const struct dealer_options *options, struct error *error)
{
    uint8_t own_key[CURVE_KEY_BYTES];
    int r = curve_public(options->secret_key, own_key);

    if (r != 0) {
        (void)error_set(error, "CURVE key", "the agency's transport key cannot be used");
        return r;
    }
    r = socket_set_key(socket, ZMQ_CURVE_SERVERKEY, options->server_key, error);
    if (r == 0) {
        r = socket_set_key(socket, ZMQ_CURVE_PUBLICKEY, own_key, error);
    }
    return r != 0 ? r
                  : socket_set_key(socket, ZMQ_CURVE_SECRETKEY, options->secret_key->bytes, error);
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

static int open_socket(struct dealer *dealer, const struct dealer_options *options,
                       struct error *error)
{
    int r = socket_open(ZMQ_DEALER, options->endpoint, &dealer->socket, error);

    if (r == 0) {
        r = set_options(dealer->socket, error);
    }
    if (r == 0) {
        r = set_keys(dealer->socket, options, error);
    }
    if (r == 0 && zmq_connect(dealer->socket, dealer->endpoint) != 0) {
        r = -errno;
        (void)error_set(error, options->endpoint, "the endpoint cannot be dialled: %s",
                        zmq_strerror(-r));
    }
    return r;
}

int dealer_open(const struct dealer_options *options, struct dealer **ret, struct error *error)
{
    _cleanup_(dealer_close) struct dealer *dealer = base_zalloc(1, sizeof(*dealer));

    dealer->endpoint = base_strdup(options->endpoint);
    dealer->wake = WAKE_NULL;
    int r = wake_open(&dealer->wake);

    if (r != 0) {
        (void)error_set(error, "network", "no wake-up descriptor: %s", strerror(-r));
        return r;
    }
    r = open_socket(dealer, options, error);
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
    socket_close(&dealer->socket);
    wake_close(&dealer->wake);
    free(dealer->endpoint);
    free(dealer);
    *dealer_owned = NULL;
}

int dealer_reconnect(struct dealer *dealer)
{
    /* ENOENT: libzmq has given up by itself, as it does for good when the broker refuses the key.
     */
    if (zmq_disconnect(dealer->socket, dealer->endpoint) != 0 && errno != ENOENT) {
        return -errno;
    }
    return zmq_connect(dealer->socket, dealer->endpoint) == 0 ? 0 : -errno;
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
