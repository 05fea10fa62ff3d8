/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link_decision: a named person says who is one child, and who is not. Part of apply.
 *
 *   who                what is meant
 *   a front door       the child of `record`, which the open alert `alert` lists and it may know of
 *   another agency     no alert: its own child: that of its own `record`, or the one that led it to
 *                      another's `record`. It may refuse and undo. Confirming would give it more to
 *                      read, so that is for the front door.
 *
 * Of a candidate (candidates.h) there are two records, one of each child, as a front door was shown
 * them: any front door that may know both confirms, which joins them, or refuses.
 *
 * Confirming makes a provisional link one for good; accounts are released by it from then on.
 * Refusing a provisional link, or undoing that or a confirmed one, parts the child with everything
 * that a verified identifier binds to it, and keeps it apart for good. A verified link is undone by
 * correcting the identifier. Whoever was told of a record through the link hears of it
 * (link_notice.h); an alert that is not met without it is withdrawn (withdraw.h).
 */
#ifndef BROKER_LINK_DECISION_H
#define BROKER_LINK_DECISION_H

#include "broker/applying.h"

/* May it be? Changes nothing. */
enum verdict link_decision_judge(struct apply *apply, const struct decision_header *header);
void link_decision_act(struct apply *apply, const struct decision_header *header,
                       const struct entry_input *input);

#endif
