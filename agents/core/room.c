/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/room.h"

#include <errno.h>

#include "cairn/limits.h"

#define WRITE_BYTES (256ULL << 10) /* pages that a transaction touches besides its entries' */

struct need {
    uint64_t map_bytes;
    uint64_t disk_bytes;
};

static struct need need_of(enum lane lane, size_t n, uint64_t whole_bytes)
{
    uint64_t written = WRITE_BYTES + n * CAIRN_AGENT_ENTRY_BYTES;
    struct need need = {.map_bytes = written, .disk_bytes = written};
    if (lane != LANE_URGENT) {
        need.map_bytes += whole_bytes / 100 * (100 - CAIRN_AGENT_ADMIT_PERCENT);
        need.disk_bytes += CAIRN_AGENT_RESERVE_BYTES;
    }
    return need;
}

/* The reserve is kept on disk by whatever finds it smaller: an urgent entry does not wait for
 * it. */
int room_for(struct store_txn *txn, enum lane lane, size_t n)
{
    const struct need all = need_of(LANE_NORMAL, n, CAIRN_AGENT_MAP_BYTES);
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
    struct need need = need_of(lane, n, room.whole_bytes);
    return room.map_bytes < need.map_bytes || room.disk_bytes < need.disk_bytes ? -ENOSPC : 0;
}
