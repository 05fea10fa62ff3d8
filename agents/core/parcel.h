/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parcel: spooled entries become a frame: grants for whoever may read each today, the head, one
 * signature. Everything is made at the moment of sending, from the governance and keys of that
 * moment; the same entries may be cut again and differ in grants and signature, never in what is
 * logged of them. Pure: no socket, no store.
 */
#ifndef AGENTS_PARCEL_H
#define AGENTS_PARCEL_H

#include "agents/core/agent.h"
#include "agents/core/spool.h"
#include "tree/checkpoint.h"

struct parcel_terms {
    const struct governance *governance;
    const struct own_keys *keys;
    uint32_t agency;
    uint64_t stream;
    const struct checkpoint *head; /* last verified; size 0 for none */
    int32_t day;                   /* today at the broker, for the agreements */
    uint16_t protocol;
    uint64_t correlation;
    enum lane lane;
};

struct parcel {
    struct buf frame;
    uint64_t correlation;
    uint64_t stream;
    uint64_t first_seq;
    uint64_t last_seq;
    size_t n;
    size_t readers_left_out; /* allowed by the agreements, but beyond CAIRN_GRANTS_MAX */
};
#define PARCEL_NULL ((struct parcel){.frame = BUF_MAX(CAIRN_FRAME_MAX_BYTES)})
void parcel_deinit(struct parcel *parcel);

/*
 * All n entries (1 to CAIRN_PARCEL_ENTRIES_MAX, of one stream, as spool_lot gave them). 0; -EBADMSG
 * when a row's data keys do not open or its header does not read: a broken store; or what the
 * crypto says.
 */
int parcel_cut(const struct parcel_terms *terms, const struct spool_entry *entries, size_t n,
               struct parcel *ret) MUST_USE;

#endif
