/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links: which subjects are one child. A verified identifier links for good unless contradicted
 * (contradiction.h); an exact, unique, uncontradicted match of name, birth date and postcode links
 * provisionally; everything else stays apart. Links join subjects, never records. Part of apply.
 *
 * A provisional link never carries a firm one: when a verified identifier says that a provisional
 * member belongs elsewhere, or contradicts the others, the member parts from them first, with its
 * records, so that a match of names never becomes a link for good between two others.
 */
#ifndef BROKER_LINKS_H
#define BROKER_LINKS_H

#include "broker/applying.h"

/* The subject's row; a handle never seen gets a child of its own. */
void links_subject(struct apply *apply, const struct subject_id *subject, struct subject_row *ret);
/* A subject statement: replaces the subject's tokens and links it. Returns the child whose patterns
 * must be looked at again: the subject's, when chronologies came together there, or else the one of
 * a member who parted; 0 none. */
uint64_t links_state(struct apply *apply, const struct subject_header *header,
                     const struct entry_input *input);

#endif
