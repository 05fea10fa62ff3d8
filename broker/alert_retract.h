/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert_retract: a record is taken back. Those who were told of it hear so, as far as they were.
 * Part of apply.
 */
#ifndef BROKER_ALERT_RETRACT_H
#define BROKER_ALERT_RETRACT_H

#include "broker/applying.h"

/* A record that takes another one back. Borrowed for the call. */
struct retraction {
    const struct record_header *header;
    const struct entry_input *entry;
    uint64_t alert; /* that lists what is taken back; 0 none, and none of an adult's */
};
void alert_retracted(struct apply *apply, const struct retraction *retraction);

/* Agencies that a record was delivered to. Returns how many. */
size_t alert_readers(struct apply *apply, const struct entry_id *record,
                     uint32_t readers[CAIRN_ADDRESSEES_MAX]);

#endif
