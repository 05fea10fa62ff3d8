/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link: the connection to the broker, and the thread that owns it. It dials out, says hello
 * (session.h), sends what is spooled, settles receipts, fetches deliveries, hands them to
 * inbox_take and acknowledges them. While the broker cannot be reached everything else goes on.
 */
#ifndef AGENTS_LINK_H
#define AGENTS_LINK_H

#include "agents/core/agent.h"
#include "wire/wire.h"

#define LINK_STATES(X)                                                                             \
    X(CONNECTING, 1, "connecting")                                                                 \
    X(CONNECTED, 2, "connected")                                                                   \
    X(STOPPED, 3, "stopped") /* the broker showed two logs: an operator must look */               \
    X(REVOKED, 4, "revoked") /* the broker takes nothing from this agency, until it says hello */  \
    X(UNAPPROVED, 5, "unapproved") /* never let in yet, and refused: it goes on trying */

enum link_state {
#define X(name, number, text) LINK_IS_##name = (number),
    LINK_STATES(X)
#undef X
};
const char *link_state_text(enum link_state state);

struct link_status {
    enum link_state state;
    int64_t since_ms;        /* real time of the last change of state */
    int64_t last_contact_ms; /* of the last frame from the broker; 0 never */
    char reason[96];         /* why it is not connected, or what a sent parcel was refused for */
    uint64_t log_size;       /* of the head last verified */
    int64_t clock_ahead_ms;  /* ours against the broker's, at the last hello */
    int64_t retry_ms;        /* real time of the next try, while it waits for that; 0 else */
};

/* Starts the thread; net_init was called, and the threads that use the link start after it and end
 * before link_stop. */
int link_start(struct agent *agent, struct error *error) MUST_USE;
void link_stop(struct agent *agent); /* asks and joins; questions end with -ENOTCONN */
/* Something was spooled, or governance may have changed. Any thread; returns at once. */
void link_wake(struct agent *agent);
/* A copy of it. Any thread; returns at once. */
void link_status(struct agent *agent, struct link_status *ret);

/* --- questions: any thread but the link's; blocks at most timeout_ms --- */

/* 0; -ENOTCONN while not connected, -ETIMEDOUT, -EBUSY when too many ask at once, -EPROTO for an
 * answer that does not hold: it was logged, and is no evidence of anything. */

/* An entry in the log, as we know it from elsewhere: from a receipt, or from a checked delivery. */
struct logged_entry {
    struct entry_id id;
    uint64_t log_index;
    struct hash item; /* its item digest; for link_ask_proof */
};

/* The broker's word and no more, but for what its own receipt binds it to: that the entry is stored
 * and at which index. An answer that contradicts the receipt does not hold. */
struct state_answer {
    size_t n_readers;
    struct wire_reader readers[CAIRN_ADDRESSEES_MAX];
    bool retracted;
    uint64_t alert; /* that lists it, 0 none */
    bool on_hold;   /* a named person keeps it from being destroyed at the broker */
};
int link_ask_state(struct agent *agent, const struct logged_entry *entry, struct state_answer *ret,
                   int timeout_ms) MUST_USE;

/* The proof was checked: the leaf at that index is in a log that the broker signed, and is that of
 * this very entry: its agency, id and item digest. `document` (a tlog-proof, appended) proves
 * itself offline. Verdict other than stored: no document. */
int link_ask_proof(struct agent *agent, const struct logged_entry *entry, enum verdict *ret_verdict,
                   struct buf *document, int timeout_ms) MUST_USE;

/* What the broker lets us see of the child that a look of ours names: its word, checked only to be
 * well formed. `payload` (appended) reads as a wire_picture_reply. Verdict other than stored: no
 * payload. */
int link_ask_picture(struct agent *agent, const struct wire_picture_request *request,
                     enum verdict *ret_verdict, struct buf *payload, int timeout_ms) MUST_USE;

#endif
