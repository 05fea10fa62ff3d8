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
 * A kind's function judges and writes its own rows; what tells others (finish_kind) runs once the
 * entry's leaf and row are there, so that a telling always follows what it tells of. The batch's
 * journal row is written before the first input is applied: inputs of one batch can see each
 * other's headers.
 */
#include "broker/apply.h"

#include <errno.h>
#include <string.h>

#include "broker/alert.h"
#include "broker/backfill.h"
#include "broker/born.h"
#include "broker/candidates.h"
#include "broker/catch_up.h"
#include "broker/chronology.h"
#include "broker/circle.h"
#include "broker/contradiction.h"
#include "broker/decision.h"
#include "broker/grant.h"
#include "broker/links.h"
#include "broker/mailbox.h"
#include "broker/record.h"
#include "broker/request.h"
#include "broker/retention.h"
#include "broker/tie.h"
#include "broker/timers.h"
#include "broker/waiting.h"

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

/* --- kinds --- */

/* What is left to do once the entry's own leaf and row are written, so that tellings follow what
 * they tell of. */
struct after_leaf {
    struct record_case record; /* ENTRY_RECORD */
    struct circle_claim claim; /* ENTRY_INVOLVEMENT */
    struct tie_case tie;       /* ENTRY_TIE */
    uint64_t person;           /* ENTRY_SUBJECT: an adult, whom a statement may have joined */
    /* ENTRY_SUBJECT: whose chronologies came together, or who parted; 0: nobody. */
    uint64_t child;
    uint64_t circle; /* ENTRY_SUBJECT, ENTRY_INVOLVEMENT: its child may have others to learn of */
};

static enum verdict apply_subject(struct apply *apply, const struct subject_header *header,
                                  const struct entry_input *entry, struct after_leaf *after)
{
    if (header->n_tokens != entry->n_tokens || contradiction_in_statement(header)) {
        return VERDICT_BAD_ENTRY;
    }
    struct subject_id subject = {.agency = header->id.agency};
    struct subject_row row;
    memcpy(subject.handle, header->handle, CAIRN_HANDLE_BYTES);
    if (!links_subject(apply, &subject, header->person, &row)) {
        return VERDICT_BAD_ENTRY; /* an adult's handle for a child's, or the other way round */
    }
    uint64_t looked_at = links_state(apply, header, entry);
    bool there = apply_found(apply, subject_row_get(apply->txn, &subject, &row));
    if (there && row.person) {
        after->person = row.child;
    } else if (there) {
        after->child = looked_at;
        after->circle = row.child;
    }
    return VERDICT_STORED;
}

static enum verdict apply_involvement(struct apply *apply, const struct involvement_header *header,
                                      struct after_leaf *after)
{
    enum verdict verdict = circle_claim(apply, header, &after->claim);
    after->circle = after->claim.child;
    return verdict;
}

static enum verdict apply_kind(struct apply *apply, const struct entry_header *header,
                               const struct entry_input *entry, struct after_leaf *after)
{
    switch (header->kind) {
    case ENTRY_RECORD:
        return record_judge(apply, &header->record, entry, &after->record);
    case ENTRY_SUBJECT:
        return apply_subject(apply, &header->subject, entry, after);
    case ENTRY_INVOLVEMENT:
        return apply_involvement(apply, &header->involvement, after);
    case ENTRY_ACKNOWLEDGEMENT:
        return mailbox_acknowledge(apply, &header->acknowledgement, entry->key_id)
                   ? VERDICT_STORED
                   : VERDICT_CONFLICT;
    case ENTRY_DECISION:
        return decision_judge(apply, &header->decision);
    case ENTRY_GRANT:
        return grant_judge(apply, &header->grant, entry);
    case ENTRY_REQUEST:
        return request_judge(apply, &header->request);
    case ENTRY_TIE:
        return tie_judge(apply, &header->tie, &after->tie);
    }
    return VERDICT_BAD_ENTRY;
}

/* What was stored before is told once the role holds. */
static void begin_role(struct apply *apply, const struct involvement_header *header,
                       const struct circle_claim *claim, uint64_t log_index)
{
    const struct newcomer newcomer = {.child = claim->child,
                                      .agency = header->id.agency,
                                      .role = header->role,
                                      .from_day = header->from_day};
    if (claim->begins) {
        (void)catch_up(apply, &newcomer);
    } else if (claim->will_begin) {
        timers_watch_role(apply, &header->id, header->from_day, log_index);
    }
}

static void finish_kind(struct apply *apply, const struct entry_header *header,
                        const struct entry_input *entry, const struct after_leaf *after,
                        uint64_t log_index)
{
    switch (header->kind) {
    case ENTRY_RECORD:
        record_act(apply, &after->record, log_index);
        return;
    case ENTRY_DECISION:
        decision_act(apply, &header->decision, entry);
        return;
    case ENTRY_GRANT:
        grant_act(apply, &header->grant, entry);
        return;
    case ENTRY_REQUEST:
        request_act(apply, &header->request, entry);
        return;
    case ENTRY_SUBJECT:
        if (after->person != 0) {
            record_person_met(apply, after->person);
            born_mother_met(apply, after->person);
            return;
        }
        circle_meet(apply, after->circle);
        if (after->child != 0) {
            alert_look(apply, after->child, ALERT_NEWEST);
        }
        candidates_stated(apply, &header->subject);
        return;
    case ENTRY_INVOLVEMENT:
        circle_part(apply, &after->claim, entry);
        circle_meet(apply, after->circle);
        begin_role(apply, &header->involvement, &after->claim, log_index);
        return;
    case ENTRY_TIE:
        tie_act(apply, &after->tie, entry);
        return;
    case ENTRY_ACKNOWLEDGEMENT:
        return;
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
    struct entry_row row = {
        .verdict = applied.verdict,
        .kind = entry->kind,
        .item = entry->item,
        .log_index = applied.log_index,
        .batch = apply->batch,
        .input = apply->input,
        .offset = apply->offset,
    };
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

bool apply_known(struct store_txn *txn, const struct entry_id *id, const struct hash *item,
                 struct applied *ret)
{
    struct entry_row row;
    if (!entry_row_get(txn, id, &row) || !hash_equal(&row.item, item)) {
        return false;
    }
    *ret = (struct applied){.verdict = row.verdict, .log_index = row.log_index, .known = true};
    return true;
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

static struct applied apply_entry(struct apply *apply, const struct entry_input *entry)
{
    struct applied known;
    struct entry_row row;
    if (apply_known(apply->txn, &entry->id, &entry->item, &known)) {
        return known;
    }
    if (entry_row_get(apply->txn, &entry->id, &row)) {
        /* The first answer stands: the row is not touched. */
        apply_noted(apply, NOTED_EQUIVOCATIONS);
        return (struct applied){.verdict = VERDICT_EQUIVOCATION,
                                .log_index = entry_leaf(apply, entry, VERDICT_EQUIVOCATION)};
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
    struct after_leaf after = {.child = 0};
    struct join_list joins = {.n = 0};
    apply->joins = &joins;
    verdict = apply_kind(apply, &header, entry, &after);
    if (!verdict_is_stored(verdict)) {
        apply->joins = NULL;
        return refuse_entry(apply, entry, verdict);
    }
    struct applied applied = {.verdict = verdict, .log_index = entry_leaf(apply, entry, verdict)};
    put_entry_row(apply, entry, applied);
    note_said(apply, entry);
    finish_kind(apply, &header, entry, &after, applied.log_index);
    catch_up_joined(apply);
    apply->joins = NULL;
    if (entry->n_grants > 0) { /* as has whatever has a body that somebody can open */
        retention_watch(apply, &entry->id, applied.log_index);
    }
    return applied;
}

/* --- inputs that are not entries --- */

/* Since when those that the directory says are revoked are so: what waits for them waits for a while. */
static void note_revoked(struct apply *apply)
{
    const struct directory *directory = &apply->governance->directory;
    for (size_t i = 0; i < directory->n_agencies; i++) {
        const struct agency *agency = &directory->agencies[i];
        struct agency_row row;
        agency_row_get(apply->txn, agency->number, &row);
        if (agency->active != (row.left_day == 0)) {
            row.left_day = agency->active ? 0 : apply_day(apply);
            agency_row_put(apply->txn, agency->number, &row);
        }
    }
}

static struct applied apply_governance(struct apply *apply, const struct input *input)
{
    struct applied applied = {.verdict = VERDICT_STORED, .log_index = UINT64_MAX};
    struct govern_document document = {
        .document = input->governance.document,
        .text = input->governance.text,
        .note = input->governance.note,
    };
    struct governance *next = NULL;
    struct error error = ERROR_NULL;
    enum govern_result result = governance_next(apply->governance, &document, &next, &error);
    if (result != GOVERN_ACCEPTED) {
        apply_noted(apply, NOTED_GOVERNANCE_REFUSED);
        applied.verdict = VERDICT_CONFLICT;
        return applied;
    }
    _cleanup_(governance_unref) struct governance *old = apply->governance;
    apply->governance = next;
    if (document.document == GOVERNANCE_PATTERNS) {
        backfill_turned_on(apply, old);
    }
    if (document.document == GOVERNANCE_DIRECTORY) {
        note_revoked(apply);
    }
    const struct governance_row row = {
        .version = next->versions[document.document],
        .text = document.text,
        .note = document.note,
    };
    governance_row_put(apply->txn, document.document, &row);
    struct leaf leaf = {
        .type = LEAF_GOVERNANCE,
        .digest = next->digests[document.document],
        .number = row.version,
        .detail = document.document,
    };
    applied.log_index = apply_leaf(apply, &leaf);
    apply_noted(apply, NOTED_GOVERNANCE_ACCEPTED);
    return applied;
}

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
    retention_look(apply);
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
    }
    assert(false && "an input of a type that the journal does not know");
    return (struct applied){.verdict = VERDICT_BAD_ENTRY, .log_index = UINT64_MAX};
}

int apply_batch(struct apply *apply, struct slice row,
                bool (*each)(void *data, const struct input *input, uint32_t n,
                             struct applied applied),
                void *data)
{
    size_t at = BATCH_HEAD_BYTES;
    struct input input;
    struct slice before = SLICE_NULL;
    struct store_key last = store_key_u64(apply->batch - 1);
    (void)store_get(apply->txn, T_JOURNAL, store_key_slice(&last), &before);
    journal_said_head(before, row, &apply->said);
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

int apply_load_governance(struct store_txn *txn, struct governance **ret, struct error *error)
{
    _cleanup_(governance_unref) struct governance *loaded = NULL;
    for (unsigned number = GOVERNANCE_ROOT; number <= GOVERNANCE_DOCUMENTS; number++) {
        enum governance_document kind = (enum governance_document)number;
        struct governance_row row = {.version = 0};
        int r = governance_row_get(txn, kind, &row);
        if (r == -ENOENT) {
            if (number == GOVERNANCE_ROOT) {
                return -ENOENT;
            }
            continue;
        }
        const struct govern_document document = {
            .document = kind, .text = row.text, .note = row.note};
        struct governance *next = NULL;
        enum govern_result result =
            r != 0 ? GOVERN_BAD_DOCUMENT : governance_next(loaded, &document, &next, error);
        if (result != GOVERN_ACCEPTED) {
            return error_set(error, "store", "the %s that the store holds does not verify: %s",
                             governance_document_text(number), govern_result_text(result));
        }
        governance_unref(&loaded);
        loaded = next;
    }
    *ret = loaded;
    loaded = NULL;
    return 0;
}
