/* SPDX-License-Identifier: Apache-2.0 */
#include "support/ledger_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct store *ledger_store_open(const char *dir)
{
    struct store *store = NULL;
    struct error error = ERROR_NULL;
    const struct store_options options = {
        .dir = dir,
        .map_bytes = CAIRN_BROKER_MAP_BYTES,
        .tables = state_table_names,
        .n_tables = N_TABLES,
        .allow_tmpfs = true,
    };
    assert_int_equal(store_open(&options, &store, &error), 0);
    return store;
}

int ledger_store_set_up(void **state)
{
    struct ledger_store *ledger = base_zalloc(1, sizeof(*ledger));
    *state = ledger;
    scratch_make(ledger->dir);
    ledger->store = ledger_store_open(ledger->dir);
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
