/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alert_addressees: whom an alert is for, by the rules of its pattern. What each of them hears is
 * alert_tell.h. Part of apply.
 */
#ifndef BROKER_ALERT_ADDRESSEES_H
#define BROKER_ALERT_ADDRESSEES_H

#include "broker/applying.h"

bool alert_is_addressee(const struct alert_row *alert, uint32_t agency);
/* It is an addressee, and a notice has gone to it. */
bool alert_was_told(const struct alert_row *alert, uint32_t agency);
/* Nothing when it is one already; noted when there is no room. */
void alert_add_addressee(struct apply *apply, struct alert_row *alert, uint32_t agency);
/* All that the pattern names. */
void alert_add_addressees(struct apply *apply, struct alert_row *alert,
                          const struct pattern *pattern);
/* Whoever owns a pattern is found at the front door: those that the pattern addresses, else all. */
void alert_add_owners(struct apply *apply, struct alert_row *alert, const struct pattern *pattern);

#endif
