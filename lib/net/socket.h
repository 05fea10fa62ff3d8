/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to lib/net: what a ROUTER and a DEALER have in common. Every option is set before the
 * socket is bound or connected and read back; one that does not read back is -EPROTO and words.
 * Nothing here blocks but socket_wait.
 */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include "base/error.h"
#include "net/curve.h"
#include "net/frame.h"
#include "os/wake.h"

struct socket_option {
    int name;
    int value;
    const char *text; /* for the person who reads that it did not hold */
    bool write_only;  /* libzmq offers no way to read it back */
};

/* A socket of that type for that endpoint, with all that does not depend on the role. Only
 * transports that run CURVE. */
int socket_open(int type, const char *endpoint, void **ret, struct error *error) MUST_USE;
void socket_close(void **socket); /* accepts NULL; what is unsent is dropped */
int socket_set(void *socket, const struct socket_option *options, size_t count,
               struct error *error) MUST_USE;
int socket_set_key(void *socket, int name, const uint8_t key[CURVE_KEY_BYTES],
                   struct error *error) MUST_USE;
int socket_set_domain(void *socket, const char *domain, struct error *error) MUST_USE;

/* Until the socket can be read (only when `reading`), wake was signalled, or the timeout. A signal
 * ends it early with 0. */
int socket_wait(void *socket, const struct wake *wake, bool reading, int timeout_ms,
                bool *ret_readable) MUST_USE;
/* One part of a message as it came, not settled. False when none waits. */
bool socket_take(void *socket, struct net_frame *ret_part, bool *ret_more) MUST_USE;
/* Throws away what is left of a message, a bounded number of parts at a time. True when its end was
 * reached. */
bool socket_drain(void *socket) MUST_USE;
/* Hands the frame over on success. 0, -EAGAIN or -EHOSTUNREACH. */
int socket_give(void *socket, struct net_frame *frame, int flags) MUST_USE;

#endif
