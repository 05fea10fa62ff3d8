/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of a store that this process has open, for what is then forged, audited or gone back to.
 * Operators copy with mdb_copy, from another process. */
#ifndef TESTS_STORE_COPY_H
#define TESTS_STORE_COPY_H

#include "store/store.h"

/* Makes `dir`, which must not be there; what is committed is in it, not synced. Not while this
 * thread has a write transaction. 0 or -errno. */
int store_copy(struct store *store, const char *dir) MUST_USE;

#endif
