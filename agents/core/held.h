/* SPDX-License-Identifier: Apache-2.0 */
/*
 * held: what of the spool does not get through, and why, for people to see.
 *
 *   waits   the oldest row of a lane that the broker has put off for a while: it goes on trying
 *   aside   a row that the broker refuses in a parcel of its own. Nothing of it was kept there, so
 *           it is not lost here: it lies beside its lane, lets the others pass, and takes its
 *           place again at the next start, when somebody has mended what was wrong
 *
 * Rows aside lie in the spool's table under lane + HELD_ASIDE: since u64 | verdict u16 | spool row.
 */
#ifndef AGENTS_HELD_H
#define AGENTS_HELD_H

#include "agents/core/spool.h"

#define HELD_ASIDE    16 /* beyond every lane */
#define HELD_LIST_MAX 16

struct held {
    enum lane lane;
    struct entry_id entry;
    enum verdict verdict; /* the last one */
    int64_t since_ms;
    bool aside; /* else it waits */
};

/* The lane waits for this row; one note a lane, which ends with the row. */
void held_note(struct store_txn *txn, enum lane lane, uint64_t seq, enum verdict verdict,
               int64_t since_ms);
/* Puts a row aside; its author is told the verdict. A record that was taken back meanwhile is
 * withdrawn instead, with its retraction. */
void held_aside(struct store_txn *txn, enum lane lane, uint64_t seq, enum verdict verdict,
                int64_t now_ms);
/* What was put aside takes its place again. */
void held_resume(struct store_txn *txn);
/* It is aside: spooled, with a verdict. */
bool held_is_aside(const struct out_row *row);
/* The row aside goes for good: what it says was taken back. */
void held_drop(struct store_txn *txn, const struct out_row *row);
/* What waits, then what is aside; returns how many. */
size_t held_list(struct store_txn *txn, struct held ret[HELD_LIST_MAX]);

#endif
