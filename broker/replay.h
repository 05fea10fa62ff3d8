/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay: does everything that lies in a broker's store follow from its journal? The journal is
 * applied once more to an empty store, by the rules of this program, and each state table is
 * compared row by row: children, chronologies, alerts, mailboxes, counters, and the log with its
 * root. `cairn log verify` shows that the journal is what agencies signed and the log says; this
 * shows that the broker's conclusions are those of the journal.
 *
 * Reads only, beside a running broker or from a copy; the work is done in a process of its own,
 * since a damaged store may end the one that reads it. The store that it fills lies in a folder of
 * TMPDIR (or /tmp) and is removed. One thread.
 */
#ifndef BROKER_REPLAY_H
#define BROKER_REPLAY_H

#include "base/error.h"
#include "tree/tree.h"

enum replay_result {
    REPLAY_SAME,
    REPLAY_DIFFERS,
    REPLAY_NOT_READ /* no store is there, or none can be made to compare with */
};

struct replay {
    enum replay_result result;
    uint64_t batches; /* replayed */
    uint64_t rows;    /* compared */
    uint64_t log_size;
    struct hash root;  /* of the log, as the replay has it */
    char problem[256]; /* the first thing that differs, or why nothing was read */
};

/* `dir` is the folder of the store, or one that has it in data/. */
void replay_store(const char *dir, struct replay *ret);
/* The same, and says it as an event. True when the store is the journal's. */
bool replay_say(const char *dir) MUST_USE;

#endif
