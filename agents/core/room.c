/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/room.h"

#include <errno.h>

#include "cairn/limits.h"

#define WRITE_BYTES (256ULL << 10) /* pages that a transaction touches besides its entries' */

struct need {
    uint64_t map_bytes;
    uint64_t disk_bytes;
};

/* How much of what is kept for urgent entries it has to leave. */
enum leaves {
    LEAVES_NOTHING = 0,
    LEAVES_HALF = 1,
    LEAVES_ALL = 2
};

static struct need need_of(enum leaves leaves, size_t n, uint64_t whole_bytes)
{
    uint64_t written = WRITE_BYTES + n * CAIRN_AGENT_ENTRY_BYTES + CAIRN_AGENT_UNASKED_BYTES;
    uint64_t tenth = whole_bytes / 100 * (100 - CAIRN_AGENT_ADMIT_PERCENT);
    return (struct need){.map_bytes = written + tenth / LEAVES_ALL * leaves,
                         .disk_bytes = written + CAIRN_AGENT_RESERVE_BYTES / LEAVES_ALL * leaves};
}

/* The reserve is kept on disk by whatever finds it smaller: an urgent entry does not wait for
 * it. */
static int look(struct store_txn *txn, enum leaves leaves, size_t n)
{
    const struct need all = need_of(LEAVES_ALL, n, CAIRN_AGENT_MAP_BYTES);
    const struct store_room enough = {.map_bytes = all.map_bytes, .disk_bytes = all.disk_bytes};
    struct store_room room;
    int r = store_room(txn, &enough, &room);
    if (r == 0 && room.disk_bytes < enough.disk_bytes &&
        store_grow(txn, enough.disk_bytes + CAIRN_AGENT_GROW_BYTES) == 0) {
        r = store_room(txn, &enough, &room);
    }
    if (r != 0) {
        return r;
    }
    struct need need = need_of(leaves, n, room.whole_bytes);
    return room.map_bytes < need.map_bytes || room.disk_bytes < need.disk_bytes ? -ENOSPC : 0;
}

int room_for(struct store_txn *txn, enum lane lane, size_t n)
{
    return look(txn, lane == LANE_URGENT ? LEAVES_NOTHING : LEAVES_ALL, n);
}

int room_for_delivery(struct store_txn *txn, size_t n)
{
    return look(txn, LEAVES_HALF, n);
}
