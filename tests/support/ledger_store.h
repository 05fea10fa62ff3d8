/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_store: an empty store with the ledger's tables, in a folder of its own, and one write
 * transaction. cmocka's set-up and tear-down; *state is the struct. */
#ifndef SUPPORT_LEDGER_STORE_H
#define SUPPORT_LEDGER_STORE_H

#include "ledger/state.h"
#include "support/scratch.h"

struct ledger_store {
    char dir[SCRATCH_BYTES];
    struct store *store;
    struct store_txn *txn;
};
int ledger_store_set_up(void **state);
int ledger_store_tear_down(void **state);

#endif
