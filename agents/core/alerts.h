/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alerts: what this agency was told of each alert: a prompt to look, never a judgement. An alert is
 * noticed, then opened by a person, then closed by one, or withdrawn when a person says that it was
 * put together from two children; notices say so, in the order in which they
 * were told. What it lists is what the notices that raised and extended it told together:
 * each tells only what was not told before.
 *
 * All functions work inside the caller's transaction; any thread.
 */
#ifndef AGENTS_ALERTS_H
#define AGENTS_ALERTS_H

#include "agents/core/agent.h"
#include "wire/wire.h"

#define KNOWN_STATES(X)                                                                            \
    X(NOTICED, 1, "noticed")                                                                       \
    X(OPENED, 2, "opened")                                                                         \
    X(CLOSED, 3, "closed")                                                                         \
    X(WITHDRAWN, 4, "withdrawn")                                                                   \
    X(LISTED, 5, "listed")

enum known_state {
#define X(name, number, text) KNOWN_##name = (number),
    KNOWN_STATES(X)
#undef X
};
const char *known_state_text(enum known_state state);

/* Who opened or closed it, or undid the link that it rested on. */
struct alert_act {
    int64_t at_ms; /* 0: not yet */
    uint32_t agency;
    struct entry_id decision;
};

struct known_alert {
    enum known_state state;
    uint32_t revision;
    int64_t raised_ms;
    int64_t changed_ms;
    struct alert_act opened;
    struct alert_act closed;
    enum outcome outcome;
    int64_t decided_ms; /* when a named person of ours first decided about it; 0 nobody */
    struct reference decision;
    bool over_budget; /* it went beyond its pattern's week: its owner is to look why */
};
/* Whether people are still to decide about it. */
static inline bool known_alert_is_open(const struct known_alert *row)
{
    return row->state == KNOWN_NOTICED || row->state == KNOWN_OPENED || row->state == KNOWN_LISTED;
}
/* Whether it belongs on the list for review: found in what was there before its pattern was turned
 * on, or beyond its pattern's week; until somebody has decided. */
static inline bool known_alert_for_review(const struct known_alert *row)
{
    return row->state == KNOWN_LISTED || (row->over_budget && known_alert_is_open(row));
}
bool known_alert_get(struct store_txn *txn, uint64_t alert, struct known_alert *ret);
/* A row under a walk of AT_ALERT; false for a broken one. */
bool known_alert_unpack(struct slice value, struct known_alert *ret) MUST_USE;
/* The newest notice that raised or extended it, with the headlines of all of them: the newest told
 * CAIRN_ALERT_RECORDS_MAX, ascending by day. Lives in the arena. False when there is none. */
bool known_alert_listed(struct store_txn *txn, uint64_t alert, struct arena *arena,
                        struct wire_notice *ret);

/* A checked notice at this inbox position. */
void known_alert_take(struct store_txn *txn, uint64_t position, const struct wire_notice *notice);
/* A person's decision about it is on disk; nothing for an alert we do not know. */
void known_alert_decided(struct store_txn *txn, uint64_t alert, const struct reference *decision,
                         int64_t now_ms);

/* What our own system calls the child behind one of our handles: false when we never named it. */
bool known_alert_child(struct store_txn *txn, const struct secret *store_key,
                       const struct wire_notice *notice, struct identity *ret);

#endif
