/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a submission: parse everything (no lock held) -> one write transaction: the
 * idempotency key, then each event in its order -> one synced commit -> the answer. If one event
 * makes the submission fail, nothing of it was written.
 *
 *   the same version again        SAME
 *   another version, same words   SAME
 *   another version, other words  the earlier one is taken back, this one stands in its place
 *   a retraction                  still here: WITHDRAWN, it never leaves; gone: RETRACTED, an entry
 *                                 of its own says so; never said: COUNTED
 */
#include "agents/core/intake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents/core/settle.h"
#include "agents/core/taking.h"
#include "agents/school/school.h"
#include "base/date.h"
#include "base/text.h"

#define CORRECTION_JUDGE "automatic: the source has corrected or withdrawn it"

const char *intake_outcome_text(enum intake_outcome outcome)
{
    switch (outcome) {
#define X(name, number, text)                                                                      \
    case INTAKE_##name:                                                                            \
        return (text);
        INTAKE_OUTCOMES(X)
#undef X
    }
    return "unknown";
}

void intake_answer_deinit(struct intake_answer *answer)
{
    base_free(&answer->items);
    *answer = INTAKE_ANSWER_NULL;
}

static struct out_row row_of(const struct taking *taking, const struct event *event)
{
    return (struct out_row){
        .kind = ENTRY_RECORD,
        .record_kind = event->kind,
        .code = event->code,
        .urgency = event->urgency,
        .event_day = event->event_day,
        .created_ms = taking->now_ms,
        .by_uid = taking->by_uid,
    };
}

/* What is urgent never waits for a correction. */
static bool must_settle(const struct taking *taking, const struct event *event)
{
    return event->settles && event->kind != RECORD_RETRACTION &&
           seal_lane(event->kind, event->urgency) != LANE_URGENT &&
           taking->agent->options->settle_ms > 0;
}

/* Settles, waits for governance, or is sealed now. `retracts` and `target`: of a retraction. */
static int keep_event(struct taking *taking, const struct event *event,
                      const struct reference *retracts, const struct out_row *target,
                      struct reference *ret)
{
    struct out_row row = row_of(taking, event);
    bool settles = must_settle(taking, event);
    int r = reference_new(taking->now_ms, ret);
    if (r != 0) {
        return r;
    }
    if (settles || !taking->can_seal) {
        row.state = settles ? OUT_SETTLING : OUT_WAITING;
        /* What does not settle is due whatever the clock says later. */
        row.due_ms = settles ? taking->now_ms + taking->agent->options->settle_ms : 0;
        if (target != NULL) {
            memcpy(row.handle, target->handle, sizeof(row.handle));
        }
        r = settle_event(taking->txn, taking_store_key(taking), event, ret, retracts, &row);
    } else {
        r = seal_record(&taking->seal, event, ret, target, &row);
    }
    if (r == 0) {
        out_put(taking->txn, ret, &row);
    }
    return r;
}

/* --- taking back --- */

/* A retraction has no author of its own when the source's system made it: a standing decision. */
static void complete_retraction(struct event *event)
{
    struct lawfulness *lawfulness = &event->lawfulness;
    event->kind = RECORD_RETRACTION;
    event->code = CODE_NOT_SAID;
    event->level = 0;
    event->occurrence[0] = '\0';
    if (lawfulness->judged_by == 0) {
        lawfulness->judged_by = JUDGED_BY_STANDING_DECISION;
        (void)snprintf(lawfulness->judge, sizeof(lawfulness->judge), "%s", CORRECTION_JUDGE);
    }
    if (lawfulness->basis == 0) {
        lawfulness->basis = BASIS_PUBLIC_TASK;
    }
    if (lawfulness->detriment == 0) {
        lawfulness->detriment = DETRIMENT_NOT_MORE;
    }
    if (lawfulness->family_told == 0) {
        lawfulness->family_told = FAMILY_NOT_KNOWN;
    }
    if (event->urgency == 0) {
        event->urgency = URGENCY_ROUTINE;
    }
}

static int retract_sent(struct taking *taking, struct event *retraction,
                        const struct reference *target, struct out_row *row,
                        struct intake_item *item)
{
    complete_retraction(retraction);
    int r = keep_event(taking, retraction, target, row, &item->reference);
    if (r != 0) {
        return r;
    }
    row->retracted = true;
    out_put(taking->txn, target, row);
    item->outcome = INTAKE_RETRACTED;
    item->has_reference = true;
    taking_count(taking, "retracted");
    return 0;
}

static void withdraw(struct taking *taking, const struct reference *target, struct out_row *row,
                     struct intake_item *item)
{
    settle_drop(taking->txn, target, row);
    row->state = OUT_WITHDRAWN;
    row->due_ms = 0;
    row->answered_ms = taking->now_ms;
    out_put(taking->txn, target, row);
    item->outcome = INTAKE_WITHDRAWN;
    item->has_reference = true;
    item->reference = *target;
    taking_count(taking, "withdrawn");
}

/* Takes back what `target` names; COUNTED when there is nothing left to take back. */
static int take_back(struct taking *taking, struct event *retraction,
                     const struct reference *target, struct intake_item *item)
{
    struct out_row row;
    if (!out_get(taking->txn, target, &row)) {
        return -EBADMSG;
    }
    switch (row.state) {
    case OUT_SETTLING:
    case OUT_WAITING:
        withdraw(taking, target, &row, item);
        return 0;
    case OUT_SPOOLED:
    case OUT_STORED:
        if (!row.retracted) {
            return retract_sent(taking, retraction, target, &row, item);
        }
        break;
    case OUT_REFUSED:
    case OUT_WITHDRAWN:
        break;
    }
    item->outcome = INTAKE_COUNTED;
    taking_count(taking, "nothing-to-take-back");
    return 0;
}

/* By the source id that it names, if anything was ever said under it. */
static int take_retraction(struct taking *taking, struct event *retraction,
                           struct intake_item *item)
{
    struct source_key version;
    struct source_key newest;
    struct source_row row;
    source_key_retracted(taking_store_key(taking), retraction, &newest);
    if (!source_get(taking->txn, &newest, &row)) {
        item->outcome = INTAKE_COUNTED;
        taking_count(taking, "nothing-to-take-back");
        return 0;
    }
    struct source_row told;
    int r = source_content(taking_store_key(taking), retraction, &told.content);
    if (r == 0) {
        r = take_back(taking, retraction, &row.reference, item);
    }
    if (r == 0 && item->has_reference &&
        source_key(taking_store_key(taking), SOURCE_VERSION, retraction, &version)) {
        told.reference = item->reference;
        source_put(taking->txn, &version, &told);
    }
    return r;
}

/* --- events --- */

/* Nothing but who said it: for an earlier version that something else now stands in place of. */
static void correction_of(const struct event *event, struct event *ret)
{
    *ret = EVENT_NULL;
    memcpy(ret->adapter, event->adapter, sizeof(ret->adapter));
    memcpy(ret->source_id, event->source_id, sizeof(ret->source_id));
    memcpy(ret->source_version, event->source_version, sizeof(ret->source_version));
    memcpy(ret->retracts, event->source_id, sizeof(ret->retracts));
    ret->event_day = event->event_day;
    ret->recorded_ms = event->recorded_ms;
    ret->urgency = URGENCY_ROUTINE;
    complete_retraction(ret);
}

/* An earlier version: the same words make this one SAME, others take it back. */
static int replace_earlier(struct taking *taking, struct event *event,
                           const struct source_row *earlier, const struct hash *content,
                           struct intake_item *item)
{
    _cleanup_(event_deinit) struct event correction = EVENT_NULL;
    struct intake_item taken = {.outcome = INTAKE_COUNTED};
    struct out_row row;
    if (!out_get(taking->txn, &earlier->reference, &row)) {
        return -EBADMSG;
    }
    bool stands = row.state != OUT_WITHDRAWN && row.state != OUT_REFUSED && !row.retracted;
    if (stands && hash_equal(&earlier->content, content)) {
        item->outcome = INTAKE_SAME;
        item->has_reference = true;
        item->reference = earlier->reference;
        return 0;
    }
    if (!stands) {
        return 0;
    }
    correction_of(event, &correction);
    return take_back(taking, &correction, &earlier->reference, &taken);
}

/* One with a source id, whose present version was not seen before. */
static int take_version(struct taking *taking, struct event *event,
                        const struct source_key *version, struct intake_item *item)
{
    struct source_key newest;
    struct source_row row;
    struct source_row told;
    int r = source_content(taking_store_key(taking), event, &told.content);
    if (r != 0) {
        return r;
    }
    if (!source_key(taking_store_key(taking), SOURCE_NEWEST, event, &newest)) {
        return -EINVAL; /* it had a version key */
    }
    if (source_get(taking->txn, &newest, &row)) {
        r = replace_earlier(taking, event, &row, &told.content, item);
        if (r != 0) {
            return r;
        }
    }
    if (item->outcome != INTAKE_SAME) {
        r = keep_event(taking, event, NULL, NULL, &item->reference);
        item->outcome = INTAKE_ACCEPTED;
        item->has_reference = true;
        taking_count(taking, "accepted");
    }
    told.reference = item->reference;
    source_put(taking->txn, version, &told);
    source_put(taking->txn, &newest, &told);
    return r;
}

static int take_event(struct taking *taking, struct event *event, struct intake_item *item)
{
    struct source_key version;
    struct source_row row;
    item->urgency = event->urgency;
    bool has_source = source_key(taking_store_key(taking), SOURCE_VERSION, event, &version);
    if (has_source && source_get(taking->txn, &version, &row)) {
        struct hash content;
        int r = source_content(taking_store_key(taking), event, &content);
        if (r != 0) {
            return r;
        }
        if (hash_equal(&row.content, &content)) {
            item->outcome = INTAKE_SAME;
            item->has_reference = true;
            item->reference = row.reference;
            return 0;
        }
        /* A source that reuses its version says something new all the same: never drop it. */
    }
    if (event->kind == RECORD_RETRACTION) {
        return take_retraction(taking, event, item);
    }
    if (has_source) {
        return take_version(taking, event, &version, item);
    }
    item->outcome = INTAKE_ACCEPTED;
    item->has_reference = true;
    taking_count(taking, "accepted");
    return keep_event(taking, event, NULL, NULL, &item->reference);
}

/* --- contents --- */

/* What was parsed before the transaction began. */
struct parsed {
    enum intake_content content;
    struct slice body;
    struct event record;
    struct involvement involvement;
    struct appointment_results appointments;
};
#define PARSED_NULL                                                                                \
    ((struct parsed){.record = EVENT_NULL,                                                         \
                     .involvement = INVOLVEMENT_NULL,                                              \
                     .appointments = APPOINTMENT_RESULTS_NULL})

static void parsed_deinit(struct parsed *parsed)
{
    event_deinit(&parsed->record);
    involvement_deinit(&parsed->involvement);
    appointment_results_deinit(&parsed->appointments);
}

static int parse(struct agent *agent, const struct intake_request *request, struct parsed *ret,
                 struct error *error)
{
    _cleanup_(governance_unref) struct governance *governance = govern_keep_current(agent->keep);
    const char *standing = agent->options->standing_decision;
    struct event_terms terms = {.live = governance->root.live,
                                .now_ms = clock_real_ms(agent->clock),
                                .standing_decision =
                                    standing == NULL || standing[0] == '\0' ? NULL : standing};
    ret->content = request->content;
    ret->body = request->body;
    switch (request->content) {
    case INTAKE_RECORD:
        return record_json_read(agent->records, request->body, &terms, &ret->record, error);
    case INTAKE_INVOLVEMENT:
        return involvement_json_read(agent->records, request->body, &terms, &ret->involvement,
                                     error);
    case INTAKE_APPOINTMENT:
        return appointment_read(agent->appointments, request->body, &terms, &ret->appointments,
                                error);
    case INTAKE_ATTENDANCE:
    case INTAKE_ROLL:
        break; /* school_submit */
    }
    return error_set(error, "", "this kind of content is not known here");
}

static int take_involvement(struct taking *taking, const struct parsed *parsed,
                            struct intake_item *item)
{
    struct out_row row = {.kind = ENTRY_INVOLVEMENT,
                          .urgency = URGENCY_ROUTINE,
                          .event_day = parsed->involvement.from_day,
                          .created_ms = taking->now_ms,
                          .by_uid = taking->by_uid};
    int r = reference_new(taking->now_ms, &item->reference);
    if (r != 0) {
        return r;
    }
    if (taking->can_seal) {
        r = seal_involvement(&taking->seal, &parsed->involvement, &item->reference, &row);
    } else {
        row.state = OUT_WAITING;
        row.due_ms = 0;
        r = settle_involvement(taking->txn, taking_store_key(taking), parsed->body,
                               &item->reference, &row);
    }
    if (r == 0) {
        out_put(taking->txn, &item->reference, &row);
        taking_count(taking, "involvement-accepted");
    }
    item->outcome = INTAKE_ACCEPTED;
    item->has_reference = true;
    item->urgency = URGENCY_ROUTINE;
    return r;
}

/* "appointment-confidential" and the like: how often, and nothing else. */
static void count_appointment(struct taking *taking, enum appointment_outcome outcome)
{
    char name[COUNT_NAME_MAX_BYTES];
    (void)snprintf(name, sizeof(name), "appointment-%s", appointment_outcome_text(outcome));
    taking_count(taking, name);
}

static int take_appointment(struct taking *taking, struct appointment_result *result,
                            struct intake_item *item)
{
    count_appointment(taking, result->outcome);
    item->urgency = URGENCY_ROUTINE;
    if (result->outcome == APPOINTMENT_EVENT) {
        return take_event(taking, &result->event, item);
    }
    if (appointment_outcome_withdraws(result->outcome) && result->event.source_id[0] != '\0') {
        _cleanup_(event_deinit) struct event correction = EVENT_NULL;
        correction_of(&result->event, &correction);
        return take_event(taking, &correction, item);
    }
    item->outcome = result->outcome == APPOINTMENT_SET_ASIDE ? INTAKE_SET_ASIDE : INTAKE_COUNTED;
    if (item->outcome == INTAKE_SET_ASIDE) {
        (void)snprintf(item->reason, sizeof(item->reason), "%.60s: %.90s", result->reason.where,
                       result->reason.what);
    }
    return 0;
}

static int take_parsed(struct taking *taking, struct parsed *parsed, struct intake_answer *answer)
{
    if (parsed->content != INTAKE_APPOINTMENT) {
        answer_begin(answer, 1);
        return parsed->content == INTAKE_RECORD
                   ? take_event(taking, &parsed->record, &answer->items[0])
                   : take_involvement(taking, parsed, &answer->items[0]);
    }
    answer_begin(answer, parsed->appointments.n);
    for (size_t i = 0; i < answer->n; i++) {
        int r = take_appointment(taking, &parsed->appointments.items[i], &answer->items[i]);
        if (r != 0) {
            return r;
        }
    }
    return 0;
}

static int check_narrow(const struct taking *taking, const struct parsed *parsed,
                        struct error *error)
{
    return taking->can_seal && parsed->content == INTAKE_RECORD
               ? seal_check(&taking->seal, &parsed->record, error)
               : 0;
}

int intake_submit(struct agent *agent, const struct intake_request *request,
                  struct intake_answer *ret, struct error *error)
{
    _cleanup_(parsed_deinit) struct parsed parsed = PARSED_NULL;
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    _cleanup_(taking_end) struct taking taking = TAKING_NULL;
    struct idempotency idempotency = {.key = request->idempotency_key,
                                      .by_uid = request->by_uid,
                                      .sort = (uint32_t)request->content,
                                      .body = request->body};
    bool done = false;
    if (request->content == INTAKE_ATTENDANCE || request->content == INTAKE_ROLL) {
        return school_submit(agent, request, ret, error);
    }
    if (request->idempotency_key.len > INTAKE_KEY_MAX_BYTES) {
        return error_set(error, "Idempotency-Key", "is longer than %d bytes", INTAKE_KEY_MAX_BYTES);
    }
    int r = parse(agent, request, &parsed, error);
    if (r == 0) {
        r = taking_begin(agent, request->by_uid, &taking);
    }
    if (r == 0) {
        r = taking_look(&taking, &idempotency, &answer, &done);
    }
    if (r == 0 && !done) {
        r = check_narrow(&taking, &parsed, error);
        if (r == 0) {
            r = take_parsed(&taking, &parsed, &answer);
        }
        if (r == 0) {
            r = taking_finish(&taking, &idempotency, &answer);
        }
    }
    if (r == -EFBIG || r == -EMSGSIZE) {
        return error_set(error, "", "is longer than a record may be");
    }
    if (r != 0) {
        return r;
    }
    *ret = answer;
    answer = INTAKE_ANSWER_NULL;
    return 0;
}

/* --- batches --- */

static int take_text(struct taking *taking, struct slice text, struct intake_item *item,
                     struct error *error)
{
    _cleanup_(parsed_deinit) struct parsed parsed = PARSED_NULL;
    const struct intake_request request = {.content = INTAKE_INVOLVEMENT, .body = text};
    int r = parse(taking->agent, &request, &parsed, error);
    return r != 0 ? r : take_involvement(taking, &parsed, item);
}

static int take_batch(struct taking *taking, const struct intake_batch *batch,
                      struct intake_answer *answer, struct error *error)
{
    int r = 0;
    answer_begin(answer, batch->n_events + batch->n_involvements);
    for (size_t i = 0; r == 0 && i < batch->n_events; i++) {
        r = take_event(taking, &batch->events[i], &answer->items[i]);
    }
    for (size_t i = 0; r == 0 && i < batch->n_involvements; i++) {
        r = take_text(taking, batch->involvements[i], &answer->items[batch->n_events + i], error);
    }
    return r != 0 || batch->also == NULL ? r : batch->also(batch->data, taking->txn);
}

int intake_batch(struct agent *agent, const struct intake_batch *batch, struct intake_answer *ret,
                 struct error *error)
{
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    _cleanup_(taking_end) struct taking taking = TAKING_NULL;
    const struct idempotency none = {.key = SLICE_NULL};
    int r = taking_begin(agent, batch->by_uid, &taking);
    if (r == 0) {
        r = take_batch(&taking, batch, &answer, error);
    }
    if (r == 0) {
        r = taking_finish(&taking, &none, &answer);
    }
    if (r == 0) {
        *ret = answer;
        answer = INTAKE_ANSWER_NULL;
    }
    return r;
}
