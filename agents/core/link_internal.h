/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the link, for its own files alone: link.c (the thread and what other threads call),
 * link_dial.c (the connection), link_take.c (what came), link_send.c (what is due).
 */
#ifndef AGENTS_LINK_INTERNAL_H
#define AGENTS_LINK_INTERNAL_H

#include <pthread.h>

#include "agents/core/acks.h"
#include "agents/core/behind.h"
#include "agents/core/link.h"
#include "agents/core/questions.h"
#include "agents/core/sending.h"
#include "agents/core/session.h"
#include "net/dealer.h"

/* Where the broker is, and who is speaking to whom. */
struct link_address {
    char endpoint[128];
    uint8_t key[CURVE_KEY_BYTES];  /* the broker's */
    const struct own_key_set *own; /* ours */
};

struct agent_link {
    struct agent *agent;
    pthread_t thread;
    struct dealer *dealer; /* only its wake from other threads */
    bool running;
    bool stopping; /* atomic */

    /* the thread's own */
    struct link_address dialled;
    /* which of link_ways is tried, or holds; 0 is the one that our directory prefers */
    unsigned way;
    struct session session;
    struct sending sending;
    struct acks acks;
    struct arena arena;
    struct buf payload;
    uint64_t correlation;
    int64_t hello_ms; /* boot times; 0 never on this connection */
    int64_t heard_ms;
    int64_t ping_ms;
    int64_t fetch_ms;   /* when the next FETCH may go, once it is wanted */
    int64_t fetched_ms; /* of the last FETCH */
    bool fetch_wanted;  /* none is out */
    bool ping_wanted;   /* the broker knows of newer governance */
    bool redial;        /* the connection is to be dropped when the backoff is over */
    bool refused;       /* by the broker's door, and that was said in the log */
    struct backoff backoff;
    struct behind behind;

    struct questions questions;
    pthread_mutex_t status_lock;
    struct link_status status;
};

/* --- link.c: the link without its thread --- */
/* Dials, and sets agent->link; while an operator has to look, one that is LINK_IS_STOPPED and never
 * turns. */
int link_open(struct agent *agent, struct error *error) MUST_USE;
/* Takes what came and sends what is due; never waits. */
void link_turn(struct agent_link *link);
/* Accepts a link that was never opened. */
void link_close(struct agent *agent);

/* --- link_dial.c --- */
int64_t link_boot_ms(const struct agent_link *link);
void link_set_status(struct agent_link *link, enum link_state state, const char *reason);
/* Something was heard: how long silence lasts, and what link_status says. */
void link_note_contact(struct agent_link *link);
void link_lock_status(struct agent_link *link);
void link_unlock_status(struct agent_link *link);
/* Where the directory says the broker is; before there is one, where the joining file says; by
 * the keys of this way. */
struct link_address link_present_address(const struct agent_link *link);
/* In how many ways the broker may be reached: by its key and the one that it announced, with each
 * of our transport keys that it may know. */
unsigned link_ways(const struct agent_link *link);
/* Newer documents prefer another way than the one that was taken: it is left. */
void link_follow(struct agent_link *link);
int link_dial(struct agent_link *link, const struct link_address *address,
              struct error *error) MUST_USE;
/* The connection is new: nothing was said on it, nothing is on its way. */
void link_begin(struct agent_link *link);
/* After a failure: the connection ends, and is dialled again when the backoff is over; not at once,
 * and not all agencies together. */
void link_drop(struct agent_link *link, const char *reason);
/* The broker's door refused the key that this connection was made with. */
void link_refuse(struct agent_link *link);
void link_redial(struct agent_link *link);

/* --- link_take.c --- */
/* Frames that have come, as many as one turn takes. */
void link_take_frames(struct agent_link *link);

/* --- link_send.c --- */
/* Hello, or once that was answered: documents wanted, parcels, acknowledgements, ping, FETCH,
 * questions; whatever may go now. */
void link_send_due(struct agent_link *link);
/* Everything of our mailbox up to here is on disk. */
uint64_t link_mailbox_position(const struct agent_link *link);

#endif
