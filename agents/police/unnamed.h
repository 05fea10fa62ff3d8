/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unnamed: people who must not be named in what is shared, and whether a text names one of them. A
 * name counts as a whole, and so does each of its words but those that a child of the incident has
 * too. Words are compared folded (base/text.h), so capitals, accents, hyphens and stray blanks do
 * not matter; a word that is also an ordinary one ("Will", "Grace") counts with a capital alone.
 *
 * It finds what it was given and no more: nobody's nickname, no misspelling, no "her stepfather".
 *
 * Personal data: wiped by unnamed_free. One thread at a time.
 */
#ifndef AGENTS_POLICE_UNNAMED_H
#define AGENTS_POLICE_UNNAMED_H

#include "base/slice.h"

struct unnamed;
struct unnamed *unnamed_new(void) MUST_USE;
void unnamed_free(struct unnamed **unnamed); /* accepts NULL */

/* A word that a child has as well: before the names are added. */
void unnamed_allow(struct unnamed *unnamed, struct slice name);
/* False when nothing of it can be compared, or there are more words than anybody's names have. */
bool unnamed_add(struct unnamed *unnamed, struct slice name) MUST_USE;
/* Also true for a text that cannot be compared. */
bool unnamed_occurs(const struct unnamed *unnamed, struct slice text);

#endif
