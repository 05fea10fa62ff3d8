/* SPDX-License-Identifier: Apache-2.0 */
/* memory_plan: the most memory that the broker can come to use, from its limits and the number of
 * agencies; compared with the limit at start. Pure. tests/load/test_memory.c attacks each row. */
#ifndef BROKER_MEMORY_PLAN_H
#define BROKER_MEMORY_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* What is summed up: X(name, what it is). */
#define MEMORY_ROWS(X)                                                                             \
    X(BASE, "program, libraries, their own state")                                                 \
    X(RING, "frames in the ring, and what verify unpacks of them")                                 \
    X(QUEUES, "letters between net and publish")                                                   \
    X(BATCH, "the journal row of a batch, and its slots' entries")                                 \
    X(PAGES, "pages of the store that a batch has written and not yet committed")                  \
    X(PUBLISH, "subscriptions, the delivery and the answer at hand")                               \
    X(PEERS, "messages that wait in the sockets of agencies")                                      \
    X(STRANGERS, "connections that have not proved a key")                                         \
    X(THREADS, "stacks")

enum memory_row {
#define X(name, what) MEMORY_##name,
    MEMORY_ROWS(X)
#undef X
    N_MEMORY_ROWS
};

extern const char *const memory_row_names[N_MEMORY_ROWS];

/* Each row's bytes. */
void memory_plan_rows(size_t agencies, int workers, uint64_t ret[N_MEMORY_ROWS]);
/* The ring: slots, frames, and what verify unpacks of them. */
uint64_t memory_plan_ring_bytes(void);
/* All bytes beside the mapped store. */
uint64_t memory_plan_bytes(size_t agencies, int workers);
/* -ENOMEM and the sum in words when limit_bytes is not 0 and smaller. */
int memory_plan_check(size_t agencies, int workers, uint64_t limit_bytes,
                      struct error *error) MUST_USE;

#endif
