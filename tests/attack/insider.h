/* SPDX-License-Identifier: Apache-2.0 */
/*
 * insider: a member of the partnership at a real broker, in one of the strangers' processes
 * (strangers.h), over a connection with its own key that libzmq did not make (speaker.h). What the
 * broker did is counted in the stranger's tally; nothing asserts.
 */
#ifndef ATTACK_INSIDER_H
#define ATTACK_INSIDER_H

#include "attack/speaker.h"
#include "attack/strangers.h"

struct insider {
    struct speaker speaker;
    struct slice hello; /* the frame that it greets with; borrowed */
    size_t unanswered;  /* frames */
};

/* Up to READY, not greeted yet. */
bool insider_enter(struct stranger *stranger, struct insider *insider);
/* Connected and greeted, as it may be already. False, and counted, when it could not be. */
bool insider_greet(struct stranger *stranger, struct insider *insider);

bool insider_say(struct insider *insider, uint8_t inner, struct slice payload);
/* What was said went out: when it did not, that is counted as amiss, and the connection is gone. */
void insider_expect_said(struct stranger *stranger, struct insider *insider, bool said);
/* Counts the frames that came back; waits for the first of them when `wait` says so. */
void insider_hear(struct stranger *stranger, struct insider *insider, bool wait);
/* Says a frame that the broker must answer; waits when too many of those are on their way. */
void insider_ask(struct stranger *stranger, struct insider *insider, struct slice frame);
/* Waits; true when the broker ends the connection. What it said before is thrown away. */
bool insider_is_ended(struct insider *insider);

#endif
