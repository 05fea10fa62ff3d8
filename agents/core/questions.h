/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asks: questions that other threads put to the broker through the link's thread: a few slots under
 * one mutex. Who asks waits until there is news of an answer, or a deadline; the link's thread
 * takes what is to be sent and brings what came back.
 */
#ifndef AGENTS_ASKS_H
#define AGENTS_ASKS_H

#include <pthread.h>

#include "agents/core/agent.h"
#include "agents/core/link.h"
#include "tree/note.h"
#include "wire/wire.h"

#define ASKS_MAX 8 /* at once; the local interface has few callers, and each waits */

enum ask_kind {
    ASK_STATE = 1,
    ASK_PROOF
};
enum ask_stage {
    ASK_FREE = 0,
    ASK_WAITS, /* to be sent */
    ASK_SENT,
    ASK_ANSWERED /* result is set */
};

struct ask {
    enum ask_stage stage;
    enum ask_kind kind;
    struct entry_id entry; /* ASK_STATE */
    uint64_t log_index;    /* ASK_PROOF */
    uint64_t correlation;
    int result; /* 0 or -errno */
    struct state_answer state;
    enum verdict verdict; /* ASK_PROOF */
    struct buf document;  /* likewise */
};

struct asks {
    pthread_mutex_t lock;
    struct news answered;
    bool open; /* connected: questions are taken */
    struct ask of[ASKS_MAX];
};

int asks_init(struct asks *asks) MUST_USE;
void asks_deinit(struct asks *asks);

/* --- any thread but the link's --- */
/* Waits for the answer; on 0 moves it to *ret (document owned by the caller). */
int asks_put(struct asks *asks, struct agent *agent, const struct ask *question, int timeout_ms,
             struct ask *ret) MUST_USE;

/* --- the link's thread --- */
/* Opens for questions; or closes, and every one that waits gets -ENOTCONN. */
void asks_set_open(struct asks *asks, bool open);
/* The next question to send under this correlation: the payload is appended. False for none. */
bool asks_next(struct asks *asks, uint64_t correlation, enum wire_type *ret_type, struct buf *out);
/* These three: true when it was the answer to a question of ours. */
bool asks_state_reply(struct asks *asks, uint64_t correlation, struct slice payload,
                      struct arena *arena);
bool asks_proof_reply(struct asks *asks, uint64_t correlation, struct slice payload,
                      struct arena *arena, const struct note_key *key);
bool asks_error(struct asks *asks, uint64_t correlation, enum verdict verdict);

#endif
