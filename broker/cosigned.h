/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cosigned: what other agencies have signed that they verified of this log, for an agency that asks
 * (hello), so that each sees that the others are shown the same. Any thread, with its own read
 * transaction.
 */
#ifndef BROKER_COSIGNED_H
#define BROKER_COSIGNED_H

#include "govern/govern.h"
#include "ledger/state.h"

struct cosigned_question {
    struct store_txn *txn;
    const struct directory *directory;
    uint32_t asker;                /* its own is never among them */
    uint32_t from;                 /* this agency and those behind it */
    const struct checkpoint *head; /* that the answer shows: longer ones are left out */
};

/* By rising agency, the newest of each that is in the directory, by a key in force, with the proof
 * up to `head`. One that this store cannot prove is left out and logged: its reader would take it
 * for another log. Returns how many. */
size_t cosigned_collect(const struct cosigned_question *question,
                        struct wire_cosigned ret[CAIRN_COSIGNED_MAX]);

#endif
