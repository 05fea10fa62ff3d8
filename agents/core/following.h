/* SPDX-License-Identifier: Apache-2.0 */
/*
 * following: what a named person decided about a version of a record holds for the next one. A
 * version that was sent on to the front door is taken back there when its source corrects it; the
 * correction goes to the front door too, once the broker has stored it. It does not when it is
 * about another child, or when no agreement lets it go any more: then it is due for review at once.
 *
 * All functions work inside the caller's transaction; any thread.
 */
#ifndef AGENTS_FOLLOWING_H
#define AGENTS_FOLLOWING_H

#include "agents/core/review.h"
#include "agents/core/taking.h"

/* The source has put `to` in the place of `from`, which is taken back in the same transaction: what
 * was decided last about the one is noted beside the other, when it is to follow. */
void following_note(struct taking *taking, const struct reference *from,
                    const struct reference *to);
/* The broker has stored this record of ours, and review_place has looked at it: goes where the
 * version before it went. */
void following_go(const struct review *review, const struct reference *reference,
                  const struct out_row *row);
/* Whether it was decided about an earlier version. */
bool following_is(const struct reviewed *reviewed);

#endif
