/* SPDX-License-Identifier: Apache-2.0 */
/*
 * catch_up: what was stored before somebody took on a role. Whoever becomes a child's allocated
 * worker hears, as headlines, of what an agreement shares with that role and lets it look back for
 * (`history`, in days before the role began), and of what was recorded since it began. What a
 * headline names may be asked for; older content is never pushed. Whoever has a role already when
 * two children turn out to be one hears so of what was stored of the other. Part of apply.
 */
#ifndef BROKER_CATCH_UP_H
#define BROKER_CATCH_UP_H

#include "broker/members.h"

struct newcomer {
    uint64_t child;
    uint32_t agency;
    enum role role;
    int32_t from_day; /* on which the role began */
    uint32_t roles;   /* that are looked at, this one among them; 0: all that it has today */
    const struct member_list *of; /* whose records alone; NULL: the child's */
};

/* Nothing while a name alone says that it is this agency's child, and nothing for a front door,
 * which is told as such. Of what it was told in another role, nothing again. How many headlines. */
size_t catch_up(struct apply *apply, const struct newcomer *newcomer);

/* Children that one entry has made one: who was the one, and who the other. */
#define JOINS_MAX     4
#define JOIN_TOLD_MAX 256 /* headlines for one entry; more may be asked for */
struct join {
    uint64_t child;
    struct member_list sides[2];
};
struct join_list {
    size_t n;
    struct join of[JOINS_MAX];
};
void catch_up_join(struct apply *apply, uint64_t child, const struct member_list *moved,
                   const struct member_list *stayed);
/* Once the entry's leaf is there. */
void catch_up_joined(struct apply *apply);

#endif
