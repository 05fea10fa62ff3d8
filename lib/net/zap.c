/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request is the frames version, request id, domain, address, identity, mechanism, credentials;
 * the answer is version, request id, status, text, user id, metadata. The user id is the agency's
 * number in decimal, a blank, and the connection's key in hex: libzmq hangs it on every message of
 * that connection as "User-Id". Whatever is not a CURVE key of our domain that `admit` knows is
 * refused.
 */
#include "net/zap.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "base/log.h"
#include "base/slice.h"
#include "base/text.h"
#include "net/context.h"
#include "net/socket.h"

#define ZAP_ENDPOINT       "inproc://zeromq.zap.01"
#define ZAP_VERSION        "1.0"
#define ZAP_PART_MAX_BYTES 256

enum {
    PART_VERSION,
    PART_REQUEST,
    PART_DOMAIN,
    PART_ADDRESS,
    PART_IDENTITY,
    PART_MECHANISM,
    PART_KEY,
    PARTS
};

struct zap {
    struct zap_options options;
    void *socket; /* the thread's own between zap_start and zap_stop */
    struct wake wake;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    bool stopping;
    bool proving;
    uint64_t refusals;
};

struct zap_request {
    uint8_t bytes[PARTS][ZAP_PART_MAX_BYTES];
    struct slice parts[PARTS];
};

static void receive(void *socket, struct zap_request *request)
{
    uint8_t surplus[ZAP_PART_MAX_BYTES];
    int more = 1;

    *request = (struct zap_request){0};
    for (size_t i = 0; more != 0; i++) {
        uint8_t *part = i < PARTS ? request->bytes[i] : surplus;
        int n = zmq_recv(socket, part, ZAP_PART_MAX_BYTES, 0);
        size_t len = sizeof(more);

        if (n < 0 || zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &len) != 0) {
            log_fatal("zap_died", "errno=%d", errno);
        }
        /* A part too long for us was cut: an empty one is refused like any other that does not fit.
         */
        if (i < PARTS && n <= ZAP_PART_MAX_BYTES) {
            request->parts[i] = slice_make(part, (size_t)n);
        }
    }
}

static bool is_proof_key(struct zap *zap, const uint8_t key[CURVE_KEY_BYTES])
{
    pthread_mutex_lock(&zap->lock);
    bool proving = zap->proving;
    pthread_mutex_unlock(&zap->lock);
    return proving && bytes_equal_ct(key, zap->options.proof_key, CURVE_KEY_BYTES);
}

/* The number of the agency that may connect, or 0. */
static uint32_t judge(struct zap *zap, const struct zap_request *request)
{
    const struct slice *parts = request->parts;
    uint32_t agency = 0;

    if (!slice_is_text(parts[PART_VERSION], ZAP_VERSION) ||
        !slice_is_text(parts[PART_DOMAIN], ZAP_DOMAIN_NAME) ||
        !slice_is_text(parts[PART_MECHANISM], "CURVE") || parts[PART_KEY].len != CURVE_KEY_BYTES) {
        return 0;
    }
    if (is_proof_key(zap, parts[PART_KEY].data)) {
        return ZAP_PROOF_AGENCY;
    }
    if (!zap->options.admit(zap->options.data, parts[PART_KEY].data, &agency)) {
        return 0;
    }
    return agency != ZAP_PROOF_AGENCY ? agency : 0;
}

static void send_part(void *socket, struct slice part, int flags)
{
    if (zmq_send(socket, part.data, part.len, flags) < 0) {
        log_fatal("zap_died", "errno=%d", errno);
    }
}

static void reply(void *socket, struct slice request_id, uint32_t agency, struct slice key)
{
    char user_id[ZAP_USER_ID_BYTES] = "";
    char hex[HEX_BYTES(CURVE_KEY_BYTES)];

    if (agency != 0) {
        hex_encode(key, hex);
        (void)snprintf(user_id, sizeof(user_id), "%" PRIu32 " %s", agency, hex);
    }
    send_part(socket, slice_of_text(ZAP_VERSION), ZMQ_SNDMORE);
    send_part(socket, request_id, ZMQ_SNDMORE);
    send_part(socket, slice_of_text(agency != 0 ? "200" : "400"), ZMQ_SNDMORE);
    send_part(socket, slice_of_text(agency != 0 ? "OK" : "No"), ZMQ_SNDMORE);
    send_part(socket, slice_of_text(user_id), ZMQ_SNDMORE);
    send_part(socket, slice_of_text(""), 0);
}

static void answer(struct zap *zap)
{
    struct zap_request request;

    receive(zap->socket, &request);
    uint32_t agency = judge(zap, &request);

    reply(zap->socket, request.parts[PART_REQUEST], agency, request.parts[PART_KEY]);
    if (agency == 0) {
        pthread_mutex_lock(&zap->lock);
        zap->refusals++;
        pthread_mutex_unlock(&zap->lock);
    }
}

static bool is_stopping(struct zap *zap)
{
    pthread_mutex_lock(&zap->lock);
    bool stopping = zap->stopping;
    pthread_mutex_unlock(&zap->lock);
    return stopping;
}

static void *zap_run(void *data)
{
    (void)pthread_setname_np(pthread_self(), "zap");
    struct zap *zap = data;

    while (!is_stopping(zap)) {
        bool readable = false;
        int r = socket_wait(zap->socket, &zap->wake, true, -1, &readable);

        if (r != 0) {
            log_fatal("zap_died", "errno=%d", -r);
        }
        if (readable) {
            answer(zap);
        }
    }
    return NULL;
}

static int open_desk(void **ret)
{
    const int linger_ms = 0;
    _cleanup_(socket_close) void *socket = zmq_socket(net_context(), ZMQ_REP);

    if (socket == NULL || zmq_setsockopt(socket, ZMQ_LINGER, &linger_ms, sizeof(linger_ms)) != 0 ||
        zmq_bind(socket, ZAP_ENDPOINT) != 0) {
        return -errno;
    }
    *ret = socket;
    socket = NULL;
    return 0;
}

/* Signals are for the thread that waits for them. */
static int start_thread(struct zap *zap)
{
    sigset_t all;
    sigset_t before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int r = pthread_create(&zap->thread, NULL, zap_run, zap);

    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -r;
}

/* Without its thread. */
static void zap_free(struct zap **zap_owned)
{
    struct zap *zap = *zap_owned;

    if (zap == NULL) {
        return;
    }
    if (zap->socket != NULL) {
        /* At once, where zmq_close would free the address later: the next router needs it. */
        (void)zmq_unbind(zap->socket, ZAP_ENDPOINT);
        socket_close(&zap->socket);
    }
    wake_close(&zap->wake);
    (void)pthread_mutex_destroy(&zap->lock);
    free(zap);
    *zap_owned = NULL;
}

int zap_start(const struct zap_options *options, struct zap **ret, struct error *error)
{
    _cleanup_(zap_free) struct zap *zap = base_zalloc(1, sizeof(*zap));

    zap->options = *options;
    zap->proving = true;
    zap->wake = WAKE_NULL;
    (void)pthread_mutex_init(&zap->lock, NULL);
    int r = wake_open(&zap->wake);

    if (r == 0) {
        r = open_desk(&zap->socket);
    }
    if (r == 0) {
        r = start_thread(zap);
    }
    if (r != 0) {
        (void)error_set(error, "zap", "the handler does not start: %s%s", strerror(-r),
                        r == -EADDRINUSE ? " (one router per process)" : "");
        return r;
    }
    *ret = zap;
    zap = NULL;
    return 0;
}

void zap_stop(struct zap **zap_owned)
{
    struct zap *zap = *zap_owned;

    if (zap == NULL) {
        return;
    }
    pthread_mutex_lock(&zap->lock);
    zap->stopping = true;
    pthread_mutex_unlock(&zap->lock);
    wake_signal(&zap->wake);
    (void)pthread_join(zap->thread, NULL);
    zap_free(zap_owned);
}

void zap_end_proof(struct zap *zap)
{
    pthread_mutex_lock(&zap->lock);
    zap->proving = false;
    pthread_mutex_unlock(&zap->lock);
}

uint64_t zap_refusals(struct zap *zap)
{
    pthread_mutex_lock(&zap->lock);
    uint64_t refusals = zap->refusals;
    pthread_mutex_unlock(&zap->lock);
    return refusals;
}
