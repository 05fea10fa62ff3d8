/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catch_up: what was stored before somebody took on a role. Whoever becomes a child's allocated
 * worker hears, as headlines, of what an agreement shares with that role and lets it look back for
 * (`history`, in days before the role began), and of what was recorded since it began. What a
 * headline names may be asked for; older content is never pushed. Part of apply.
 */
#ifndef BROKER_CATCH_UP_H
#define BROKER_CATCH_UP_H

#include "broker/applying.h"

struct newcomer {
    uint64_t child;
    uint32_t agency;
    enum role role;
    int32_t from_day; /* on which the role began */
};

/* Nothing while a name alone says that it is this agency's child, and nothing for a front door,
 * which is told as such. Of what it was told in another role, nothing again. */
void catch_up(struct apply *apply, const struct newcomer *newcomer);

#endif
