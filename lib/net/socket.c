/* SPDX-License-Identifier: Apache-2.0 */
#include "net/socket.h"

#include <errno.h>
#include <string.h>

#include <zmq.h>

#include "cairn/limits.h"
#include "net/context.h"
#include "net/frame_internal.h"

#define KEEPALIVE_IDLE_S     20
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_COUNT      3
#define TCP_UNSENT_MAX_MS    30000 /* unacknowledged bytes this old mean that the peer is gone */
#define CURVE_OVERHEAD_BYTES 64    /* a sealed frame is 33 bytes longer than what it carries */
#define DRAIN_PARTS_MAX      64 /* per call, so that one peer's long message holds nobody else up */
#define DOMAIN_MAX_BYTES     256

static int refuse(struct error *error, const char *text)
{
    (void)error_set(error, "network", "the socket option %s does not hold", text);
    return -EPROTO;
}

/* inproc runs no CURVE, and the rest is not used: an endpoint that is not one of these is a mistake
 * in the configuration. */
static bool runs_curve(const char *endpoint)
{
    return strncmp(endpoint, "tcp://", 6) == 0 || strncmp(endpoint, "ipc://", 6) == 0;
}

static int set_message_limit(void *socket, struct error *error)
{
    const int64_t wanted = CAIRN_FRAME_MAX_BYTES + CURVE_OVERHEAD_BYTES;
    int64_t got = 0;
    size_t len = sizeof(got);

    if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &wanted, sizeof(wanted)) != 0 ||
        zmq_getsockopt(socket, ZMQ_MAXMSGSIZE, &got, &len) != 0 || got != wanted) {
        return refuse(error, "MAXMSGSIZE");
    }
    return 0;
}

int socket_set(void *socket, const struct socket_option *options, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        const struct socket_option *option = &options[i];
        int got = 0;
        size_t len = sizeof(got);

        if (zmq_setsockopt(socket, option->name, &option->value, sizeof(option->value)) != 0) {
            return refuse(error, option->text);
        }
        if (option->write_only) {
            continue;
        }
        if (zmq_getsockopt(socket, option->name, &got, &len) != 0 || got != option->value) {
            return refuse(error, option->text);
        }
    }
    return 0;
}

int socket_set_key(void *socket, int name, const uint8_t key[CURVE_KEY_BYTES], struct error *error)
{
    uint8_t got[CURVE_KEY_BYTES];
    size_t len = sizeof(got);
    bool holds = zmq_setsockopt(socket, name, key, CURVE_KEY_BYTES) == 0 &&
                 zmq_getsockopt(socket, name, got, &len) == 0 && len == sizeof(got) &&
                 bytes_equal_ct(got, key, sizeof(got));

    bytes_wipe(got, sizeof(got));
    return holds ? 0 : refuse(error, "CURVE key");
}

int socket_set_domain(void *socket, const char *domain, struct error *error)
{
    char got[DOMAIN_MAX_BYTES];
    size_t len = sizeof(got);

    if (zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) != 0 ||
        zmq_getsockopt(socket, ZMQ_ZAP_DOMAIN, got, &len) != 0 || strcmp(got, domain) != 0) {
        return refuse(error, "ZAP_DOMAIN");
    }
    return 0;
}

static int set_common(void *socket, const char *endpoint, struct error *error)
{
    /* HEARTBEAT_IVL stays 0: 4.3.4 aborts when a heartbeat meets a full receive queue. TCP's own
     * keepalive and the application's ping notice a dead peer instead. */
    const struct socket_option options[] = {
        {.name = ZMQ_LINGER, .value = 0, .text = "LINGER"},
        {.name = ZMQ_SNDTIMEO, .value = 0, .text = "SNDTIMEO"},
        {.name = ZMQ_SNDHWM, .value = CAIRN_SEND_HWM, .text = "SNDHWM"},
        {.name = ZMQ_CONFLATE, .value = 0, .text = "CONFLATE"},
        {.name = ZMQ_HANDSHAKE_IVL, .value = CAIRN_HANDSHAKE_MAX_MS, .text = "HANDSHAKE_IVL"},
        {.name = ZMQ_HEARTBEAT_IVL, .value = 0, .text = "HEARTBEAT_IVL"},
        {.name = ZMQ_TCP_KEEPALIVE, .value = 1, .text = "TCP_KEEPALIVE"},
        {.name = ZMQ_TCP_KEEPALIVE_IDLE, .value = KEEPALIVE_IDLE_S, .text = "TCP_KEEPALIVE_IDLE"},
        {.name = ZMQ_TCP_KEEPALIVE_INTVL,
         .value = KEEPALIVE_INTERVAL_S,
         .text = "TCP_KEEPALIVE_INTVL"},
        {.name = ZMQ_TCP_KEEPALIVE_CNT, .value = KEEPALIVE_COUNT, .text = "TCP_KEEPALIVE_CNT"},
        {.name = ZMQ_TCP_MAXRT, .value = TCP_UNSENT_MAX_MS, .text = "TCP_MAXRT"},
        {.name = ZMQ_IPV6, .value = strchr(endpoint, '[') != NULL, .text = "IPV6"},
    };
    int r = socket_set(socket, options, ARRAY_LEN(options), error);

    return r != 0 ? r : set_message_limit(socket, error);
}

int socket_open(int type, const char *endpoint, void **ret, struct error *error)
{
    if (!runs_curve(endpoint)) {
        return error_set(error, "endpoint", "an endpoint starts with tcp:// or ipc://");
    }
    _cleanup_(socket_close) void *socket = zmq_socket(net_context(), type);

    if (socket == NULL) {
        int r = -errno;

        (void)error_set(error, "network", "no socket can be made: %s", zmq_strerror(-r));
        return r;
    }
    int r = set_common(socket, endpoint, error);

    if (r != 0) {
        return r;
    }
    *ret = socket;
    socket = NULL;
    return 0;
}

void socket_close(void **socket)
{
    if (*socket != NULL) {
        (void)zmq_close(*socket);
        *socket = NULL;
    }
}

int socket_wait(void *socket, const struct wake *wake, bool reading, int timeout_ms,
                bool *ret_readable)
{
    zmq_pollitem_t items[] = {
        {.fd = wake->fd, .events = ZMQ_POLLIN},
        {.socket = socket, .events = ZMQ_POLLIN},
    };
    int n = zmq_poll(items, reading ? 2 : 1, timeout_ms);

    if (n < 0 && errno != EINTR) {
        return -errno;
    }
    if (n > 0 && (items[0].revents & ZMQ_POLLIN) != 0) {
        wake_drain(wake);
    }
    *ret_readable = n > 0 && reading && (items[1].revents & ZMQ_POLLIN) != 0;
    return 0;
}

bool socket_take(void *socket, struct net_frame *ret_part, bool *ret_more)
{
    _cleanup_(net_frame_deinit) struct net_frame part = NET_FRAME_NULL;
    int n;

    net_frame_init_empty(&part);
    do {
        n = zmq_msg_recv(net_frame_message(&part), socket, ZMQ_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        assert(errno == EAGAIN);
        return false;
    }
    *ret_more = zmq_msg_more(net_frame_message(&part)) != 0;
    net_frame_move(ret_part, &part);
    return true;
}

bool socket_drain(void *socket)
{
    _cleanup_(net_frame_deinit) struct net_frame part = NET_FRAME_NULL;
    bool more = true;

    for (int i = 0; i < DRAIN_PARTS_MAX && more; i++) {
        if (!socket_take(socket, &part, &more)) {
            return false;
        }
    }
    return !more;
}

int socket_give(void *socket, struct net_frame *frame, int flags)
{
    int n;

    assert(frame->live);
    do {
        n = zmq_msg_send(net_frame_message(frame), socket, flags | ZMQ_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        assert(errno == EAGAIN || errno == EHOSTUNREACH);
        return -errno;
    }
    net_frame_deinit(frame);
    return 0;
}
