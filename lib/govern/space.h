/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space: every question that can be put to agreements, with those that no rule tells apart taken
 * together. Along each axis (who says it, to whom, what, of what level, how urgent, in which role)
 * the members fall into groups that every rule treats alike; one member of each group is asked for
 * all of them. So a thousand million questions become some tens of thousands.
 *
 * A recipient is asked about with one role at a time, or with none. Private to lib/govern.
 */
#ifndef GOVERN_SPACE_H
#define GOVERN_SPACE_H

#include "govern/agreed.h"
#include "govern/rule.h"

struct space_axis {
    size_t n;
    uint64_t groups[AGREED_MEMBERS_MAX]; /* sets of members */
};

struct space {
    struct space_axis axes[AGREED_AXES];
    size_t n_parties;
    struct agency *origins;    /* one for each member; kinds are stood in for */
    struct agency *recipients; /* the same, with other numbers */
};

/* The groups that the rules of both tell apart; `b` may be NULL. -E2BIG when they name more
 * agencies than there is room for. */
int space_new(const struct directory *directory, const struct agreements *a,
              const struct agreements *b, struct space **ret) MUST_USE;
void space_free(struct space **space);

typedef void space_asked(void *data, const struct disclosure *what,
                         const uint64_t sets[AGREED_AXES]);
/* Asks every question, as of that day. An agency's questions about its own are left out. */
void space_walk(const struct space *space, int32_t day, space_asked *asked, void *data);

#endif
