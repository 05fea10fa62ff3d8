/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speech: what people say in a simulated life, to their agency's agent as its systems would, and
 * what the partnership agrees; each is written down in the model as it is said.
 */
#ifndef SIM_SPEECH_H
#define SIM_SPEECH_H

#include "sim/hub.h"
#include "sim/model.h"
#include "sim/node.h"

struct life {
    struct model model;
    struct hub hub;
    struct node nodes[SIM_AGENTS + 1];
    size_t backed_up[SIM_AGENTS + 1];       /* how much had been said when its copy was made */
    bool restores;                          /* agents go back to older copies in this life */
    bool changes;                           /* agreements change */
    bool links;                             /* people say who is one child */
    bool pairs;                             /* two children might be one */
    bool adults;                            /* people speak of adults */
    bool revokes;                           /* agencies are revoked and admitted again */
    uint32_t revoked;                       /* bit 1 << agency */
    bool renews;                            /* agencies renew their keys */
    struct model_keys keys[SIM_AGENTS + 1]; /* as the desk last published them */
    unsigned renewed;                       /* how often */
    uint32_t stolen_from;                   /* whose keys a thief has; 0: nobody's */
    bool thief_is_in;                       /* his connection was made ... */
    unsigned thief_came;                    /* ... at that start of the broker */
    bool switches;                          /* the broker changes its transport key */
    unsigned broker_key;                    /* how often it has */
    uint64_t announced;                     /* by this version of the directory; 0: none is */
};

void speech_begin(struct life *life); /* the first agreements */
void speech_say(struct life *life, struct node *node);
/* Two records are of one child, or of two: says the front door, which was asked; or somebody does
 * whom nobody asked. */
void speech_judge_pair(struct life *life, struct node *node);
/* An adult is known to a service; or is somebody to a child, or is not any more, or never was. */
void speech_of_adults(struct life *life, struct node *node);
/* Some of what was said may have been frozen by now. */
void speech_settled(struct life *life, struct node *node);
void speech_backed_up(struct life *life, const struct node *node);
/* Before it goes back to its copy. */
void speech_restored(struct life *life, const struct node *node);
void speech_agree(struct life *life);
/* The next step of renewing an agency's keys: they are made and held, the directory lists them, and
 * retires those before; the last two at once, sometimes. */
void speech_renew(struct life *life, struct node *node);
/* The broker's next transport key is announced; or, once every agency has read of it, is the one
 * that it has from its next start on. */
void speech_renew_broker(struct life *life);
/* Or admits again. Never the front door: what cannot wait has nowhere else to go. */
void speech_revoke(struct life *life, uint32_t agency);
void speech_admit_all(struct life *life);

#endif
