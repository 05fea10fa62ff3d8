/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child: joining two children into one, and parting a member from the others: its row, its place
 * in the list, its records and its alert go together. Who is to be joined or parted is for links to
 * say. Part of apply.
 */
#ifndef BROKER_CHILD_H
#define BROKER_CHILD_H

#include "broker/members.h"

/* Whether that would stay within the limits. */
bool child_can_join(struct apply *apply, uint64_t from, uint64_t to);
/* Re-points every subject of `from` to `to`; a member that is there provisionally, or because a
 * person said so, stays so. False,
 * and nothing changed, when it would exceed a limit; noted either way. */
bool child_join(struct apply *apply, uint64_t from, uint64_t to, enum link link);
/* A provisional member gets a child of its own again, with its records. What an alert has listed
 * stays listed, and opens nothing of it any more: its patterns are to be looked at for themselves
 * (apply->parted). Nothing changed, and noted, when it would exceed a limit. */
void child_part(struct apply *apply, const struct subject_id *subject);
/* The same for several of one child that go together: the first is the provisional or confirmed
 * one. Returns their child; 0 when nothing changed. */
uint64_t child_part_group(struct apply *apply, const struct member_list *group);

/* Some of the alerts that go on as this one were closed. Those that are open still go on by
 * themselves, and the child's current alert is one of them. */
void child_alerts_closed(struct apply *apply, uint64_t first);

#endif
