/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a submission: parse everything (no lock held) -> one write transaction: the
 * idempotency key; then each event in its order: known? (correct.h) -> settle, or seal and spool ->
 * one synced commit -> the answer. If one event makes the submission fail, nothing of it was
 * written.
 */
#include "agents/core/intake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents/adult_services/adult.h"
#include "agents/childrens_services/plan.h"
#include "agents/core/correct.h"
#include "agents/core/family_take.h"
#include "agents/core/feeds.h"
#include "agents/core/own_kind.h"
#include "agents/core/room.h"
#include "agents/core/settle.h"
#include "agents/core/stated.h"
#include "agents/core/telling.h"
#include "agents/police/incident.h"
#include "agents/school/school.h"
#include "base/date.h"
#include "base/text.h"

#define ONE_RECORD 4 /* with a statement about the child, what it takes back, and a long account */

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

/* --- parse --- */

/* What was parsed before the transaction began. */
struct parsed {
    enum intake_content content;
    struct slice body;
    struct event record;
    struct involvement involvement;
    struct tying tying;
    struct family family;
    struct appointment_results appointments;
};
#define PARSED_NULL                                                                                \
    ((struct parsed){.record = EVENT_NULL,                                                         \
                     .involvement = INVOLVEMENT_NULL,                                              \
                     .tying = TYING_NULL,                                                          \
                     .family = FAMILY_NULL,                                                        \
                     .appointments = APPOINTMENT_RESULTS_NULL})

static void parsed_deinit(struct parsed *parsed)
{
    event_deinit(&parsed->record);
    involvement_deinit(&parsed->involvement);
    tying_deinit(&parsed->tying);
    family_deinit(&parsed->family);
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
    case INTAKE_INCIDENT:
        return incident_json_read(agent->records, request->body, &terms, &ret->family, error);
    case INTAKE_PLAN:
        return plan_json_read(agent->records, request->body, &terms, &ret->family, error);
    case INTAKE_ADULT:
        return adult_json_read(agent->records, request->body, &terms, &ret->family, error);
    case INTAKE_TIE:
        return tie_json_read(agent->records, request->body, &terms, &ret->tying, error);
    case INTAKE_ATTENDANCE:
    case INTAKE_ROLL:
        break; /* school_submit */
    }
    return error_set(error, "", "this kind of content is not known here");
}

/* --- contents --- */

/* "appointment-adult" and the like: how often, and nothing else. An export that comes again is of
 * appointments that were counted; what came too late counts as such already. */
static void count_appointment(struct taking *taking, enum appointment_why why,
                              enum intake_outcome outcome)
{
    char name[COUNT_NAME_MAX_BYTES];
    if (outcome == INTAKE_OLDER) {
        return;
    }
    (void)snprintf(name, sizeof(name), "appointment-%s",
                   outcome == INTAKE_SAME ? "known-already" : appointment_why_text(why));
    taking_count(taking, name);
}

/* Where and why; members are named, never what they hold. */
static void say_why(const struct appointment_result *result, struct intake_item *item)
{
    const struct error *reason = &result->reason;
    (void)snprintf(item->reason, sizeof(item->reason), "%s%s%s", reason->where,
                   reason->where[0] == '\0' ? "" : ": ", reason->what);
}

static int tell_appointment(struct taking *taking, struct appointment_result *result,
                            struct intake_item *item)
{
    if (result->outcome == APPOINTMENT_EVENT) {
        return telling_event(taking, &result->event, item);
    }
    if (appointment_outcome_withdraws(result->outcome)) {
        _cleanup_(event_deinit) struct event nothing = EVENT_NULL;
        correct_nothing(&result->event, &nothing);
        int r = telling_event(taking, &nothing, item);
        if (r == 0 && item->outcome == INTAKE_COUNTED) {
            say_why(result, item);
        }
        return r;
    }
    item->outcome = INTAKE_SET_ASIDE;
    say_why(result, item);
    return 0;
}

static int take_appointment(struct taking *taking, struct appointment_result *result,
                            struct intake_item *item)
{
    int r = tell_appointment(taking, result, item);
    if (r == 0) {
        count_appointment(taking, result->why, item->outcome);
    }
    return r;
}

/* A retraction also ends what its record had stated of people. */
static int take_record(struct taking *taking, struct event *event, struct intake_answer *answer)
{
    return event->kind == RECORD_RETRACTION ? family_take_back(taking, event, answer)
                                            : telling_event(taking, event, &answer->items[0]);
}

static int take_parsed(struct taking *taking, struct parsed *parsed, struct intake_answer *answer)
{
    if (parsed->family.n > 0) {
        return family_take(taking, &parsed->family, answer);
    }
    if (parsed->content != INTAKE_APPOINTMENT) {
        answer_begin(answer, 1);
        if (parsed->content == INTAKE_TIE) {
            return telling_tie(taking, &parsed->tying, parsed->body, &answer->items[0]);
        }
        return parsed->content == INTAKE_RECORD
                   ? take_record(taking, &parsed->record, answer)
                   : telling_involvement(taking, &parsed->involvement, &stated_by_hand,
                                         &answer->items[0]);
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

static int check_event(const struct taking *taking, const struct event *event, struct error *error)
{
    const struct seal *seal = &taking->seal;
    int r = own_kind_check(seal->governance, seal->place.agency, event, error);
    return r != 0 ? r : seal_check(seal, event, error);
}

static int check_appointments(const struct taking *taking,
                              const struct appointment_results *appointments, struct error *error)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < appointments->n; i++) {
        const struct appointment_result *result = &appointments->items[i];
        r = result->outcome == APPOINTMENT_EVENT ? check_event(taking, &result->event, error) : 0;
    }
    return r;
}

/* While our place is not known, the broker says later what it refuses. */
static int check_sealable(const struct taking *taking, const struct parsed *parsed,
                          struct error *error)
{
    if (!taking->can_seal) {
        return 0;
    }
    if (parsed->family.n > 0) { /* each child has the same */
        return check_event(taking, &parsed->family.children[0].event, error);
    }
    if (parsed->content == INTAKE_APPOINTMENT) {
        return check_appointments(taking, &parsed->appointments, error);
    }
    return parsed->content == INTAKE_RECORD ? check_event(taking, &parsed->record, error) : 0;
}

/* A retraction has room as what it takes back had. */
static int check_room(const struct taking *taking, const struct parsed *parsed)
{
    const struct family *family = &parsed->family;
    const struct event *record = family->n > 0 ? &family->children[0].event : &parsed->record;
    if (parsed->content == INTAKE_APPOINTMENT) {
        return room_for(taking->txn, LANE_BULK, parsed->appointments.n);
    }
    return room_for(taking->txn,
                    parsed->content == INTAKE_INVOLVEMENT || parsed->content == INTAKE_TIE
                        ? LANE_NORMAL
                        : seal_lane(record->kind, record->urgency),
                    family->n > 0 ? 2 * family->n * (ONE_RECORD + FAMILY_INVOLVEMENTS_MAX)
                                  : ONE_RECORD);
}

/* What a submission is remembered by. */
struct remembered {
    struct idempotency idempotency;
    const char *feed; /* NULL: not here */
};

/* Everything that was parsed, or nothing. */
static int take_all(struct taking *taking, struct parsed *parsed,
                    const struct remembered *remembered, struct intake_answer *answer,
                    struct error *error)
{
    int r = check_sealable(taking, parsed, error);
    if (r == 0) {
        r = check_room(taking, parsed);
    }
    if (r == 0) {
        r = take_parsed(taking, parsed, answer);
    }
    if (r == 0 && remembered->feed != NULL) {
        feed_note(taking->txn, remembered->feed, taking->now_ms);
    }
    return r == 0 ? taking_finish(taking, &remembered->idempotency, answer) : r;
}

int intake_submit(struct agent *agent, const struct intake_request *request,
                  struct intake_answer *ret, struct error *error)
{
    _cleanup_(parsed_deinit) struct parsed parsed = PARSED_NULL;
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    _cleanup_(taking_end) struct taking taking = TAKING_NULL;
    const struct remembered remembered = {.idempotency = {.key = request->idempotency_key,
                                                          .by_uid = request->by_uid,
                                                          .sort = (uint32_t)request->content,
                                                          .body = request->body},
                                          .feed = request->feed};
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
        r = taking_look(&taking, &remembered.idempotency, &answer, &done);
    }
    if (r == 0 && !done) {
        r = take_all(&taking, &parsed, &remembered, &answer, error);
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
    return r != 0 ? r : telling_involvement(taking, &parsed.involvement, &stated_by_hand, item);
}

static int take_batch(struct taking *taking, const struct intake_batch *batch,
                      struct intake_answer *answer, struct error *error)
{
    int r = 0;
    answer_begin(answer, batch->n_events + batch->n_involvements);
    for (size_t i = 0; r == 0 && i < batch->n_events; i++) {
        r = telling_event(taking, &batch->events[i], &answer->items[i]);
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
        r = room_for(taking.txn, LANE_BULK, batch->n_events + batch->n_involvements);
    }
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
