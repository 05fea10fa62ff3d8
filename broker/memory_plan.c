/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/memory_plan.h"

#include <errno.h>
#include <inttypes.h>

#include "broker/commit.h"
#include "broker/pipeline.h"
#include "broker/publish.h"

#define MIB (1024.0 * 1024.0)

/* Program, libraries, OpenSSL's and libzmq's own state: measured at rest, rounded up. */
#define BASE_BYTES (24ULL << 20)
/* What one thread may touch of its stack: alert_look's chronology is the largest frame. */
#define STACK_BYTES (1ULL << 20)
#define PAGE_BYTES  4096ULL /* of the store */
/* libzmq takes whole pages for a large frame, and holds one that arrives and one that it deciphers
 * beside those that it queues. */
#define HELD_FRAME_BYTES (CAIRN_FRAME_MAX_BYTES + PAGE_BYTES)
#define IN_WORK_FRAMES   2

static_assert(2 * CAIRN_AGENCIES_MAX <= CAIRN_BROKER_FILES_MAX / 2,
              "agencies find room beside as many strangers");

const char *const memory_row_names[N_MEMORY_ROWS] = {
#define X(name, what) what,
    MEMORY_ROWS(X)
#undef X
};

uint64_t memory_plan_ring_bytes(void)
{
    uint64_t frames = CAIRN_RING_BYTES / CAIRN_RING_CHARGE(1); /* of all slots together */
    uint64_t arenas = frames * CAIRN_UNPACK_FACTOR + CAIRN_RING_SLOTS * CAIRN_UNPACK_FLOOR_BYTES;
    return frames + arenas + CAIRN_RING_SLOTS * (uint64_t)sizeof(struct slot);
}

void memory_plan_rows(size_t agencies, int workers, uint64_t ret[N_MEMORY_ROWS])
{
    ret[MEMORY_BASE] = BASE_BYTES;
    ret[MEMORY_RING] = memory_plan_ring_bytes();
    ret[MEMORY_QUEUES] = 2ULL * CAIRN_OUT_QUEUE_FRAMES * CAIRN_FRAME_MAX_BYTES;
    ret[MEMORY_BATCH] = 2ULL * CAIRN_BATCH_BYTES_MAX * 2;
    /* Each row written dirties a page, kept in memory until the commit; branch pages are few. */
    ret[MEMORY_PAGES] = (CAIRN_BATCH_WRITES_MAX + CAIRN_ENTRY_WRITES_MAX) * PAGE_BYTES * 17 / 16;
    ret[MEMORY_PUBLISH] = sizeof(struct publish) + 8ULL * CAIRN_FRAME_MAX_BYTES;
    /* libzmq queues whole messages per connection, both ways; two connections while an agency
     * reconnects. */
    ret[MEMORY_PEERS] =
        2ULL * agencies * (CAIRN_SEND_HWM + CAIRN_RECEIVE_HWM + IN_WORK_FRAMES) * HELD_FRAME_BYTES;
    ret[MEMORY_STRANGERS] = (uint64_t)CAIRN_BROKER_FILES_MAX * CAIRN_STRANGER_BYTES;
    ret[MEMORY_THREADS] = ((uint64_t)workers + 6) * STACK_BYTES;
}

uint64_t memory_plan_bytes(size_t agencies, int workers)
{
    uint64_t rows[N_MEMORY_ROWS];
    uint64_t sum = 0;
    memory_plan_rows(agencies, workers, rows);
    for (size_t i = 0; i < N_MEMORY_ROWS; i++) {
        sum += rows[i];
    }
    return sum;
}

int memory_plan_check(size_t agencies, int workers, uint64_t limit_bytes, struct error *error)
{
    uint64_t plan = memory_plan_bytes(agencies, workers);
    if (limit_bytes == 0 || plan <= limit_bytes) {
        return 0;
    }
    (void)error_set(
        error, "memory",
        "with %zu agencies and %d workers the worst case is %.0f MiB, the limit is %.0f MiB; raise "
        "memory_limit or MemoryMax=",
        agencies, workers, (double)plan / MIB, (double)limit_bytes / MIB);
    return -ENOMEM;
}
