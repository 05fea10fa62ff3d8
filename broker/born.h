/* SPDX-License-Identifier: Apache-2.0 */
/*
 * born: a child who was expected under one handle is born and has another. The agency that has both
 * says so, and they are one child from then on, with what was recorded before the birth. Of twins
 * the first goes on with it; for each further one it counts, and shows its existence, as through a
 * tie (ties.h): twins never become one child. Nothing of this goes by a name. Part of apply.
 *
 * Agencies that wait for the same child meet before its birth through its mother: of two children
 * of whom nobody has said more than an own number, whose ties to one and the same mother hold
 * today, one is the other, provisionally. A woman waits for one birth at a time; that there may be
 * two children of it is for a person to say.
 */
#ifndef BROKER_BORN_H
#define BROKER_BORN_H

#include "broker/tie.h"

/* The verdict, and whether they become one or, of twins, the tie needs a row: the caller's to
 * put. */
enum verdict born_judge(struct apply *apply, const struct tie_header *header, struct tie_case *ret);
void born_act(struct apply *apply, const struct tie_case *tie, const struct entry_input *entry);

/* After a tie to its mother came to hold: the child that others wait for. */
void born_expected(struct apply *apply, const struct tie_case *tie);
/* After more has been said of her: the children that wait for her with others. */
void born_mother_met(struct apply *apply, uint64_t person);

#endif
