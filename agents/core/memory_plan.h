/* SPDX-License-Identifier: Apache-2.0 */
/* memory_plan: the most memory that the agent can come to use, from its limits. An agent that may
 * not have as much refuses to start: better that than ending in the middle of a bad day.
 * Pure. */
#ifndef AGENTS_MEMORY_PLAN_H
#define AGENTS_MEMORY_PLAN_H

#include <stdint.h>

#include "base/error.h"

/* What is summed up: X(name, what it is). tests/load/test_memory.c attacks each row. */
#define AGENT_MEMORY_ROWS(X)                                                                       \
    X(BASE, "program, libraries, their own state")                                                 \
    X(CONNECTIONS, "callers: stacks, small bodies, answers")                                       \
    X(LARGE, "large bodies, parsed, as events")                                                    \
    X(PAGES, "pages of the store that the largest submission writes")                              \
    X(LINK, "deliveries and receipts that wait in the socket")

enum agent_memory_row {
#define X(name, what) AGENT_MEMORY_##name,
    AGENT_MEMORY_ROWS(X)
#undef X
    N_AGENT_MEMORY_ROWS
};

extern const char *const agent_memory_row_names[N_AGENT_MEMORY_ROWS];

/* Each row's bytes. */
void agent_memory_plan_rows(uint64_t ret[N_AGENT_MEMORY_ROWS]);
uint64_t agent_memory_plan_bytes(void);
/* -ENOMEM and the error when the limit (0: none) is less. */
int agent_memory_plan_check(uint64_t limit_bytes, struct error *error) MUST_USE;

#endif
