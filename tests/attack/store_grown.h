/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_grown: what a partnership leaves in its broker's store over some time: children that a
 * practice, a hospital and health visitors know, parcels of one to sixteen records of missed
 * appointments with sealed bodies and grants, and the alerts, mailboxes and timers that follow.
 * Made by the real stages, on top of store_life. Bodies and grants are sealed to nobody: a broker
 * cannot tell.
 */
#ifndef ATTACK_STORE_GROWN_H
#define ATTACK_STORE_GROWN_H

#include "support/world.h"

/* Until that many bytes of the store's file are in use. Asserts (cmocka) that all is taken. */
void store_grown(struct world *world, uint64_t bytes);

#endif
