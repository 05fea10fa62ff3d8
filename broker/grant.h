/* SPDX-License-Identifier: Apache-2.0 */
/*
 * grant: an origin discloses later what it has stored: a record that was asked for or that it sends
 * on, or who it is that is involved. Judged by the agreements of the day, like the record itself
 * was. Part of apply.
 */
#ifndef BROKER_GRANT_H
#define BROKER_GRANT_H

#include "broker/applying.h"
#include "govern/govern.h"

/* Whether it may disclose what the agreements decide so: the decision of a person what is held or
 * to be asked for as well; what an agent granted by itself only what is shared still. */
bool grant_allows(const struct grant_header *header, struct decision decision);

enum verdict grant_judge(struct apply *apply, const struct grant_header *header,
                         const struct entry_input *entry);
/* What tells the recipients, once the grant's own leaf and row are there: the record, and with it
 * this entry, whose grants open it. */
void grant_act(struct apply *apply, const struct grant_header *header,
               const struct entry_input *entry);

#endif
