/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node: one agency's agent in a simulation: the real agent with its real link, turned by hand, over
 * a store in a folder, with a clock of its own. It can die between any two commits: then nothing
 * goes on but what the folder held at that moment.
 */
#ifndef SIM_NODE_H
#define SIM_NODE_H

#include "agents/core/link.h"
#include "support/member.h"

struct node {
    uint32_t agency;
    struct member *member;
    struct clock_fake clock;
    uint64_t commits;            /* since it was started */
    uint64_t dies_after;         /* that many; 0: it does not */
    bool died;                   /* in this turn */
    char remains[SCRATCH_BYTES]; /* the folder as it was then */
    char backup[SCRATCH_BYTES];  /* an older copy; "" none */
    unsigned restored;           /* how often to an older copy */
};

void node_start(struct node *node, struct world *world, uint32_t agency);
void node_stop(struct node *node);
/* Takes what came, sends what is due, seals what has settled. */
void node_turn(struct node *node);
/* Ends, and starts over the same folder. */
void node_restart(struct node *node);
/* The same, and holds one more set of keys. */
void node_renew(struct node *node);
/* Dies in one of its next turns, right after so many more commits. */
void node_doom(struct node *node, uint32_t commits);
void node_back_up(struct node *node);
/* Its folder is lost, and the older copy takes its place. */
void node_restore(struct node *node);
/* In the middle of a turn: it has committed. */
void node_committed(struct node *node);
/* Nothing waits to be sent or to be sealed. */
bool node_is_idle(const struct node *node);
enum link_state node_link(const struct node *node);

#endif
