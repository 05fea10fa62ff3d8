/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contradiction: whether verified identifiers, or a person, say that two are not one child: both
 * sides have some of one class, and share none of that class. Part of apply; reads only.
 */
#ifndef BROKER_CONTRADICTION_H
#define BROKER_CONTRADICTION_H

#include "broker/applying.h"

/* What a person was asked or has decided about any member of one and any of the other. */
enum pair contradiction_judged(struct apply *apply, uint64_t a, uint64_t b);
/* Also when a person said that a member of one and a member of the other are two children: for
 * good, whatever identifiers say later, until a person joins them. */
bool contradiction_of_children(struct apply *apply, uint64_t a, uint64_t b);
/* Between two members of a child. */
bool contradiction_of_members(struct apply *apply, uint64_t child, const struct subject_id *a,
                              const struct subject_id *b);
/* Between a member and all others of its child. */
bool contradiction_with_others(struct apply *apply, uint64_t child,
                               const struct subject_id *subject);
/* A child has one NHS number and one UPN: a statement with two verified ones of a class names two
 * children and would join them. */
bool contradiction_in_statement(const struct subject_header *header);

#endif
