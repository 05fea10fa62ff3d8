/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readers: who has seen, is to have, or was told of an entry, as far as its origin may know it. Of an
 * adult, whoever was told that a record exists is not named: that would say to whom the adult is
 * tied. Nor is a sensitive service: that it has looked says that it knows the child.
 *
 * Over a read transaction; any thread.
 */
#ifndef BROKER_READERS_H
#define BROKER_READERS_H

#include "govern/govern.h"
#include "ledger/state.h"
#include "wire/wire.h"

struct readers_question {
    struct store_txn *txn;
    const struct directory *directory;
    const struct entry_id *entry;
    const struct entry_row *row; /* its */
};
/* Each agency once, by the furthest that it has come. Returns how many. */
size_t readers_collect(const struct readers_question *question,
                       struct wire_reader ret[CAIRN_ADDRESSEES_MAX]);

#endif
