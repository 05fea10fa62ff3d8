/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own_keys: whether the keys of one folder are one agency's. A folder put together from two would
 * connect as the one and sign as the other.
 */
#ifndef AGENTS_OWN_KEYS_H
#define AGENTS_OWN_KEYS_H

#include "agents/core/agent.h"

/* -EINVAL and the error, which names the key's file and both agencies, when the directory that is
 * held knows two of the keys as those of two agencies. Keys that it does not know say nothing. */
int own_keys_check(const struct agent *agent, struct error *error) MUST_USE;

#endif
