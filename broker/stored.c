/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/stored.h"

bool stored_load(struct store_txn *txn, const struct entry_id *id, struct stored *ret)
{
    return entry_row_get(txn, id, &ret->row) &&
           journal_entry_at(txn, ret->row.batch, ret->row.offset, &ret->input) &&
           wire_entry_header_read(ret->row.kind, ret->input.header, &ret->arena, &ret->header);
}

bool stored_load_as(struct store_txn *txn, const struct entry_id *id, enum entry_kind kind,
                    struct stored *ret)
{
    return stored_load(txn, id, ret) && ret->row.kind == kind;
}

void stored_deinit(struct stored *stored)
{
    arena_deinit(&stored->arena);
}
