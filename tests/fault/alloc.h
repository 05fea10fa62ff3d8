/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alloc: memory that runs out when told to. Linked into a test, it stands in for malloc, calloc and
 * realloc of the whole process: ours and every library's. Only the thread that asked for it is
 * refused anything.
 */
#ifndef FAULT_ALLOC_H
#define FAULT_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* From now on this thread's nth allocation (1 the next) is refused, and with `for_ever` all that
 * follow. */
void alloc_fail(size_t nth, bool for_ever);
/* All is as it was; returns how many were refused. */
size_t alloc_stop(void);
/* How many there were between the two. */
size_t alloc_seen(void);

#endif
