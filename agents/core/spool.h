/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool: frozen entries on their way to the broker: three lanes, each a stream of its own with
 * rising sequence numbers. A row stays until the broker has answered it for good. All functions
 * work inside the caller's transaction; spooled rows leave with its commit (link_wake after it).
 *
 * A lane draws a new stream when its store is made, and when the broker knows one of its ids for
 * something else (reseal.h); numbers go on from stream to stream, so a number names a row.
 */
#ifndef AGENTS_SPOOL_H
#define AGENTS_SPOOL_H

#include "agents/core/state.h"
#include "crypto/seal.h"
#include "wire/wire.h"

/* Both parts' data keys, wrapped together under the store key. */
#define SPOOL_KEYS_BYTES (CAIRN_PARTS * SEAL_KEY_BYTES)
#define SPOOL_WRAP_BYTES (SPOOL_KEYS_BYTES + WRAP_OVERHEAD_BYTES)

/* An agency that is involved with the child on the day of sending. */
struct spool_reader {
    uint32_t agency;
    uint32_t roles; /* ROLE_BIT */
    bool by_name;   /* a name is all that says that it is the same child */
};

struct spool_entry {
    enum lane lane;
    uint64_t stream;
    uint64_t seq;
    enum entry_kind kind;
    struct slice header; /* frozen */
    struct slice body;   /* frozen */
    struct slice keys;   /* SPOOL_WRAP_BYTES; empty for an entry that nothing is sealed in */
    bool has_reference;  /* false: a statement about a child */
    struct reference reference;
    int64_t created_ms;
    size_t n_recipients; /* of a decision: who else gets a grant; of a later grant: who gets it */
    uint32_t recipients[CAIRN_ADDRESSEES_MAX];
    /* Not of the row: what else the store knows when it is sent (circle_beside). */
    size_t n_circle;
    const struct spool_reader *circle; /* by agency, each once */
    enum entry_kind granted;           /* of a later grant: the kind of what is granted */
};

/* Draws the streams of a fresh store; keeps those of an old one. */
int spool_start(struct store_txn *txn) MUST_USE;
uint64_t spool_stream(struct store_txn *txn, enum lane lane);
/* Another stream for what is added from now on. Rows that are there keep theirs: they may be known
 * to the broker. 0 or -EIO. */
int spool_renew(struct store_txn *txn, enum lane lane) MUST_USE;
/* The id that the lane's next entry has: a header is frozen with it, then spool_add takes it. */
struct entry_id spool_next_id(struct store_txn *txn, uint32_t agency, enum lane lane);
/* entry->lane, ->stream and ->seq are those of spool_next_id (asserted). */
void spool_add(struct store_txn *txn, const struct spool_entry *entry);
/* Instead of the row of that lane and number; ends what was borrowed from it. */
void spool_replace(struct store_txn *txn, const struct spool_entry *entry);
/* The row; slices borrow from the transaction. */
bool spool_get(struct store_txn *txn, enum lane lane, uint64_t seq, struct spool_entry *ret);
/* A row's value, as it lies in the table. False when it cannot be read. */
bool spool_unpack(enum lane lane, uint64_t seq, struct slice value,
                  struct spool_entry *ret) MUST_USE;
/* Copies what the row borrows; false when the arena is full. */
bool spool_copy(struct spool_entry *entry, struct arena *arena) MUST_USE;
/* The number of the row behind `after` that takes back this record; 0 for none. */
uint64_t spool_retraction(struct store_txn *txn, enum lane lane, uint64_t after,
                          const struct entry_id *record);

/*
 * The oldest rows of a lane, copied into the arena, as many as one parcel can take: of one stream,
 * at most CAIRN_PARCEL_ENTRIES_MAX and what a frame holds. Stops before a retraction or a later
 * grant of a record that is not answered yet: only the answer makes sure of the id that it names.
 * Returns how many.
 */
size_t spool_lot(struct store_txn *txn, enum lane lane, struct arena *arena,
                 struct spool_entry ret[CAIRN_PARCEL_ENTRIES_MAX]);

/* A final answer: the row goes, its reference's OUT row says what became of it, and a record whose
 * retraction is refused is not shown as taken back any more. A row that is not there (a receipt
 * twice) is nothing. Not for VERDICT_EQUIVOCATION (reseal.h). */
void spool_answer(struct store_txn *txn, enum lane lane, const struct wire_result *result,
                  int64_t now_ms);

struct spool_depth {
    uint64_t entries[CAIRN_LANES + 1]; /* by lane, from the oldest to the newest; index 0 unused */
    int64_t oldest_ms;                 /* created; 0 when all is sent */
    int64_t oldest_urgent_ms;          /* likewise of the urgent lane */
};
void spool_depth(struct store_txn *txn, struct spool_depth *ret);
/* The older of what is spooled and of what waits to be sealed since then (settle.h); 0: nothing. */
int64_t spool_oldest(const struct spool_depth *depth, int64_t unsealed_since_ms);
/* Likewise of what is urgent. */
int64_t spool_oldest_urgent(const struct spool_depth *depth, int64_t unsealed_since_ms);

#endif
