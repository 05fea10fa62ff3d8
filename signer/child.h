/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child: a signer as a child of the broker, for a partnership on one machine without units of its
 * own. It is forked before the broker has opened anything, so it holds nothing of the broker's and
 * the broker never holds the key; it ends when the broker does, whose end closes the socket.
 */
#ifndef SIGNER_CHILD_H
#define SIGNER_CHILD_H

#include "signer/client.h"
#include "signer/service.h"

/* Call before any thread starts. The child does not return. */
int signer_start(const struct service_options *options, struct signer_client *ret,
                 struct error *error) MUST_USE;

#endif
