/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert: what a noticed pattern raises, whom it tells, and what people then do with it. One open
 * alert per child: a later record extends it; after closing, only what whoever closed it could not
 * know of raises again. Part of apply.
 *
 * Who is told what: an addressee gets the headline of each record as far as an agreement lets it
 * (hold and share; mode existence gives class, day and the origin's kind); a front-door agency with
 * a grant also gets the record with its identity card, so that a screener can tell who the child
 * is. Accounts come with a named person's reason (alert_act).
 */
#ifndef BROKER_ALERT_H
#define BROKER_ALERT_H

#include "broker/apply.h"

/* Looks at every pattern around that day of the child's chronology. */
void alert_look(struct apply *apply, uint64_t child, int32_t anchor);
/* A decision about an alert or a record: may it be? Changes nothing. */
enum verdict alert_judge(struct apply *apply, const struct decision_header *header);
/* And what it does, once its own leaf and row are there. It is delivered to those whom it concerns.
 */
void alert_act(struct apply *apply, const struct decision_header *header,
               const struct entry_input *input);
/* A record was retracted: tell those who were told of it, as far as they were. */
void alert_retracted(struct apply *apply, const struct entry_id *record, uint64_t alert);

#endif
