/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/forgetting.h"

#include <string.h>

#define FORGET_ROWS 4 /* looked at with each one kept: a table stays as long as it must */

void forget_some(struct store_txn *txn, const struct forgetting *what, int64_t now_ms)
{
    struct slice at = SLICE_NULL;
    struct store_key next = {.len = 0};
    if (!agent_meta_bytes(txn, what->at, &at) || at.len == 0) {
        at = SLICE_NULL;
    }
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, what->table, at);
    for (size_t n = 0; walk.live && n < FORGET_ROWS; n++) {
        if (what->is_old(txn, &walk, now_ms)) {
            (void)store_delete(txn, what->table, walk.key);
        }
        store_walk_next(&walk);
    }
    if (walk.live) { /* from the beginning again after the last */
        next.len = walk.key.len;
        memcpy(next.bytes, walk.key.data, walk.key.len);
    }
    agent_meta_put_bytes(txn, what->at, store_key_slice(&next));
}
