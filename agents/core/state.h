/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's store: which tables there are, what their keys and rows look like. Rows are fixed
 * big-endian layouts, each with a put and a get; a get that finds a row it cannot read makes that
 * the transaction's fault (-EBADMSG: a broken store, never bad input).
 *
 * Nothing here names a child in clear: sources and children are keyed by an HMAC under the store
 * key, texts and data keys are sealed under it (wrap_seal). What lies open is what the broker sees
 * anyway: headers, numbers, times.
 *
 * Threads: any may begin a transaction of its own; write transactions are short and wait for each
 * other.
 */
#ifndef AGENTS_STATE_H
#define AGENTS_STATE_H

#include "cairn/codes.h"
#include "cairn/ids.h"
#include "cairn/verdict.h"
#include "crypto/secret.h"
#include "store/store.h"
#include "tree/tree.h"

#define AGENT_SCHEMA 2

#define AGENT_TABLES(X)                                                                            \
    X(META, "meta")               /* name -> bytes */                                              \
    X(GOVERNANCE, "governance")   /* document u8 -> version u64, sized text, sized note */         \
    X(SOURCE, "source")           /* u8 sort, HMAC[32] -> what was told before (sources.h) */      \
    X(IDEMPOTENCY, "idempotency") /* HMAC[32] of the key -> created, HMAC[32] of body, answer */   \
    X(SETTLING, "settling")       /* due u64, reference[16] -> sealed event or involvement */      \
    X(OUT, "out")                 /* reference[16] -> out_row */                                   \
    X(OUT_ENTRY, "out-entry")     /* entry id -> reference[16] */                                  \
    X(CHILD, "child")             /* HMAC[32] (identity_keys) -> handle[16] */                     \
    X(HANDLE, "handle")           /* handle[16] -> its row (handle.h) */                           \
    X(SPOOL, "spool")             /* lane u8, seq u64 -> spool row (spool.h) */                    \
    X(COUNT, "count")             /* day i32, name -> u64 */                                       \
    X(INBOX, "inbox")         /* position u64 -> inbox row (inbox.h); what is below likewise */    \
    X(RECEIVED, "received")   /* entry id -> where it was delivered, what is known of it since */  \
    X(RELEASED, "released")   /* entry id, part u8 -> our grant, with the entry or later */        \
    X(ALERT, "alert")         /* alert u64 -> what is known of it */                               \
    X(LISTED, "listed")       /* alert u64, position u64 of a notice with headlines -> (empty) */  \
    X(HOUSEHOLD, "household") /* which alerts list which event (household.h) */                    \
    X(READING, "reading")     /* name of an application -> position it acknowledged */             \
    X(REGISTER, "register") /* pupil's key[32], period i32 -> sealed marks (school/register.h) */  \
    X(ROLL, "roll")         /* pupil's key[32] -> sealed involvement (school/roll.c) */            \
    X(STATED, "stated")     /* u8 sort, ... -> what a document says of people (stated.h) */        \
    X(CIRCLE, "circle")     /* handle[16], agency u32, role u8 -> circle row (circle.h) */         \
    X(KEYS, "keys")         /* entry id of ours -> header and wrapped data keys (kept.h) */        \
    X(OWN, "own")           /* handle[16], created u64, reference[16] -> (empty): our entries */   \
    X(GRANTED, "granted")   /* entry id of ours, agency u32 -> granted row (granting.h) */         \
    X(ASKED, "asked")       /* entry id of another's request -> asked row (asked.h) */             \
    X(REFUSED, "refused")   /* entry id of our request, agency u32 -> entry id of its refusal */   \
    X(REVIEW, "review")     /* due u64, reference[16] -> (empty): nobody has seen it (review.h) */ \
    X(REVIEWED, "reviewed") /* reference[16], number u32 -> reviewed row (review.h) */             \
    X(RETURNED,                                                                                    \
      "returned") /* u8, reference[16] -> refused for good, dealt with or not (returned.h) */      \
    X(UNOPENED, "unopened") /* entry id -> since when we are told that nobody has (unopened.h) */  \
    X(CONFIRMED, "confirmed") /* agency u32 -> how much of our log it confirmed, when (confirm.h) */

enum agent_table {
#define X(name, text) AT_##name,
    AGENT_TABLES(X)
#undef X
    AGENT_TABLE_COUNT
};

extern const char *const agent_table_names[AGENT_TABLE_COUNT];

/* What the rows' tags are made and checked with (store.h): a row that was changed on disk is never
 * read. */
void agent_row_key(const struct secret *store_key, struct secret *ret);

/* Ends a write transaction: synced and 0, or the fault that made it impossible (-ENOSPC when the
 * store is full) with nothing changed. A failed commit itself ends the process. */
int agent_commit(struct store_txn **txn) MUST_USE;

/* --- references: what a caller is told at once and may ask about for ever --- */

/* Milliseconds (6 bytes, so that references sort by time) and 10 random bytes. */
#define REFERENCE_BYTES      16
#define REFERENCE_TEXT_BYTES 33 /* lower-case hex and NUL */

struct reference {
    uint8_t bytes[REFERENCE_BYTES];
};

int reference_new(int64_t now_ms, struct reference *ret) MUST_USE;
/* When it was drawn. */
int64_t reference_ms(const struct reference *reference);
void reference_format(const struct reference *reference, char out[REFERENCE_TEXT_BYTES]);
bool reference_parse(const char *text, struct reference *ret) MUST_USE;
/* The reference that a row is, and nothing else. False when there is no such row, or when it is
 * something else, which is a fault of the transaction. */
bool reference_row_get(struct store_txn *txn, enum agent_table table, struct slice key,
                       struct reference *ret) MUST_USE;

/* --- META: small values by name --- */
uint64_t agent_meta_u64(struct store_txn *txn, const char *name, uint64_t fallback);
void agent_meta_put_u64(struct store_txn *txn, const char *name, uint64_t value);
bool agent_meta_bytes(struct store_txn *txn, const char *name, struct slice *ret);
void agent_meta_put_bytes(struct store_txn *txn, const char *name, struct slice value);

/* --- keys --- */
struct store_key agent_key_entry(const struct entry_id *id);
/* What one of the others has to do with an entry: entry id | u32 agency; AT_GRANTED, AT_REFUSED. */
struct store_key agent_key_entry_of(const struct entry_id *id, uint32_t agency);
struct store_key agent_key_settling(int64_t due_ms, const struct reference *reference);
struct store_key agent_key_spool(enum lane lane, uint64_t seq);
bool agent_key_has_prefix(struct slice key, struct slice prefix);

/* --- OUT: what became of something this agency said --- */

#define OUT_STATES(X)                                                                              \
    X(SETTLING, 1, "settling")   /* waits, on disk, until it can no longer be a clerical error */  \
    X(WAITING, 2, "waiting")     /* on disk; the agent has not been told yet who it may go to */   \
    X(SPOOLED, 3, "on-its-way")  /* frozen, on disk, sent until the broker has answered */         \
    X(STORED, 4, "stored")       /* the broker has it in its log */                                \
    X(REFUSED, 5, "refused")     /* final; the verdict says why */                                 \
    X(WITHDRAWN, 6, "withdrawn") /* taken back before it left; nobody outside ever knew */

enum out_state {
#define X(name, number, text) OUT_##name = (number),
    OUT_STATES(X)
#undef X
};
const char *out_state_text(enum out_state state);

/* What an involvement is stated by: a document of a source, or something of it; or a person, by
 * itself. All zeros: nothing that is remembered. */
#define STATED_BY_BYTES 16
struct stated_by {
    uint8_t bytes[STATED_BY_BYTES];
};

struct out_row {
    enum out_state state;
    enum entry_kind kind; /* record, involvement or decision */
    uint32_t record_kind; /* of a record, else 0 */
    uint32_t code;
    enum urgency urgency; /* of a record, else URGENCY_ROUTINE */
    int32_t event_day;
    uint8_t
        handle[CAIRN_HANDLE_BYTES]; /* zeros until it is sealed, and for a decision but a look */
    int64_t created_ms;
    int64_t due_ms; /* while SETTLING or WAITING, in settling time: its place in that table */
    bool has_entry; /* from SPOOLED on */
    struct entry_id entry;
    enum lane lane;
    uint32_t verdict;   /* enum verdict once the broker has answered for good, else 0 */
    uint64_t log_index; /* of a stored entry */
    int64_t answered_ms;
    bool retracted;             /* a retraction of it has been sealed */
    uint32_t by_uid;            /* the user of this machine that submitted or decided it */
    struct hash item;           /* digest of what was frozen; zeros until it is sealed */
    struct stated_by stated_by; /* of an involvement */
};

bool out_get(struct store_txn *txn, const struct reference *reference, struct out_row *ret);
void out_put(struct store_txn *txn, const struct reference *reference, const struct out_row *row);
/* The reference under which an entry of ours was submitted; none for statements about children. */
bool out_by_entry(struct store_txn *txn, const struct entry_id *entry, struct reference *ret);
/* That id is no longer, or never was, of anything submitted here. */
void out_forget_entry(struct store_txn *txn, const struct entry_id *entry);

/* --- COUNT: how often something happened, by London day; no identity --- */

#define COUNT_NAME_MAX_BYTES 40
void count_add(struct store_txn *txn, int32_t day, const char *name, uint64_t n);
uint64_t count_get(struct store_txn *txn, int32_t day, const char *name);
/* All of a day, by name, while `rows` is live; the caller ends it. */
struct count_walk {
    struct store_walk rows;
    int32_t day;
    char name[COUNT_NAME_MAX_BYTES + 1];
    uint64_t count;
};
struct count_walk count_walk_from(struct store_txn *txn, int32_t day);
void count_walk_next(struct count_walk *walk);

#endif
