/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert_tell: what the addressees of an alert hear. Each gets the headline of each record as far as
 * an agreement lets it (hold and share; mode existence gives class, day and the origin's kind); a
 * front-door agency with a grant also gets the record with its identity card, so that a screener
 * can tell who the child is. Accounts come with a named person's reason (decision.h). Part of
 * apply.
 */
#ifndef BROKER_ALERT_TELL_H
#define BROKER_ALERT_TELL_H

#include "broker/headline.h"

/* What it was not told of yet: every addressee hears of each record once. The caller puts the
 * row. */
void alert_tell(struct apply *apply, uint64_t number, const struct alert_row *alert,
                struct alert_addressee *addressee, enum notice_type type);
/* The front doors among those that were told hear that its pattern raised more than its week. */
void alert_tell_over_budget(struct apply *apply, uint64_t number, const struct alert_row *alert);
/* Nobody has opened it: its addressees hear so. */
void alert_unopened(struct apply *apply, uint64_t number, const struct alert_row *alert);
/* A record of the child's open alert is hidden no longer: whoever is an addressee and no front
 * door, and was not told of it, is told. */
void alert_shown(struct apply *apply, const struct told_record *record);

/* The identity card, so that a screener knows which child: never the account. Nothing where no
 * agreement or grant lets it have that. */
void alert_deliver_card(struct apply *apply, const struct told_record *record,
                        const struct agency *recipient);
/* Whether this agency may know of any record of the alert, and so of the alert. */
bool alert_known_to(struct apply *apply, const struct alert_row *alert,
                    const struct agency *recipient);
struct wire_notice alert_notice(const struct apply *apply, uint64_t number,
                                const struct alert_row *alert, enum notice_type type);
/* Names the child by the agency's own handle, when it has one. */
void alert_own_handle(struct apply *apply, uint64_t child, uint32_t agency,
                      struct wire_notice *notice);

#endif
