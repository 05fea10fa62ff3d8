/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decision: what a named person decides about an alert or a record that was told: opening it, which
 * releases the held accounts and tells the origins, or closing it with an outcome. What is decided
 * about one of several open alerts that have become one, because their children have, is decided
 * about all of them. Part of apply.
 */
#ifndef BROKER_DECISION_H
#define BROKER_DECISION_H

#include "broker/applying.h"

/* May it be? Changes nothing. */
enum verdict decision_judge(struct apply *apply, const struct decision_header *header);
/* An agency hears who decided: the notice, and the decision itself (its sealed reason) when it was
 * granted to it. */
void decision_tell(struct apply *apply, uint32_t agency, const struct wire_notice *notice,
                   const struct entry_input *decision);
/* And what it does, once its own leaf and row are there. It is delivered to those whom it concerns.
 */
void decision_act(struct apply *apply, const struct decision_header *header,
                  const struct entry_input *input);

#endif
