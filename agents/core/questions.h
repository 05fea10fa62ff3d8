/* SPDX-License-Identifier: Apache-2.0 */
/*
 * questions: those that other threads put to the broker through the link's thread: a few slots
 * under one mutex. Who asks waits until there is news of an answer, or a deadline; the link's
 * thread takes what is to be sent and brings what came back.
 */
#ifndef AGENTS_QUESTIONS_H
#define AGENTS_QUESTIONS_H

#include <pthread.h>

#include "agents/core/agent.h"
#include "agents/core/link.h"
#include "tree/note.h"
#include "wire/wire.h"

#define QUESTIONS_MAX 8 /* at once; the local interface has few callers, and each waits */

enum question_kind {
    QUESTION_STATE = 1,
    QUESTION_PROOF,
    QUESTION_PICTURE
};
enum question_stage {
    QUESTION_FREE = 0,
    QUESTION_WAITS, /* to be sent */
    QUESTION_SENT,
    QUESTION_ANSWERED /* result is set */
};

struct question {
    enum question_stage stage;
    enum question_kind kind;
    struct logged_entry entry; /* that it is about; of QUESTION_PICTURE the look's id alone */
    int32_t until_day;         /* QUESTION_PICTURE */
    uint64_t correlation;
    int result; /* 0 or -errno */
    struct state_answer state;
    enum verdict verdict; /* QUESTION_PROOF, QUESTION_PICTURE */
    struct buf document;  /* likewise; of a picture the payload as it came, which reads */
};

struct questions {
    pthread_mutex_t lock;
    struct news answered;
    bool open; /* connected: questions are taken */
    struct question of[QUESTIONS_MAX];
};

int questions_init(struct questions *questions) MUST_USE;
void questions_deinit(struct questions *questions);

/* --- any thread but the link's --- */
/* Waits for the answer; on 0 moves it to *ret (document owned by the caller). */
int questions_put(struct questions *questions, struct agent *agent, const struct question *question,
                  int timeout_ms, struct question *ret) MUST_USE;

/* --- the link's thread --- */
/* Opens for questions; or closes, and every one that waits gets -ENOTCONN. */
void questions_set_open(struct questions *questions, bool open);
/* The next question to send under this correlation: the payload is appended. False for none. */
bool questions_next(struct questions *questions, uint64_t correlation, enum wire_type *ret_type,
                    struct buf *out);
/* These four: true when it was the answer to a question of ours. */
bool questions_state_reply(struct questions *questions, uint64_t correlation, struct slice payload,
                           struct arena *arena);
bool questions_proof_reply(struct questions *questions, uint64_t correlation, struct slice payload,
                           struct arena *arena, const struct note_key *key);
bool questions_picture_reply(struct questions *questions, uint64_t correlation,
                             struct slice payload, struct arena *arena);
bool questions_error(struct questions *questions, uint64_t correlation, enum verdict verdict);

#endif
