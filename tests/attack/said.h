/* SPDX-License-Identifier: Apache-2.0 */
/* said: what people at an agency tell their agent in these tests, and what it must tell them. */
#ifndef ATTACK_SAID_H
#define ATTACK_SAID_H

#include "agents/core/link.h"
#include "sim/node.h"

/* A concern about one child. */
struct reference said_concern(struct node *node, const char *summary, bool immediate);
/* That this agency has an open case of that child. */
struct reference said_involvement(struct node *node);
/* Whoever said it is told to telephone, with what the agent knows of itself. */
void said_expect_telephone(struct node *node, const struct reference *reference);
/* And whatever the broker says of its readers. */
void said_expect_telephone_although(struct node *node, const struct reference *reference,
                                    const struct state_answer *answer);

#endif
