/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forgetting: how tables that only grow lose what is of no use any more: with each row that is
 * kept, the next few of a walk that goes round the table are looked at. Inside the caller's
 * transaction.
 */
#ifndef AGENTS_FORGETTING_H
#define AGENTS_FORGETTING_H

#include "agents/core/state.h"

struct forgetting {
    enum agent_table table;
    const char *at; /* META: where the walk goes on */
    bool (*is_old)(struct store_txn *txn, const struct store_walk *walk, int64_t now_ms);
};

void forget_some(struct store_txn *txn, const struct forgetting *what, int64_t now_ms);

#endif
