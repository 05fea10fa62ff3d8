/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hold: a named person keeps what the broker has of one child from being destroyed: an inquiry, a
 * court, a review. The origin of a record says so, or a front door that was told of it; it holds
 * for the subject that the record is about, whatever child that is one of by then, until the same
 * agency releases it, and for CAIRN_HOLD_DAYS at most: CAIRN_HOLD_NOTICE_DAYS before, the agency
 * hears that it ends, and a person who still needs it says so again, which prolongs it. An agency
 * has at most CAIRN_HOLDS_MAX. Who holds is told to nobody; a record's origin hears that it is
 * held. Part of apply.
 */
#ifndef BROKER_HOLD_H
#define BROKER_HOLD_H

#include "broker/applying.h"

enum verdict hold_judge(struct apply *apply, const struct decision_header *header);
void hold_act(struct apply *apply, const struct decision_header *header);

/* The timer that a hold set: its agency hears that it ends, or it ends. */
void hold_due(struct apply *apply, const struct timer_row *timer);

/* Whether anybody holds what is said of any subject of this child, today. */
bool hold_is_on(struct apply *apply, uint64_t child);
/* The child that an entry with a body is about, as far as it is about one; 0 none. */
uint64_t hold_child(struct apply *apply, const struct entry_id *entry);

#endif
