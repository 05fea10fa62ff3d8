/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory this process may have and has. Start-up compares its worst case with the limit.
 */
#ifndef OS_MEMORY_H
#define OS_MEMORY_H

#include <stdint.h>

#include "base/attr.h"

/* The least of RLIMIT_AS, RLIMIT_DATA and memory.max of our cgroup (version 2) and its parents; 0
 * when none is set. */
int memory_limit(uint64_t *ret_bytes) MUST_USE;
/* The cgroup part of it, with the two places named: "/proc/self/cgroup" and "/sys/fs/cgroup". */
int memory_cgroup_limit(const char *membership, const char *mount, uint64_t *ret_bytes) MUST_USE;
/* Resident set, now. */
int memory_resident(uint64_t *ret_bytes) MUST_USE;

#endif
