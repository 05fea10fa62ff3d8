/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker's counters, one list for the file that `cairn status` reads and for the stages that
 * count. Names are stage_what. One counter per verdict follows (answers_VERDICT), then one per note
 * of apply. Any thread counts: they are atomic.
 */
#ifndef BROKER_COUNTERS_H
#define BROKER_COUNTERS_H

#include "broker/applying.h"
#include "cairn/verdict.h"
#include "os/counters.h"

#define BROKER_COUNTERS(X)                                                                         \
    X(GATE_FRAMES, "gate_frames")                                                                  \
    X(GATE_BYTES, "gate_bytes")                                                                    \
    X(GATE_BAD, "gate_bad_frames")                                                                 \
    X(GATE_PAUSED, "gate_paused")                                                                  \
    X(ANSWER_SENT, "answer_sent")                                                                  \
    X(ANSWER_DROPPED, "answer_dropped")                                                            \
    X(COMMIT_BATCHES, "commit_batches")                                                            \
    X(COMMIT_ENTRIES, "commit_entries")                                                            \
    X(COMMIT_CUT, "commit_cut")                                                                    \
    X(COMMIT_LOG_SIZE, "commit_log_size")                                                          \
    X(COMMIT_CLOCK_FROZEN, "commit_clock_frozen")                                                  \
    X(COMMIT_USED_BYTES, "commit_used_bytes")                                                      \
    X(COMMIT_OLDEST_READ_MS, "commit_oldest_read_ms")                                              \
    X(COMMIT_DISK_PERCENT, "commit_disk_percent")                                                  \
    X(PUBLISH_ITEMS, "publish_items")                                                              \
    X(PUBLISH_QUESTIONS, "publish_questions")                                                      \
    X(PUBLISH_DROPPED, "publish_dropped")                                                          \
    X(RING_SLOTS_USED, "ring_slots_used")                                                          \
    X(RING_BYTES_USED, "ring_bytes_used")                                                          \
    X(RESIDENT_BYTES, "resident_bytes")

enum broker_counter {
#define X(name, text) COUNT_##name,
    BROKER_COUNTERS(X)
#undef X
    N_BROKER_COUNTERS
};

/* Creates the file with all three lists. */
int broker_counters_create(const char *path, struct counters *ret, struct error *error) MUST_USE;
void count(struct counters *counters, enum broker_counter counter, uint64_t by);
void count_set(struct counters *counters, enum broker_counter counter, uint64_t value);
void count_verdict(struct counters *counters, enum verdict verdict);
void count_note(struct counters *counters, enum apply_note note, uint64_t by);

#endif
