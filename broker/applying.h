/* SPDX-License-Identifier: Apache-2.0 */
/*
 * applying: a batch being applied, as the nouns of apply see it (alert, child, chronology, circle,
 * decision, disclose, grant, headline, links, mailbox, record, request): the transaction, the
 * governance in force in it, its time, and what they found. They know nothing else, and apply.c
 * calls them.
 *
 * Owned by the commit thread (or a replay).
 */
#ifndef BROKER_APPLYING_H
#define BROKER_APPLYING_H

#include "govern/govern.h"
#include "ledger/journal.h"
#include "ledger/state.h"
#include "os/marker.h"
#include "wire/leaf.h"

/* What apply found that somebody should hear about; logged and counted after the commit, never
 * during it. */
#define APPLY_NOTES(X)                                                                             \
    X(RECORDS_STORED, "records_stored")                                                            \
    X(ENTRIES_REFUSED, "entries_refused")                                                          \
    X(EQUIVOCATIONS, "equivocations")                                                              \
    X(STREAM_GAPS, "stream_gaps")                                                                  \
    X(BODIES_DESTROYED, "bodies_destroyed")                                                        \
    X(LINKS_VERIFIED, "links_verified")                                                            \
    X(LINKS_PROVISIONAL, "links_provisional")                                                      \
    X(CANDIDATES_SHOWN, "candidates_shown")                                                        \
    X(LINKS_CONFIRMED, "links_confirmed")                                                          \
    X(LINKS_UNDONE, "links_undone")                                                                \
    X(LINKS_CONTRADICTED, "links_contradicted")                                                    \
    X(LINKS_PARTED, "links_parted")                                                                \
    X(LINKS_TOO_LARGE, "links_too_large")                                                          \
    X(TOKEN_CROWDED, "token_crowded")                                                              \
    X(LOOKS_CUT_SHORT, "looks_cut_short")                                                          \
    X(ALERTS_RAISED, "alerts_raised")                                                              \
    X(ALERTS_OVER_BUDGET, "alerts_over_budget")                                                    \
    X(ALERTS_LISTED, "alerts_listed")                                                              \
    X(SHADOW_RAISED, "shadow_raised")                                                              \
    X(ALERTS_EXTENDED, "alerts_extended")                                                          \
    X(ALERTS_OPENED, "alerts_opened")                                                              \
    X(ALERTS_CLOSED, "alerts_closed")                                                              \
    X(ALERTS_WITHDRAWN, "alerts_withdrawn")                                                        \
    X(RETRACTIONS, "retractions")                                                                  \
    X(COSIGNATURES_REFUSED, "cosignatures_refused")                                                \
    X(UNOPENED, "unopened")                                                                        \
    X(LIMITS_REACHED, "limits_reached")                                                            \
    X(TIES_MADE, "ties_made")                                                                      \
    X(TIES_UNDONE, "ties_undone")                                                                  \
    X(GRANTED_LATER, "granted_later")                                                              \
    X(REQUESTS, "requests")                                                                        \
    X(REQUESTS_REFUSED, "requests_refused")                                                        \
    X(HOLDS, "holds")                                                                              \
    X(HOLDS_RELEASED, "holds_released")                                                            \
    X(WITHHELD, "withheld")                                                                        \
    X(TOLD, "told")                                                                                \
    X(TELL_TOO_LARGE, "tell_too_large")                                                            \
    X(GOVERNANCE_ACCEPTED, "governance_accepted")                                                  \
    X(GOVERNANCE_REFUSED, "governance_refused")

enum apply_note {
#define X(name, text) NOTED_##name,
    APPLY_NOTES(X)
#undef X
    N_APPLY_NOTES
};
extern const char *const apply_note_texts[N_APPLY_NOTES];

/* An entry whose body the batch destroys: commit removes it, a replay has nothing to remove. */
struct destroyed_body {
    struct entry_id entry;
    uint64_t batch;
    uint32_t input;
    bool told; /* its origin */
};

struct join_list; /* catch_up.h */

struct apply {
    struct store_txn *txn;
    struct governance *governance; /* in force in this transaction; owned */
    struct tree_range range;       /* the log's right edge in this transaction */
    int64_t time_ms;               /* of the batch */
    struct hash said; /* what the batch's row says up to the end of the present input */
    uint64_t batch;
    uint32_t input;          /* number of the present input */
    uint32_t offset;         /* where it lies in the batch's row */
    size_t end;              /* where it ends */
    uint32_t moved;          /* chronology rows that the present entry has moved */
    struct join_list *joins; /* that it has made; NULL outside an entry */
    uint64_t parted;         /* the child that it gave a member who parted, the newest; 0 none */
    struct arena arena;      /* of the entry at hand; reused */
    uint64_t notes[N_APPLY_NOTES];
    size_t n_destroyed;
    struct destroyed_body destroyed[CAIRN_RETENTION_LOOKS_PER_BATCH];
    struct marker *marker; /* holds the id of the entry being applied, should the process die of it;
                              NULL in a replay */
};

/* Appends a leaf; fills salt and time. Returns its index. */
uint64_t apply_leaf(struct apply *apply, struct leaf *leaf);
static inline void apply_noted(struct apply *apply, enum apply_note note)
{
    apply->notes[note]++;
}
/* What was there when the entry was judged is there still, or the store has a fault: then the
 * commit says so, and nobody's entry is to blame. */
static inline bool apply_found(const struct apply *apply, bool found)
{
    assert(found || store_fault(apply->txn) != 0);
    return found;
}
/* Whether so much was written since store_writes was `from` that the rest is for a later step. */
static inline bool apply_paused(const struct apply *apply, uint64_t from)
{
    return store_writes(apply->txn) - from >= CAIRN_STEP_WRITES_MAX;
}
/* The row of the entry at hand, once its leaf has that index. */
struct entry_row apply_entry_row(const struct apply *apply, const struct entry_input *entry,
                                 enum verdict verdict, uint64_t log_index);
int32_t apply_day(const struct apply *apply); /* today in Europe/London at the batch time */

#endif
