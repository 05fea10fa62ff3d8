/* SPDX-License-Identifier: Apache-2.0 */
#include "support/ledger_store.h"

#define MAP_BYTES (64ULL << 20)

int ledger_store_set_up(void **state)
{
    struct ledger_store *ledger = base_zalloc(1, sizeof(*ledger));
    struct error error = ERROR_NULL;
    *state = ledger;
    scratch_make(ledger->dir);
    const struct store_options options = {
        .dir = ledger->dir,
        .map_bytes = MAP_BYTES,
        .tables = state_table_names,
        .n_tables = N_TABLES,
        .allow_tmpfs = true,
    };
    if (store_open(&options, &ledger->store, &error) != 0) {
        return -1;
    }
    ledger->txn = store_begin(ledger->store);
    return ledger->txn == NULL ? -1 : 0;
}

int ledger_store_tear_down(void **state)
{
    struct ledger_store *ledger = *state;

    store_end(&ledger->txn);
    store_close(&ledger->store);
    scratch_remove(ledger->dir);
    base_free(&ledger);
    return 0;
}
