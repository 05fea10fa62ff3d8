/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert: what a noticed pattern raises. One open alert per child: a later record extends it; after
 * closing, only what whoever closed it could not know of raises again. When a pattern is met is
 * alert_met.h, whom an alert is for alert_addressees.h, what they hear alert_tell.h. Part of apply.
 */
#ifndef BROKER_ALERT_H
#define BROKER_ALERT_H

#include "broker/alert_met.h"

/* Looks at every pattern around that day of the child's chronology; ALERT_NEWEST: around the newest
 * day that the pattern counts. */
void alert_look(struct apply *apply, uint64_t child, int32_t anchor);
/* The same because of the record of that log index; a pattern that was turned on later than all
 * that meets it raises nothing then (backfill.h). */
#define ALERT_NO_RECORD UINT64_MAX
void alert_look_at(struct apply *apply, uint64_t child, int32_t anchor, uint64_t log_index);
/* For backfill.c: does this child meet the pattern by what was there before it was turned on, and
 * has no alert told of that? Then it goes on the front door's list. */
void alert_list(struct apply *apply, uint64_t child, const struct pattern *pattern);

/* The alert that goes on for this one, itself when none does. 0: there is none of that number. */
uint64_t alert_going_on(struct apply *apply, uint64_t number, struct alert_row *ret);
bool alert_lists(const struct alert_row *alert, const struct entry_id *record);

#endif
