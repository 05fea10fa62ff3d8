/* SPDX-License-Identifier: Apache-2.0 */
/*
 * waiting: what lies in mailboxes, judged again. Agreements change and end while an agency is away;
 * a telling was judged when it was written, and is not true for ever.
 *
 * Whenever the agreements, the directory or the day are others than those that the last judging was
 * by, every row is judged by today's, some in each batch (INPUT_CONTINUE), in the order of agencies
 * and positions. What may not go any more gives its place to an item without content; its record's
 * origin hears so and its state says so. A notice loses the headlines that may not be known any
 * more. The same once more when a child has parted in two, or an adult is no longer tied to
 * one: what waits was told of another child. Nothing is ever widened. Publish delivers nothing that
 * the judging has not passed and that may not go: until it has, it asks the same question. What is
 * immediate, and a referral to a front door, always may.
 *
 * Part of apply; waiting_may_go reads only, and publish asks it over a transaction of its own.
 */
#ifndef BROKER_WAITING_H
#define BROKER_WAITING_H

#include "broker/applying.h"

/* May this row go to that agency as it stands? By apply's governance and time. */
bool waiting_may_go(struct apply *apply, uint32_t agency, const struct mailbox_row *row);
/* How far the judging by this governance and day has come: up to that place, it included. */
struct waiting_place {
    uint64_t agency;
    uint64_t position;
};
struct waiting_place waiting_passed(struct store_txn *txn, const struct governance *governance,
                                    int32_t day);
bool waiting_is_past(const struct waiting_place *passed, uint32_t agency, uint64_t position);
/* There is something to judge yet by this governance and day. */
bool waiting_pending(struct store_txn *txn, const struct governance *governance, int32_t day);
/* Who is which child is not what it was: every row is judged once more. */
void waiting_judge_again(struct apply *apply);
/* Judges the next rows, CAIRN_JUDGED_PER_BATCH at most. */
void waiting_judge(struct apply *apply);

#endif
