/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service: who signs the log's heads. It holds the only copy of the checkpoint key in any running
 * process, remembers the last head that it signed in a file of its own, synced before the signature
 * is released, and signs another only when a proof leads to it from that one. So whoever has taken
 * over the broker can have the log go on, and cannot have it shrink, fork or be rewritten.
 *
 * A new file has signed nothing: the first head is taken as it comes. One thread.
 */
#ifndef SIGNER_SERVICE_H
#define SIGNER_SERVICE_H

#include "signer/highwater.h"
#include "signer/message.h"

struct service_options {
    const char *keys;        /* folder with the checkpoint-key */
    const char *governance;  /* folder with the root document, which names the log's origin */
    const char *signed_head; /* the file */
};

struct service {
    struct signer *key;
    struct note_key note_key;
    struct highwater file;
    struct checkpoint last; /* size 0: none */
};
#define SERVICE_NULL ((struct service){.file = HIGHWATER_NULL})

#define SERVICE_WAIT_S 3

/* Waits SERVICE_WAIT_S for the end of another that holds the same file. */
int service_open(const struct service_options *options, struct service *ret,
                 struct error *error) MUST_USE;
/* For tests, which have the key at hand. The seed is borrowed. */
int service_open_with(const struct secret *seed, const char *origin, const char *path,
                      struct service *ret, struct error *error) MUST_USE;
void service_close(struct service *service);

/* One datagram for another; `out` has SIGNER_ANSWER_MAX_BYTES. A head that cannot be remembered
 * ends the process (highwater_failed). */
struct slice service_answer(struct service *service, struct slice ask, uint8_t *out);

/* After the file and the socket are open: no file can be opened any more, no process or thread
 * started, no socket made. For good. */
int service_wall(struct error *error) MUST_USE;
/* Answers until the other side is gone. */
void service_serve(struct service *service, int fd);

#endif
