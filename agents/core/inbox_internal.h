/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the inbox as inbox_take.c writes them; what they mean is in inbox.h. */
#ifndef AGENTS_INBOX_INTERNAL_H
#define AGENTS_INBOX_INTERNAL_H

#include "agents/core/inbox.h"

void inbox_put(struct store_txn *txn, uint64_t position, const struct inbox_row *row);
void received_put(struct store_txn *txn, const struct entry_id *entry,
                  const struct received_row *row);
/* `alert` 0: the grant came with the entry. */
void held_grant_put(struct store_txn *txn, const struct entry_id *entry,
                    const struct wire_grant *grant, uint64_t alert);
void inbox_gaps_put(struct store_txn *txn, const struct inbox_gaps *gaps);

#endif
