/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/taking.h"

#include <errno.h>
#include <string.h>

#include "agents/core/link.h"
#include "agents/core/settle.h"
#include "agents/core/settling_time.h"
#include "base/crash_point.h"
#include "base/date.h"

#define REASON_BYTES     sizeof(((struct intake_item *)NULL)->reason)
#define ITEM_BYTES       (1 + 1 + REFERENCE_BYTES + 1 + 1 + 4 + REASON_BYTES)
#define ANSWER_MAX_BYTES (4 + CAIRN_BUNDLE_ENTRIES_MAX * ITEM_BYTES)

void answer_begin(struct intake_answer *answer, size_t n)
{
    answer->n = n;
    answer->items = base_zalloc(n == 0 ? 1 : n, sizeof(answer->items[0]));
}

/* --- the answer as it is kept for an idempotency key --- */

static void answer_pack(const struct intake_answer *answer, struct buf *out)
{
    uint8_t storage[ITEM_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u32(&writer, (uint32_t)answer->n);
    buf_add_slice(out, writer_slice(&writer));
    for (size_t i = 0; i < answer->n; i++) {
        const struct intake_item *item = &answer->items[i];
        writer = writer_over(storage, sizeof(storage));
        write_u8(&writer, (uint8_t)item->outcome);
        write_u8(&writer, item->has_reference ? 1 : 0);
        write_bytes(&writer, item->reference.bytes, sizeof(item->reference.bytes));
        write_u8(&writer, item->danger ? 1 : 0);
        write_u8(&writer, item->flawed ? 1 : 0);
        write_sized(&writer, slice_of_text(item->reason));
        buf_add_slice(out, writer_slice(&writer));
    }
    assert(buf_ok(out));
}

static bool answer_unpack(struct slice packed, struct intake_answer *ret)
{
    struct reader reader = reader_over(packed);
    size_t n = read_u32(&reader);
    if (!reader_ok(&reader) || n > CAIRN_BUNDLE_ENTRIES_MAX) {
        return false;
    }
    answer_begin(ret, n);
    ret->replayed = true;
    for (size_t i = 0; i < n; i++) {
        struct intake_item *item = &ret->items[i];
        item->outcome = (enum intake_outcome)read_u8(&reader);
        item->has_reference = read_u8(&reader) != 0;
        read_into(&reader, item->reference.bytes, sizeof(item->reference.bytes));
        item->danger = read_u8(&reader) != 0;
        item->flawed = read_u8(&reader) != 0;
        struct slice reason = read_sized(&reader, sizeof(item->reason) - 1);
        memcpy(item->reason, reason.len == 0 ? (const uint8_t *)"" : reason.data, reason.len);
    }
    return reader_end(&reader);
}

/* --- the transaction --- */

const struct secret *taking_store_key(const struct taking *taking)
{
    return &taking->agent->keys.store;
}

void taking_count(struct taking *taking, const char *name)
{
    count_add(taking->txn, taking->day, name, 1);
}

void taking_end(struct taking *taking)
{
    store_end(&taking->txn);
    seal_end(&taking->seal);
}

int taking_begin(struct agent *agent, uint32_t by_uid, struct taking *ret)
{
    *ret = (struct taking){
        .agent = agent, .seal = SEAL_NULL, .now_ms = clock_real_ms(agent->clock), .by_uid = by_uid};
    ret->day = instant_london_day(ret->now_ms);
    ret->txn = store_begin(agent->store);
    if (ret->txn == NULL) {
        return -ENOMEM;
    }
    ret->can_seal = seal_begin(agent, ret->txn, &ret->seal) == 0;
    return 0;
}

static void tell(struct agent *agent)
{
    link_wake(agent);
    news_tell(&agent->news);
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

static int64_t due_time(struct taking *taking)
{
    settling_time_keep(taking->txn, taking->agent->clock);
    return settling_time(taking->txn, taking->agent->clock) + taking->agent->options->settle_ms;
}

int taking_keep(struct taking *taking, const struct event *event, const struct reference *retracts,
                const struct out_row *target, struct reference *ret)
{
    struct out_row row = row_of(taking, event);
    bool settles = must_settle(taking, event);
    int r = reference_new(taking->now_ms, ret);
    if (r != 0) {
        return r;
    }
    if (settles || !taking->can_seal) {
        row.state = settles ? OUT_SETTLING : OUT_WAITING;
        row.due_ms = settles ? due_time(taking) : 0; /* 0: due whatever the clock says later */
        if (target != NULL) {
            memcpy(row.handle, target->handle, sizeof(row.handle));
        }
        struct settling settling = {.due_ms = row.due_ms, .reference = *ret};
        if (retracts != NULL) {
            settling.retracts = *retracts;
        }
        r = settle_event(taking->txn, taking_store_key(taking), event, &settling);
    } else {
        r = seal_record(&taking->seal, event, ret, target, &row);
    }
    if (r == 0) {
        out_put(taking->txn, ret, &row);
    }
    return r;
}

int taking_begin_entry(struct taking *taking, enum entry_kind kind, struct out_row *ret_row,
                       struct intake_answer *ret)
{
    struct reference reference;
    int r = reference_new(taking->now_ms, &reference);
    if (r != 0) {
        return r;
    }
    *ret_row = (struct out_row){.kind = kind,
                                .urgency = URGENCY_ROUTINE,
                                .event_day = taking->day,
                                .created_ms = taking->now_ms,
                                .by_uid = taking->by_uid};
    answer_begin(ret, 1);
    ret->items[0] = (struct intake_item){
        .outcome = INTAKE_ACCEPTED, .has_reference = true, .reference = reference};
    return 0;
}

int taking_look(struct taking *taking, const struct idempotency *request, struct intake_answer *ret,
                bool *ret_done)
{
    struct slice before;
    *ret_done = false;
    if (request->key.len == 0) {
        return 0;
    }
    switch (idempotency_look(taking->txn, taking_store_key(taking), request, &before)) {
    case IDEMPOTENCY_NEW:
        return store_fault(taking->txn);
    case IDEMPOTENCY_OTHER:
        return -EEXIST;
    case IDEMPOTENCY_SAME:
        *ret_done = true;
        return answer_unpack(before, ret) ? 0 : -EBADMSG;
    }
    return -EBADMSG;
}

int taking_finish(struct taking *taking, const struct idempotency *request,
                  const struct intake_answer *answer)
{
    if (request->key.len > 0) {
        _cleanup_(buf_deinit) struct buf packed = BUF_MAX(ANSWER_MAX_BYTES);
        answer_pack(answer, &packed);
        idempotency_keep(taking->txn, taking_store_key(taking), request, taking->now_ms,
                         buf_slice(&packed));
    }
    CRASH_POINT(INTAKE_PUT);
    int r = agent_commit(&taking->txn);
    CRASH_POINT(INTAKE_KEPT);
    if (r == 0) {
        tell(taking->agent);
    }
    return r;
}
