/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exactly one context per process, and never one beside another: ending a context in 4.3.4 closes
 * the random generator that every CURVE connection of the process shares.
 */
#include "net/net.h"

#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include <zmq.h>

#include "cairn/limits.h"
#include "net/context.h"

#define PAUSE_NS 1000000L

static void *context;

/* What libzmq calls, because this process exports the name: the C library's, with a pause when no
 * file is left for a connection. libzmq asks again at once, and would take a processor for as long
 * as somebody waits at the door (docs/adr/0019). */
__attribute__((visibility("default"))) int accept4(int fd, __SOCKADDR_ARG address,
                                                   socklen_t *restrict len, int flags)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    __typeof__(accept4) *of_the_library = NULL;

    *(void **)&of_the_library = dlsym(RTLD_NEXT, "accept4");
    assert(of_the_library != NULL);
    int accepted = of_the_library(fd, address, len, flags);

    if (accepted < 0 && errno == EMFILE) {
        (void)nanosleep(&pause, NULL);
        errno = EMFILE;
    }
    return accepted;
}

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
