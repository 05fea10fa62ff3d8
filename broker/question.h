/* SPDX-License-Identifier: Apache-2.0 */
/*
 * question: what an agency asks besides sending parcels: hello, fetch, governance, the proof of a
 * leaf, the state of an entry, the picture of a child. Answered on the publish thread from
 * committed state. An agency learns only about its own entries, what it was told, and what it may
 * know of a child.
 */
#ifndef BROKER_QUESTION_H
#define BROKER_QUESTION_H

#include "broker/publish.h"

/* Answers one letter through publish_send. The letter stays the caller's. */
void question_answer(struct publish *publish, const struct letter *letter);

#endif
