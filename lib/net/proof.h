/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to lib/net. proof: what router_open asks of its socket and of ZAP before the public
 * endpoint is bound. A friend, whose key ZAP was told to admit, and a stranger, whose key nobody
 * knows, live for the length of the proof.
 */
#ifndef NET_PROOF_H
#define NET_PROOF_H

#include "net/router.h"
#include "net/zap.h"

#define PROOF_LOOK_MS 5

struct proof {
    struct secret friend_secret;
    struct secret stranger_secret;
    uint8_t friend_key[CURVE_KEY_BYTES];
    uint8_t stranger_key[CURVE_KEY_BYTES];
    uint8_t server_key[CURVE_KEY_BYTES];
    char endpoint[64]; /* private: an abstract Unix socket with a random name */
    unsigned looks;    /* at the socket, PROOF_LOOK_MS at most each, until the proof has failed */
    unsigned arrived;  /* the friend's frames */
};

int proof_init(struct proof *proof, const struct secret *server_secret, unsigned looks) MUST_USE;
void proof_deinit(struct proof *proof);
/* The router is bound to proof->endpoint. 0, or -EPROTO and which client got through or did not.
 * zap may be NULL (tests). */
int proof_run(struct proof *proof, struct router *router, struct zap *zap,
              struct error *error) MUST_USE;

#endif
