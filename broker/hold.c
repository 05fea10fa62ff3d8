/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/hold.h"

#include "broker/mailbox.h"
#include "broker/members.h"
#include "broker/stored.h"
#include "broker/timers.h"

#define CHAIN_MAX 3 /* of entries about entries: a grant, or a refusal, a request, its child */

/* --- rows --- */

static struct store_key key_hold(const struct subject_id *subject, uint32_t agency)
{
    struct store_key key = key_subject(subject);
    struct writer writer = writer_over(key.bytes + key.len, sizeof(key.bytes) - key.len);
    write_u32(&writer, agency);
    key.len += writer.len;
    return key;
}

static int32_t until_in(struct slice value)
{
    struct reader reader = reader_over(value);
    int32_t until = read_i32(&reader);
    assert(reader_end(&reader));
    return until;
}

/* The day on which it ends; 0: that agency has none. */
static int32_t held_until(struct store_txn *txn, const struct subject_id *subject, uint32_t agency)
{
    struct store_key key = key_hold(subject, agency);
    struct slice value;
    return store_get(txn, T_HOLD, store_key_slice(&key), &value) ? until_in(value) : 0;
}

static void count_holds(struct apply *apply, uint32_t agency, int32_t by)
{
    struct agency_row row;
    agency_row_get(apply->txn, agency, &row);
    assert(by > 0 || row.holds > 0);
    row.holds = (uint32_t)((int64_t)row.holds + by);
    agency_row_put(apply->txn, agency, &row);
}

static void put_hold(struct apply *apply, const struct subject_id *subject, uint32_t agency,
                     int32_t until)
{
    uint8_t storage[4];
    struct writer writer = writer_over(storage, sizeof(storage));
    struct store_key key = key_hold(subject, agency);
    if (held_until(apply->txn, subject, agency) == 0) {
        count_holds(apply, agency, 1);
    }
    write_i32(&writer, until);
    store_put(apply->txn, T_HOLD, store_key_slice(&key), writer_slice(&writer));
}

static void end_hold(struct apply *apply, const struct subject_id *subject, uint32_t agency)
{
    struct store_key key = key_hold(subject, agency);
    if (store_delete(apply->txn, T_HOLD, store_key_slice(&key))) {
        count_holds(apply, agency, -1);
        apply_noted(apply, NOTED_HOLDS_RELEASED);
    }
}

struct hold_search {
    struct store_txn *txn;
    int32_t today;
    bool held;
};

static bool look_at(void *data, const struct subject_id *subject, enum link link)
{
    (void)link;
    struct hold_search *search = data;
    struct store_key prefix = key_subject(subject);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(search->txn, T_HOLD, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix) && !search->held;
         store_walk_next(&walk)) {
        search->held = search->today < until_in(walk.value);
    }
    return !search->held;
}

bool hold_is_on(struct apply *apply, uint64_t child)
{
    struct hold_search search = {.txn = apply->txn, .today = apply_day(apply)};
    if (child != 0) {
        members_each(apply->txn, child, look_at, &search);
    }
    return search.held;
}

/* --- whom an entry is about --- */

static uint64_t child_of(struct apply *apply, uint32_t agency,
                         const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    struct subject_id subject = subject_id_of(agency, handle);
    return members_child(apply->txn, &subject);
}

static uint64_t child_of_alert(struct apply *apply, uint64_t number)
{
    struct alert_row alert;
    return alert_row_get(apply->txn, number, &alert) ? alert.child : 0;
}

/* The child; or 0, and the entry that this one is about, when it is about one. */
static uint64_t child_or_next(struct apply *apply, const struct entry_header *header,
                              struct entry_id *ret_next, bool *ret_more)
{
    *ret_more = false;
    switch (header->kind) {
    case ENTRY_RECORD:
        return child_of(apply, header->id.agency, header->record.handle);
    case ENTRY_INVOLVEMENT:
        return child_of(apply, header->id.agency, header->involvement.handle);
    case ENTRY_REQUEST:
        return child_of(apply, header->id.agency, header->request.handle);
    case ENTRY_DECISION:
        if (header->decision.alert != 0) {
            return child_of_alert(apply, header->decision.alert);
        }
        if (header->decision.has_handle) {
            return child_of(apply, header->id.agency, header->decision.handle);
        }
        *ret_more = header->decision.has_record;
        *ret_next = header->decision.record;
        break;
    case ENTRY_GRANT:
        *ret_more = true;
        *ret_next = header->grant.record;
        break;
    case ENTRY_SUBJECT:
    case ENTRY_TIE:
    case ENTRY_ACKNOWLEDGEMENT:
        break;
    }
    return 0;
}

uint64_t hold_child(struct apply *apply, const struct entry_id *entry)
{
    struct entry_id id = *entry;
    uint64_t child = 0;
    bool more = true;
    for (size_t i = 0; i < CHAIN_MAX && more; i++) {
        _cleanup_(stored_deinit) struct stored stored = STORED_NULL;
        struct entry_id next;
        more = stored_load(apply->txn, &id, &stored);
        if (more) {
            child = child_or_next(apply, &stored.header, &next, &more);
        }
        if (more) {
            id = next;
        }
    }
    return child;
}

/* --- deciding --- */

static bool may_hold(struct apply *apply, const struct decision_header *header)
{
    const struct agency *holder =
        directory_agency(&apply->governance->directory, header->id.agency);
    struct reader_row reader;
    struct headline_row headline;
    if (header->record.agency == header->id.agency) {
        return true;
    }
    return holder != NULL && agency_is_front_door(holder) &&
           (reader_row_get(apply->txn, &header->record, holder->number, &reader) ||
            headline_row_get(apply->txn, &header->record, holder->number, &headline));
}

static bool find_subject(struct apply *apply, const struct entry_id *record, struct subject_id *ret)
{
    _cleanup_(stored_deinit) struct stored stored = STORED_NULL;
    if (!stored_load_as(apply->txn, record, ENTRY_RECORD, &stored) ||
        !verdict_is_stored(stored.row.verdict)) {
        return false;
    }
    *ret = subject_id_of(record->agency, stored.header.record.handle);
    return true;
}

enum verdict hold_judge(struct apply *apply, const struct decision_header *header)
{
    struct subject_id subject;
    struct agency_row holder;
    /* What does not exist and what it was not told of get one answer: ids are not to be probed. */
    if (!find_subject(apply, &header->record, &subject) || !may_hold(apply, header)) {
        return VERDICT_NOT_ENTITLED;
    }
    int32_t until = held_until(apply->txn, &subject, header->id.agency);
    if (header->action == ACTION_RELEASE_HOLD) {
        return until == 0 ? VERDICT_CONFLICT : VERDICT_STORED;
    }
    if (until == apply_day(apply) + CAIRN_HOLD_DAYS) {
        return VERDICT_CONFLICT; /* said today already */
    }
    agency_row_get(apply->txn, header->id.agency, &holder);
    if (until == 0 && holder.holds >= CAIRN_HOLDS_MAX) {
        apply_noted(apply, NOTED_LIMITS_REACHED);
        return VERDICT_OVER_LIMIT;
    }
    return VERDICT_STORED;
}

void hold_act(struct apply *apply, const struct decision_header *header)
{
    struct subject_id subject;
    int32_t until = apply_day(apply) + CAIRN_HOLD_DAYS;
    if (!apply_found(apply, find_subject(apply, &header->record, &subject))) {
        return;
    }
    if (header->action == ACTION_RELEASE_HOLD) {
        end_hold(apply, &subject, header->id.agency);
        return;
    }
    put_hold(apply, &subject, header->id.agency, until);
    timers_watch_hold(apply, &header->id, until - CAIRN_HOLD_NOTICE_DAYS, apply->range.size);
    apply_noted(apply, NOTED_HOLDS);
}

/* --- its end --- */

static void tell_end(struct apply *apply, uint32_t agency, const struct entry_id *record)
{
    const struct agency *holder = directory_agency(&apply->governance->directory, agency);
    const struct wire_notice notice = {
        .type = NOTICE_HOLD_ENDS,
        .has_record = true,
        .record = *record,
        .time_ms = apply->time_ms,
    };
    if (holder != NULL && holder->active) {
        (void)mailbox_notice(apply, agency, &notice);
    }
}

/* Nothing when it was released or prolonged since: that one has a timer of its own. */
void hold_due(struct apply *apply, const struct timer_row *timer)
{
    _cleanup_(stored_deinit) struct stored decision = STORED_NULL;
    struct subject_id subject;
    uint32_t agency = timer->entry.agency;
    if (!stored_load_as(apply->txn, &timer->entry, ENTRY_DECISION, &decision) ||
        !find_subject(apply, &decision.header.decision.record, &subject)) {
        return;
    }
    int32_t until = held_until(apply->txn, &subject, agency);
    int32_t left = until - apply_day(apply);
    if (until == 0 || left > CAIRN_HOLD_NOTICE_DAYS) {
        return;
    }
    if (left <= 0) {
        end_hold(apply, &subject, agency);
        return;
    }
    tell_end(apply, agency, &decision.header.decision.record);
    timers_watch_hold(apply, &timer->entry, until, timer->number);
}
