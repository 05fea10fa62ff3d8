/* SPDX-License-Identifier: Apache-2.0 */
/*
 * review_decide: a named person looks at a record that nobody has seen (review.h), and sends it on
 * to the front doors, takes it back, or keeps it and says to look again later. Who decided and why
 * is kept sealed beside the record.
 *
 * Any thread. Blocks on the disk.
 */
#ifndef AGENTS_REVIEW_DECIDE_H
#define AGENTS_REVIEW_DECIDE_H

#include "agents/core/decide.h"
#include "agents/core/review.h"

struct review_decision {
    const char *record;  /* its reference, or its entry id */
    enum review_act act; /* KEEP, SEND or WITHDRAW */
    struct decide_person person;
    uint32_t by_uid;
};

/*
 * 0: on disk, or it was decided so before and still is (keeping: on the same day).
 *   -ENOENT    no record of ours that was ever kept unseen
 *   -EALREADY  somebody has it, or it was taken back
 *   -EPERM     to be sent on, and no agreement lets a front door have it
 *   -EINVAL    and the error: no person, or no reason
 *   -EAGAIN    our place in the partnership is not known
 *   -ENOSPC    the store is full
 */
int review_decide(struct agent *agent, const struct review_decision *decision,
                  struct reference *ret, struct error *error) MUST_USE;

/* Who decided and why, as JSON: {format, name, role, reason}; false for HELD, and when it does not
 * open. */
bool reviewed_open(const struct secret *store_key, const struct reviewed *reviewed,
                   struct buf *out) MUST_USE;

#endif
