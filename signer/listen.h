/* SPDX-License-Identifier: Apache-2.0 */
/* listen: the socket of a signer with a user of its own. */
#ifndef SIGNER_LISTEN_H
#define SIGNER_LISTEN_H

#include "base/error.h"
#include "signer/service.h"

/* Binds `path`, in place of a socket that an earlier signer left there; 0660, so that the group may
 * connect. *ret_fd is the caller's to close. */
int signer_listen(const char *path, int *ret_fd, struct error *error) MUST_USE;
/* One connection after another, for ever; a fault of the socket returns -errno. */
int signer_run(struct service *service, int listening);

#endif
