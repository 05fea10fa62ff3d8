/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commit: the only writer. Takes the verified prefix as one batch, writes it to the journal,
 * applies it and commits with sync; what follows is for attest. One thread owns a struct commit.
 *
 * In doubt it stops: a failed commit ends the process without an answer (log_fatal); restart
 * recovers by the same code as start-up, and agents send again.
 */
#ifndef BROKER_COMMIT_H
#define BROKER_COMMIT_H

#include "broker/apply.h"
#include "broker/board.h"
#include "broker/counters.h"
#include "broker/pipeline.h"
#include "broker/timekeeper.h"
#include "os/marker.h"

struct commit {
    struct pipeline *pipeline;
    struct board *board;
    struct store *store;
    struct counters *counters;
    const char *dir; /* whose disk is watched */
    struct note_key checkpoint_key;
    struct timekeeper time;
    struct marker marker;
    struct governance *governance; /* in force after the newest batch */
    uint64_t log_size;             /* after the newest batch */
    uint64_t batch;                /* number of the newest batch */
    struct buf journal;            /* reused */
    uint64_t writes_max;           /* CAIRN_BATCH_WRITES_MAX; tests set less */
    int disk_percent;              /* see room.h */
    uint64_t unlooked_bytes;       /* of frames since the disk was looked at */
    bool out_of_room;              /* not even what is urgent can be kept */
    int64_t looked_ms;             /* at disk, clock and memory */
    int64_t surveyed_ms;           /* once a minute */
    int64_t next_timer_ms;         /* INT64_MAX: none is set */
    int64_t next_retention_ms;     /* likewise */
    int64_t served_ms;             /* by boot time: when frames were written last */
    int64_t chore_ms;              /* likewise: when a chore was done last */
    int64_t chore_pause_ms;        /* until there may be one more, beside frames */
    bool retention_was_last;       /* of the chores; judging is next */
    int32_t judged_day;            /* of the newest batch: what waits is judged again on another */
    bool continues;   /* something is due by the documents in force or the day: INPUT_CONTINUE */
    bool said_frozen; /* that the clock stepped is in the log */
    struct {
        uint32_t agency;
        uint32_t frames;
    } refused[CAIRN_AGENCIES_MAX]; /* in the hour below, not yet in the log */
    size_t n_refused;
    uint64_t refused_hour;
};

/* Whether the store is one to go on with: of this version, and no table with other rows than its
 * last batch left. Only `store` and `dir` are looked at. */
int commit_check(const struct commit *commit, struct error *error) MUST_USE;
/* Loads what the store holds, after attest_recover found it sound; its head is for attest_step to
 * sign. The members above `time` are set by the caller, `time` and `marker` are open. */
int commit_recover(struct commit *commit, struct error *error) MUST_USE;
/* Two batches: governance documents that the store does not hold yet, and then what says that this
 * program started. The second is left out while none is in force: a new store without a root that
 * is accepted is for nobody, `governance` stays NULL, and the caller ends. */
void commit_start(struct commit *commit, const struct input *governance, size_t n);
/* One batch; false when nothing waited. With `wait`, sleeps up to timeout_ms for one. */
bool commit_step(struct commit *commit, bool wait, int timeout_ms);
/* The refusals counted in memory go into the log: before stopping. */
void commit_flush_refused(struct commit *commit);
void commit_deinit(struct commit *commit);

#endif
