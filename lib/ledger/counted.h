/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counted: how many rows each table has that the journal makes, as the last batch left them: a row
 * of META that each batch puts last. A table that lost its rows is found by it at the next start,
 * which reads no rows: LMDB knows how many a table has. Bodies and parcels are not among them: the
 * journal does not say of which entries they are there.
 */
#ifndef LEDGER_COUNTED_H
#define LEDGER_COUNTED_H

#include "base/error.h"
#include "ledger/state.h"

/* Behind all that a batch writes into those tables. */
void counted_put(struct store_txn *txn);
/* 0, or -EBADMSG and which table has other rows than its last batch left; of a store without a
 * batch, than none. Or the transaction's fault. The error names `where`. */
int counted_check(struct store_txn *txn, const char *where, struct error *error) MUST_USE;

#endif
