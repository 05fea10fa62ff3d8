/* SPDX-License-Identifier: Apache-2.0 */
/*
 * witness: the largest log head of the broker that this agency has verified. Every later head must
 * be signed, no smaller, and a continuation of this one; one that is not is evidence that the
 * broker shows different logs to different people. The head is put on disk before it is used.
 *
 * A receipt is signed under a head too, without a proof that it continues ours: the broker has
 * promised that log. What it has promised is shown to it at the next hello, which proves it or
 * gives the broker away. It is put on disk with what the receipt ends.
 *
 * Only the link's thread; its state lives in META.
 */
#ifndef AGENTS_WITNESS_H
#define AGENTS_WITNESS_H

#include "store/store.h"
#include "tree/checkpoint.h"

#define WITNESS_NOTE_BYTES 1024

struct witness {
    struct checkpoint head; /* size 0 before the first */
    size_t note_len;
    char note[WITNESS_NOTE_BYTES]; /* the head's signed note */
    struct checkpoint promised;    /* the largest of a receipt that is not proved yet; 0 none */
    size_t promised_len;
    char promised_note[WITNESS_NOTE_BYTES];
};

enum witness_result {
    WITNESS_NEWER = 1, /* verified: call witness_save before using it */
    WITNESS_SAME,      /* the head held already */
    WITNESS_NOT_SIGNED,
    WITNESS_FORK /* signed, and not a continuation: evidence */
};

/* The head that the store holds; the empty tree when none. */
void witness_load(struct store_txn *txn, struct witness *ret);
/* Judges `note` against the head held; *ret is the new head on WITNESS_NEWER. `proof` goes from the
 * held size to the note's. */
enum witness_result witness_judge(const struct witness *held, const struct note_key *key,
                                  struct slice note, const struct tree_proof *proof,
                                  struct witness *ret) MUST_USE;
void witness_save(struct store_txn *txn, const struct witness *witness);
/* A receipt's head, whose signature was checked: kept when it is the largest seen, in memory and,
 * by the second, on disk. */
void witness_promise(struct witness *witness, const struct checkpoint *head, struct slice note);
void witness_save_promise(struct store_txn *txn, const struct checkpoint *head, struct slice note);
/* `proof` goes from the smaller to the larger of the head held and what was promised: true when
 * both are of one log, and the larger is the head held then. */
bool witness_keep_promise(struct witness *witness, const struct tree_proof *proof) MUST_USE;
/* What was promised up to this size is proved: no longer owed after a restart. */
void witness_save_kept(struct store_txn *txn, uint64_t size);
/* Keeps both notes for the operator: the head held, and what contradicts it, signed by the log's
 * key or by another agency (confirm.h). witness_forked stays true until they are cleared. */
void witness_save_fork(struct store_txn *txn, const struct witness *held, struct slice note);
bool witness_forked(struct store_txn *txn);
/* One note of the last contradiction, cleared or not, borrowed from the transaction: the one that
 * was held, or the one that was shown against it. False when there was none. */
bool witness_evidence(struct store_txn *txn, bool shown, struct slice *ret) MUST_USE;
/* An operator has looked, and goes on: the head that is shown next is taken as the first one, which
 * nobody has confirmed. Both notes stay in META as evidence. */
void witness_clear_fork(struct store_txn *txn);

#endif
