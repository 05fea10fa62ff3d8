/* SPDX-License-Identifier: Apache-2.0 */
#include "net/router.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zmq.h>

#include "base/text.h"
#include "cairn/limits.h"
#include "net/frame_internal.h"
#include "net/proof.h"
#include "net/router_internal.h"
#include "net/socket.h"
#include "net/zap.h"

/* The header of 4.3.4 shows this option only to those who ask for drafts; the library has it for
 * everybody. */
#define OPTION_ZAP_ENFORCE_DOMAIN 93

#define ENDPOINT_MAX_BYTES 256
#define PROOF_LOOKS        2000 /* a failing proof takes ten seconds, a passing one milliseconds */
#define BIND_TRIES         100
#define BIND_PAUSE_NS      20000000L /* 20 ms */
#define OWN_ROUTE_BYTES    5         /* a route that libzmq made: NUL and a 32-bit number */

struct router {
    void *socket;
    struct zap *zap;
    uint64_t proof_refused; /* by it, while it was tried */
    struct wake wake;
    bool draining; /* in the middle of a message that is thrown away */
    char endpoint[ENDPOINT_MAX_BYTES];
};

static_assert(OWN_ROUTE_BYTES <= NET_ROUTE_MAX_BYTES, "a peer holds its route");

static int set_options(void *socket, const struct router_fault *fault, struct error *error)
{
    const struct socket_option options[] = {
        {.name = ZMQ_CURVE_SERVER, .value = !fault->no_curve, .text = "CURVE_SERVER"},
        {.name = OPTION_ZAP_ENFORCE_DOMAIN,
         .value = !fault->unenforced,
         .text = "ZAP_ENFORCE_DOMAIN"},
        {.name = ZMQ_ROUTER_MANDATORY, .value = 1, .text = "ROUTER_MANDATORY", .write_only = true},
        {.name = ZMQ_ROUTER_HANDOVER, .value = 0, .text = "ROUTER_HANDOVER", .write_only = true},
        {.name = ZMQ_RCVHWM, .value = CAIRN_RECEIVE_HWM, .text = "RCVHWM"},
        {.name = ZMQ_BACKLOG, .value = CAIRN_BACKLOG_CONNECTIONS, .text = "BACKLOG"},
    };

    return socket_set(socket, options, ARRAY_LEN(options), error);
}

static int open_socket(struct router *router, const struct router_options *options,
                       const struct router_fault *fault, const char *endpoint, struct error *error)
{
    _cleanup_(socket_close) void *socket = NULL;
    int r = socket_open(ZMQ_ROUTER, endpoint, &socket, error);

    if (r == 0) {
        r = set_options(socket, fault, error);
    }
    if (r == 0 && !fault->no_curve) {
        r = socket_set_domain(socket, ZAP_DOMAIN_NAME, error);
    }
    if (r == 0 && !fault->no_curve) {
        r = socket_set_key(socket, ZMQ_CURVE_SECRETKEY, options->secret_key->bytes, error);
    }
    if (r == 0) {
        router->socket = socket;
        socket = NULL;
    }
    return r;
}

/* libzmq closes the listener of an earlier socket on a thread of its own, so the port of a router
 * that was just closed is still taken for a moment. */
static int bind_when_free(void *socket, const char *endpoint)
{
    const struct timespec pause = {.tv_nsec = BIND_PAUSE_NS};

    for (int i = 0; i < BIND_TRIES; i++) {
        if (zmq_bind(socket, endpoint) == 0) {
            return 0;
        }
        if (errno != EADDRINUSE) {
            return -errno;
        }
        (void)nanosleep(&pause, NULL);
    }
    return -EADDRINUSE;
}

static int bind_socket(struct router *router, const char *endpoint, struct error *error)
{
    size_t len = sizeof(router->endpoint);
    int r = bind_when_free(router->socket, endpoint);

    if (r == 0 && zmq_getsockopt(router->socket, ZMQ_LAST_ENDPOINT, router->endpoint, &len) != 0) {
        r = -errno;
    }
    if (r != 0) {
        (void)error_set(error, endpoint, "the endpoint cannot be bound: %s", zmq_strerror(-r));
    }
    return r;
}

static void close_socket(struct router *router)
{
    if (router->socket != NULL && router->endpoint[0] != '\0') {
        (void)zmq_unbind(router->socket, router->endpoint);
    }
    router->endpoint[0] = '\0';
    router->draining = false;
    socket_close(&router->socket);
}

static int start_zap(struct router *router, const struct router_options *options,
                     const struct proof *proof, struct error *error)
{
    struct zap_options zap = {.admit = options->admit, .data = options->data};

    memcpy(zap.proof_key, proof->friend_key, sizeof(zap.proof_key));
    return zap_start(&zap, &router->zap, error);
}

/* On a socket of its own, like the public one in all but the endpoint. */
static int prove(struct router *router, const struct router_options *options,
                 const struct router_fault *fault, struct error *error)
{
    _cleanup_(proof_deinit) struct proof proof = {0};
    int r = proof_init(&proof, options->secret_key,
                       fault->proof_looks > 0 ? fault->proof_looks : PROOF_LOOKS);

    if (r != 0) {
        (void)error_set(error, "CURVE key", "the broker's key cannot be used");
        return r;
    }
    if (!fault->no_handler) {
        r = start_zap(router, options, &proof, error);
    }
    if (r == 0) {
        r = open_socket(router, options, fault, proof.endpoint, error);
    }
    if (r == 0) {
        r = bind_socket(router, proof.endpoint, error);
    }
    if (r == 0) {
        r = proof_run(&proof, router, router->zap, error);
    }
    close_socket(router);
    if (router->zap != NULL) {
        zap_end_proof(router->zap);
        router->proof_refused = zap_refusals(router->zap);
    }
    return r;
}

int router_open_faulty(const struct router_options *options, const struct router_fault *fault,
                       struct router **ret, struct error *error)
{
    _cleanup_(router_close) struct router *router = base_zalloc(1, sizeof(*router));

    router->wake = WAKE_NULL;
    int r = wake_open(&router->wake);

    if (r != 0) {
        (void)error_set(error, "network", "no wake-up descriptor: %s", strerror(-r));
        return r;
    }
    r = prove(router, options, fault, error);
    if (r == 0) {
        r = open_socket(router, options, fault, options->endpoint, error);
    }
    if (r == 0) {
        r = bind_socket(router, options->endpoint, error);
    }
    if (r != 0) {
        return r;
    }
    *ret = router;
    router = NULL;
    return 0;
}

int router_open(const struct router_options *options, struct router **ret, struct error *error)
{
    return router_open_faulty(options, &(const struct router_fault){0}, ret, error);
}

void router_close(struct router **router_owned)
{
    struct router *router = *router_owned;

    if (router == NULL) {
        return;
    }
    close_socket(router);
    zap_stop(&router->zap);
    wake_close(&router->wake);
    free(router);
    *router_owned = NULL;
}

const char *router_endpoint(const struct router *router)
{
    return router->endpoint;
}

int router_wait(struct router *router, bool reading, int timeout_ms)
{
    bool readable = false;

    return socket_wait(router->socket, &router->wake, reading, timeout_ms, &readable);
}

uint64_t router_refused(const struct router *router)
{
    return router->zap == NULL ? 0 : zap_refusals(router->zap) - router->proof_refused;
}

void router_wake(struct router *router)
{
    wake_signal(&router->wake);
}

/* Who ZAP said this connection is. From the payload: 4.3.4 loses the property on the routing frame
 * after a poll. */
static void read_user(const struct net_frame *payload, struct peer *ret)
{
    const char *user_id = zmq_msg_gets(net_frame_message(payload), "User-Id");
    const char *blank = user_id == NULL ? NULL : strchr(user_id, ' ');
    char number[ZAP_USER_ID_BYTES] = "";
    uint64_t agency = 0;

    if (blank == NULL || (size_t)(blank - user_id) >= sizeof(number)) {
        return;
    }
    memcpy(number, user_id, (size_t)(blank - user_id));
    if (u64_parse(number, UINT32_MAX, &agency) &&
        hex_decode(blank + 1, ret->key, sizeof(ret->key))) {
        ret->agency = (uint32_t)agency;
    }
}

/* A route that the peer chose is refused: it could be somebody else's. */
static bool read_route(const struct net_frame *frame, struct peer *peer)
{
    struct slice route = net_frame_slice(frame);

    if (route.len != OWN_ROUTE_BYTES || route.data[0] != 0) {
        return false;
    }
    memcpy(peer->route, route.data, route.len);
    peer->route_len = OWN_ROUTE_BYTES;
    return true;
}

enum router_got router_receive(struct router *router, struct peer *ret_peer,
                               struct net_frame *ret_frame)
{
    _cleanup_(net_frame_deinit) struct net_frame route = NET_FRAME_NULL;
    _cleanup_(net_frame_deinit) struct net_frame payload = NET_FRAME_NULL;
    bool more = false;

    if (router->draining) {
        router->draining = !socket_drain(router->socket);
    }
    if (router->draining || !socket_take(router->socket, &route, &more)) {
        return ROUTER_NOTHING;
    }
    assert(more);
    bool whole = socket_take(router->socket, &payload, &more);

    assert(whole);
    *ret_peer = (struct peer){.agency = 0};
    read_user(&payload, ret_peer);
    if (more) {
        router->draining = !socket_drain(router->socket);
        return ROUTER_BAD;
    }
    if (ret_peer->agency == 0 || !read_route(&route, ret_peer) ||
        net_frame_slice(&payload).len > CAIRN_FRAME_MAX_BYTES) {
        return ROUTER_BAD;
    }
    net_frame_settle(&payload);
    net_frame_move(ret_frame, &payload);
    return ROUTER_FRAME;
}

int router_send(struct router *router, const struct peer *peer, struct net_frame *frame)
{
    _cleanup_(net_frame_deinit) struct net_frame route = NET_FRAME_NULL;

    assert(peer->route_len <= sizeof(peer->route));
    net_frame_copy(&route, slice_make(peer->route, peer->route_len));
    int r = socket_give(router->socket, &route, ZMQ_SNDMORE);

    if (r != 0) {
        return r;
    }
    r = socket_give(router->socket, frame, 0);
    /* Once the route was taken, libzmq takes the payload too, and drops it when the peer went in
     * between. */
    assert(r == 0);
    return 0;
}
