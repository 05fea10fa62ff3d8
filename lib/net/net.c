/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exactly one context per process, and never one beside another: ending a context in 4.3.4 closes
 * the random generator that every CURVE connection of the process shares.
 */
#include "net/net.h"

#include <errno.h>

#include <zmq.h>

#include "cairn/limits.h"
#include "net/context.h"

static void *context;

int net_init(struct error *error)
{
    assert(context == NULL);
    void *made = zmq_ctx_new();

    if (made == NULL) {
        int r = -errno;

        (void)error_set(error, "network", "no ZeroMQ context can be made");
        return r;
    }
    /* BLOCKY 0: LINGER is 0 on every socket, so the end of the context waits for no peer. */
    if (zmq_has("curve") != 1 || zmq_ctx_set(made, ZMQ_IO_THREADS, CAIRN_NET_IO_THREADS) != 0 ||
        zmq_ctx_set(made, ZMQ_BLOCKY, 0) != 0) {
        (void)zmq_ctx_term(made);
        (void)error_set(error, "network", "this libzmq has no CURVE or refuses its settings");
        return -EPROTO;
    }
    context = made;
    return 0;
}

void net_deinit(void)
{
    if (context == NULL) {
        return;
    }
    while (zmq_ctx_term(context) != 0 && errno == EINTR) {
    }
    context = NULL;
}

void *net_context(void)
{
    assert(context != NULL);
    return context;
}
