/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of speech among themselves: speech.c records what happens to children, speech_decide.c
 * has people who decide, speech_pair.c those who say who is one child, speech_adult.c what is said
 * of adults, speech_govern.c the desk.
 */
#ifndef SIM_SPEECH_INTERNAL_H
#define SIM_SPEECH_INTERNAL_H

#include "agents/core/decide.h"
#include "agents/core/intake.h"
#include "sim/speech.h"

#define FAMILY "\"family_name\":\"Test\",\"birth_date\":\"2022-03-14\""

/* Written down in the model. */
struct said *speech_add(struct life *life, const struct said *said);
/* What the agent answers to; false when it takes nothing now. */
bool speech_submit(struct node *node, enum intake_content content, const struct buf *text,
                   struct intake_item *ret);
/* The child as this agency knows it: members of its identity but for FAMILY. */
const char *speech_named(const struct node *node, int child);

/* The front door opens an alert, or closes it. */
void speech_decide_alert(struct life *life, struct node *node);
/* Whom an agency knows by its name is the child, says the front door by an alert; or is not, says
 * the front door, or that agency. */
void speech_decide_link(struct life *life, struct node *node);
/* What such a person says, to the agent and into the model. */
void speech_say_who_is_one(struct life *life, struct node *node,
                           const struct decide_request *decision, struct said *said);
void speech_ask_others(struct life *life, struct node *node);
/* Whom this agency's records of the child are granted to from now on, if the person says so. */
void speech_answer_request(struct life *life, struct node *node);
#endif
