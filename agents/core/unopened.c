/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/unopened.h"

#include <errno.h>

#include "base/date.h"

#define ROW_BYTES    (8 + 8 + 4)
#define DOUBLINGS    6                         /* as the broker's intervals grow (timers.c) */
#define LATE_MS      (INT64_C(15) * 60 * 1000) /* that its next word may be late */
#define FORGOTTEN_MS (30 * DAY_MS)             /* longer than its longest interval */

struct row {
    int64_t first_ms;
    int64_t last_ms;
    uint32_t times;
};

static bool row_unpack(struct slice value, struct row *ret)
{
    struct reader reader = reader_over(value);
    ret->first_ms = (int64_t)read_u64(&reader);
    ret->last_ms = (int64_t)read_u64(&reader);
    ret->times = read_u32(&reader);
    return reader_end(&reader);
}

/* --- noting --- */

/* What was last told of long ago is not waited for any more. */
static void forget_old(struct store_txn *txn, int64_t now_ms)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_UNOPENED, SLICE_NULL);
    while (walk.live) {
        struct row row;
        if (!row_unpack(walk.value, &row)) {
            store_fail(txn, -EBADMSG);
            return;
        }
        if (now_ms - row.last_ms > FORGOTTEN_MS) {
            uint8_t storage[ENTRY_ID_BYTES];
            struct writer key = writer_over(storage, sizeof(storage));
            write_slice(&key, walk.key);
            (void)store_delete(txn, AT_UNOPENED, writer_slice(&key));
        }
        store_walk_next(&walk);
    }
}

void unopened_note(struct store_txn *txn, const struct entry_id *record, int64_t now_ms)
{
    struct store_key key = agent_key_entry(record);
    struct slice value;
    struct row row = {.first_ms = now_ms};
    uint8_t storage[ROW_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    forget_old(txn, now_ms);
    if (store_get(txn, AT_UNOPENED, store_key_slice(&key), &value) && !row_unpack(value, &row)) {
        store_fail(txn, -EBADMSG);
        return;
    }
    write_u64(&writer, (uint64_t)row.first_ms);
    write_u64(&writer, (uint64_t)now_ms);
    write_u32(&writer, row.times + 1);
    store_put(txn, AT_UNOPENED, store_key_slice(&key), writer_slice(&writer));
}

void unopened_drop(struct store_txn *txn, const struct entry_id *record)
{
    struct store_key key = agent_key_entry(record);
    (void)store_delete(txn, AT_UNOPENED, store_key_slice(&key));
}

/* --- counting --- */

static void add(struct unopened_figure *figure, int64_t since_ms)
{
    figure->n++;
    if (figure->oldest_ms == 0 || since_ms < figure->oldest_ms) {
        figure->oldest_ms = since_ms;
    }
}

/* Until a while after the broker would have said it again. */
static bool is_waiting(const struct row *row, const struct calendar *calendar, int64_t now_ms)
{
    unsigned doublings = row->times < DOUBLINGS ? row->times : DOUBLINGS;
    return now_ms - row->last_ms <= (calendar_unopened_ms(calendar) << doublings) + LATE_MS;
}

static void count_records(struct store_txn *txn, const struct governance *governance,
                          int64_t now_ms, struct unopened_figure *figure)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_UNOPENED, SLICE_NULL);
    for (size_t i = 0; i < UNOPENED_SCAN_MAX && walk.live; i++, store_walk_next(&walk)) {
        struct row row;
        if (!row_unpack(walk.value, &row)) {
            store_fail(txn, -EBADMSG);
            return;
        }
        if (is_waiting(&row, governance->calendar, now_ms)) {
            add(figure, row.first_ms);
        }
    }
}

static void count_alerts(struct store_txn *txn, struct unopened_figure *figure)
{
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_last(txn, AT_ALERT, SLICE_NULL);
    for (size_t i = 0; i < UNOPENED_SCAN_MAX && walk.live; i++, store_walk_prev(&walk)) {
        struct known_alert alert;
        if (!known_alert_unpack(walk.value, &alert)) {
            store_fail(txn, -EBADMSG);
            return;
        }
        if (alert.state == KNOWN_NOTICED) {
            add(figure, alert.raised_ms);
        }
    }
}

void unopened_count(struct store_txn *txn, const struct governance *governance, int64_t now_ms,
                    struct unopened *ret)
{
    *ret = (struct unopened){.alerts = {.n = 0}};
    count_alerts(txn, &ret->alerts);
    count_records(txn, governance, now_ms, &ret->records);
}
