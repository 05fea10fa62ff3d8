/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of what is to be looked at later, by when. */
#include "ledger/internal.h"

/* --- TIMER --- */

static struct store_key key_timer(const struct timer_row *timer)
{
    struct store_key key = {.len = 8 + 1 + 8};
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u64(&writer, (uint64_t)timer->due_ms);
    write_u8(&writer, (uint8_t)timer->kind);
    write_u64(&writer, timer->number);
    return key;
}

void timer_row_put(struct store_txn *txn, const struct timer_row *timer)
{
    uint8_t storage[ENTRY_ID_BYTES + 4];
    struct writer writer = writer_over(storage, sizeof(storage));
    struct store_key key = key_timer(timer);
    assert(timer->due_ms >= 0); /* or the order of keys is not that of time */
    write_entry_id(&writer, &timer->entry);
    write_u32(&writer, timer->rounds);
    store_put(txn, T_TIMER, store_key_slice(&key), writer_slice(&writer));
}

bool timer_row_is(struct store_txn *txn, const struct timer_row *timer)
{
    struct store_key key = key_timer(timer);
    struct slice ignored;
    return store_get(txn, T_TIMER, store_key_slice(&key), &ignored);
}

void timer_row_delete(struct store_txn *txn, const struct timer_row *timer)
{
    struct store_key key = key_timer(timer);
    (void)store_delete(txn, T_TIMER, store_key_slice(&key));
}

struct timer_row timer_row_at(const struct store_walk *walk)
{
    struct reader key = reader_over(walk->key);
    struct reader value = reader_over(walk->value);
    struct timer_row row = {.due_ms = (int64_t)read_u64(&key)};
    row.kind = (enum timer_kind)read_u8(&key);
    row.number = read_u64(&key);
    row.entry = read_entry_id(&value);
    row.rounds = read_u32(&value);
    assert(reader_end(&key) && reader_end(&value));
    return row;
}

bool timer_row_first(struct store_txn *txn, struct timer_row *ret)
{
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, T_TIMER, SLICE_NULL);
    if (walk.live) {
        *ret = timer_row_at(&walk);
    }
    return walk.live;
}

/* --- RETENTION --- */

static struct store_key key_retention(const struct retention_row *row)
{
    struct store_key key = {.len = 4 + 8};
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_i32(&writer, row->due_day);
    write_u64(&writer, row->log_index);
    return key;
}

void retention_row_put(struct store_txn *txn, const struct retention_row *row)
{
    uint8_t storage[ENTRY_ID_BYTES + 4 + 4 + 8];
    struct writer writer = writer_over(storage, sizeof(storage));
    struct store_key key = key_retention(row);
    write_entry_id(&writer, &row->entry);
    write_i32(&writer, row->since_day);
    write_i32(&writer, row->settled_day);
    write_u64(&writer, row->tellings);
    store_put(txn, T_RETENTION, store_key_slice(&key), writer_slice(&writer));
}

void retention_row_delete(struct store_txn *txn, const struct retention_row *row)
{
    struct store_key key = key_retention(row);
    (void)store_delete(txn, T_RETENTION, store_key_slice(&key));
}

bool retention_row_first(struct store_txn *txn, struct retention_row *ret)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, T_RETENTION, SLICE_NULL);
    if (!walk.live) {
        return false;
    }
    struct reader key = reader_over(walk.key);
    struct reader value = reader_over(walk.value);
    *ret = (struct retention_row){.due_day = read_i32(&key)};
    ret->log_index = read_u64(&key);
    ret->entry = read_entry_id(&value);
    ret->since_day = read_i32(&value);
    ret->settled_day = read_i32(&value);
    ret->tellings = read_u64(&value);
    assert(reader_end(&key) && reader_end(&value));
    return true;
}
