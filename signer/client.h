/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client: the broker's side of the signer: a connection, and what it signed last. Owned by the
 * commit thread once the broker runs. A signer that is gone, that does not answer within
 * SIGNER_PATIENCE_S, or that answers something else is a fault: -errno; one that refuses is
 * -EKEYREJECTED.
 */
#ifndef SIGNER_CLIENT_H
#define SIGNER_CLIENT_H

#include "base/error.h"
#include "signer/message.h"

#define SIGNER_PATIENCE_S 20 /* less than the broker's watchdog */

struct service;

struct signer_client {
    int fd;                  /* -1: closed, or `service` answers */
    struct service *service; /* of the same process: for tests; otherwise NULL */
    struct checkpoint last;  /* what the signer signed last; size 0: nothing */
    uint8_t public_key[SIGN_PUBLIC_BYTES];
};
#define SIGNER_CLIENT_NULL ((struct signer_client){.fd = -1})

/* Connects to the socket of a cairn-signer. */
int signer_client_connect(const char *path, struct signer_client *ret,
                          struct error *error) MUST_USE;
/* Takes a connected socket; it is closed on failure too. */
int signer_client_take(int fd, struct signer_client *ret, struct error *error) MUST_USE;
int signer_client_service(struct service *service, struct signer_client *ret) MUST_USE;
void signer_client_close(struct signer_client *client);

/* `proof` leads from client->last to the head; ignored when client->last is nothing, or this head.
 * Appends the signed checkpoint. */
int signer_client_sign(struct signer_client *client, const struct checkpoint *head,
                       const struct tree_proof *proof, struct buf *note) MUST_USE;

#endif
