/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/memory_plan.h"

#include <errno.h>

#include "agents/gp/fhir_appointment.h"
#include "cairn/limits.h"
#include "json/json.h"

#define MIB (1024.0 * 1024.0)

/* Program, libraries, OpenSSL's and libzmq's own state: measured at rest, rounded up. */
#define BASE_BYTES (32ULL << 20)
/* What a thread touches of its stack: seal_record's frames are the largest. */
#define STACK_BYTES (256ULL << 10)
/* Of a JSON value in memory, the smallest of which has two bytes of text. */
#define JSON_VALUE_BYTES 150ULL

/* libzmq takes whole pages for a large frame, and holds one that arrives and one that it deciphers
 * beside those that it queues. */
#define HELD_FRAME_BYTES (CAIRN_FRAME_MAX_BYTES + 4096ULL)
#define IN_WORK_FRAMES   2

static uint64_t parsed_bytes(uint64_t text_bytes)
{
    uint64_t values = text_bytes / 2 < JSON_VALUES_MAX ? text_bytes / 2 : JSON_VALUES_MAX;
    return text_bytes + values * JSON_VALUE_BYTES;
}

const char *const agent_memory_row_names[N_AGENT_MEMORY_ROWS] = {
#define X(name, what) what,
    AGENT_MEMORY_ROWS(X)
#undef X
};

void agent_memory_plan_rows(uint64_t ret[N_AGENT_MEMORY_ROWS])
{
    /* Its request, and an answer: as JSON, then as text. */
    uint64_t connection = STACK_BYTES + CAIRN_API_CONNECTION_BYTES + CAIRN_API_SMALL_BODY_BYTES +
                          parsed_bytes(CAIRN_API_SMALL_BODY_BYTES) +
                          2ULL * CAIRN_API_ANSWER_MAX_BYTES;
    /* Body, parsed, and as events before they are sealed. */
    uint64_t large = CAIRN_API_BODY_MAX_BYTES + parsed_bytes(CAIRN_API_BODY_MAX_BYTES) +
                     CAIRN_BUNDLE_ENTRIES_MAX * (uint64_t)sizeof(struct appointment_result);
    ret[AGENT_MEMORY_BASE] = BASE_BYTES;
    ret[AGENT_MEMORY_CONNECTIONS] = CAIRN_API_CONNECTIONS_MAX * connection;
    ret[AGENT_MEMORY_LARGE] = CAIRN_API_LARGE_BODIES_MAX * large;
    /* One writer at a time: the pages of the largest submission, before they are on disk. */
    ret[AGENT_MEMORY_PAGES] = CAIRN_BUNDLE_ENTRIES_MAX * CAIRN_AGENT_ENTRY_BYTES;
    ret[AGENT_MEMORY_LINK] = (CAIRN_AGENT_RECEIVE_HWM + IN_WORK_FRAMES) * HELD_FRAME_BYTES;
}

uint64_t agent_memory_plan_bytes(void)
{
    uint64_t rows[N_AGENT_MEMORY_ROWS];
    uint64_t sum = 0;
    agent_memory_plan_rows(rows);
    for (size_t i = 0; i < N_AGENT_MEMORY_ROWS; i++) {
        sum += rows[i];
    }
    return sum;
}

int agent_memory_plan_check(uint64_t limit_bytes, struct error *error)
{
    uint64_t plan = agent_memory_plan_bytes();
    if (limit_bytes == 0 || plan <= limit_bytes) {
        return 0;
    }
    (void)error_set(error, "memory",
                    "the worst case is %.0f MiB, the limit is %.0f MiB; raise "
                    "MemoryMax= of the unit",
                    (double)plan / MIB, (double)limit_bytes / MIB);
    return -ENOMEM;
}
