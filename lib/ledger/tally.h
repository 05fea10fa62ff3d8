/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tally: how often something happened in this week or quarter of London, and in the one before: a
 * META number, written by apply and read by whoever looks at a store. Of patterns only: it says
 * nothing about a child.
 */
#ifndef LEDGER_TALLY_H
#define LEDGER_TALLY_H

#include "ledger/state.h"

/* Of each pattern, "NAME/pattern id" in META. */
#define TALLY_RAISED "raised" /* alerts */
#define TALLY_SHADOW "shadow" /* what it would have raised */
#define TALLY_LISTED "listed" /* for review, when it was turned on */

struct tally {
    uint32_t week; /* this one's */
    uint32_t last_week;
    uint32_t quarter;
    uint32_t last_quarter;
};

void tally_get(struct store_txn *txn, const char *what, const char *pattern, int32_t day,
               struct tally *ret);
/* One more. Returns how many this week has with it. */
uint32_t tally_add(struct store_txn *txn, const char *what, const char *pattern, int32_t day);

#endif
