/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of one entry through apply:
 *
 *   seen before?       same item digest: the same answer; another: equivocation, logged, the first
 *                      answer stands
 *   what verify said   a refusal is final: it gets its row and its leaf
 *   key status         re-checked here, in the transaction: a revocation holds from its own log
 *                      index on
 *   kind               record, subject, involvement, ...: one function each
 *   leaf and row       whatever the verdict
 *
 * A kind's function judges and writes its own rows; what tells others (apply_kind.h) runs once the
 * entry's leaf and row are there, so that a telling always follows what it tells of. The batch's
 * journal row is written before the first input is applied: inputs of one batch can see each
 * other's headers.
 */
#include "broker/apply.h"

#include <errno.h>

#include "broker/apply_governance.h"
#include "broker/apply_kind.h"
#include "broker/backfill.h"
#include "broker/catch_up.h"
#include "broker/retention.h"
#include "broker/timers.h"
#include "broker/waiting.h"
#include "ledger/counted.h"

/* --- checks every entry passes --- */

static enum verdict check_key(const struct apply *apply, const struct entry_input *entry)
{
    const struct agency *agency = directory_agency(&apply->governance->directory, entry->id.agency);
    const struct agency_key *key = agency == NULL ? NULL : agency_sign_key(agency, entry->key_id);
    if (key == NULL) {
        return VERDICT_UNKNOWN_KEY;
    }
    return agency->active && key->status == KEY_ACTIVE ? VERDICT_STORED : VERDICT_REVOKED_KEY;
}

static void follow_stream(struct apply *apply, const struct entry_id *id)
{
    struct store_key key = key_stream(id->agency, id->stream);
    struct slice value;
    uint64_t last = 0;
    if (store_get(apply->txn, T_STREAM, store_key_slice(&key), &value)) {
        struct reader reader = reader_over(value);
        last = read_u64(&reader);
    }
    if (last > 0 && id->seq > last + 1) { /* a new stream goes on with its lane's numbers */
        apply_noted(apply, NOTED_STREAM_GAPS);
    }
    if (id->seq > last) {
        struct store_key row = store_key_u64(id->seq);
        store_put(apply->txn, T_STREAM, store_key_slice(&key), store_key_slice(&row));
    }
}

/* --- one entry --- */

static uint64_t entry_leaf(struct apply *apply, const struct entry_input *entry,
                           enum verdict verdict)
{
    struct leaf leaf = {
        .type = LEAF_ENTRY,
        .agency = entry->id.agency,
        .id = entry->id,
        .kind = entry->kind,
        .verdict = verdict,
        .digest = entry->item,
        .grants = entry->grants_digest,
    };
    return apply_leaf(apply, &leaf);
}

static void put_entry_row(struct apply *apply, const struct entry_input *entry,
                          struct applied applied)
{
    struct entry_row row = apply_entry_row(apply, entry, applied.verdict, applied.log_index);
    entry_row_put(apply->txn, &entry->id, &row);
}

static struct applied refuse_entry(struct apply *apply, const struct entry_input *entry,
                                   enum verdict verdict)
{
    struct applied applied = {.verdict = verdict, .log_index = entry_leaf(apply, entry, verdict)};
    apply_noted(apply, NOTED_ENTRIES_REFUSED);
    put_entry_row(apply, entry, applied);
    return applied;
}

static struct applied answer_of(const struct entry_row *row)
{
    return (struct applied){.verdict = row->verdict, .log_index = row->log_index, .known = true};
}

bool apply_known(struct store_txn *txn, const struct entry_id *id, const struct hash *item,
                 struct applied *ret)
{
    struct entry_row row;
    if (!entry_row_get(txn, id, &row) || !hash_equal(&row.item, item)) {
        return false;
    }
    *ret = answer_of(&row);
    return true;
}

/* The first answer stands: the row is not touched. */
static struct applied apply_again(struct apply *apply, const struct entry_input *entry,
                                  const struct entry_row *row)
{
    if (hash_equal(&row->item, &entry->item)) {
        return answer_of(row);
    }
    apply_noted(apply, NOTED_EQUIVOCATIONS);
    return (struct applied){.verdict = VERDICT_EQUIVOCATION,
                            .log_index = entry_leaf(apply, entry, VERDICT_EQUIVOCATION)};
}

/* By the day: who looks at a picture is told whose feed is silent, and since when. What an agency
 * says of its own reading does not show that its feed works. */
static void note_said(struct apply *apply, const struct entry_input *entry)
{
    struct agency_row row;
    int32_t today = apply_day(apply);
    if (entry->kind != ENTRY_RECORD && entry->kind != ENTRY_SUBJECT &&
        entry->kind != ENTRY_INVOLVEMENT) {
        return;
    }
    agency_row_get(apply->txn, entry->id.agency, &row);
    if (row.said_day != today) {
        row.said_day = today;
        agency_row_put(apply->txn, entry->id.agency, &row);
    }
}

/* Of a new entry that can be read and whose key is in force. */
static struct applied judge_and_act(struct apply *apply, const struct entry_header *header,
                                    const struct entry_input *entry)
{
    struct after_leaf after = {.child = 0};
    enum verdict verdict = apply_kind_judge(apply, header, entry, &after);
    if (!verdict_is_stored(verdict)) {
        return refuse_entry(apply, entry, verdict);
    }
    struct applied applied = {.verdict = verdict, .log_index = entry_leaf(apply, entry, verdict)};
    put_entry_row(apply, entry, applied);
    note_said(apply, entry);
    apply_kind_act(apply, header, entry, &after, applied.log_index);
    catch_up_joined(apply);
    if (entry->n_grants > 0) { /* as has whatever has a body that somebody can open */
        retention_watch(apply, &entry->id, applied.log_index);
    }
    return applied;
}

static struct applied apply_entry(struct apply *apply, const struct entry_input *entry)
{
    struct entry_row row;
    if (entry_row_get(apply->txn, &entry->id, &row)) {
        return apply_again(apply, entry, &row);
    }
    follow_stream(apply, &entry->id);
    enum verdict verdict =
        entry->verdict == VERDICT_STORED ? check_key(apply, entry) : entry->verdict;
    struct entry_header header;
    arena_reset(&apply->arena);
    if (verdict == VERDICT_STORED &&
        !wire_entry_header_read(entry->kind, entry->header, &apply->arena, &header)) {
        verdict = VERDICT_BAD_ENTRY;
    }
    if (verdict != VERDICT_STORED) {
        return refuse_entry(apply, entry, verdict);
    }
    struct join_list joins; /* ten KiB, and few entries join anybody: nothing to clear */
    joins.n = 0;
    /* cppcheck-suppress autoVariables ; taken back before this returns */
    apply->joins = &joins;
    struct applied applied = judge_and_act(apply, &header, entry);
    apply->joins = NULL;
    return applied;
}

/* --- inputs that are not entries --- */

static struct applied apply_refused(struct apply *apply, const struct input *input)
{
    struct leaf leaf = {
        .type = LEAF_REFUSED,
        .agency = input->refused.agency,
        .number = input->refused.hour,
        .detail = input->refused.frames,
    };
    return (struct applied){.verdict = VERDICT_STORED, .log_index = apply_leaf(apply, &leaf)};
}

static struct applied apply_start(struct apply *apply, const struct input *input)
{
    struct leaf leaf = {.type = LEAF_START, .digest = input->software, .number = apply->range.size};
    return (struct applied){.verdict = VERDICT_STORED, .log_index = apply_leaf(apply, &leaf)};
}

static struct applied apply_tick(struct apply *apply)
{
    struct leaf leaf = {.type = LEAF_TICK};
    struct applied applied = {.verdict = VERDICT_STORED, .log_index = apply_leaf(apply, &leaf)};
    timers_fire(apply);
    return applied;
}

/* --- the batch --- */

int apply_begin(struct apply *apply, struct store_txn *txn, uint64_t batch,
                const struct batch_head *head, struct governance *governance)
{
    *apply = (struct apply){
        .txn = txn,
        .time_ms = head->time_ms,
        .batch = batch,
        .arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES),
    };
    apply->governance = governance == NULL ? NULL : governance_ref(governance);
    int r = log_load(txn, T_LOG, &apply->range);
    if (r != 0) {
        return r;
    }
    meta_put(txn, "batch", batch);
    meta_put(txn, "time-ms", (uint64_t)head->time_ms);
    meta_put(txn, "schema", STATE_SCHEMA);
    meta_put(txn, "apply", APPLY_VERSION);
    return 0;
}

void apply_end(struct apply *apply)
{
    governance_unref(&apply->governance);
    arena_deinit(&apply->arena);
}

static void mark_entry(const struct apply *apply, const struct entry_id *id)
{
    uint8_t mark[ENTRY_ID_BYTES];
    if (apply->marker != NULL) {
        entry_id_pack(id, mark);
        marker_set(apply->marker, SLICE_OF(mark));
    }
}

/* `n` is the input's number in its batch, `offset` its place in the batch's row. */
static struct applied apply_input(struct apply *apply, const struct input *input, uint32_t n,
                                  uint32_t offset)
{
    apply->input = n;
    apply->offset = offset;
    apply->moved = 0;
    apply->parted = 0;
    switch (input->type) {
    case INPUT_ENTRY:
        mark_entry(apply, &input->entry.id);
        return apply_entry(apply, &input->entry);
    case INPUT_GOVERNANCE:
        return apply_governance(apply, input);
    case INPUT_REFUSED:
        return apply_refused(apply, input);
    case INPUT_START:
        return apply_start(apply, input);
    case INPUT_TICK:
        return apply_tick(apply);
    case INPUT_CONTINUE:
        waiting_judge(apply);
        backfill_look(apply);
        return (struct applied){.verdict = VERDICT_STORED, .log_index = UINT64_MAX};
    case INPUT_RETENTION:
        retention_look(apply);
        return (struct applied){.verdict = VERDICT_STORED, .log_index = UINT64_MAX};
    }
    assert(false && "an input of a type that the journal does not know");
    return (struct applied){.verdict = VERDICT_BAD_ENTRY, .log_index = UINT64_MAX};
}

static int apply_inputs(struct apply *apply, struct slice row,
                        bool (*each)(void *data, const struct input *input, uint32_t n,
                                     struct applied applied),
                        void *data)
{
    size_t at = BATCH_HEAD_BYTES;
    struct input input;
    struct hash before;
    journal_follow(apply->txn, apply->batch, &before);
    journal_said_head(&before, row, &apply->said);
    for (uint32_t n = 0;; n++) {
        size_t offset = at;
        if (!journal_next(row, &at, &input)) {
            return at == row.len ? 0 : -EBADMSG;
        }
        journal_said_input(&apply->said, row, offset, at);
        struct applied applied = apply_input(apply, &input, n, (uint32_t)offset);
        apply->end = at;
        if (store_fault(apply->txn) != 0) {
            return store_fault(apply->txn);
        }
        if (each != NULL && !each(data, &input, n, applied)) {
            return 0;
        }
    }
}

int apply_batch(struct apply *apply, struct slice row,
                bool (*each)(void *data, const struct input *input, uint32_t n,
                             struct applied applied),
                void *data)
{
    int r = apply_inputs(apply, row, each, data);
    if (r == 0) {
        counted_put(apply->txn);
    }
    return r;
}
