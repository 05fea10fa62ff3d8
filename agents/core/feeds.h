/* SPDX-License-Identifier: Apache-2.0 */
/*
 * feeds: when each way in last brought something: the folders that are watched, by kind, and the
 * local interface. A feed that is silent looks like children of whom there is nothing to tell.
 * Any thread; but for feed_keep inside the caller's transaction.
 */
#ifndef AGENTS_FEEDS_H
#define AGENTS_FEEDS_H

#include "agents/core/agent.h"

#define FEED_INTERFACE   "interface"
#define FEEDS_MAX        8
#define FEED_REFUSED_MAX 10000 /* more than anybody takes away one by one */

struct feed {
    const char *name; /* a kind of folder as [watch] calls it, or FEED_INTERFACE; static */
    int64_t last_ms;  /* 0 never */
    const char *path; /* of the folder; NULL: the interface. As long as the options. */
    size_t refused;   /* what lies in its failed/, or is no file and lies in its in/: for a person;
                         counted up to FEED_REFUSED_MAX */
    size_t set_aside; /* files in its done/ of which rows were not taken, and nobody has taken away
                         the report that says so; likewise */
};

/* Something was taken from there. */
void feed_note(struct store_txn *txn, const char *name, int64_t now_ms);
/* The same in a transaction of its own. What it notes is no more than a figure: a full disk is left
 * to whatever needs the disk. */
void feed_keep(struct agent *agent, const char *name);
/* The folders that are configured, then the interface; returns how many. Reads those folders. */
size_t feeds_list(struct store_txn *txn, const struct agent_options *options,
                  struct feed ret[FEEDS_MAX]);

#endif
