/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger_store: a store with the ledger's tables; and an empty one in a folder of its own with one
 * write transaction, by cmocka's set-up and tear-down; *state is the struct.
 */
#ifndef SUPPORT_LEDGER_STORE_H
#define SUPPORT_LEDGER_STORE_H

#include "ledger/state.h"
#include "support/scratch.h"

struct ledger_store {
    char dir[SCRATCH_BYTES];
    struct store *store;
    struct store_txn *txn;
};
/* The store in that folder, made when there is none. The caller's; asserts. */
struct store *ledger_store_open(const char *dir) MUST_USE;

int ledger_store_set_up(void **state);
int ledger_store_tear_down(void **state);

#endif
