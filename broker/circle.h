/* SPDX-License-Identifier: Apache-2.0 */
/*
 * circle: the agencies that are involved with a child learn of each other, as far as the agreements
 * let them: each gets the others' own signed involvement, so that it can judge for itself whom it
 * seals to. A sensitive service is in nobody's circle. Part of apply.
 */
#ifndef BROKER_CIRCLE_H
#define BROKER_CIRCLE_H

#include "broker/applying.h"

/* What an involvement comes to. */
struct circle_claim {
    uint64_t child;
    bool begins;         /* the role holds from now on, and did not before */
    bool will_begin;     /* it holds from a later day on */
    bool ends;           /* it ends what `was` said */
    struct entry_id was; /* the statement that it replaces */
};
/* This agency claims a relationship with a child: OVER_LIMIT when it claims more than the directory
 * lets it, STORED otherwise, with its row. */
enum verdict circle_claim(struct apply *apply, const struct involvement_header *header,
                          struct circle_claim *ret);
/* Whoever was told of the involvement that this entry ends is told that it has ended. */
void circle_part(struct apply *apply, const struct circle_claim *claim,
                 const struct entry_input *entry);
/* The agency's row with the counts of this day. */
void circle_today(struct apply *apply, uint32_t agency, struct agency_row *ret);
/* Everybody involved with this child learns of everybody else. Cheap when they know already. */
void circle_meet(struct apply *apply, uint64_t child);
/* `to` gets the signed involvements of `who` with the child that hold today, whatever else it may
 * know of the circle: without them it could not judge a question of theirs or seal anything to
 * them. */
void circle_introduce(struct apply *apply, uint64_t child, uint32_t who, uint32_t to);

#endif
