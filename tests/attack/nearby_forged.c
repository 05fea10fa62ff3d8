/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/nearby.h"
#include "ledger/state.h"

/* Whether the row of that key is another than in the whole store, or is not there any more. */
static bool differs(const struct nearby *nearby, struct store_txn *txn, unsigned table,
                    struct slice key)
{
    struct slice was;
    struct slice is;
    bool was_there = store_get(nearby->spoiled->whole_txn, table, key, &was);
    bool is_there = store_get(txn, table, key, &is);

    return was_there != is_there || (is_there && !slice_equal(was, is));
}

/* The batch of a row of the journal, of a body or a parcel; one after the last stands for all that
 * come later. */
static uint64_t batch_of(const struct nearby *nearby, struct slice key)
{
    struct reader reader = reader_over(key);
    uint64_t batch = read_u64(&reader);
    uint64_t last = nearby->n_batches + 1;

    batch = batch == 0 ? 1 : batch;
    return batch < last ? batch : last;
}

static bool is_found(const struct nearby *nearby, struct store_txn *txn, uint64_t batch,
                     uint64_t more, char *problem, bool *ret_as_many)
{
    struct near_audit audit = {.walk_from = batch - 1, .from = batch, .to = batch + more};
    bool found = nearby_audit(nearby, txn, &audit, problem);

    *ret_as_many = audit.as_many;
    return found;
}

enum near_verdict nearby_forged(const struct nearby *nearby, struct store_txn *txn,
                                const struct forged *forged, char *problem)
{
    const struct slice keys[] = {forged_key_slice(&forged->one), forged_key_slice(&forged->other)};
    uint64_t first = UINT64_MAX;
    bool as_many = false;

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (differs(nearby, txn, forged->table, keys[i])) {
            uint64_t batch = nearby->replayed[forged->table] ? 0 : batch_of(nearby, keys[i]);
            first = batch < first ? batch : first;
        }
    }
    if (first == UINT64_MAX) {
        return NEAR_SAME;
    }
    if (nearby->replayed[forged->table]) {
        return NEAR_COMPARISON;
    }
    uint64_t more = forged->table == T_JOURNAL ? NEAR_LEAFLESS : 1;
    if (is_found(nearby, txn, first, more, problem, &as_many)) {
        return NEAR_VERIFY;
    }
    bool added = forged->forgery == FORGE_ADD && forged->table != T_JOURNAL && as_many;
    return added && nearby_more(nearby, txn, problem) ? NEAR_VERIFY : NEAR_UNDECIDED;
}
