/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/school/register.h"

#include <errno.h>
#include <string.h>

#include "base/date.h"
#include "crypto/seal.h"

#define PURPOSE    "register"
#define HEAD_BYTES (2 + 6 * 4 + 2 * 4 + 2)
#define MARK_BYTES (2 + ATTENDANCE_CODE_MAX_BYTES)
#define ROW_BYTES  (HEAD_BYTES + REGISTER_MARKS_MAX * MARK_BYTES)
#define DAYS_MAX   366

/* --- periods --- */

/* The newest first day that is not after `day` (or, if `next`, the oldest after it), in its year or
 * the one beside it. */
static int32_t first_day(const struct school_options *options, int32_t day, bool next)
{
    int year;
    int ignored;
    int32_t found = next ? INT32_MAX : INT32_MIN;
    date_split(day, &year, &ignored, &ignored);
    for (int y = year - 1; y <= year + 1; y++) {
        for (size_t i = 0; i < options->n_periods; i++) {
            int32_t first;
            if (!date_join(y, options->periods[i].month, options->periods[i].day, &first)) {
                continue; /* at the ends of the calendar */
            }
            if (next ? first > day && first < found : first <= day && first > found) {
                found = first;
            }
        }
    }
    return found;
}

int32_t register_period(const struct school_options *options, int32_t day)
{
    return first_day(options, day, false);
}

bool register_is_open(const struct school_options *options, int32_t day, int32_t today)
{
    return register_period(options, day) != INT32_MIN &&
           first_day(options, day, true) > today - REGISTER_KEEP_DAYS;
}

/* --- rows --- */

static struct store_key key_of(const struct register_key *key)
{
    struct store_key ret = {.len = 0};
    struct writer writer = writer_over(ret.bytes, sizeof(ret.bytes));
    write_bytes(&writer, key->pupil, sizeof(key->pupil));
    write_i32(&writer, key->period);
    ret.len = writer.len;
    return ret;
}

static bool unpack(struct slice plain, int32_t period, struct register_row *ret)
{
    struct reader reader = reader_over(plain);
    struct absence *told = &ret->told;
    told->code = (enum record_code)read_u16(&reader);
    told->possible = read_u32(&reader);
    told->authorised = read_u32(&reader);
    told->unauthorised = read_u32(&reader);
    told->part_time = read_u32(&reader);
    told->unresolved = read_u32(&reader);
    told->run = read_u32(&reader);
    told->first_day = read_i32(&reader);
    told->last_day = read_i32(&reader);
    ret->n = read_u16(&reader);
    if (ret->n > REGISTER_MARKS_MAX) {
        return false;
    }
    for (size_t i = 0; i < ret->n; i++) {
        struct absence_mark *mark = &ret->marks[i];
        unsigned at = read_u16(&reader);
        mark->day = period + (int32_t)(at / 2);
        mark->session = at % 2;
        memset(mark->code, 0, sizeof(mark->code));
        read_into(&reader, mark->code, ATTENDANCE_CODE_MAX_BYTES);
    }
    return reader_end(&reader);
}

void register_get(struct store_txn *txn, const struct secret *store_key,
                  const struct register_key *key, struct register_row *ret)
{
    uint8_t plain[ROW_BYTES];
    struct store_key at = key_of(key);
    struct slice wrapped;
    ret->told = (struct absence){.code = CODE_NOT_SAID};
    ret->n = 0;
    if (!store_get(txn, AT_REGISTER, store_key_slice(&at), &wrapped)) {
        return;
    }
    size_t len = wrapped.len - WRAP_OVERHEAD_BYTES;
    if (wrapped.len <= WRAP_OVERHEAD_BYTES || len > sizeof(plain) ||
        wrap_open(store_key, PURPOSE, wrapped, plain) != 0 ||
        !unpack(slice_make(plain, len), key->period, ret)) {
        store_fail(txn, -EBADMSG);
        ret->n = 0;
    }
    bytes_wipe(plain, sizeof(plain));
}

static void pack(const struct register_row *row, int32_t period, struct writer *writer)
{
    const struct absence *told = &row->told;
    write_u16(writer, (uint16_t)told->code);
    write_u32(writer, told->possible);
    write_u32(writer, told->authorised);
    write_u32(writer, told->unauthorised);
    write_u32(writer, told->part_time);
    write_u32(writer, told->unresolved);
    write_u32(writer, told->run);
    write_i32(writer, told->first_day);
    write_i32(writer, told->last_day);
    write_u16(writer, (uint16_t)row->n);
    for (size_t i = 0; i < row->n; i++) {
        const struct absence_mark *mark = &row->marks[i];
        assert(mark->day >= period && mark->day - period <= DAYS_MAX);
        write_u16(writer, (uint16_t)(2 * (mark->day - period) + mark->session));
        write_bytes(writer, mark->code, ATTENDANCE_CODE_MAX_BYTES);
    }
    assert(writer_ok(writer));
}

void register_put(struct store_txn *txn, const struct secret *store_key,
                  const struct register_key *key, const struct register_row *row)
{
    uint8_t plain[ROW_BYTES];
    struct store_key at = key_of(key);
    struct writer writer = writer_over(plain, sizeof(plain));
    pack(row, key->period, &writer);
    uint8_t *out =
        store_reserve(txn, AT_REGISTER, store_key_slice(&at), writer.len + WRAP_OVERHEAD_BYTES);
    if (out != NULL && wrap_seal(store_key, PURPOSE, writer_slice(&writer), out) != 0) {
        store_fail(txn, -EIO);
    }
    bytes_wipe(plain, sizeof(plain));
}

bool register_mark(struct register_row *row, const struct absence_mark *mark)
{
    size_t at = row->n;
    while (at > 0 &&
           (row->marks[at - 1].day > mark->day ||
            (row->marks[at - 1].day == mark->day && row->marks[at - 1].session >= mark->session))) {
        at--;
    }
    struct absence_mark *there = &row->marks[at];
    if (at < row->n && there->day == mark->day && there->session == mark->session) {
        bool other = strcmp(there->code, mark->code) != 0;
        *there = *mark;
        return other;
    }
    assert(row->n < REGISTER_MARKS_MAX); /* a period has no more sessions */
    memmove(there + 1, there, (row->n - at) * sizeof(*there));
    *there = *mark;
    row->n++;
    return true;
}

void register_forget(struct store_txn *txn, const struct school_options *options, int32_t today)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_REGISTER, SLICE_NULL);
    while (walk.live) {
        struct reader reader = reader_over(walk.key);
        (void)read_bytes(&reader, CAIRN_HASH_BYTES);
        int32_t period = read_i32(&reader);
        if (!reader_end(&reader)) {
            store_fail(txn, -EBADMSG);
            return;
        }
        if (!register_is_open(options, period, today)) {
            (void)store_delete(txn, AT_REGISTER, walk.key);
        }
        store_walk_next(&walk);
    }
}
