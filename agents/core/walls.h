/* SPDX-License-Identifier: Apache-2.0 */
/* walls: what the agent gives up: files before its first thread, system calls once all has
 * started. */
#ifndef AGENTS_WALLS_H
#define AGENTS_WALLS_H

#include "agents/core/options.h"

/* After the store is open and the socket's folder is there; the store's folder, the watched ones
 * and what the resolver reads stay within reach, the keys do not. */
int walls_files(const struct agent_options *options, struct error *error) MUST_USE;
/* After the local interface listens. */
int walls_calls(struct error *error) MUST_USE;

#endif
