/* SPDX-License-Identifier: Apache-2.0 */
/*
 * family_take: what one document says of several people, and of who is involved with them, inside
 * its taking. A version says all that holds: a child that a newer one leaves out is taken back, an
 * involvement that it leaves out ends, one that it states otherwise is stated again. The very same
 * version, and an older one that comes late, change nothing (correct.h, sources.h: which is older).
 *
 * An involvement ends on the day on which that is heard, unless something else states it too.
 */
#ifndef AGENTS_FAMILY_TAKE_H
#define AGENTS_FAMILY_TAKE_H

#include "agents/core/family.h"
#include "agents/core/taking.h"

/* Items: of each child its record, then its involvements; then what has been taken back and
 * ended. */
int family_take(struct taking *taking, struct family *family,
                struct intake_answer *answer) MUST_USE;
/* A retraction: of a record, which ends what it stated; of a document, which takes back all of its
 * records. `answer` has one item. */
int family_take_back(struct taking *taking, struct event *retraction,
                     struct intake_answer *answer) MUST_USE;

#endif
