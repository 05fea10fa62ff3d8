/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stored: an entry as it lies in the journal, read again by its id. Used in apply and by publish.
 */
#ifndef BROKER_STORED_H
#define BROKER_STORED_H

#include "ledger/journal.h"
#include "ledger/state.h"

struct stored {
    struct arena arena; /* of what `header` points to */
    struct entry_row row;
    struct entry_input input;
    struct entry_header header;
};

#define STORED_NULL                                                                                \
    {                                                                                              \
        .arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES)                                           \
    }

/* False when there is no such entry, whatever the verdict about it was. What comes back lives until
 * stored_deinit, and no longer than the transaction. */
bool stored_load(struct store_txn *txn, const struct entry_id *id, struct stored *ret) MUST_USE;
/* The same, false when it is of another kind as well. */
bool stored_load_as(struct store_txn *txn, const struct entry_id *id, enum entry_kind kind,
                    struct stored *ret) MUST_USE;
void stored_deinit(struct stored *stored);

#endif
