/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the inbox as inbox_take.c and inbox_notice.c write them; what they mean is in inbox.h.
 * All work inside the caller's transaction, on the link's thread. */
#ifndef AGENTS_INBOX_INTERNAL_H
#define AGENTS_INBOX_INTERNAL_H

#include "agents/core/inbox.h"

/* `position` comes after every other. */
void inbox_append(struct store_txn *txn, uint64_t position, const struct inbox_row *row);
void received_put(struct store_txn *txn, const struct entry_id *entry,
                  const struct received_row *row);
/* `alert` 0: the grant came with the entry. One that is held stays, whatever comes later under the
 * same part: its origin seals one, and who hands it on could spoil it. */
void held_grant_put(struct store_txn *txn, const struct entry_id *entry,
                    const struct wire_grant *grant, uint64_t alert);
void inbox_gaps_put(struct store_txn *txn, const struct inbox_gaps *gaps);

/* inbox_notice.c: what the notice at this position, which was checked, says of records and of its
 * alert. `own`: this agency. */
void notice_keep(struct store_txn *txn, uint32_t own, uint64_t position,
                 const struct wire_notice *notice);

#endif
