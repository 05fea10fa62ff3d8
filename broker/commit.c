/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One batch, in this order and no other:
 *
 *   1 plan      which entries are new (the rest get the answer they had), which frames must wait;
 *               the journal row of the new ones
 *   2 begin     write transaction; journal row; apply every input; bodies and signatures into
 *               their own tables
 *   3 commit    synced
 *   4 show      governance on the board, counters, log lines (commit_show.c)
 *   5 written   attest may read it back and have its head signed
 *
 * Which batch is next (commit_step): while nobody sends, a tick when a timer is due, then the
 * chores, one after another. Frames that wait are next, and a tick that is due goes in with them; a
 * chore comes before them only after a pause (chores.c), and never with them, so that it makes
 * nobody's batch longer. Of what nobody sent, nothing is begun once the pipeline is stopped.
 *
 * A failure in 2 or 3 ends the process before anybody was answered. So there is nothing in memory
 * that a failed commit would leave wrong: it ends the process.
 *
 * Not done here: 1 (plan), what an input does (apply), the head (attest), who is told how (answer,
 * publish).
 */
#include "broker/commit.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/crash_point.h"
#include "base/date.h"
#include "base/log.h"
#include "broker/backfill.h"
#include "broker/chores.h"
#include "broker/commit_show.h"
#include "broker/plan.h"
#include "broker/retention.h"
#include "broker/room.h"
#include "broker/timers.h"
#include "broker/waiting.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "ledger/counted.h"
#include "store/log.h"

/* A batch under way. */
struct batch {
    struct commit *commit;
    struct plan plan;
    struct apply apply;
    struct batch_head head;
    size_t n_slots;
    size_t slot; /* where the next pending result belongs */
    size_t entry;
    size_t parcel_of; /* slot + 1 whose parcel was put last */
    uint32_t applied; /* inputs */
    int64_t began_ms; /* by boot time */
};

/* --- 2 write --- */

static void put_blob(struct batch *batch, const struct verified_entry *entry, uint32_t n)
{
    const struct wire_entry *wire = &entry->wire;
    struct blob_row row = {.body = wire->body, .n_grants = wire->n_grants};
    assert(wire->n_grants <= CAIRN_GRANTS_MAX);
    for (size_t i = 0; i < wire->n_grants; i++) {
        row.grants[i] = wire->grants[i];
    }
    blob_row_append(batch->apply.txn, batch->apply.batch, n, &row);
}

static void put_parcel(struct batch *batch, const struct verified *parcel, uint32_t first)
{
    struct parcel_row row = {
        .head = parcel->head_bytes, .signature = parcel->signature, .n = parcel->n_entries};
    assert(parcel->n_entries <= CAIRN_PARCEL_ENTRIES_MAX);
    for (size_t i = 0; i < parcel->n_entries; i++) {
        row.digests[i] = parcel->entries[i].digest;
    }
    parcel_row_append(batch->apply.txn, batch->apply.batch, first, &row);
}

/* The slot and entry that the next input came from: results were left pending in the same order. */
static struct slot *next_pending(struct batch *batch)
{
    while (batch->slot < batch->n_slots) {
        struct slot *slot = pipeline_batch_slot(batch->commit->pipeline, batch->slot);
        while (batch->entry < slot->n_results) {
            if (slot->results[batch->entry].verdict == PLAN_PENDING) {
                return slot;
            }
            batch->entry++;
        }
        batch->slot++;
        batch->entry = 0;
    }
    return NULL;
}

static void fill_result(struct batch *batch, const struct input *input, uint32_t n,
                        struct applied applied)
{
    if (input->type != INPUT_ENTRY && input->type != INPUT_GOVERNANCE) {
        return;
    }
    struct slot *slot = next_pending(batch);
    if (slot == NULL) {
        assert(input->type == INPUT_GOVERNANCE); /* of commit_start */
        return;
    }
    struct wire_result *result = &slot->results[batch->entry];
    result->verdict = applied.verdict;
    result->log_index = applied.log_index;
    if (input->type == INPUT_ENTRY && verdict_is_stored(applied.verdict) && !applied.known) {
        const struct verified_entry *entry = &slot->parcel.entries[batch->entry];
        if (entry->wire.kind != ENTRY_SUBJECT &&
            (entry->wire.body.len > 0 || entry->wire.n_grants > 0)) {
            put_blob(batch, entry, n);
        }
        if (batch->parcel_of != batch->slot + 1) {
            batch->parcel_of =
                batch->slot + 1; /* once for the first of its entries that is stored */
            put_parcel(batch, &slot->parcel, input->entry.parcel);
        }
    }
}

static void destroy_bodies(struct store_txn *txn, const struct apply *apply)
{
    for (size_t i = 0; i < apply->n_destroyed; i++) {
        blob_row_delete(txn, apply->destroyed[i].batch, apply->destroyed[i].input);
    }
}

/* False when the batch has written as much as one may. */
static bool applied_one(void *data, const struct input *input, uint32_t n, struct applied applied)
{
    struct batch *batch = data;
    fill_result(batch, input, n, applied);
    batch->applied = n + 1;
    return store_writes(batch->apply.txn) < batch->commit->writes_max;
}

/* What was not applied is not in the journal either: its frames stay in the ring, and the next
 * batch takes them. Entries of theirs that were applied are known by then. */
static void cut(struct batch *batch, struct store_txn *txn, const struct store_key *key)
{
    struct buf *journal = &batch->commit->journal;
    journal->len = batch->apply.end;
    batch->plan.inputs = batch->applied;
    journal_end(batch->applied, journal);
    store_put(txn, T_JOURNAL, store_key_slice(key), buf_slice(journal));
    if (next_pending(batch) != NULL) {
        batch->n_slots = batch->slot;
    }
    count(batch->commit->counters, COUNT_COMMIT_CUT, 1);
}

/* --- the batch --- */

static void begin(struct batch *batch)
{
    struct commit *commit = batch->commit;
    batch->began_ms = clock_boot_ms(commit->time.clock);
    batch->head = (struct batch_head){
        .apply_version = APPLY_VERSION,
        .time_ms = timekeeper_batch(&commit->time),
    };
    if (random_bytes(batch->head.salt, sizeof(batch->head.salt)) != 0) {
        log_fatal("random_failed", "batch=%" PRIu64, commit->batch + 1);
    }
    journal_begin(&batch->head, &commit->journal);
}

/* Of the governance that the batch leaves in force, for its day. */
static void look_at_waiting(struct commit *commit, struct store_txn *txn, const struct apply *apply)
{
    commit->judged_day = apply_day(apply);
    commit->continues =
        apply->governance != NULL && (waiting_pending(txn, apply->governance, commit->judged_day) ||
                                      backfill_pending(txn, apply->governance));
}

/* Steps 2 and 3, given a planned batch and its transaction. */
static void write_batch(struct batch *batch, struct store_txn **txn)
{
    struct commit *commit = batch->commit;
    uint64_t number = commit->batch + 1;
    struct store_key key = store_key_u64(number);
    journal_end(batch->plan.inputs, &commit->journal);
    store_append(*txn, T_JOURNAL, store_key_slice(&key), buf_slice(&commit->journal));
    CRASH_POINT(COMMIT_JOURNAL_PUT);
    int r = apply_begin(&batch->apply, *txn, number, &batch->head, commit->governance);
    batch->apply.marker = &commit->marker;
    if (r == 0) {
        r = apply_batch(&batch->apply, buf_slice(&commit->journal), applied_one, batch);
    }
    if (r == 0 && batch->applied < batch->plan.inputs) {
        cut(batch, *txn, &key);
    }
    marker_clear(&commit->marker); /* a death inside the commit itself is nobody's entry's fault */
    destroy_bodies(*txn, &batch->apply);
    commit->next_timer_ms = timers_next_ms(*txn);
    commit->next_retention_ms = retention_next_ms(*txn);
    look_at_waiting(commit, *txn, &batch->apply);
    CRASH_POINT(COMMIT_APPLIED);
    if (r == 0) {
        r = store_commit(txn);
    }
    if (r != 0) {
        log_fatal("commit_failed", "batch=%" PRIu64 " error=\"%s\"", number, strerror(-r));
    }
    CRASH_POINT(COMMIT_SYNCED);
    commit->batch = number;
    commit->log_size = batch->apply.range.size;
}

static void commit_batch(struct batch *batch, struct store_txn **txn)
{
    CRASH_POINT(COMMIT_PLANNED);
    if (batch->plan.inputs == 0) {
        return; /* all known or refused: nothing to write */
    }
    write_batch(batch, txn);
    commit_show_governance(batch->commit, &batch->apply);
    commit_show_batch(batch->commit, &batch->apply, batch->plan.inputs, batch->began_ms);
    apply_end(&batch->apply);
}

static size_t batch_size(struct commit *commit, size_t ready)
{
    size_t bytes = 0;
    for (size_t i = 0; i < ready; i++) {
        bytes += pipeline_batch_slot(commit->pipeline, i)->bytes;
        if (i > 0 && bytes > CAIRN_BATCH_BYTES_MAX) {
            return i;
        }
        if (pipeline_batch_slot(commit->pipeline, i)->content == SLOT_GOVERNANCE) {
            return i + 1; /* what comes behind a document is planned by it */
        }
    }
    return ready;
}

static void commit_inputs(struct commit *commit, const struct input *inputs, size_t n, bool refused)
{
    struct batch batch = {.commit = commit, .plan = {.commit = commit}};
    _cleanup_(store_end) struct store_txn *txn = store_begin(commit->store);
    if (txn == NULL) {
        log_fatal("commit_failed", "no write transaction");
    }
    begin(&batch);
    room_admit(commit, txn, 0);
    if (refused) {
        plan_refused(&batch.plan, batch.head.time_ms, true);
    }
    for (size_t i = 0; i < n; i++) {
        plan_input(&batch.plan, &inputs[i]);
    }
    commit_batch(&batch, &txn);
    assert(batch.applied == batch.plan.inputs); /* far from what a batch may write */
    pipeline_written(commit->pipeline, 0, commit->log_size);
}

/* --- nobody's frames --- */

static bool commit_tick(struct commit *commit)
{
    const struct input tick = {.type = INPUT_TICK};
    int64_t now = clock_real_ms(commit->time.clock);
    if (!timekeeper_is_due(&commit->time, now, commit->next_timer_ms)) {
        return false;
    }
    commit_inputs(commit, &tick, 1, false);
    return true;
}

static bool commit_chore(struct commit *commit)
{
    struct input chore;
    if (!chore_next(commit, &chore)) {
        return false;
    }
    int64_t began_ms = clock_boot_ms(commit->time.clock);
    commit_inputs(commit, &chore, 1, false);
    chore_done(commit, &chore, began_ms);
    return true;
}

static void commit_frames(struct commit *commit, size_t ready)
{
    struct batch batch = {
        .commit = commit, .plan = {.commit = commit}, .n_slots = batch_size(commit, ready)};
    _cleanup_(store_end) struct store_txn *txn = store_begin(commit->store);
    if (txn == NULL) {
        log_fatal("commit_failed", "no write transaction");
    }
    begin(&batch);
    room_admit(commit, txn, batch.n_slots);
    plan_refused(&batch.plan, batch.head.time_ms, false);
    plan_tick(&batch.plan, batch.head.time_ms);
    for (size_t i = 0; i < batch.n_slots; i++) {
        plan_slot(&batch.plan, txn, pipeline_batch_slot(commit->pipeline, i));
    }
    commit_batch(&batch, &txn);
    store_end(&txn);
    for (size_t i = 0; i < batch.n_slots; i++) {
        plan_settle(&batch.plan, pipeline_batch_slot(commit->pipeline, i));
    }
    pipeline_written(commit->pipeline, batch.n_slots, commit->log_size);
    commit->served_ms = clock_boot_ms(commit->time.clock);
}

bool commit_step(struct commit *commit, bool wait, int timeout_ms)
{
    int rest_ms = chore_rest_ms(commit);
    int most_ms = rest_ms < timeout_ms ? rest_ms : timeout_ms;
    size_t ready = pipeline_batch(commit->pipeline, wait && rest_ms > 0, most_ms);
    bool stopped = pipeline_stopped(commit->pipeline); /* the next start finds what is left */
    commit_look_around(commit);
    if (!stopped && ready == 0 && commit_tick(commit)) {
        return true;
    }
    if (!stopped && (ready == 0 || chore_is_overdue(commit)) && commit_chore(commit)) {
        return true;
    }
    if (ready > 0) {
        commit_frames(commit, ready);
    }
    return ready > 0;
}

void commit_start(struct commit *commit, const struct input *governance, size_t n)
{
    struct input start[] = {{.type = INPUT_START}, {.type = INPUT_CONTINUE}};
    sha256(slice_of_text("cairn-broker " CAIRN_VERSION), start[0].software.bytes);
    commit_inputs(commit, governance, n, false);
    if (commit->governance != NULL) {
        commit_inputs(commit, start, ARRAY_LEN(start), false);
    }
}

void commit_flush_refused(struct commit *commit)
{
    if (commit->n_refused > 0) {
        commit_inputs(commit, NULL, 0, true);
    }
}

/* --- recovery --- */

int commit_check(const struct commit *commit, struct error *error)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(commit->store);
    if (txn == NULL) {
        return -ENOMEM;
    }
    uint64_t schema = meta_get(txn, "schema", STATE_SCHEMA);
    if (schema != STATE_SCHEMA) {
        return error_set(error, commit->dir,
                         "the store was written by another version of the broker (schema %" PRIu64
                         ", not %d): start that version",
                         schema, STATE_SCHEMA);
    }
    return counted_check(txn, commit->dir, error);
}

int commit_recover(struct commit *commit, struct error *error)
{
    _cleanup_(store_end) struct store_txn *txn = store_read(commit->store);
    if (txn == NULL) {
        return -ENOMEM;
    }
    commit->batch = meta_get(txn, "batch", 0);
    commit->log_size = log_size(txn, T_LOG);
    commit->next_timer_ms = timers_next_ms(txn);
    commit->next_retention_ms = retention_next_ms(txn);
    commit->journal = BUF_MAX(2 * CAIRN_BATCH_BYTES_MAX);
    commit->writes_max = CAIRN_BATCH_WRITES_MAX;
    commit->chore_pause_ms = CHORE_PAUSE_MS;
    int r = apply_load_governance(txn, &commit->governance, error);
    if (r == -ENOENT) {
        return 0; /* a new store: commit_start brings the documents */
    }
    if (r == 0) {
        board_set_governance(commit->board, commit->governance);
        pipeline_written(commit->pipeline, 0, commit->log_size);
        commit->judged_day = instant_london_day((int64_t)meta_get(txn, "time-ms", 0));
        commit->continues = waiting_pending(txn, commit->governance, commit->judged_day) ||
                            backfill_pending(txn, commit->governance);
    }
    return r;
}

void commit_deinit(struct commit *commit)
{
    governance_unref(&commit->governance);
    marker_close(&commit->marker);
    buf_deinit(&commit->journal);
}
