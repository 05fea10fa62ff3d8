/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger: what lies in the broker's store; which tables there are, what their keys and rows
 * look like. docs/storage.md is this page in prose with puts, bytes and key order per record. Rows
 * are fixed big-endian layouts; each has a pack and an unpack, and an unpack that fails means a
 * broken store, never bad input.
 *
 * state.c has META, ENTRY, AGENCY and GOVERNANCE; state_child.c who is one child and who is about
 * it; state_alert.c chronologies and alerts; state_mailbox.c what agencies are told and were told;
 * state_due.c what is to be looked at later; state_sealed.c what can be destroyed.
 *
 * The broker alone writes (commit, through apply); publish and the tools that audit a copy read.
 * Sealed bodies, grants and parcel signatures lie in T_BLOB and T_PARCEL, which apply neither reads
 * nor writes: they can be destroyed and the journal still replays.
 */
#ifndef LEDGER_STATE_H
#define LEDGER_STATE_H

#include "cairn/codes.h"
#include "cairn/ids.h"
#include "cairn/limits.h"
#include "cairn/verdict.h"
#include "store/log.h"
#include "store/store.h"
#include "wire/wire.h"

#define STATE_SCHEMA 2

/* name, in replay: compared byte for byte after replaying the journal */
#define STATE_TABLES(X)                                                                            \
    X(META, "meta", true)               /* text -> u64, hash (journal.h), rows (counted.h) */      \
    X(JOURNAL, "journal", false)        /* batch u64 -> batch (journal.h) */                       \
    X(LOG, "log", true)                 /* leaf index u64 -> row (store/log.h) */                  \
    X(ENTRY, "entry", true)             /* entry id -> entry_row: the deduplication index */       \
    X(STREAM, "stream", true)           /* agency u32, stream u64 -> last seq u64 */               \
    X(SUBJECT, "subject", true)         /* subject id -> subject_row */                            \
    X(TOKEN, "token", true)             /* class u8, stored token[32], subject id -> status u8 */  \
    X(MEMBER, "member", true)           /* child u64, subject id -> link u8 */                     \
    X(ALIKE, "alike", true)             /* child u64 -> (empty): another may be like it */         \
    X(PAIR, "pair", true)               /* subject id, another's -> pair u8; both ways round */    \
    X(INVOLVEMENT, "involvement", true) /* subject id, role u8 -> involvement_row */               \
    X(TIE, "tie", true)                 /* child's subject id, adult's -> tie_row */               \
    X(TIED, "tied", true)               /* adult's subject id, child's -> 1 u8 */                  \
    X(CHRONOLOGY, "chronology",                                                                    \
      true)                 /* child u64, event day i32, log index u64 -> chronology_row */        \
    X(ALERT, "alert", true) /* alert u64 -> alert_row */                                           \
    X(CHILD_ALERT, "child-alert", true) /* child u64 -> its current alert u64 */                   \
    X(MAILBOX, "mailbox", true)         /* agency u32, position u64 -> mailbox_row */              \
    X(READER, "reader", true)           /* entry id, agency u32 -> reader_row */                   \
    X(WITHHELD, "withheld", true)       /* entry id, agency u32 -> withheld_row */                 \
    X(HEADLINE, "headline", true)       /* entry id, agency u32 -> headline_row */                 \
    X(AGENCY, "agency", true)           /* agency u32 -> agency_row */                             \
    X(TIMER, "timer", true)             /* due i64, kind u8, number u64 -> timer */                \
    X(HOLD, "hold", true)               /* subject id, agency u32 that holds -> until day i32 */   \
    X(RETENTION, "retention", true)     /* due day i32, log index u64 -> retention_row */          \
    X(GOVERNANCE, "governance", true)   /* document u8 -> version u64, sized text, sized note */   \
    X(BLOB, "blob", false)              /* batch u64, input u32 -> sized body, grants */           \
    X(PARCEL, "parcel", false)          /* batch u64, first input u32 -> head, signature, digests */

enum table {
#define X(name, text, replayed) T_##name,
    STATE_TABLES(X)
#undef X
    N_TABLES
};

extern const char *const state_table_names[N_TABLES];

/* --- keys (keys.c) --- */
struct store_key key_entry(const struct entry_id *id);
struct store_key key_stream(uint32_t agency, uint64_t stream);
struct store_key key_subject(const struct subject_id *subject);
struct store_key key_token(enum token_class class, const uint8_t stored[32],
                           const struct subject_id *subject);
struct store_key key_token_prefix(enum token_class class, const uint8_t stored[32]);
struct store_key key_member(uint64_t child, const struct subject_id *subject);
struct store_key key_members_of(uint64_t child, uint32_t agency); /* what those begin with */
struct store_key key_pair(const struct subject_id *subject, const struct subject_id *other);
struct store_key key_involvement(const struct subject_id *subject, enum role role);
struct store_key key_chronology(uint64_t child, int32_t day, uint64_t log_index);
struct store_key key_mailbox(uint32_t agency, uint64_t position);
struct store_key key_reader(const struct entry_id *id, uint32_t agency);
struct store_key key_agency(uint32_t agency);
struct store_key key_batch_input(uint64_t batch, uint32_t input);
struct store_key key_governance(enum governance_document document);
bool key_has_prefix(struct slice key, const struct store_key *prefix);

/* --- META counters --- */
uint64_t meta_get(struct store_txn *txn, const char *name, uint64_t fallback);
void meta_put(struct store_txn *txn, const char *name, uint64_t value);
/* The next number of a counter that starts at 1. */
uint64_t meta_next(struct store_txn *txn, const char *name);

/* --- rows --- */

/* Where an entry's clear header lies: in its batch of the journal. */
struct entry_row {
    enum verdict verdict;
    enum entry_kind kind;
    struct hash item;
    uint64_t log_index;
    uint64_t batch;
    uint32_t input;  /* number in the batch: key of its blob */
    uint32_t offset; /* of the input in the journal row */
    bool retracted;
    uint64_t alert; /* newest that lists it, 0 none */
    enum destroyed destroyed;
    int32_t asked_day; /* when somebody last asked for it; 0 never */
};
#define ENTRY_ROW_BYTES 80
bool entry_row_get(struct store_txn *txn, const struct entry_id *id, struct entry_row *ret);
void entry_row_put(struct store_txn *txn, const struct entry_id *id, const struct entry_row *row);

/* How a subject came to its child. */
enum link {
    LINK_ALONE = 1,
    LINK_VERIFIED = 2,
    LINK_PROVISIONAL = 3,
    LINK_CONFIRMED = 4 /* a person said so: as good as verified, until a person undoes it */
};

/* Two subjects that a person was asked about or has decided about. */
enum pair {
    PAIR_UNKNOWN = 0, /* no row */
    PAIR_SHOWN = 1,   /* the front door was asked whether they might be the same child */
    PAIR_APART = 2    /* a person said that they are not */
};

struct subject_token {
    enum token_class class;
    enum identifier_status status;
    uint8_t stored[32]; /* under the pepper */
};
struct subject_row {
    uint64_t child; /* of an adult: a number that is nobody else's, child's or adult's */
    enum link link;
    bool person; /* an adult, not a child */
    uint32_t epoch;
    uint64_t statement; /* log index, UINT64_MAX while only records named the handle */
    uint64_t revision;  /* of that statement; 0 without one */
    size_t n_tokens;
    struct subject_token tokens[CAIRN_TOKENS_MAX];
};
#define SUBJECT_ROW_BYTES (31 + CAIRN_TOKENS_MAX * 34)
bool subject_row_get(struct store_txn *txn, const struct subject_id *subject,
                     struct subject_row *ret);
void subject_row_put(struct store_txn *txn, const struct subject_id *subject,
                     const struct subject_row *row);

enum pair pair_get(struct store_txn *txn, const struct subject_id *subject,
                   const struct subject_id *other);
/* Whichever way round it is asked for later. PAIR_UNKNOWN: no row any more. */
void pair_put(struct store_txn *txn, const struct subject_id *subject,
              const struct subject_id *other, enum pair pair);

/* What an agency says an adult is to a child. */
struct tie_row {
    enum relationship relationship;
    int32_t until_day;
    uint64_t log_index;    /* of the entry by which it came to hold */
    struct entry_id entry; /* that said so, the newest */
};
bool tie_row_get(struct store_txn *txn, const struct subject_id *child,
                 const struct subject_id *person, struct tie_row *ret);
/* Both ways round. */
void tie_row_put(struct store_txn *txn, const struct subject_id *child,
                 const struct subject_id *person, const struct tie_row *row);
void tie_row_delete(struct store_txn *txn, const struct subject_id *child,
                    const struct subject_id *person);
bool tie_row_unpack(struct slice value, struct tie_row *ret);

struct involvement_row {
    int32_t from_day;
    int32_t until_day;
    uint64_t log_index;
    struct entry_id entry; /* that said so */
};
bool involvement_row_get(struct store_txn *txn, const struct subject_id *subject, enum role role,
                         struct involvement_row *ret);
void involvement_row_put(struct store_txn *txn, const struct subject_id *subject, enum role role,
                         const struct involvement_row *row);
bool involvement_row_unpack(struct slice value, struct involvement_row *ret);

/* Small on purpose: patterns are judged from these alone. */
struct chronology_row {
    struct subject_id subject;
    struct entry_id entry;
    enum record_kind record_kind;
    uint32_t code;
    uint32_t level;
    enum urgency urgency;
    bool retracted;
    bool counts;            /* false: stored without a reader */
    uint8_t occurrence[16]; /* the item digest's start when the record names none */
};
#define CHRONOLOGY_ROW_BYTES 64
struct slice chronology_row_pack(const struct chronology_row *row,
                                 uint8_t out[CHRONOLOGY_ROW_BYTES]);
bool chronology_row_unpack(struct slice value, struct chronology_row *ret);

enum alert_state {
    ALERT_OPEN = 1,
    ALERT_OPENED = 2,
    ALERT_CLOSED = 3,
    ALERT_WITHDRAWN = 4, /* a link was undone, and what is left does not meet any rule */
    ALERT_LISTED = 5     /* for review at the front door: nobody was alerted (backfill.h) */
};
struct alert_record {
    struct entry_id entry;
    uint64_t log_index;
    int32_t day;
    uint32_t revision; /* of the alert that listed it */
};
struct alert_addressee {
    uint32_t agency;
    uint32_t told; /* the newest revision that it was told of; 0 nothing yet */
};
struct alert_row {
    uint64_t child;
    char pattern[RULE_ID_MAX_BYTES];
    uint64_t rule_version;
    struct hash pattern_hash;
    enum alert_state state;
    uint32_t revision; /* 1 when raised */
    enum outcome outcome;
    uint64_t closed_at; /* log size when closed, or listed */
    enum outcome earlier_outcome;
    uint64_t into;     /* the alert that goes on for this one since their children joined, 0 none */
    uint64_t absorbed; /* one that this goes on for, 0 none; that one may name the next */
    size_t n_addressees;
    struct alert_addressee addressees[CAIRN_ADDRESSEES_MAX];
    size_t n_records;
    struct alert_record records[CAIRN_ALERT_RECORDS_MAX]; /* ascending day, log index */
};
#define ALERT_ROW_BYTES (160 + CAIRN_ADDRESSEES_MAX * 8 + CAIRN_ALERT_RECORDS_MAX * 36)
bool alert_row_get(struct store_txn *txn, uint64_t alert, struct alert_row *ret);
void alert_row_put(struct store_txn *txn, uint64_t alert, const struct alert_row *row);

/* Whether people are still to decide about it. */
static inline bool alert_is_open(const struct alert_row *row)
{
    return row->state == ALERT_OPEN || row->state == ALERT_OPENED;
}

/* Whether a person may decide about it. */
static inline bool alert_may_be_decided(const struct alert_row *row)
{
    return alert_is_open(row) || row->state == ALERT_LISTED;
}

/* The current alert of a child: its newest, but after a join the open one, when just one of the two
 * that came together is open. 0 when it has none. */
uint64_t child_alert_get(struct store_txn *txn, uint64_t child, struct alert_row *ret);
void child_alert_delete(struct store_txn *txn, uint64_t child);
void child_alert_put(struct store_txn *txn, uint64_t child, uint64_t alert);

/* Whether another child states something that it states too, as far as candidates.c must look: not
 * every child of which it is so is like another, but of every other child it is certain that it is
 * not. */
bool alike_row_get(struct store_txn *txn, uint64_t child);
void alike_row_put(struct store_txn *txn, uint64_t child);
void alike_row_delete(struct store_txn *txn, uint64_t child);

/* value of T_MAILBOX: u8 item kind || u64 told leaf || then
 *   DELIVERED, RELEASE  entry id || u8 parts (bit part-1) || u8 flags || u64 alert; what a kind has
 *                       no use for is 0
 *   NOTICE              entry id: the record whose existence it tells, else 0 || the notice's bytes
 *   WITHHELD            nothing */
#define MAILBOX_INTRODUCES 0x80U /* among flags: an involvement that its reader is to act upon */
struct mailbox_row {
    enum item_kind kind;
    uint64_t told;
    struct entry_id entry;
    uint8_t parts;
    uint8_t flags;
    uint64_t alert;
    struct slice notice;
};
void mailbox_row_put(struct store_txn *txn, uint32_t agency, uint64_t position,
                     const struct mailbox_row *row);
bool mailbox_row_unpack(struct slice value, struct mailbox_row *ret); /* notice borrowed */

struct reader_row {
    uint8_t parts;     /* queued for it so far */
    bool opened;       /* a person there gave a reason and opened it */
    bool by_name;      /* told while a name was all that said it is the same child */
    uint8_t own;       /* of how many of its handles for the child; of an involvement */
    bool passed_on;    /* a person there says: to the child's own authority */
    uint64_t position; /* of the newest mailbox row about it */
    uint32_t tellings; /* rows about it, without those that were withheld; 0: no reader, no row */
    uint32_t of_part[CAIRN_PARTS]; /* how often each part was told so, or granted */
};
bool reader_row_get(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                    struct reader_row *ret);
void reader_row_put(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                    const struct reader_row *row);

/* What an agency was to be told and never was: the agreements that ended it. */
struct withheld_row {
    uint64_t position;   /* in its mailbox */
    uint64_t agreements; /* version */
};
bool withheld_row_get(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                      struct withheld_row *ret);
void withheld_row_put(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                      const struct withheld_row *row);

/* That an agency was told that a record exists: its headline, in a notice or in a picture. */
struct headline_row {
    uint64_t position; /* in its mailbox, of the first; 0: a person there looked at the picture */
};
bool headline_row_get(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                      struct headline_row *ret);
void headline_row_put(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                      const struct headline_row *row);

struct agency_row {
    uint64_t next_position; /* of its mailbox, from 1 */
    uint64_t acknowledged;  /* every position up to here */
    uint64_t log_size;      /* cosigned */
    struct hash log_root;
    uint8_t cosignature[COSIGNATURE_BYTES];
    uint32_t cosigned_by;  /* the signing key's id */
    uint32_t claims_open;  /* involvements without an end */
    int32_t day;           /* of the two counts that follow */
    uint32_t claims_today; /* involvements */
    uint32_t requests_today;
    uint32_t ties_today;
    uint32_t holds;     /* that have not ended */
    int32_t left_day;   /* since when the directory says that it is revoked; 0: it does not */
    int32_t said_day;   /* on which it last said something of a child (apply.c); 0 never */
    int32_t joined_day; /* since when the directory has it, as active; 0: it does not */
};
void agency_row_get(struct store_txn *txn, uint32_t agency,
                    struct agency_row *ret); /* a fresh one when there is none */
void agency_row_put(struct store_txn *txn, uint32_t agency, const struct agency_row *row);

/* What must be looked at later. */
enum timer_kind {
    TIMER_RECORD = 1, /* has a front door opened it? number: its log index */
    TIMER_ALERT = 2,  /* the same of an alert; number: its own */
    TIMER_ROLE = 3,   /* an involvement begins; number: its log index */
    TIMER_PASS = 4,   /* of a child of another authority: has it been passed on? its log index */
    TIMER_SHOWN = 5,  /* the day until which a record was hidden; number: its log index */
    TIMER_SAID = 6,   /* more waits to be told of an adult; number: the adult's */
    TIMER_LOOK = 7,   /* patterns are to look at a child; number: the child's */
    TIMER_HOLD = 8    /* a hold ends, or is about to; number: the log's size when it was made */
};
struct timer_row {
    int64_t due_ms; /* batch time */
    enum timer_kind kind;
    uint64_t number;
    struct entry_id entry; /* of RECORD, ROLE, PASS, SHOWN and HOLD; of LOOK, or agency 0 */
    uint32_t rounds;       /* how often it has fired before */
};
void timer_row_put(struct store_txn *txn, const struct timer_row *timer);
void timer_row_delete(struct store_txn *txn, const struct timer_row *timer);
/* Whether one of that kind and number is due at that moment: putting it would take its place. */
bool timer_row_is(struct store_txn *txn, const struct timer_row *timer);
/* The one that is due first; false when there is none. */
bool timer_row_first(struct store_txn *txn, struct timer_row *ret);
/* The one under a walk of T_TIMER, which is live. */
struct timer_row timer_row_at(const struct store_walk *walk);

/* A body that may be destroyed one day, by the day on which to look at it. */
struct retention_row {
    int32_t due_day;
    uint64_t log_index; /* of the entry, or of what brought its body again */
    struct entry_id entry;
    int32_t since_day;   /* its body came */
    int32_t settled_day; /* nobody was waiting for it any more; 0 not yet */
    uint64_t tellings;   /* of it by then: changes when it is told again */
};
void retention_row_put(struct store_txn *txn, const struct retention_row *row);
void retention_row_delete(struct store_txn *txn, const struct retention_row *row);
/* The one that is due first; false when there is none. */
bool retention_row_first(struct store_txn *txn, struct retention_row *ret);

/* The rows below are read by tools that look into damaged stores, too: 0, -ENOENT, or -EBADMSG for
 * a row that breaks its layout. Slices are borrowed from the store. */

struct governance_row {
    uint64_t version;
    struct slice text;
    struct slice note;
};
int governance_row_get(struct store_txn *txn, enum governance_document document,
                       struct governance_row *ret) MUST_USE;
void governance_row_put(struct store_txn *txn, enum governance_document document,
                        const struct governance_row *row);

/* What of an entry only its readers can open. `input` is the entry's; rows are appended in the
 * order of batches and inputs. */
struct blob_row {
    struct slice body;
    size_t n_grants;
    struct wire_grant grants[CAIRN_GRANTS_MAX];
};
int blob_row_get(struct store_txn *txn, uint64_t batch, uint32_t input,
                 struct blob_row *ret) MUST_USE;
void blob_row_append(struct store_txn *txn, uint64_t batch, uint32_t input,
                     const struct blob_row *row);
void blob_row_delete(struct store_txn *txn, uint64_t batch, uint32_t input);

/* What proves that an origin wrote its entries. `input` is that of the first one stored; rows are
 * appended in the order of batches and inputs. */
struct parcel_row {
    struct slice head;
    struct slice signature;
    size_t n;
    struct hash digests[CAIRN_PARCEL_ENTRIES_MAX]; /* of all its entries, in its order */
};
int parcel_row_get(struct store_txn *txn, uint64_t batch, uint32_t input,
                   struct parcel_row *ret) MUST_USE;
void parcel_row_append(struct store_txn *txn, uint64_t batch, uint32_t input,
                       const struct parcel_row *row);

#endif
