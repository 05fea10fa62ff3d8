/* SPDX-License-Identifier: Apache-2.0 */
/*
 * household: which alerts are about children of one household, as far as records say: two alerts
 * that list records of one event (the header's event id) are. An alert is of the household of the
 * first one before it that shares an event with it.
 *
 * One thread at a time. Zero state HOUSEHOLDS_NULL.
 */
#ifndef AGENTS_HOUSEHOLD_H
#define AGENTS_HOUSEHOLD_H

#include "base/slice.h"
#include "cairn/ids.h"

struct household_event {
    uint8_t event[CAIRN_EVENT_ID_BYTES];
    uint64_t alert;     /* that lists it */
    uint64_t household; /* an alert's number */
};

struct households {
    size_t max;
    size_t n;
    struct household_event *events;
};
#define HOUSEHOLDS_NULL ((struct households){.n = 0})
/* Room for so many events; what does not fit is not looked at. */
void households_init(struct households *households, size_t max);
void households_deinit(struct households *households);

/* One event of an alert; all of an alert before the next one. */
void households_add(struct households *households, uint64_t alert,
                    const uint8_t event[CAIRN_EVENT_ID_BYTES]);
/* The household of that alert, after its events were added: its own number when nobody before it
 * shares one. */
uint64_t households_settle(struct households *households, uint64_t alert);

#endif
