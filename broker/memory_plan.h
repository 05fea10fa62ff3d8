/* SPDX-License-Identifier: Apache-2.0 */
/* memory_plan: the most memory that the broker can come to use, from its limits and the number of
 * agencies; compared with the limit at start. Pure. */
#ifndef BROKER_MEMORY_PLAN_H
#define BROKER_MEMORY_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The ring: slots, frames, and what verify unpacks of them. */
uint64_t memory_plan_ring_bytes(void);
/* All bytes beside the mapped store. */
uint64_t memory_plan_bytes(size_t agencies, int workers);
/* -ENOMEM and the sum in words when limit_bytes is not 0 and smaller. */
int memory_plan_check(size_t agencies, int workers, uint64_t limit_bytes,
                      struct error *error) MUST_USE;

#endif
