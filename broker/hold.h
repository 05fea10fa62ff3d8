/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold: a named person keeps what the broker has of one child from being destroyed: an inquiry, a
 * court, a review. The origin of a record says so, or a front door that was told of it; it holds for
 * the subject that the record is about, whatever child that is one of by then, and until the same
 * agency releases it. Who holds is told to nobody; a record's origin hears that it is held. Part of
 * apply.
 */
#ifndef BROKER_HOLD_H
#define BROKER_HOLD_H

#include "broker/applying.h"

enum verdict hold_judge(struct apply *apply, const struct decision_header *header);
void hold_act(struct apply *apply, const struct decision_header *header);

/* Whether anybody holds what is said of any subject of this child. */
bool hold_is_on(struct store_txn *txn, uint64_t child);
/* The child that an entry with a body is about, as far as it is about one; 0 none. */
uint64_t hold_child(struct apply *apply, const struct entry_id *entry);

#endif
