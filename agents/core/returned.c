/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/returned.h"

#include <errno.h>
#include <string.h>

#include "agents/core/room.h"
#include "agents/core/taking.h"

#define PURPOSE  "returned"
#define LOOK_MAX 65536 /* rows of a listing or a count: more than that say the same */

enum {
    WAITS = 0,
    DONE = 1
};

/* --- rows --- */

static struct store_key key_of(uint8_t state, const struct reference *reference)
{
    struct store_key key;
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u8(&writer, state);
    write_bytes(&writer, reference->bytes, REFERENCE_BYTES);
    key.len = writer_slice(&writer).len;
    return key;
}

void returned_add(struct store_txn *txn, const struct reference *reference)
{
    struct store_key key = key_of(WAITS, reference);
    store_put(txn, AT_RETURNED, store_key_slice(&key), SLICE_NULL);
}

void returned_end(struct store_txn *txn, const struct reference *reference)
{
    struct store_key key = key_of(WAITS, reference);
    (void)store_delete(txn, AT_RETURNED, store_key_slice(&key));
}

bool returned_waits(struct store_txn *txn, const struct reference *reference)
{
    struct store_key key = key_of(WAITS, reference);
    struct slice ignored;
    return store_get(txn, AT_RETURNED, store_key_slice(&key), &ignored);
}

bool returned_done_get(struct store_txn *txn, const struct reference *reference,
                       struct returned_done *ret)
{
    struct store_key key = key_of(DONE, reference);
    struct slice row;
    if (!store_get(txn, AT_RETURNED, store_key_slice(&key), &row)) {
        return false;
    }
    struct reader reader = reader_over(row);
    ret->at_ms = (int64_t)read_u64(&reader);
    ret->by_uid = read_u32(&reader);
    ret->sealed = read_sized(&reader, DECIDE_SEALED_MAX_BYTES);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

static void put_done(struct store_txn *txn, const struct reference *reference,
                     const struct returned_done *done)
{
    uint8_t storage[8 + 4 + 4 + DECIDE_SEALED_MAX_BYTES];
    struct store_key key = key_of(DONE, reference);
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, (uint64_t)done->at_ms);
    write_u32(&writer, done->by_uid);
    write_sized(&writer, done->sealed);
    assert(writer_ok(&writer));
    store_put(txn, AT_RETURNED, store_key_slice(&key), writer_slice(&writer));
}

/* --- what waits --- */

/* The row under the walk; false at the end of what waits, and for a broken one. */
static bool item_of(struct store_txn *txn, const struct store_walk *walk, struct returned_item *ret)
{
    struct reader reader = reader_over(walk->key);
    if (!walk->live || read_u8(&reader) != WAITS) {
        return false;
    }
    read_into(&reader, ret->reference.bytes, REFERENCE_BYTES);
    if (!reader_end(&reader) || !out_get(txn, &ret->reference, &ret->row)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

static bool is_danger(const struct out_row *row)
{
    return row->kind == ENTRY_RECORD && record_is_danger(row->record_kind, row->urgency);
}

void returned_count(struct store_txn *txn, struct returned_figures *ret)
{
    struct returned_item item;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_RETURNED, SLICE_NULL);
    *ret = (struct returned_figures){.n = 0};
    for (; ret->n < LOOK_MAX && item_of(txn, &walk, &item); store_walk_next(&walk)) {
        ret->n++;
        ret->danger += is_danger(&item.row) ? 1 : 0;
        if (ret->oldest_ms == 0 || item.row.answered_ms < ret->oldest_ms) {
            ret->oldest_ms = item.row.answered_ms;
        }
    }
}

void returned_list(struct store_txn *txn, struct returned_page *page)
{
    size_t looked = 0;
    struct store_key from = key_of(WAITS, &page->cursor);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_RETURNED, store_key_slice(&from));
    struct returned_item item;
    page->n = 0;
    if (walk.live && slice_equal(walk.key, store_key_slice(&from))) {
        store_walk_next(&walk);
    }
    for (; page->n < page->max && looked < LOOK_MAX && item_of(txn, &walk, &item);
         store_walk_next(&walk), looked++) {
        page->cursor = item.reference;
        if (!page->own || item.row.by_uid == page->by_uid) {
            page->items[page->n++] = item;
        }
    }
    page->more = item_of(txn, &walk, &item);
}

const char *returned_advice(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_BAD_FRAME:
    case VERDICT_MALFORMED:
    case VERDICT_WRONG_LANE:
    case VERDICT_EQUIVOCATION:
    case VERDICT_OUT_OF_ORDER:
    case VERDICT_BAD_ENTRY:
        return "Mend it where it was written, and send it again.";
    case VERDICT_UNSUPPORTED_VERSION:
    case VERDICT_UNKNOWN_KEY:
    case VERDICT_REVOKED_KEY:
    case VERDICT_WRONG_SENDER:
    case VERDICT_BAD_SIGNATURE:
    case VERDICT_WRONG_PARTNERSHIP:
    case VERDICT_NOT_ENTITLED:
    case VERDICT_OVER_LIMIT:
        return "Ask the partnership, and then send it again.";
    case VERDICT_BAD_GRANT:
        return "Send it again: who may read it had changed while it was on its way.";
    case VERDICT_NOT_FOUND:
    case VERDICT_CONFLICT:
        return "Look again at what it was about, and decide anew.";
    case VERDICT_QUARANTINED:
        return "Ring whoever runs the broker.";
    case VERDICT_STORED:
    case VERDICT_STORED_NO_READER:
    case VERDICT_BUSY:
    case VERDICT_OVER_QUOTA:
    case VERDICT_STALE_DIRECTORY:
    case VERDICT_DISK_FULL:
    case VERDICT_HELLO_FIRST:
        break; /* none of these refuses for good */
    }
    return "";
}

/* --- a person --- */

bool returned_done_open(const struct secret *store_key, const struct returned_done *done,
                        struct buf *out)
{
    return decide_open(store_key, PURPOSE, done->sealed, out);
}

static int find(struct store_txn *txn, const char *record, struct reference *ret)
{
    struct entry_id entry;
    struct out_row row;
    bool named = reference_parse(record, ret) ||
                 (entry_id_parse(record, &entry) && out_by_entry(txn, &entry, ret));
    if (!named || !out_get(txn, ret, &row) || row.state != OUT_REFUSED) {
        return store_fault(txn) != 0 ? store_fault(txn) : -ENOENT;
    }
    return 0;
}

static int deal(struct taking *taking, const struct returned_decision *decision,
                const struct reference *reference)
{
    uint8_t sealed[DECIDE_SEALED_MAX_BYTES];
    size_t len = 0;
    if (!returned_waits(taking->txn, reference)) {
        return -EALREADY;
    }
    int r = room_for(taking->txn, LANE_NORMAL, 1);
    if (r == 0) {
        r = decide_seal(taking_store_key(taking), PURPOSE, &decision->person, sealed, &len);
    }
    if (r != 0) {
        return r;
    }
    const struct returned_done done = {
        .at_ms = taking->now_ms, .by_uid = decision->by_uid, .sealed = slice_make(sealed, len)};
    returned_end(taking->txn, reference);
    put_done(taking->txn, reference, &done);
    taking_count(taking, "returned-dealt-with");
    return taking_finish(taking, &(struct idempotency){.key = SLICE_NULL}, &INTAKE_ANSWER_NULL);
}

int returned_deal(struct agent *agent, const struct returned_decision *decision,
                  struct reference *ret, struct error *error)
{
    _cleanup_(taking_end) struct taking taking = TAKING_NULL;
    struct returned_done before;
    struct reference reference;
    int r = decide_check_person(&decision->person, error);
    if (r == 0) {
        r = taking_begin(agent, decision->by_uid, &taking);
    }
    if (r == 0) {
        r = find(taking.txn, decision->record, &reference);
    }
    if (r == 0 && !returned_done_get(taking.txn, &reference, &before)) {
        r = deal(&taking, decision, &reference);
    }
    if (r == 0) {
        *ret = reference;
    }
    return r;
}
