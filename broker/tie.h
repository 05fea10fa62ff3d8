/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tie: the entry by which an agency that knows both says what an adult is to a child, until when,
 * or that it never was; or that a child is the one that was expected under another handle (born.h).
 * Only an agency that is involved with the child may tie anybody to it, so many a day and so many
 * to one child. Nobody is told of a tie. Part of apply.
 */
#ifndef BROKER_TIE_H
#define BROKER_TIE_H

#include "broker/applying.h"

/* What is left to do once the entry's own leaf is there. */
struct tie_case {
    struct subject_id child;
    struct subject_id person;
    bool fresh;   /* it holds from now on */
    bool removed; /* it never held: its row goes when those who were told have been told so */
    bool shorter; /* it ends earlier than was said before */
    bool born;    /* it says that the child is the expected one (born.h) ... */
    bool joins;   /* ... who is born first: they become one */
};
/* The verdict; what is stored has its row, unless it was withdrawn. */
enum verdict tie_judge(struct apply *apply, const struct tie_header *header, struct tie_case *ret);
void tie_act(struct apply *apply, const struct tie_case *tie, const struct entry_input *entry);

#endif
