/* SPDX-License-Identifier: Apache-2.0 */
/*
 * returned: what this agency said and the broker refused for good, or could not even be sealed, so
 * that nobody has it. It is listed until its source says it again or takes it back, or a named
 * person says that somebody has dealt with it; who said so and why stays beside it.
 *
 *   RETURNED  0, reference -> nothing: waits for somebody
 *             1, reference -> at u64 | by uid u32 | sized sealed decision: dealt with by a person
 *
 * All functions with a transaction work inside the caller's; any thread.
 */
#ifndef AGENTS_RETURNED_H
#define AGENTS_RETURNED_H

#include "agents/core/decide.h"

/* The OUT row has become OUT_REFUSED, and the caller puts it. */
void returned_add(struct store_txn *txn, const struct reference *reference);
/* It was said again or taken back; nothing when it does not wait. */
void returned_end(struct store_txn *txn, const struct reference *reference);
bool returned_waits(struct store_txn *txn, const struct reference *reference);

struct returned_figures {
    uint64_t n;
    uint64_t danger;   /* of them immediate, or referrals */
    int64_t oldest_ms; /* when it was refused; 0 when there is none */
};
void returned_count(struct store_txn *txn, struct returned_figures *ret);

struct returned_item {
    struct reference reference;
    struct out_row row;
};
/* In the order in which they were said; those of one user alone when `own` is set. */
struct returned_page {
    bool own;
    uint32_t by_uid;
    struct reference cursor; /* behind this one; then the last that was looked at */
    size_t max;
    struct returned_item *items; /* room for `max` */
    size_t n;
    bool more;
};
void returned_list(struct store_txn *txn, struct returned_page *page);

/* What whoever said it can do now, by the verdict. Static. */
const char *returned_advice(enum verdict verdict);

struct returned_done {
    int64_t at_ms;
    uint32_t by_uid;
    struct slice sealed; /* borrowed */
};
/* False when no person has dealt with it. */
bool returned_done_get(struct store_txn *txn, const struct reference *reference,
                       struct returned_done *ret);
/* Who and why, as JSON {format, name, role, reason}; false when it does not open. */
bool returned_done_open(const struct secret *store_key, const struct returned_done *done,
                        struct buf *out) MUST_USE;

struct returned_decision {
    const char *record; /* its reference, or its entry id */
    struct decide_person person;
    uint32_t by_uid;
};
/*
 * A named person says that somebody has dealt with it. 0: on disk, or it was before.
 *   -ENOENT    nothing of ours, or it was never refused
 *   -EALREADY  it was said again or taken back since
 *   -EINVAL    and the error: no person, or no reason
 *   -ENOSPC    the store is full
 */
int returned_deal(struct agent *agent, const struct returned_decision *decision,
                  struct reference *ret, struct error *error) MUST_USE;

#endif
