/* SPDX-License-Identifier: Apache-2.0 */
/* Files mapped shared, with one living owner each: what counters and marker have in common. */
#ifndef OS_MAPPED_H
#define OS_MAPPED_H

#include <stdbool.h>

#include "base/attr.h"

/* Locks the file for as long as `fd` is open; -EBUSY when somebody else has it. */
int mapped_lock(int fd) MUST_USE;
bool mapped_is_locked(int fd); /* by an fd other than this one */
/* Gives the file at least `bytes` of real blocks, because a full disk under a mapping is a SIGBUS,
 * and maps them. */
int mapped_map(int fd, size_t bytes, void **ret) MUST_USE;

#endif
