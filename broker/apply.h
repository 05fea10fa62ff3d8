/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply: what an input does to the state. Deterministic: it sees its context (applying.h), the
 * transaction and the input, and nothing else: no clock, no random bytes, no environment. The same
 * journal gives the same bytes and the same root.
 *
 * Owned by the commit thread (or a replay). Faults of the store are sticky in the transaction;
 * apply never looks.
 */
#ifndef BROKER_APPLY_H
#define BROKER_APPLY_H

#include "broker/applying.h"

/* Starts a batch on a fresh write transaction: loads the log's edge. `governance` is referenced. */
int apply_begin(struct apply *apply, struct store_txn *txn, uint64_t batch,
                const struct batch_head *head, struct governance *governance) MUST_USE;
/* Releases the governance reference; the transaction is the caller's. */
void apply_end(struct apply *apply);

struct applied {
    enum verdict verdict;
    uint64_t log_index; /* of the entry's leaf when it has one, else UINT64_MAX */
    bool known;         /* the answer that it had already: nothing was applied */
};
/* The answer that an entry already has, so that it need not be journaled again: true when this id
 * was seen with this item digest. With another digest it is an equivocation and is applied like
 * anything new. (An entry that comes twice in one batch is journaled twice and applied once.) */
bool apply_known(struct store_txn *txn, const struct entry_id *id, const struct hash *item,
                 struct applied *ret);

/* Applies the inputs of a batch's row in order; `each` (may be NULL: to the end) hears what became
 * of one and says whether to go on. -EBADMSG for a broken row, or the transaction's fault. Commit
 * and replay both go through here. */
int apply_batch(struct apply *apply, struct slice row,
                bool (*each)(void *data, const struct input *input, uint32_t n,
                             struct applied applied),
                void *data) MUST_USE;

/* The governance that the store holds, or -ENOENT before the root is there. */
int apply_load_governance(struct store_txn *txn, struct governance **ret,
                          struct error *error) MUST_USE;

#endif
