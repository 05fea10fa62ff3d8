/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/commit_show.h"

#include <inttypes.h>

#include "base/log.h"
#include "broker/room.h"
#include "broker/survey.h"
#include "govern/duty.h"
#include "os/memory.h"

#define LOOK_EVERY_MS   1000
#define SURVEY_EVERY_MS (60 * 1000)

/* Once for each step: whoever looks after the machine must put its clock right. */
static void look_at_clock(struct commit *commit)
{
    bool frozen = commit->time.frozen;
    count_set(commit->counters, COUNT_COMMIT_CLOCK_FROZEN, frozen ? 1 : 0);
    if (frozen && !commit->said_frozen) {
        log_event(LOG_LEVEL_WARNING, "clock_stepped", "batch=%" PRIu64, commit->batch);
    }
    commit->said_frozen = frozen;
}

void commit_look_around(struct commit *commit)
{
    int64_t now = clock_boot_ms(commit->time.clock);
    if (commit->looked_ms != 0 && now - commit->looked_ms < LOOK_EVERY_MS) {
        return;
    }
    commit->looked_ms = now;
    log_peer_flush();
    struct store_stats stats;
    uint64_t resident;
    room_look(commit);
    look_at_clock(commit);
    if (store_stats(commit->store, &stats) == 0) {
        count_set(commit->counters, COUNT_COMMIT_USED_BYTES, stats.used_bytes);
        count_set(commit->counters, COUNT_COMMIT_OLDEST_READ_MS, stats.oldest_read_ms);
    }
    if (memory_resident(&resident) == 0) {
        count_set(commit->counters, COUNT_RESIDENT_BYTES, resident);
    }
    if (commit->surveyed_ms == 0 || now - commit->surveyed_ms >= SURVEY_EVERY_MS) {
        commit->surveyed_ms = now;
        survey(commit);
    }
}

/* From the first plan to the synced transaction. */
static void count_time(struct commit *commit, int64_t took_ms)
{
    static const struct {
        int64_t limit_ms;
        enum broker_counter counter;
    } buckets[] = {{10, COUNT_COMMIT_WITHIN_10_MS},
                   {50, COUNT_COMMIT_WITHIN_50_MS},
                   {250, COUNT_COMMIT_WITHIN_250_MS},
                   {1000, COUNT_COMMIT_WITHIN_1000_MS},
                   {5000, COUNT_COMMIT_WITHIN_5000_MS}};
    for (size_t i = 0; i < ARRAY_LEN(buckets); i++) {
        count(commit->counters, buckets[i].counter, took_ms <= buckets[i].limit_ms ? 1 : 0);
    }
    count(commit->counters, COUNT_COMMIT_TOOK_MS, (uint64_t)(took_ms > 0 ? took_ms : 0));
    count(commit->counters, COUNT_COMMIT_BATCHES, 1);
}

void commit_show_batch(struct commit *commit, const struct apply *apply, uint32_t inputs,
                       int64_t began_ms)
{
    struct pipeline_cursors cursors;
    pipeline_cursors(commit->pipeline, &cursors);
    count_set(commit->counters, COUNT_RING_SLOTS_USED, cursors.claimed - cursors.answered);
    count_set(commit->counters, COUNT_RING_BYTES_USED, cursors.bytes);
    count_time(commit, clock_boot_ms(commit->time.clock) - began_ms);
    count(commit->counters, COUNT_COMMIT_ENTRIES, inputs);
    for (size_t i = 0; i < N_APPLY_NOTES; i++) {
        if (apply->notes[i] > 0) {
            count_note(commit->counters, (enum apply_note)i, apply->notes[i]);
        }
    }
    if (apply->notes[NOTED_EQUIVOCATIONS] > 0) {
        log_peer_event(LOG_LEVEL_ERROR, "equivocation", "batch=%" PRIu64 " entries=%" PRIu64,
                       commit->batch, apply->notes[NOTED_EQUIVOCATIONS]);
    }
    if (apply->notes[NOTED_STREAM_GAPS] > 0) {
        log_peer_event(LOG_LEVEL_WARNING, "stream_gap", "batch=%" PRIu64 " gaps=%" PRIu64,
                       commit->batch, apply->notes[NOTED_STREAM_GAPS]);
    }
}

void commit_report_duty(const struct commit *commit)
{
    enum duty_gap gap = duty_gap(commit->governance);
    count_set(commit->counters, COUNT_DUTY_GAP, gap);
    if (gap == DUTY_GAP_FRONT_DOOR) {
        log_event(LOG_LEVEL_WARNING, "no_front_door", "directory=%" PRIu64,
                  commit->governance->versions[GOVERNANCE_DIRECTORY]);
    }
}

void commit_show_governance(struct commit *commit, const struct apply *apply)
{
    if (apply->governance == commit->governance) {
        return;
    }
    governance_unref(&commit->governance);
    commit->governance = governance_ref(apply->governance);
    board_set_governance(commit->board, commit->governance);
    log_event(LOG_LEVEL_NOTICE, "governance_in_force", "directory=%" PRIu64 " agreements=%" PRIu64,
              commit->governance->versions[GOVERNANCE_DIRECTORY],
              commit->governance->versions[GOVERNANCE_AGREEMENTS]);
    commit_report_duty(commit);
}
