/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk: whose watch it is. What cannot wait goes to every front door that may read it
 * (docs/adr/0008); the calendar names one desk for every minute, and the record is marked for the
 * front door that has it: it is the one to act. While no front door that holds the record has the
 * watch, it is marked for each, so that none takes another to be acting. Part of apply.
 */
#ifndef BROKER_DESK_H
#define BROKER_DESK_H

#include "broker/applying.h"

/* Whether somebody has to act on it now, and is named: not only what is shared and may be read. */
bool desk_concerns(const struct record_header *header);
/* Whether it is for this front door to act on such a record, at the batch's time. */
bool desk_has_watch(struct apply *apply, const struct record_header *header,
                    const struct entry_input *entry, const struct agency *front_door);
/* Whether the agency is a front door that is to have such a record: its author did not leave it
 * out. */
bool desk_may_read(struct apply *apply, const struct record_header *header,
                   const struct agency *agency);

#endif
