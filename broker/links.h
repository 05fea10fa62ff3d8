/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links: which subjects are one child. A verified identifier links for good unless contradicted
 * (contradiction.h); an exact, unique, uncontradicted match of name, birth date and postcode links
 * provisionally; everything else stays apart. Links join subjects, never records. Part of apply.
 *
 * A provisional link never carries a firm one: when a verified identifier says that a provisional
 * member belongs elsewhere, or contradicts the others, the member parts from them first, with its
 * records, so that a match of names never becomes a link for good between two others.
 *
 * A person decides what identifiers cannot (link_decision.h). Confirmed, a link is as good as a
 * verified one; undone or refused, the two are kept apart for good: nothing but another person
 * joins them again, not even a number that both state later, which is counted as a contradiction.
 */
#ifndef BROKER_LINKS_H
#define BROKER_LINKS_H

#include "broker/members.h"

/* The subject's row; a handle never seen gets a child of its own, or is an adult of its own. False
 * when it is the other sort. */
bool links_subject(struct apply *apply, const struct subject_id *subject, bool person,
                   struct subject_row *ret) MUST_USE;
/* A subject statement of somebody whom links_subject let be that: replaces the subject's tokens and
 * links it. Returns the child whose patterns must be looked at again: the subject's, when
 * chronologies came together there, or else the one of a member who parted; 0 none. */
uint64_t links_state(struct apply *apply, const struct subject_header *header,
                     const struct entry_input *input);

/* Nothing of the subject is kept: neither its row nor its tokens. */
void links_forget(struct apply *apply, const struct subject_id *subject);

/* --- what a person says --- */

/* The subject, and every member that a verified identifier binds to it, and its agency's other
 * handles that are there by the same name: they stay or go together. The subject first. */
void links_bound(struct apply *apply, uint64_t child, const struct subject_id *subject,
                 struct member_list *ret);
/* A provisional link is one for good. */
void links_confirm(struct apply *apply, const struct subject_id *subject);
/* For good: every one of `a` from every one of `b` that is not of `a`. */
void links_keep_apart(struct apply *apply, const struct member_list *a,
                      const struct member_list *b);
/* These leave the child, with their records, and are kept apart from all who stay. Returns where
 * they are now; 0 when they could not be moved. */
uint64_t links_undo(struct apply *apply, uint64_t child, const struct member_list *group);

#endif
