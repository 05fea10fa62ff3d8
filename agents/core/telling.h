/* SPDX-License-Identifier: Apache-2.0 */
/*
 * telling: one thing that a source says, inside its taking: known already (correct.h)? Else it
 * settles, waits until our place in the partnership is known, or is sealed and spooled now.
 *
 * 0 and the item of the answer; or -errno, and the taking is to be ended.
 */
#ifndef AGENTS_TELLING_H
#define AGENTS_TELLING_H

#include "agents/core/taking.h"
#include "agents/core/tie.h"

int telling_event(struct taking *taking, struct event *event, struct intake_item *item) MUST_USE;
int telling_involvement(struct taking *taking, const struct involvement *involvement,
                        const struct stated_by *by, struct intake_item *item) MUST_USE;
/* `json` as it came, to be read again when it can be sealed. */
int telling_tie(struct taking *taking, const struct tying *tying, struct slice json,
                struct intake_item *item) MUST_USE;

#endif
