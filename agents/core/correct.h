/* SPDX-License-Identifier: Apache-2.0 */
/*
 * correct: how what a source says now relates to what it said of the same thing before, and taking
 * back what no longer holds. Every adapter's corrections go this way, so they keep the same rules
 * (which version is the older: sources.h).
 *
 *   known again    the very same version: nothing is written, unless the broker refused it
 *   older          a newer version was told before: nothing changes, whatever it says
 *   newer          it holds. The same words as what stands: the same record. Other words, or that
 *                  there is nothing to tell: what stands is taken back, silently while it is still
 *                  here, by a retraction once it was sealed
 *   nothing to     remembered, so that an older version that comes later is known to be older
 *   take back
 *
 * What was entered in error, or was retracted by name, is taken back for good: after that only what
 * is known to be newer is told, and what was meant may even come later than its retraction.
 *
 * Inside the caller's taking.
 */
#ifndef AGENTS_CORRECT_H
#define AGENTS_CORRECT_H

#include "agents/core/taking.h"

enum told_relation {
    TOLD_NEWER = 1, /* also when nothing was said of it before */
    TOLD_SAME,      /* the words of what stands, in another version */
    TOLD_KNOWN,     /* this very version */
    TOLD_OLDER
};

/* What its source said of a thing before, as far as it matters for what it says now. */
struct told {
    enum told_relation relation;
    bool has_reference;
    struct reference reference; /* what it became then; TOLD_OLDER: what was told last */
    bool found;                 /* `row` is what it said last */
    struct source_row row;
    struct hash content; /* of what it says now */
};

/* Of an event with a source id. What was said in vain and is said again waits no more
 * (returned.h). */
int correct_look(struct taking *taking, struct event *event, struct told *ret) MUST_USE;
/* What there being nothing to tell comes to: a retraction that names no author, as made by the
 * source's own system. */
void correct_nothing(const struct event *event, struct event *ret);
/* Takes back what stands, if anything does. WITHDRAWN or RETRACTED with its reference, COUNTED when
 * there was nothing to take back. */
int correct_take_back(struct taking *taking, const struct event *event, const struct told *told,
                      struct intake_item *item) MUST_USE;
/* What still waits here, before anybody has heard of it. */
void correct_withdraw(struct taking *taking, const struct reference *target, struct out_row *row,
                      struct intake_item *item);
/* The same of one record, whatever its source has said of it since. */
int correct_take_back_record(struct taking *taking, const struct event *event,
                             const struct reference *target, struct intake_item *item) MUST_USE;
/* Remembers what the source has said now, and what became of it. Of what was known, and of what is
 * older, there is nothing to remember. */
void correct_note(struct taking *taking, const struct event *event, const struct told *told,
                  const struct intake_item *item);

#endif
