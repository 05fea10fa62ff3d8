/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readers: who has seen, is to have, or was told of an entry, as far as its origin may know it.
 * Whoever was told no more than that it exists is named when it is a front door, or when agreements
 * let the origin know that it is involved with the child: an alert tells both of them no names
 * either. Nobody is named of a record about an adult: that would say to whom the adult is tied. Nor
 * is a sensitive service: that it has looked says that it knows the child.
 *
 * Over a read transaction; any thread.
 */
#ifndef BROKER_READERS_H
#define BROKER_READERS_H

#include "broker/applying.h"
#include "ledger/state.h"
#include "wire/wire.h"

struct readers_question {
    struct apply *apply; /* the rules, over a transaction that cannot write, of today */
    const struct entry_id *entry;
    const struct entry_row *row; /* its */
};
/* Each agency once, by the furthest that it has come. Returns how many. */
size_t readers_collect(const struct readers_question *question,
                       struct wire_reader ret[CAIRN_ADDRESSEES_MAX]);

#endif
