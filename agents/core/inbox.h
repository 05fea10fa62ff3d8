/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inbox: what the broker delivered, checked and on disk, until the agency's own applications have
 * acknowledged it. Rows lie in the tables INBOX, RECEIVED, RELEASED, ALERT and READING of
 * state.h.
 *
 *   INBOX     position -> the item as it came, with when and how it was told
 *   RECEIVED  entry id -> where it was delivered, what is known of it since, who decided here
 *   RELEASED  entry id, part -> our grant for that part, whether it came with the entry or later
 *   CIRCLE    handle, agency, role -> who else is involved with the child (circle.h)
 *   READING   application -> position that it acknowledged
 *
 * inbox.c has the rows, inbox_take.c what is checked before there is one, inbox_notice.c what a
 * notice says of others.
 */
#ifndef AGENTS_INBOX_H
#define AGENTS_INBOX_H

#include "agents/core/agent.h"
#include "tree/checkpoint.h"
#include "wire/wire.h"

/*
 * Called by the link's thread for each DELIVERY, after `head` was verified as a continuation of the
 * head last verified. Checks each item: its leaf's inclusion under `head`, that the leaf
 * tells of exactly this payload to us at exactly this position, and of an entry its parcel path,
 * signature and origin in the governance in force. Items at positions held already are nothing.
 * Stores all that holds in ONE synced transaction, then tells news.
 *
 * Positions that were passed over are a gap (see inbox_gaps). It never stops what comes after it: a
 * release of a record that was in it is kept with INBOX_NOT_HELD. Nothing is asked for again: the
 * broker forgets what we acknowledged, and a restored store no longer knows that it did.
 *
 * An entry signed with a key that was revoked since is taken, with INBOX_DOUBT: the broker logged
 * it while the key was good, and refusing it would keep everything behind it from us.
 *
 * 0 and *ret_position, the newest position on disk (also when nothing new was in it): what the link
 * acknowledges. An acknowledgement is cumulative, and behind a gap it says: we want nothing up to
 * here any more. That takes nothing from us that an honest broker still has; one that skips what it
 * holds has told of it in the log, where it can be shown. -EBADMSG when an item's proof does not
 * hold: what stood before it was stored, *ret_position says how far; the link closes and dials
 * again. -ENOSPC when the store is full.
 */
int inbox_take(struct agent *agent, const struct wire_delivery *delivery,
               const struct checkpoint *head, uint64_t *ret_position) MUST_USE;

/* The newest position on disk, 0 for none: FETCH asks for what follows it. */
uint64_t inbox_position(struct store_txn *txn);

/* Positions of our mailbox that never came to this store, and will not: for a person to look at. */
struct inbox_gaps {
    uint64_t gaps;      /* how often positions were passed over; 0 never */
    uint64_t missing;   /* how many positions, all together */
    uint64_t first;     /* the first of all that are missing */
    uint64_t last;      /* and the last; what lies between may be there */
    int64_t noticed_ms; /* our clock, of the newest gap */
};
void inbox_gaps(struct store_txn *txn, struct inbox_gaps *ret);

/* --- reading: any thread, inside the caller's transaction --- */

#define INBOX_DOUBT    1U /* the origin's signing key has been revoked since */
#define INBOX_NOT_HELD 2U /* a release of a record that was lost in a gap */
#define INBOX_QUIET    4U /* between agents: no news for a person, and not listed as such */

/* Whether a record was taken back, and who says so. */
enum retraction {
    RETRACTION_NONE = 0,
    RETRACTION_SAID,  /* a notice of the broker, in the log; its origin has not said it to us */
    RETRACTION_SIGNED /* its origin, in a retraction that was delivered to us */
};

struct inbox_row {
    enum item_kind kind;
    uint8_t flags;
    int64_t taken_ms;     /* our clock */
    int64_t told_ms;      /* the broker's, from the leaf */
    uint64_t told_index;  /* of that leaf */
    struct slice payload; /* borrowed from the transaction */
};
bool inbox_get(struct store_txn *txn, uint64_t position, struct inbox_row *ret);
/* A row under a walk of AT_INBOX; false for a broken one. */
bool inbox_unpack(struct slice key, struct slice value, uint64_t *ret_position,
                  struct inbox_row *ret) MUST_USE;

/* What a named person has decided since about the link that led a record here. */
enum judged_link {
    JUDGED_NOT = 0, /* nothing: it is as it was delivered */
    JUDGED_SAME,    /* it is about this child */
    JUDGED_ANOTHER  /* it is about another child */
};

struct received_row {
    uint64_t delivered; /* position of the newest delivery of it; 0 for a record of our own */
    uint64_t noticed;   /* of the newest notice about it; 0 none */
    struct hash item;   /* its item digest */
    enum retraction retraction;
    enum judged_link link;
    int64_t opened_ms;  /* when its first reader opened it, by a notice in the log; 0 not yet */
    uint32_t opened_by; /* and who */
    uint64_t alert;     /* the newest alert that lists it, as far as we were told; 0 none */
    int64_t
        alert_opened_ms; /* of ours: when an alert that listed it by then was opened; 0 not yet */
    uint32_t alert_opened_by;
    int64_t destroyed_ms; /* of ours: when the broker destroyed its copy of the body; 0 not yet */
    int64_t decided_ms;   /* when a named person of ours decided to open it; 0 nobody */
    struct reference decision;
    bool has_reason; /* of ours: somebody who opened it lets us read why */
    struct entry_id reason;
};
bool received_get(struct store_txn *txn, const struct entry_id *entry, struct received_row *ret);
/* The entry as delivered, with the flags of its inbox row. False when it was never delivered. */
bool received_entry(struct store_txn *txn, const struct entry_id *entry, struct arena *arena,
                    struct wire_delivered *ret, uint8_t *ret_flags);
/* A person's decision about this record is on disk. */
void received_decided(struct store_txn *txn, const struct entry_id *entry,
                      const struct reference *decision, int64_t now_ms);

/* Our grant for a part, if there is one. */
struct held_grant {
    uint32_t key_id;
    uint8_t sealed[GRANT_BYTES];
    uint64_t alert; /* that released it; 0: it came with the entry */
};
bool held_grant_get(struct store_txn *txn, const struct entry_id *entry, enum part part,
                    struct held_grant *ret);

/* --- applications --- */

/* Of a to z, 0 to 9 and "-", at most CAIRN_APPLICATION_MAX_BYTES. */
bool reading_name_ok(const char *application);
uint64_t reading_get(struct store_txn *txn, const char *application);
/* Cumulative: a lower position changes nothing. 0; -ERANGE for a position beyond the inbox; -EUSERS
 * when CAIRN_API_APPLICATIONS_MAX others have acknowledged something; -ENOSPC when the store is
 * full. Commits. */
int reading_acknowledge(struct agent *agent, const char *application, uint64_t position) MUST_USE;

#endif
