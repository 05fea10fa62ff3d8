/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backfill: what a pattern finds in what was there before it was turned on. It is turned on when it
 * becomes live, or another version of it does. Records from before never raise an alert by
 * themselves; where the pattern says `review-list`, the children who meet it by them alone make one
 * list for the front door, once: alerts in state ALERT_LISTED, which no timer watches and nobody
 * else hears of. A person who takes one up decides about it as about any alert; a later record,
 * and an earlier one that is found to be of the child only then, makes it a live one.
 *
 * The children are walked some in each batch (INPUT_CONTINUE). Part of apply.
 */
#ifndef BROKER_BACKFILL_H
#define BROKER_BACKFILL_H

#include "broker/applying.h"

/* Other patterns have come into force in place of those of `old`, NULL: of none. */
void backfill_turned_on(struct apply *apply, const struct governance *old);
/* Records with a smaller log index were there before it was turned on. 0: none were. */
uint64_t backfill_since(struct store_txn *txn, const struct pattern *pattern);
/* There are children left to look at. */
bool backfill_pending(struct store_txn *txn, const struct governance *governance);
/* Looks at the next, CAIRN_BACKFILL_PER_BATCH at most. */
void backfill_look(struct apply *apply);

#endif
