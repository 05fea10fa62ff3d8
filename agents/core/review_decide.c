/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/review_decide.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents/core/correct.h"
#include "agents/core/granting.h"
#include "agents/core/room.h"
#include "base/date.h"
#include "json/json.h"

#define PURPOSE "reviewed record"
#define DECIDER "person" /* which system the account of a withdrawal names */

/* What is decided about. */
struct work {
    struct taking *taking;
    const struct review_decision *decision;
    struct review review;
    struct reference reference;
    struct out_row row;
    struct reviewed last;
};

static int find(struct work *work)
{
    struct store_txn *txn = work->taking->txn;
    struct entry_id entry;
    bool named = reference_parse(work->decision->record, &work->reference) ||
                 (entry_id_parse(work->decision->record, &entry) &&
                  out_by_entry(txn, &entry, &work->reference));
    if (!named || !out_get(txn, &work->reference, &work->row) ||
        !review_last(txn, &work->reference, &work->last)) {
        return store_fault(txn) != 0 ? store_fault(txn) : -ENOENT;
    }
    return 0;
}

/* The same again changes nothing, as long as it still holds. */
static bool was_decided(const struct work *work)
{
    if (work->last.act != work->decision->act) {
        return false;
    }
    switch (work->decision->act) {
    case REVIEW_SEND:
        return granting_was_made(work->taking->txn, &work->row.entry);
    case REVIEW_WITHDRAW:
        return work->row.retracted;
    case REVIEW_KEEP:
        return instant_london_day(work->last.at_ms) == work->taking->day &&
               review_is_kept(&work->review, &work->row);
    case REVIEW_HELD:
        break;
    }
    return false;
}

/* --- the three acts --- */

static int send_on(struct work *work)
{
    uint32_t doors[CAIRN_FRONT_DOORS_MAX];
    struct taking *taking = work->taking;
    size_t n = review_front_doors(&work->review, &work->row, doors);
    const struct granting granting = {.txn = taking->txn,
                                      .governance = taking->seal.governance,
                                      .own = taking->seal.place.agency,
                                      .now_ms = taking->now_ms,
                                      .by_person = true};
    int r = room_for(taking->txn, LANE_NORMAL, n);
    if (review_destroyed_ms(taking->txn, &work->row) != 0) {
        return -ENODATA;
    }
    if (n == 0 || r != 0) {
        return n == 0 ? -EPERM : r;
    }
    size_t added = 0;
    for (size_t i = 0; i < n; i++) {
        added += granting_add(&granting, &work->row.entry, 1, doors[i], false);
    }
    return added > 0 ? 0 : -ENOSPC;
}

static int withdrawal_of(const struct work *work, struct event *ret)
{
    const struct decide_person *person = &work->decision->person;
    struct json *account = json_object_new();
    ret->kind = RECORD_RETRACTION;
    ret->urgency = URGENCY_ROUTINE;
    ret->event_day = work->row.event_day;
    ret->recorded_ms = work->taking->now_ms;
    ret->final = true;
    (void)snprintf(ret->adapter, sizeof(ret->adapter), "%s", DECIDER);
    ret->lawfulness = (struct lawfulness){.judged_by = JUDGED_BY_PERSON,
                                          .basis = BASIS_PUBLIC_TASK,
                                          .detriment = DETRIMENT_NOT_MORE,
                                          .family_told = FAMILY_NOT_KNOWN};
    (void)snprintf(ret->lawfulness.judge, sizeof(ret->lawfulness.judge), "%s", person->name);
    json_set_word(account, "role", person->role);
    json_set_word(account, "reason", person->reason);
    int r = json_write(account, JSON_STYLE_COMPACT, &ret->account);
    json_free(&account);
    return r;
}

static int withdraw(struct work *work)
{
    _cleanup_(event_deinit) struct event retraction = EVENT_NULL;
    struct intake_item item = {.has_reference = false};
    int r = room_for(work->taking->txn, work->row.lane, 1);
    if (r == 0) {
        r = withdrawal_of(work, &retraction);
    }
    return r != 0 ? r
                  : correct_take_back_record(work->taking, &retraction, &work->reference, &item);
}

static int act(struct work *work)
{
    switch (work->decision->act) {
    case REVIEW_SEND:
        return send_on(work);
    case REVIEW_WITHDRAW:
        return withdraw(work);
    case REVIEW_KEEP:
        return room_for(work->taking->txn, LANE_NORMAL, 1);
    case REVIEW_HELD:
        break;
    }
    return -EINVAL;
}

static int decide(struct work *work)
{
    uint8_t sealed[DECIDE_SEALED_MAX_BYTES];
    size_t len = 0;
    struct taking *taking = work->taking;
    int64_t due_ms = work->last.due_ms;
    if (!review_is_kept(&work->review, &work->row)) {
        return -EALREADY;
    }
    int r = decide_seal(taking_store_key(taking), PURPOSE, &work->decision->person, sealed, &len);
    if (r == 0) {
        r = act(work);
    }
    if (r != 0) {
        return r;
    }
    if (work->decision->act == REVIEW_KEEP) {
        due_ms = taking->now_ms + taking->agent->options->review_after_ms;
    }
    const struct reviewed reviewed = {.act = work->decision->act,
                                      .at_ms = taking->now_ms,
                                      .due_ms = due_ms,
                                      .by_uid = work->decision->by_uid,
                                      .sealed = slice_make(sealed, len)};
    review_add(taking->txn, &work->reference, &reviewed);
    return store_fault(taking->txn);
}

int review_decide(struct agent *agent, const struct review_decision *decision,
                  struct reference *ret, struct error *error)
{
    _cleanup_(taking_end) struct taking taking = TAKING_NULL;
    int r = decide_check_person(&decision->person, error);
    if (r == 0) {
        r = taking_begin(agent, decision->by_uid, &taking);
    }
    if (r != 0) {
        return r;
    }
    if (!taking.can_seal) {
        return -EAGAIN;
    }
    struct work work = {
        .taking = &taking,
        .decision = decision,
        .review = {.txn = taking.txn,
                   .governance = taking.seal.governance,
                   .now_ms = taking.now_ms},
    };
    r = find(&work);
    if (r == 0 && !was_decided(&work)) {
        r = decide(&work);
        if (r == 0) {
            taking_count(&taking, "kept-decided");
            r = taking_finish(&taking, &(struct idempotency){.key = SLICE_NULL},
                              &INTAKE_ANSWER_NULL);
        }
    }
    if (r == 0) {
        *ret = work.reference;
    }
    return r;
}

bool reviewed_open(const struct secret *store_key, const struct reviewed *reviewed, struct buf *out)
{
    return decide_open(store_key, PURPOSE, reviewed->sealed, out);
}
