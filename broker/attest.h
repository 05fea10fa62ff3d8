/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attest: between written and durable. Reads the new leaves back from the committed store, hashes
 * them again, keeps the high-water mark, has the head signed and shows it on the board; only then
 * do answer and publish go on. It runs beside commit, so that the next batch is written while the
 * head of this one is signed; whatever was written in the meantime gets one head. One thread owns
 * a struct attest.
 *
 * In doubt it stops, as commit does: a leaf that does not re-hash, a mark that cannot be written,
 * a signature that is refused end the process without an answer.
 */
#ifndef BROKER_ATTEST_H
#define BROKER_ATTEST_H

#include "broker/board.h"
#include "broker/counters.h"
#include "broker/pipeline.h"
#include "signer/client.h"
#include "signer/highwater.h"
#include "store/store.h"

struct attest {
    struct pipeline *pipeline;
    struct board *board;
    struct store *store;
    struct counters *counters;
    struct signer_client *signer;
    struct highwater highwater;
    struct tree_range range; /* of the leaves that were read back */
    uint64_t signed_size;    /* of the head on the board; 0: none yet */
};

/* Before commit_recover: refuses the store in `dir` when it is older than `mark`, which is what the
 * high-water file said, than the signer's last head or than a head that an agency showed; hashes
 * the newest leaves again, and all that no head covers. The members above `range` are set by the
 * caller. */
int attest_recover(struct attest *attest, const char *dir, const struct checkpoint *mark,
                   struct error *error) MUST_USE;
/* All that was written so far; false when that is durable already. With `wait`, sleeps up to
 * timeout_ms for something. */
bool attest_step(struct attest *attest, bool wait, int timeout_ms);
void attest_deinit(struct attest *attest);

#endif
