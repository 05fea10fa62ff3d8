/* SPDX-License-Identifier: Apache-2.0 */
/* replaying: what the journal alone makes of an empty store, and whether it is the same. */
#ifndef SUPPORT_REPLAYING_H
#define SUPPORT_REPLAYING_H

#include "store/store.h"

/* Replays every batch of the journal into an empty store and asserts (cmocka) that each state table
 * has the same bytes and the log the same root. */
void expect_replay_is_the_same(struct store *live);
/* State tables only, byte for byte. */
void expect_same_state(struct store *a, struct store *b);

#endif
