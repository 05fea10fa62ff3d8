/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confirm: who else has confirmed the log that we are shown. A broker could show each of us a log
 * of its own, whole and signed. So each agency signs the heads that it has verified (acks.h), and
 * the answer to our hello carries what others have signed, with the proof that our log continues
 * it.
 *
 * One that holds is kept: this agency has seen this log, up to that size, at that time. One whose
 * signature holds and whose tree is not ours is evidence, as any other fork is (witness.h). A
 * broker that shows others another log has neither to give us: then nobody confirms ours any more,
 * and after CAIRN_UNCONFIRMED_HOURS that is said. It counts as such when fewer than half of the
 * others confirm: of two sides of a split, at least one has no majority. All others count, also
 * those that never confirmed anything: whose word we are handed is the broker's choice.
 *
 * The link's thread writes; any thread reads, in its own transaction.
 */
#ifndef AGENTS_CONFIRM_H
#define AGENTS_CONFIRM_H

#include "agents/core/state.h"
#include "govern/govern.h"
#include "wire/wire.h"

#define CONFIRM_ASK_MS   (CAIRN_COSIGNED_MINUTES * 60 * INT64_C(1000))
#define CONFIRM_LATE_MS  (CAIRN_UNCONFIRMED_HOURS * 3600 * INT64_C(1000))
#define CONFIRM_AHEAD_MS (60 * 60 * INT64_C(1000)) /* of our clock: a summer's hour, and no more */

/* From where one looks. Borrowed for the call. */
struct confirm_view {
    const struct governance *governance;
    uint32_t own;                  /* our number */
    const struct checkpoint *head; /* the newest that we have verified */
    int64_t now_ms;
};

/* From which agency on the next hello asks: by rising numbers, a few at a time, until all were
 * asked for; then, after CONFIRM_ASK_MS, from the first one again. */
uint32_t confirm_next(struct store_txn *txn);

/* Judges what an answer to a hello that asked carries, whose own head is view->head, and keeps what
 * holds. What does not is logged and left. False when one is of another log than ours: `evidence`
 * is the note that its agency signed, and the caller ends the transaction without a commit. */
bool confirm_take(struct store_txn *txn, const struct confirm_view *view,
                  const struct wire_hello_reply *reply, struct buf *evidence) MUST_USE;

struct confirmations {
    size_t others;   /* agencies in force, but us */
    size_t ever;     /* of them, those that have ever confirmed this log */
    size_t lately;   /* of these, within CAIRN_UNCONFIRMED_HOURS, or all that there is of it */
    uint32_t agency; /* whose is the largest confirmed head; 0: nobody's yet */
    uint64_t size;
    int64_t time_ms;  /* by that agency's clock */
    int64_t begun_ms; /* since when we ask, and there is somebody to answer; 0 never */
    bool missed;      /* somebody should ask the others */
};
/* Of the agencies in force by view->governance, but us: how they stand now. */
void confirm_count(struct store_txn *txn, const struct confirm_view *view,
                   struct confirmations *ret);

/* Of a log that is not ours any more. */
void confirm_forget(struct store_txn *txn);

#endif
