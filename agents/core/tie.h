/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tie: what an adult is to a child, as an agency that knows both says (config/schemas/
 * tie.schema.json); or that a child is the one that was expected under another of this agency's own
 * numbers. Who the adult is stays in the agent's store: the broker gets keyed tokens of classes of
 * their own (statements.h), and nobody is told of a tie.
 *
 * Personal data: wiped by tying_deinit. Zero state TYING_NULL.
 */
#ifndef AGENTS_TIE_H
#define AGENTS_TIE_H

#include "agents/core/record_json.h"

struct tying {
    struct identity child;
    struct identity person; /* of RELATIONSHIP_BORN the child as it was expected */
    enum relationship relationship;
    int32_t until_day; /* first day it no longer holds; TIE_OPEN while open */
    bool withdrawn;    /* it never held */
};
#define TYING_NULL                                                                                 \
    ((struct tying){.child = IDENTITY_NULL, .person = IDENTITY_NULL, .until_day = TIE_OPEN})
void tying_deinit(struct tying *tying);

/* *ret was TYING_NULL. -EINVAL and the error, *ret untouched, when the text says no tie. */
int tie_json_read(const struct record_reader *reader, struct slice text,
                  const struct event_terms *terms, struct tying *ret, struct error *error) MUST_USE;

#endif
