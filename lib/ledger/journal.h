/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: the ordered inputs of every batch, which is all that can change state. Given the
 * same journal, apply writes the same bytes and the same root. One row of T_JOURNAL per batch:
 *
 *   u8 format 1 | u16 apply version | i64 batch time ms | salt[32] | u32 inputs
 *   then for each input: u32 length, input
 *
 *   input = u8 type, then
 *     ENTRY       u16 verdict of verify | u8 kind | u8 lane | entry id[20] | u32 signing key id
 *                 | u32 connection's agency | u64 agreements version | u64 directory version
 *                 | item digest[32] | grants digest[32]
 *                 | u32 parcel (number in the batch of its first input) | u8 index in the parcel
 *                 | u8 grants x (u8 part, u32 recipient, u32 key id)
 *                 | u8 tokens x stored token[32] | sized header
 *     GOVERNANCE  u8 document | sized text | sized note
 *     REFUSED     u32 agency | u64 hour since 1970 | u32 frames
 *     START       software version hash[32]
 *     TICK        nothing: timers that are due at the batch's time fire
 *     CONTINUE    nothing: the next part of what documents or a new day have made due: deliveries
 *                 that wait are judged, children are looked at for a pattern that was turned on
 *     RETENTION   nothing: what may be destroyed at the batch's time is looked at, and goes
 *
 * The log commits to the journal: the salt of each leaf is made from every byte of all rows before
 * its batch's, and of its batch's row up to the end of the input that made the leaf, but for the
 * number of inputs, which a batch that is cut short learns last. The salt of the batch is random,
 * so nobody can tell a leaf's from the row's other contents. No byte before the last leaf can be
 * changed without another root, also of rows without a leaf of their own, however many come one
 * after the other. The digest of all rows before the newest lies in T_META, under "before".
 *
 * Read inputs borrow from the row. Threads: whoever owns the transaction or buffer.
 */
#ifndef LEDGER_JOURNAL_H
#define LEDGER_JOURNAL_H

#include "ledger/state.h"
#include "wire/leaf.h"

#define APPLY_VERSION 2

enum input_type {
    INPUT_ENTRY = 1,
    INPUT_GOVERNANCE = 2,
    INPUT_REFUSED = 3,
    INPUT_START = 4,
    INPUT_TICK = 5,
    INPUT_CONTINUE = 6,
    INPUT_RETENTION = 7
};

/* A grant without its secret: what apply may know. */
struct grant_mark {
    enum part part;
    uint32_t recipient;
    uint32_t key_id;
};

struct entry_input {
    enum verdict verdict; /* VERDICT_STORED when verify found nothing wrong */
    enum entry_kind kind;
    enum lane lane;
    struct entry_id id;
    uint32_t key_id;
    uint32_t sender; /* agency of the authenticated connection */
    uint64_t agreements_version;
    uint64_t directory_version;
    struct hash item;
    struct hash grants_digest;
    uint32_t parcel;
    uint32_t index;
    size_t n_grants;
    struct grant_mark grants[CAIRN_GRANTS_MAX];
    size_t n_tokens;
    uint8_t tokens[CAIRN_TOKENS_MAX][32]; /* under the pepper */
    struct slice header;
};

struct input {
    enum input_type type;
    union {
        struct entry_input entry;
        struct {
            enum governance_document document;
            struct slice text;
            struct slice note;
        } governance;
        struct {
            uint32_t agency;
            uint64_t hour;
            uint32_t frames;
        } refused;
        struct hash software; /* START */
    };
};

struct batch_head {
    uint16_t apply_version;
    int64_t time_ms;
    uint8_t salt[32];
    uint32_t inputs;
};

#define BATCH_HEAD_BYTES 47

/* Starts a row in `out` (cleared); journal_end fills the number of inputs in. */
void journal_begin(const struct batch_head *head, struct buf *out);
/* Appends; returns the input's offset in the row. */
uint32_t journal_add(const struct input *input, struct buf *out);
void journal_end(uint32_t inputs, struct buf *out);

bool journal_head_read(struct slice row, struct batch_head *ret) MUST_USE;
/* Walks: *at starts at BATCH_HEAD_BYTES. False at the end, or when the row is broken (then *at is
 * SIZE_MAX). */
bool journal_next(struct slice row, size_t *at, struct input *ret) MUST_USE;
/* The digest of all rows up to this one, from that of the rows before it (before the first: zeros).
 * `ret` may be `earlier`. */
void journal_before(const struct hash *earlier, struct slice row, struct hash *ret);
/* The digest of all rows before the batch. T_META has that of all but the last of them, and gets
 * the new one for the next batch: once for each batch, in their order, by whoever applies it. */
void journal_follow(struct store_txn *txn, uint64_t batch, struct hash *ret);
/* What the journal says so far: all rows before the batch, and this one's head; then, with each
 * input, its bytes from `at` to `end`, the length before it included. */
void journal_said_head(const struct hash *before, struct slice row, struct hash *ret);
void journal_said_input(struct hash *said, struct slice row, size_t at, size_t end);
/* Of the leaf at that index of the log. */
void journal_salt(const struct hash *said, uint64_t index, uint8_t ret[LEAF_SALT_BYTES]);
/* The entry at an offset that T_ENTRY recorded, read from the journal in this transaction. */
bool journal_entry_at(struct store_txn *txn, uint64_t batch, uint32_t offset,
                      struct entry_input *ret) MUST_USE;

#endif
