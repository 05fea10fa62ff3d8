/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sending: what of the spool is on its way: at most one parcel a lane, so that a stream arrives in
 * its order; urgent first. A parcel without a receipt is cut again from the same rows and sent
 * again: the broker knows what it has. Only the link's thread. No socket in here.
 *
 * A parcel that is refused for what is in it is halved until the row that is to blame goes alone;
 * that one is put aside (held.h), and the others go on.
 */
#ifndef AGENTS_SENDING_H
#define AGENTS_SENDING_H

#include "agents/core/backoff.h"
#include "agents/core/parcel.h"
#include "agents/core/session.h"

#define SENDING_RECEIPT_MAX_MS                                                                     \
    3000 /* then it is sent again, which is harmless and urgent things cannot wait */
#define SENDING_RETRY_MIN_MS 100   /* after a `retry` verdict, doubled ... */
#define SENDING_RETRY_MAX_MS 5000  /* ... up to this */
#define SENDING_REFUSED_MS   60000 /* after a parcel was refused as a whole: a person must look */
#define SENDING_META_RECEIPT "receipt-ms" /* in META: when the broker last answered for good */
#define SENDING_HELD_MS      60000        /* put off for so long, a row is shown to people */

/* The row that a lane waits for. */
struct waiting {
    uint64_t seq;
    enum verdict verdict;
    int64_t since_ms; /* boot */
    bool told;
};

struct flight {
    bool up;
    uint64_t correlation;
    uint64_t stream;
    uint64_t first_seq;
    uint64_t last_seq;
    int64_t sent_ms; /* boot */
    struct backoff backoff;
    size_t n;     /* entries of the last parcel */
    size_t limit; /* while a bad row is looked for: no more entries than that; 0 none */
    struct waiting waiting;
};

struct sending {
    struct agent *agent;
    struct flight lanes[CAIRN_LANES + 1]; /* by lane; index 0 unused */
    enum verdict refused; /* what the last parcel was refused for as a whole; 0 none */
};

/* What a frame meant for it. */
enum sending_result {
    SENDING_NOT_MINE = 1, /* no parcel of this correlation is up */
    SENDING_DONE,
    SENDING_STALE,   /* newer governance is needed first */
    SENDING_INVALID, /* the receipt does not hold */
};

void sending_start(struct sending *sending, struct agent *agent);
/* The connection is gone, and with it what was up. */
void sending_reset(struct sending *sending);

/* Cuts the next parcel of a lane if one may go now. 0 and the parcel; -ENOENT when there is nothing
 * or it must wait; else what makes it impossible at present, with a backoff. */
int sending_cut(struct sending *sending, struct session *session, enum lane lane,
                uint64_t correlation, struct parcel *ret) MUST_USE;
/* It was handed to the network. */
void sending_sent(struct sending *sending, enum lane lane, const struct parcel *parcel);
enum sending_result sending_receipt(struct sending *sending, uint64_t correlation,
                                    const struct wire_receipt *receipt);
enum sending_result sending_error(struct sending *sending, uint64_t correlation,
                                  enum verdict verdict);
/* Boot time when something may be sent that cannot be sent now. */
int64_t sending_next_ms(const struct sending *sending);

/* Whether the receipt's head is signed and covers every entry that it says is stored; *ret_head is
 * that head, of size 0 when it says that of none. */
bool receipt_holds(const struct wire_receipt *receipt, const struct note_key *key,
                   struct checkpoint *ret_head) MUST_USE;

#endif
