/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record_adult: what is said of an adult counts for each child that the adult is tied to (ties.h).
 * Nobody opens it; who may know hears that it exists. Part of apply.
 */
#ifndef BROKER_RECORD_ADULT_H
#define BROKER_RECORD_ADULT_H

#include "broker/record.h"

/* A record of an adult: its chronology has it. */
void record_act_on_adult(struct apply *apply, const struct record_case *record, uint64_t log_index);

/* What is said of an adult counts for a child that it was not tied to before: whoever an agreement
 * tells at once hears that it exists. */
void record_tied(struct apply *apply, uint64_t person, uint64_t child);
/* The same for every child that it is tied to, of what nobody could read until now. */
void record_person_met(struct apply *apply, uint64_t person);

/* What counted for the child through a tie that is to go: those who were told that it exists hear
 * that it is not about this child. */
void record_untied(struct apply *apply, uint64_t person, uint64_t child);

#endif
