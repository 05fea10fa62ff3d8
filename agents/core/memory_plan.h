/* SPDX-License-Identifier: Apache-2.0 */
/* memory_plan: the most memory that the agent can come to use, from its limits. An agent that may
 * not have as much refuses to start: better that than ending in the middle of a bad day.
 * Pure. */
#ifndef AGENTS_MEMORY_PLAN_H
#define AGENTS_MEMORY_PLAN_H

#include <stdint.h>

#include "base/error.h"

uint64_t agent_memory_plan_bytes(void);
/* -ENOMEM and the error when the limit (0: none) is less. */
int agent_memory_plan_check(uint64_t limit_bytes, struct error *error) MUST_USE;

#endif
