/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hub: the broker of a simulation: a world's real stages, one step at a time, with the network of
 * the simulation around them. It can die between any two steps and inside a commit, and its disk
 * can be as full as the simulation says. What it says to anybody is shown to the model first, as
 * long as it has one: not after it went back to an older copy.
 */
#ifndef SIM_HUB_H
#define SIM_HUB_H

#include "sim/model.h"
#include "support/world.h"

enum hub_death {
    HUB_LIVES = 0,
    HUB_DIES_COMMITTED, /* the batch is on disk; no mark, no signature, no answer */
    HUB_DIES_MARKED,    /* the high-water mark is too */
    HUB_DIES_SIGNED     /* and the head is signed */
};

struct hub {
    struct world *world;
    struct model *model;
    int disk_percent;
    enum hub_death death; /* in the next commit */
    bool died;
    char remains[SCRATCH_BYTES];
    unsigned deaths;
    uint8_t admitted[WORLD_AGENCIES + 1]; /* the route that the handshake of each has passed on */
    char
        highwater[2 * SCRATCH_BYTES]; /* the mark's path: publish keeps there what is shown to it */
    char backup[SCRATCH_BYTES];       /* an older copy of its folder; "" none */
    uint64_t backup_size;             /* of the log in that */
};

void hub_start(struct hub *hub, struct model *model);
void hub_stop(struct hub *hub);
/* The agency's oldest frame, once its connection's key is admitted; false when there is none, or it
 * was not let in. */
bool hub_take(struct hub *hub, uint32_t agency, struct peer *ret_peer, struct net_frame *ret_frame);
/* One step of one stage; false when it had nothing to do. */
bool hub_receive(struct hub *hub, uint32_t agency);
bool hub_verify(struct hub *hub);
bool hub_commit(struct hub *hub);
bool hub_answer(struct hub *hub);
bool hub_publish(struct hub *hub);
/* Ends, and starts over the same folder. */
void hub_restart(struct hub *hub);
/* Its folder as it is now, the marks beside the store too. */
void hub_back_up(struct hub *hub);
/* The backup takes the folder's place; with the marks as they are now, or as they were then.
 * Returns what the start came to; from then on there is no model. */
int hub_roll_back(struct hub *hub, bool marks_too);
/* The desk's next version of a document arrives. */
void hub_offer(struct hub *hub, enum governance_document document, const struct buf *text);

#endif
