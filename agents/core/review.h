/* SPDX-License-Identifier: Apache-2.0 */
/*
 * review: our own records that nobody but us can have seen: no agreement gave them to anybody when
 * they were frozen, nor when the broker had stored them, and nothing has happened since. Each has a
 * day on which a person is to look at it again, because sending is not referring. What the person
 * then does is kept beside it (review_decide.h).
 *
 *   REVIEW    due u64, reference -> nothing: by review date
 *   REVIEWED  reference, number u32 -> act u8 | at u64 | due u64 | by uid u32 | follows[16] |
 *             sized sealed decision
 *
 * All functions work inside the caller's transaction; any thread.
 */
#ifndef AGENTS_REVIEW_H
#define AGENTS_REVIEW_H

#include "agents/core/agent.h"

/* Column 3: its text. */
#define REVIEW_ACTS(X)                                                                             \
    X(HELD, 1, "held")    /* by the agreements: nobody has decided anything */                     \
    X(KEEP, 2, "kept-on") /* a person: look again later */                                         \
    X(SEND, 3, "sent-on") /* a person: granted to the front doors */                               \
    X(WITHDRAW, 4, "withdrawn")

enum review_act {
#define X(name, number, text) REVIEW_##name = (number),
    REVIEW_ACTS(X)
#undef X
};
const char *review_act_text(enum review_act act);

struct reviewed {
    enum review_act act;
    int64_t at_ms;
    int64_t due_ms; /* when a person is to look at it again, if nobody sees it before */
    uint32_t by_uid;
    uint8_t follows[CAIRN_HANDLE_BYTES]; /* decided about an earlier version (following.h): our
                                          * handle of the child of that; zeros: about this one */
    struct slice sealed; /* who decided and why (decide_seal); borrowed; empty for HELD */
};

struct review {
    struct store_txn *txn;
    const struct governance *governance;
    int64_t now_ms;
    int64_t after_ms; /* how long until a person looks; of review_place alone */
};

/* The record was frozen, or the broker has answered for good: takes it in when no agreement gives
 * it to anybody today, and leaves it out otherwise. */
void review_place(const struct review *review, const struct reference *reference,
                  const struct out_row *row);
/* A later grant of this record of ours was refused: if it is kept it is listed as before, for it
 * may have left the list meanwhile. */
void review_again(struct store_txn *txn, const struct entry_id *record);
/* Whether nobody has seen it: as far as we know neither granted, nor listed in an alert that hands
 * it over, nor opened; and it has not been taken back. */
bool review_is_kept(const struct review *review, const struct out_row *row);
/* When the broker destroyed its copy of what the record says, which is then not to be sent on; 0
 * not yet. */
int64_t review_destroyed_ms(struct store_txn *txn, const struct out_row *row);
/* The front doors that the agreements let have it once a person decides so. Returns how many. */
size_t review_front_doors(const struct review *review, const struct out_row *row,
                          uint32_t ret[CAIRN_FRONT_DOORS_MAX]);

/* What was decided last; false when it was never among these. */
bool review_last(struct store_txn *txn, const struct reference *reference, struct reviewed *ret);
/* Calls `each` for all of it, the oldest first. */
void review_each(struct store_txn *txn, const struct reference *reference,
                 void (*each)(void *data, const struct reviewed *reviewed), void *data);
/* One more; its due takes the place of the last one's. */
void review_add(struct store_txn *txn, const struct reference *reference,
                const struct reviewed *reviewed);

/* --- the list, by review date --- */

#define REVIEW_LOOK_MAX     1024 /* rows that one question looks at */
#define REVIEW_CURSOR_BYTES (8 + REFERENCE_BYTES)

struct review_item {
    struct reference reference;
    struct out_row row;
    int64_t due_ms;
};
struct review_page {
    size_t n;
    size_t max;
    struct review_item *items;
    bool more;                           /* there may be more behind the cursor */
    uint8_t cursor[REVIEW_CURSOR_BYTES]; /* in: behind it; out: of the last row looked at */
};
/* Fills the page with what lies behind its cursor (zeros: from the start). */
void review_list(const struct review *review, struct review_page *page);
/* How many a person is to look at by now; as many as REVIEW_LOOK_MAX rows say. */
uint64_t review_overdue(const struct review *review);

#endif
