/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/room.h"

#include "os/files.h"

#define LOOK_BYTES (256U << 10) /* of frames after which the disk is looked at again */
#define TWENTIETH  20           /* of the disk, at most, is reserved */
/* What a lone urgent record's commit may write, several times over. */
#define LAST_BYTES (1ULL << 20)

void room_look(struct commit *commit)
{
    commit->unlooked_bytes = 0;
    if (disk_used_percent(commit->dir, &commit->disk_percent) == 0) {
        count_set(commit->counters, COUNT_COMMIT_DISK_PERCENT, (uint64_t)commit->disk_percent);
    }
}

static uint64_t reserve_bytes(const struct commit *commit)
{
    uint64_t disk = 0;
    int r = disk_bytes(commit->dir, &disk);
    return r == 0 && disk / TWENTIETH < CAIRN_BROKER_RESERVE_BYTES ? disk / TWENTIETH
                                                                   : CAIRN_BROKER_RESERVE_BYTES;
}

/* As much of the reserve as the disk still has room for. */
static void keep_reserve(struct commit *commit, struct store_txn *txn)
{
    const struct store_room enough = {.disk_bytes = reserve_bytes(commit)};
    struct store_room room = {.disk_bytes = 0};
    if (store_room(txn, &enough, &room) != 0) {
        return; /* what is wrong with the store shows at the commit */
    }
    uint64_t wanted = enough.disk_bytes;
    while (room.disk_bytes < wanted && wanted >= LAST_BYTES) {
        if (store_grow(txn, wanted) == 0) {
            room.disk_bytes = wanted;
        }
        wanted /= 2;
    }
    commit->out_of_room = room.disk_bytes < LAST_BYTES;
}

void room_admit(struct commit *commit, struct store_txn *txn, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        commit->unlooked_bytes += pipeline_batch_slot(commit->pipeline, i)->bytes;
    }
    if (commit->unlooked_bytes >= LOOK_BYTES) {
        room_look(commit);
    }
    commit->out_of_room = false;
    if (commit->disk_percent >= CAIRN_DISK_WARN_PERCENT) {
        keep_reserve(commit, txn);
    }
}

bool room_refuses(const struct commit *commit, enum lane lane, bool acts)
{
    if (commit->out_of_room) {
        return true;
    }
    if (lane == LANE_URGENT || acts) {
        return false;
    }
    return commit->disk_percent >= CAIRN_DISK_REFUSE_PERCENT ||
           (commit->disk_percent >= CAIRN_DISK_WARN_PERCENT && lane == LANE_BULK);
}
