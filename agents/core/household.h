/* SPDX-License-Identifier: Apache-2.0 */
/*
 * household: which alerts are about children of one household, as far as records say: two alerts
 * that list records of one event (the header's event id) are. A record says so with its header,
 * ours or one that has come, with or without its account; a headline alone does not.
 *
 *   HOUSEHOLD   1 u8, event[16], alert u64 -> (empty)
 *               2 u8, alert u64, event[16] -> (empty)
 *
 * All functions work inside the caller's transaction.
 */
#ifndef AGENTS_HOUSEHOLD_H
#define AGENTS_HOUSEHOLD_H

#include "agents/core/state.h"
#include "wire/wire.h"

/* An alert lists these records; nothing of any other notice. */
void household_keep(struct store_txn *txn, const struct wire_notice *notice);
/* A record that an alert listed before has come. */
void household_keep_record(struct store_txn *txn, uint64_t alert,
                           const uint8_t event[CAIRN_EVENT_ID_BYTES]);
/* The number of the first alert of the household, over at most HOUSEHOLD_STEPS_MAX events that lead
 * from one to the next; its own when it shares an event with none before it. */
#define HOUSEHOLD_STEPS_MAX 16
uint64_t household_of(struct store_txn *txn, uint64_t alert);

#endif
