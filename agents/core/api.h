/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api: the local interface: HTTP over a Unix socket (options->socket), for the agency's own systems
 * and the command line. Callers are known by their user id.
 */
#ifndef AGENTS_API_H
#define AGENTS_API_H

#include "agents/core/agent.h"

struct api;
/* Listens; its threads call intake, inbox, open and link. */
int api_start(struct agent *agent, struct api **ret, struct error *error) MUST_USE;
/* Cuts off callers who take too long over asking or reading. Call it every few seconds. */
void api_shed(struct api *api);
/* Ends waiting callers (news_close was called before), finishes the others, removes the socket.
 * Accepts NULL. */
void api_stop(struct api **api);

#endif
