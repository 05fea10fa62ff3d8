/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearby: what a change of a large store is, by looking at the rows behind the changed pages
 * (spans.h) and at what `cairn log verify` makes of those, instead of at all of it. Nothing is
 * concluded that does not follow for the whole store:
 *
 * - The same: each of those rows, by its key; and by a walk that comes to them from the row before
 *   them, whose path no changed page is on, and goes on to the second leaf behind them. From there
 *   on it is the walk of the whole store.
 * - Found by log verify: the first row of the log that differs does not hash to what lies beside
 *   it, or there are fewer than were signed; or the audit, taken up before the first batch that any
 *   difference can show in, with what it has made by then of the whole store, finds something
 *   wrong, or dies of it. The whole command comes to that too, unless it has found something before
 *   or died on its way.
 * - Found by comparison: as tampering.h has it. The journal is the same, and a table that a replay
 *   makes is not.
 *
 * Everything else is for the whole commands. One thread; children of the process have what it had.
 */
#ifndef ATTACK_NEARBY_H
#define ATTACK_NEARBY_H

#include "attack/forging.h"
#include "attack/spans.h"

struct resumption;

struct nearby {
    const struct spoiled *spoiled;
    const bool *replayed; /* by table */
    struct spans spans;
    uint64_t *told; /* for each row of T_ENTRY: the first batch that names it; 0: none */
    uint64_t size;  /* of the log */
    uint64_t n_batches;
    struct resumption *resumptions; /* before each batch, and after the last */
};

enum near_verdict {
    NEAR_SAME,       /* of a forged row only: no row is another than it was */
    NEAR_COMPARISON, /* found by it */
    NEAR_VERIFY,     /* likewise */
    NEAR_UNDECIDED
};

/* Asserts (cmocka) that the audit of the whole store finds nothing wrong. */
void nearby_init(struct nearby *nearby, const struct spoiled *spoiled, const bool *replayed);
void nearby_deinit(struct nearby *nearby);

/* As spoiled.h wants it of `look`. Notes which tables differ, the first batch and the first leaf of
 * the log that this can show in. */
uint8_t nearby_look(const struct nearby *nearby, struct store *store, const struct change *change,
                    struct looked *looked);
/* After a look that saw something; sets looked->problem when it is known. */
enum near_verdict nearby_judge(const struct nearby *nearby, struct store *store,
                               struct looked *looked);

/* What the audit makes of batches `from` to `to`, through a transaction in which the journal is as
 * it was before `from`; its walk starts at batch `walk_from`, which a key finds, or at the
 * first. */
struct near_audit {
    uint64_t walk_from; /* 0: at the first */
    uint64_t from;
    uint64_t to;
    bool as_many; /* set: they lead to as many bodies and parcels as they did */
};
#define NEAR_LEAFLESS 1024 /* batches behind a change, all of which may make no leaf */
/* True when something is wrong; what it is goes to `problem`, of that many bytes. */
#define NEAR_PROBLEM_BYTES sizeof(((struct looked *)NULL)->problem)
bool nearby_audit(const struct nearby *nearby, struct store_txn *txn, struct near_audit *audit,
                  char *problem);
/* The same of the end of the audit: there is a body or a parcel that no entry leads to, or one is
 * missing. */
bool nearby_more(const struct nearby *nearby, struct store_txn *txn, char *problem);

/* A row that was forged in this transaction, which is not committed: at most two rows are not what
 * they were. */
enum near_verdict nearby_forged(const struct nearby *nearby, struct store_txn *txn,
                                const struct forged *forged, char *problem);

#endif
