/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/household.h"

#include "agents/core/inbox.h"
#include "agents/core/kept.h"

#define SORT_EVENT 1
#define SORT_ALERT 2

/* --- keys --- */

static struct store_key key_event(const uint8_t event[CAIRN_EVENT_ID_BYTES], uint64_t alert)
{
    struct store_key key = {.len = 1 + CAIRN_EVENT_ID_BYTES + 8};
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u8(&writer, SORT_EVENT);
    write_bytes(&writer, event, CAIRN_EVENT_ID_BYTES);
    write_u64(&writer, alert);
    return key;
}

static struct store_key key_alert(uint64_t alert, const uint8_t event[CAIRN_EVENT_ID_BYTES])
{
    struct store_key key = {.len = 1 + 8 + CAIRN_EVENT_ID_BYTES};
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u8(&writer, SORT_ALERT);
    write_u64(&writer, alert);
    write_bytes(&writer, event, CAIRN_EVENT_ID_BYTES);
    return key;
}

/* --- keeping --- */

void household_keep_record(struct store_txn *txn, uint64_t alert,
                           const uint8_t event[CAIRN_EVENT_ID_BYTES])
{
    struct store_key by_event = key_event(event, alert);
    struct store_key by_alert = key_alert(alert, event);
    store_put(txn, AT_HOUSEHOLD, store_key_slice(&by_event), SLICE_NULL);
    store_put(txn, AT_HOUSEHOLD, store_key_slice(&by_alert), SLICE_NULL);
}

/* Of a record of ours, or of one that has come. */
static bool header_of(struct store_txn *txn, const struct entry_id *id, struct arena *arena,
                      struct entry_header *ret)
{
    struct kept kept;
    struct wire_delivered delivered;
    uint8_t flags;
    struct slice bytes = SLICE_NULL;
    if (kept_get(txn, id, &kept)) {
        bytes = kept.header;
    } else if (received_entry(txn, id, arena, &delivered, &flags)) {
        bytes = delivered.header;
    }
    return bytes.len > 0 && wire_entry_header_read(ENTRY_RECORD, bytes, arena, ret);
}

void household_keep(struct store_txn *txn, const struct wire_notice *notice)
{
    bool lists = notice->type == NOTICE_RAISED || notice->type == NOTICE_EXTENDED;
    for (size_t i = 0; lists && i < notice->n_headlines; i++) {
        const struct wire_headline *headline = &notice->headlines[i];
        _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(2 * CAIRN_UNPACK_BUDGET_BYTES);
        struct entry_header header;
        if (headline->has_record && header_of(txn, &headline->record, &arena, &header)) {
            household_keep_record(txn, notice->alert, header.record.event_id);
        }
    }
}

/* --- finding --- */

/* The first alert that lists a record of the event. */
static uint64_t first_of_event(struct store_txn *txn, const uint8_t event[CAIRN_EVENT_ID_BYTES])
{
    struct store_key from = key_event(event, 0);
    struct slice prefix = slice_make(from.bytes, 1 + CAIRN_EVENT_ID_BYTES);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_HOUSEHOLD, store_key_slice(&from));
    if (!walk.live || !agent_key_has_prefix(walk.key, prefix)) {
        return UINT64_MAX;
    }
    struct reader reader =
        reader_over(slice_make(walk.key.data + prefix.len, walk.key.len - prefix.len));
    return read_u64(&reader);
}

/* The first alert that shares an event with this one, which may be itself. */
static uint64_t first_beside(struct store_txn *txn, uint64_t alert)
{
    static const uint8_t none[CAIRN_EVENT_ID_BYTES];
    struct store_key from = key_alert(alert, none);
    struct slice prefix = slice_make(from.bytes, 1 + 8);
    uint64_t first = alert;
    size_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_HOUSEHOLD, store_key_slice(&from));
    for (; walk.live && agent_key_has_prefix(walk.key, prefix) && n < CAIRN_ALERT_RECORDS_MAX;
         n++) {
        uint64_t found = first_of_event(txn, walk.key.data + prefix.len);
        first = found < first ? found : first;
        store_walk_next(&walk);
    }
    return first;
}

uint64_t household_of(struct store_txn *txn, uint64_t alert)
{
    uint64_t first = alert;
    for (size_t step = 0; step < HOUSEHOLD_STEPS_MAX; step++) {
        uint64_t before = first_beside(txn, first);
        if (before == first) {
            break;
        }
        first = before;
    }
    return first;
}
