/* SPDX-License-Identifier: Apache-2.0 */
/*
 * candidates: two children who might be one, shown to the front door for a person to judge by their
 * identity cards; nothing links them before that. Part of apply.
 *
 * Two children are shown once, and only when all of this holds:
 *
 *   alike        a member of each states one token of class NAME_BIRTH; or of class
 *                FAMILY_BIRTH_POSTCODE, when one of the two has no given name at all (an initial),
 *                and no third child and no agency twice states it
 *   worth it     one of them has an open alert, or together they meet a live rule that neither
 *                meets alone
 *   not known    no verified identifier and no person says that they are two, and nobody was asked
 *   judgeable    the front door may have a record of each by name
 *
 * Twins never: they differ by given name, so NAME_BIRTH does not make them alike, and the other
 * class does not count where both have a given name; an agency that knows both knows them as two,
 * and then the pair is not shown whatever it is alike in. "Baby" and the like have no such token at
 * all.
 *
 * Nearly every child is like nobody, and a record must not pay for the others: who is alike is
 * found when somebody says who a handle is, and a row (T_ALIKE) tells the records that come
 * afterwards whom to look at. It goes along when children join or part (child.c).
 */
#ifndef BROKER_CANDIDATES_H
#define BROKER_CANDIDATES_H

#include "broker/applying.h"

/* After a statement of whom a handle names. */
void candidates_stated(struct apply *apply, const struct subject_header *header);
/* After something about the child came, around that day: looks at a child that may be alike. */
void candidates_look(struct apply *apply, uint64_t child, int32_t anchor);

#endif
