/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/review.h"

#include <errno.h>
#include <string.h>

#include "agents/core/circle.h"
#include "agents/core/decide.h"
#include "agents/core/granting.h"
#include "agents/core/held.h"
#include "agents/core/inbox.h"
#include "agents/core/kept.h"
#include "base/date.h"
#include "wire/narrowing.h"

#define META_SWEPT     "reviews-swept"
#define SWEEP_ROWS     8
#define SWEEP_AFTER_MS (24 * 3600 * INT64_C(1000))
#define ROW_MAX_BYTES  (1 + 8 + 8 + 4 + CAIRN_HANDLE_BYTES + 4 + DECIDE_SEALED_MAX_BYTES)

const char *review_act_text(enum review_act act)
{
    switch (act) {
#define X(name, number, text)                                                                      \
    case REVIEW_##name:                                                                            \
        return (text);
        REVIEW_ACTS(X)
#undef X
    }
    return "unknown";
}

/* --- rows --- */

static struct store_key key_due(int64_t due_ms, const struct reference *reference)
{
    struct store_key key = {.len = REVIEW_CURSOR_BYTES};
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u64(&writer, (uint64_t)due_ms);
    write_bytes(&writer, reference->bytes, sizeof(reference->bytes));
    return key;
}

static struct store_key key_reviewed(const struct reference *reference, uint32_t number)
{
    struct store_key key = {.len = REFERENCE_BYTES + 4};
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_bytes(&writer, reference->bytes, sizeof(reference->bytes));
    write_u32(&writer, number);
    return key;
}

static bool unpack(struct store_txn *txn, struct slice value, struct reviewed *ret)
{
    struct reader reader = reader_over(value);
    struct reviewed reviewed = {.act = (enum review_act)read_u8(&reader)};
    reviewed.at_ms = (int64_t)read_u64(&reader);
    reviewed.due_ms = (int64_t)read_u64(&reader);
    reviewed.by_uid = read_u32(&reader);
    read_into(&reader, reviewed.follows, sizeof(reviewed.follows));
    reviewed.sealed = read_sized(&reader, DECIDE_SEALED_MAX_BYTES);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    *ret = reviewed;
    return true;
}

/* The newest row, with its number. */
static bool find_last(struct store_txn *txn, const struct reference *reference,
                      struct reviewed *ret, uint32_t *ret_number)
{
    struct store_key last = key_reviewed(reference, UINT32_MAX);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_last(txn, AT_REVIEWED, store_key_slice(&last));
    if (!walk.live ||
        !agent_key_has_prefix(walk.key, slice_make(reference->bytes, REFERENCE_BYTES))) {
        return false;
    }
    struct reader reader =
        reader_over(slice_make(walk.key.data + REFERENCE_BYTES, walk.key.len - REFERENCE_BYTES));
    *ret_number = read_u32(&reader);
    return unpack(txn, walk.value, ret);
}

bool review_last(struct store_txn *txn, const struct reference *reference, struct reviewed *ret)
{
    uint32_t number;
    return find_last(txn, reference, ret, &number);
}

void review_each(struct store_txn *txn, const struct reference *reference,
                 void (*each)(void *data, const struct reviewed *reviewed), void *data)
{
    struct slice prefix = slice_make(reference->bytes, REFERENCE_BYTES);
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, AT_REVIEWED, prefix);
    for (; walk.live && agent_key_has_prefix(walk.key, prefix); store_walk_next(&walk)) {
        struct reviewed reviewed;
        if (!unpack(txn, walk.value, &reviewed)) {
            return;
        }
        each(data, &reviewed);
    }
}

static void put(struct store_txn *txn, const struct reference *reference, uint32_t number,
                const struct reviewed *reviewed)
{
    uint8_t storage[ROW_MAX_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    struct store_key key = key_reviewed(reference, number);
    struct store_key due = key_due(reviewed->due_ms, reference);
    write_u8(&writer, (uint8_t)reviewed->act);
    write_u64(&writer, (uint64_t)reviewed->at_ms);
    write_u64(&writer, (uint64_t)reviewed->due_ms);
    write_u32(&writer, reviewed->by_uid);
    write_bytes(&writer, reviewed->follows, sizeof(reviewed->follows));
    write_sized(&writer, reviewed->sealed);
    assert(writer_ok(&writer));
    store_put(txn, AT_REVIEWED, store_key_slice(&key), writer_slice(&writer));
    store_put(txn, AT_REVIEW, store_key_slice(&due), SLICE_NULL);
}

static void unlist(struct store_txn *txn, const struct reference *reference, int64_t due_ms)
{
    struct store_key due = key_due(due_ms, reference);
    (void)store_delete(txn, AT_REVIEW, store_key_slice(&due));
}

void review_add(struct store_txn *txn, const struct reference *reference,
                const struct reviewed *reviewed)
{
    struct reviewed last;
    uint32_t number = 0;
    bool there = find_last(txn, reference, &last, &number);
    if (there) {
        unlist(txn, reference, last.due_ms);
    }
    put(txn, reference, there ? number + 1 : 0, reviewed);
}

/* --- whom the agreements give it --- */

/* A record of ours as it was frozen. */
struct told {
    struct entry_header header;
    struct arena arena;
    const struct agency *origin;
};
#define TOLD_NULL ((struct told){.arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES)})

static void told_deinit(struct told *told)
{
    arena_deinit(&told->arena);
}

static bool told_read(const struct review *review, const struct out_row *row, struct told *ret)
{
    struct kept kept;
    if (row->kind != ENTRY_RECORD || !row->has_entry ||
        !kept_get(review->txn, &row->entry, &kept)) {
        return false;
    }
    if (!wire_entry_header_read(ENTRY_RECORD, kept.header, &ret->arena, &ret->header)) {
        store_fail(review->txn, -EBADMSG);
        return false;
    }
    ret->origin = directory_agency(&review->governance->directory, row->entry.agency);
    return ret->origin != NULL;
}

/* Of one who may get it at all; effect DENY otherwise. */
static struct decision decide(const struct review *review, const struct told *told, uint32_t number,
                              uint32_t roles)
{
    const struct record_header *record = &told->header.record;
    const struct agency *reader = directory_agency(&review->governance->directory, number);
    if (reader == NULL || !reader->active || reader == told->origin ||
        agency_open_key(reader) == NULL) {
        return (struct decision){.effect = EFFECT_DENY};
    }
    const struct narrow_reader narrowed = {.agency = number,
                                           .front_door = agency_is_front_door(reader),
                                           .roles = roles,
                                           .day = NARROW_ANY_DAY}; /* hidden is not kept */
    if (narrowing_keeps_from(record, &narrowed)) {
        return (struct decision){.effect = EFFECT_DENY};
    }
    const struct disclosure disclosure = {
        .origin = told->origin,
        .recipient = reader,
        .kind = record->record_kind,
        .code = record->code,
        .level = record->level,
        .urgency = record->urgency,
        .roles = roles,
        .day = instant_london_day(review->now_ms),
    };
    return agreements_decide(review->governance->agreements, &disclosure);
}

static bool gives(const struct review *review, const struct told *told, uint32_t number,
                  uint32_t roles)
{
    struct decision decision = decide(review, told, number, roles);
    return decision.effect == EFFECT_SHARE && decision.mode == MODE_CONTENT;
}

/* Whether somebody in the child's circle today gets it. */
static bool gives_circle(const struct review *review, const struct out_row *row,
                         const struct told *told)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct kept kept;
    if (!kept_get(review->txn, &row->entry, &kept)) {
        return false;
    }
    struct spool_entry entry = {.kind = ENTRY_RECORD, .header = kept.header};
    if (!circle_beside(review->txn, instant_london_day(review->now_ms), &arena, &entry)) {
        store_fail(review->txn, -EBADMSG);
        return false;
    }
    for (size_t i = 0; i < entry.n_circle; i++) {
        if (gives(review, told, entry.circle[i].agency, entry.circle[i].roles)) {
            return true;
        }
    }
    return false;
}

/* A front door has what it says itself before it: nobody is to send that on. */
static bool is_given(const struct review *review, const struct out_row *row)
{
    _cleanup_(told_deinit) struct told told = TOLD_NULL;
    const struct directory *directory = &review->governance->directory;
    if (!told_read(review, row, &told) || agency_is_front_door(told.origin)) {
        return true;
    }
    for (size_t i = 0; i < directory->n_front_doors; i++) {
        if (gives(review, &told, directory->front_doors[i], 0)) {
            return true;
        }
    }
    return gives_circle(review, row, &told);
}

size_t review_front_doors(const struct review *review, const struct out_row *row,
                          uint32_t ret[CAIRN_FRONT_DOORS_MAX])
{
    _cleanup_(told_deinit) struct told told = TOLD_NULL;
    const struct directory *directory = &review->governance->directory;
    size_t n = 0;
    if (!told_read(review, row, &told)) {
        return 0;
    }
    for (size_t i = 0; i < directory->n_front_doors; i++) {
        struct decision decision = decide(review, &told, directory->front_doors[i], 0);
        if (decision.effect == EFFECT_ASK ||
            (decision.effect > EFFECT_ASK && decision.mode == MODE_CONTENT)) {
            ret[n++] = directory->front_doors[i];
        }
    }
    return n;
}

int64_t review_destroyed_ms(struct store_txn *txn, const struct out_row *row)
{
    struct received_row received;
    return received_get(txn, &row->entry, &received) ? received.destroyed_ms : 0;
}

/* --- what is kept --- */

/* What was put aside never left, and is shown with what does not get through (held.h). */
static bool is_live(const struct out_row *row)
{
    return row->kind == ENTRY_RECORD && row->record_kind != RECORD_RETRACTION && !row->retracted &&
           !held_is_aside(row) && (row->state == OUT_SPOOLED || row->state == OUT_STORED);
}

/* An alert hands over what an agreement lets the front door have then. */
static bool was_handed_over(const struct review *review, const struct out_row *row)
{
    uint32_t doors[CAIRN_FRONT_DOORS_MAX];
    struct received_row received;
    if (!received_get(review->txn, &row->entry, &received)) {
        return false;
    }
    return received.opened_ms != 0 ||
           (received.alert != 0 && review_front_doors(review, row, doors) > 0);
}

bool review_is_kept(const struct review *review, const struct out_row *row)
{
    return is_live(row) && !granting_was_made(review->txn, &row->entry) &&
           !was_handed_over(review, row) && (row->state == OUT_STORED || !is_given(review, row));
}

/* The row under the walk, when it is still kept. */
static bool look_at(const struct review *review, struct slice key, struct review_item *ret)
{
    struct reader reader = reader_over(key);
    ret->due_ms = (int64_t)read_u64(&reader);
    read_into(&reader, ret->reference.bytes, REFERENCE_BYTES);
    if (!reader_end(&reader)) {
        store_fail(review->txn, -EBADMSG);
        return false;
    }
    return out_get(review->txn, &ret->reference, &ret->row) && review_is_kept(review, &ret->row);
}

/* --- in and out --- */

/* What has been seen or taken back since leaves the list a day after its review date, when nothing
 * of it can be on its way any more: a few rows at each turn, round and round. */
static void sweep(const struct review *review)
{
    struct store_txn *txn = review->txn;
    struct review_item gone[SWEEP_ROWS];
    struct review_item item;
    size_t n = 0;
    size_t looked = 0;
    uint64_t from = agent_meta_u64(txn, META_SWEPT, 0);
    uint8_t storage[8];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, from);
    struct store_walk walk = store_walk_from(txn, AT_REVIEW, writer_slice(&writer));
    for (; walk.live && looked < SWEEP_ROWS; store_walk_next(&walk), looked++) {
        bool kept = look_at(review, walk.key, &item);
        if (store_fault(txn) != 0 || item.due_ms + SWEEP_AFTER_MS > review->now_ms) {
            break;
        }
        from = (uint64_t)item.due_ms + 1;
        if (!kept) {
            gone[n++] = item;
        }
    }
    store_walk_end(&walk);
    agent_meta_put_u64(txn, META_SWEPT, looked == SWEEP_ROWS ? from : 0);
    for (size_t i = 0; i < n; i++) {
        unlist(txn, &gone[i].reference, gone[i].due_ms);
    }
}

void review_place(const struct review *review, const struct reference *reference,
                  const struct out_row *row)
{
    struct reviewed last;
    bool there = review_last(review->txn, reference, &last);
    bool kept = is_live(row) && !is_given(review, row);
    if (kept && !there) {
        const struct reviewed held = {.act = REVIEW_HELD,
                                      .at_ms = review->now_ms,
                                      .due_ms = row->created_ms + review->after_ms};
        put(review->txn, reference, 0, &held);
    } else if (!kept && there) {
        unlist(review->txn, reference, last.due_ms);
    }
    sweep(review);
}

void review_again(struct store_txn *txn, const struct entry_id *record)
{
    struct reference reference;
    struct reviewed last;
    if (out_by_entry(txn, record, &reference) && review_last(txn, &reference, &last)) {
        struct store_key due = key_due(last.due_ms, &reference);
        store_put(txn, AT_REVIEW, store_key_slice(&due), SLICE_NULL);
    }
}

/* --- the list --- */

void review_list(const struct review *review, struct review_page *page)
{
    size_t looked = 0;
    struct slice from = SLICE_OF(page->cursor);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(review->txn, AT_REVIEW, from);
    page->n = 0;
    for (; walk.live && page->n < page->max && looked < REVIEW_LOOK_MAX; store_walk_next(&walk)) {
        if (slice_equal(walk.key, from)) {
            continue;
        }
        if (look_at(review, walk.key, &page->items[page->n])) {
            page->n++;
        }
        if (store_fault(review->txn) != 0) {
            return;
        }
        looked++;
        memcpy(page->cursor, walk.key.data, REVIEW_CURSOR_BYTES);
    }
    page->more = walk.live;
}

uint64_t review_overdue(const struct review *review)
{
    uint64_t n = 0;
    size_t looked = 0;
    struct review_item item;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(review->txn, AT_REVIEW, SLICE_NULL);
    for (; walk.live && looked < REVIEW_LOOK_MAX; store_walk_next(&walk), looked++) {
        bool kept = look_at(review, walk.key, &item);
        if (store_fault(review->txn) != 0 || item.due_ms > review->now_ms) {
            break;
        }
        n += kept ? 1 : 0;
    }
    return n;
}
