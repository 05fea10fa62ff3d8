/* SPDX-License-Identifier: Apache-2.0 */
/*
 * behind: documents that others hold and that do not come to us. Each parcel names, under its
 * sender's signature, the versions that the sender held; so whoever reads others' entries learns
 * that there is a newer agreement, or a revocation, also from a broker that keeps it back. What was
 * named is kept in META; the link looks now and then whether it has come, and says so once when it
 * has not.
 */
#ifndef AGENTS_BEHIND_H
#define AGENTS_BEHIND_H

#include "agents/core/agent.h"
#include "wire/wire.h"

#define BEHIND_LATE_MS (10 * 60 * INT64_C(1000)) /* an honest broker hands it over within seconds */

struct behind {
    int64_t since_ms[GOVERNANCE_DOCUMENTS + 1]; /* boot time; 0: not behind */
    uint64_t told[GOVERNANCE_DOCUMENTS + 1];    /* the version that was said to be missing */
};

/* A head whose signature holds. Inside the caller's transaction. */
void behind_note(struct store_txn *txn, const struct governance *held,
                 const struct parcel_head *head);
/* Only the link's thread, while it is connected. */
void behind_look(struct behind *behind, struct agent *agent);

#endif
