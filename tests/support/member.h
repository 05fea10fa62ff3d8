/* SPDX-License-Identifier: Apache-2.0 */
/*
 * member: one agency's agent beside a world's broker: a real store in a temporary folder, the keys
 * and governance of the world, no link. What lies in its mailbox is fetched by hand, and so is sent
 * what lies in its spool.
 */
#ifndef SUPPORT_MEMBER_H
#define SUPPORT_MEMBER_H

#include "agents/core/agent.h"
#include "agents/core/intake.h"
#include "agents/core/sending.h"
#include "support/scratch.h"
#include "support/world.h"

#define MEMBER_REVIEW_MS (30 * 24 * 3600 * INT64_C(1000))

struct member {
    struct world *world;
    bool alone; /* governance comes by its link, not by hand */
    uint32_t number;
    char dir[SCRATCH_BYTES];
    char socket[96];
    struct agent_options options;
    struct agent agent;
    struct session session;
    struct sending sending;
};

struct member *member_new(struct world *world, uint32_t number);
/* The same, with a clock of its own, and knowing nothing of the partnership but its root: the rest
 * is to come by its link. */
struct member *member_new_alone(struct world *world, uint32_t number, const struct clock *clock);
void member_free(struct member **member);
/* The process ends and starts again over the same folder. */
void member_restart(struct member *member);
/* The same over another folder; the one before it is the caller's from then on. */
void member_move(struct member *member, const char *dir);

/* Its n-th set of keys lies beside the others from now on; it has the first. Not while a link of
 * its is open. */
void member_add_keys(struct member *member, unsigned n);

/* What the world has published since arrives. */
void member_govern(struct member *member);
/* Submits as one of the agency's systems would; asserts that it was accepted. */
struct reference member_submit(struct member *member, enum intake_content content,
                               const char *text);
/* Everything that lies in the spool goes to the world's broker, which answers; asserts that each
 * parcel was taken. */
void member_send(struct member *member);
struct out_row member_out(struct member *member, const struct reference *reference);
uint64_t member_count(struct member *member, const char *name); /* of today */
/* Everything that lies in the mailbox after what is on disk; asserts that it was taken. Returns the
 * position reached. */
uint64_t member_fetch(struct member *member);
/* The head that signs a delivery; asserts that it is the broker's. */
struct checkpoint member_head(const struct member *member, const struct wire_delivery *delivery);
uint64_t member_position(struct member *member);

#endif
