/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session: what one connection has established: protocol, the broker's head, its governance. Pure
 * of sockets: it is given what came and says what to send next. Only the link's thread.
 *
 *   HELLO -> HELLO_REPLY -> one GOVERNANCE_FETCH after the other, root first -> ready
 *   PONG with newer versions -> GOVERNANCE_FETCH again, while ready
 */
#ifndef AGENTS_SESSION_H
#define AGENTS_SESSION_H

#include "agents/core/agent.h"
#include "agents/core/witness.h"
#include "wire/wire.h"

enum session_state {
    SESSION_NEW = 1,  /* hello sent */
    SESSION_GOVERNED, /* hello answered; documents are coming */
    SESSION_READY     /* parcels and fetches may go */
};

/* What a message meant for the connection. */
enum session_result {
    SESSION_GOES_ON = 1,
    SESSION_STALE,   /* it does not begin at the head we hold: take nothing of it, fetch again */
    SESSION_REFUSED, /* close and dial again later: `reason` says why */
    SESSION_FORK     /* evidence was kept: stop */
};

struct session {
    struct agent *agent;
    struct witness witness; /* the newest head verified */
    bool unsaved;           /* it is not on disk yet: session_save before anything names it */
    enum session_state state;
    uint16_t protocol;
    struct wire_versions offered; /* by the broker */
    bool fetching;
    bool overdue; /* a pong has come since it was asked for; with the next it is asked for again */
    enum governance_document document; /* being fetched */
    uint64_t asked;                    /* the version that was offered then */
    struct wire_versions refused;      /* the version offered when it was last refused on this
                                        * connection; a newer one may be better */
    bool judged;                       /* the broker's head was: its key is known */
    bool greeting;                     /* a hello of this connection awaits its answer ... */
    uint64_t greeted;                  /* ... the first of this correlation that showed ... */
    uint64_t greeted_head;             /* ... heads of these sizes: the answer proves from them */
    uint64_t greeted_promise;
    bool asked_others;      /* it asked for what others have cosigned ... */
    int64_t confirm_due_ms; /* ... which is due again at this boot time; 0 at once */
    uint64_t kept; /* promises up to this size are proved, and that is not on disk yet; 0 none */
    int64_t clock_ahead_ms;
    const char *reason; /* static words */
};

void session_start(struct session *session, struct agent *agent);
/* Correlations rise. */
void session_hello(struct session *session, uint64_t correlation, struct buf *out);
/* A hello may be said again while READY: its answer proves what receipts promised, and carries what
 * others have cosigned when that is due. The answer to one before it, that showed other heads, is
 * left. */
enum session_result session_hello_reply(struct session *session, uint64_t correlation,
                                        struct slice payload, struct arena *arena);
/* The next document to ask for: true and the payload of a GOVERNANCE_FETCH; false when there is
 * none or one is being fetched. When all that is newer was fetched: READY, or NEW again, for one
 * more hello, when the broker's head could not be judged before its key was known. */
bool session_fetch(struct session *session, struct buf *out);
enum session_result session_document(struct session *session, struct slice payload,
                                     struct arena *arena);
/* The broker answered the fetch with an error: not asked for again until it offers another version.
 */
void session_fetch_refused(struct session *session);
enum session_result session_pong(struct session *session, struct slice payload,
                                 struct arena *arena);
/* A head with its proof of consistency, as a DELIVERY carries them. */
enum session_result session_head(struct session *session, struct slice checkpoint,
                                 uint64_t consistent_from, const struct tree_proof *proof);
/* The head under which a receipt is signed, of a receipt that holds. */
void session_promised(struct session *session, struct slice checkpoint);
/* Whether the broker has promised more than it has proved. */
bool session_owed(const struct session *session);
/* Whether it is time to ask who else has confirmed this log. */
bool session_asks(const struct session *session);
/* Puts the newest head on disk, if it is not: a witness must never say less than it said before. 0
 * or -ENOSPC. */
int session_save(struct session *session) MUST_USE;
struct wire_versions session_versions(const struct governance *governance);

#endif
