/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   INBOX row     kind u8 | flags u8 | taken i64 | told i64 | told index u64 | payload
 *   RECEIVED row  delivered u64 | noticed u64 | item digest[32] | retraction u8 | link u8
 *                 | opened i64 | opened by u32 | alert u64 | alert opened i64
 *                 | alert opened by u32 | decided i64 | decision[16]
 *   RELEASED row  key id u32 | sealed[80] | alert u64
 *   META "gaps"   gaps u64 | missing u64 | first u64 | last u64 | noticed i64
 */
#include <errno.h>
#include <string.h>

#include "agents/core/inbox_internal.h"
#include "agents/core/unopened.h"
#include "base/crash_point.h"
#include "base/log.h"
#include "cairn/client.h"

#define INBOX_HEAD_BYTES (1 + 1 + 8 + 8 + 8)
#define RECEIVED_BYTES                                                                             \
    (8 + 8 + CAIRN_HASH_BYTES + 1 + 1 + 8 + 4 + 8 + 8 + 4 + 8 + 8 + REFERENCE_BYTES + 1 +          \
     ENTRY_ID_BYTES)
#define RELEASED_BYTES (4 + GRANT_BYTES + 8)

#define META_GAPS "gaps"

/* --- INBOX --- */

bool inbox_unpack(struct slice key, struct slice value, uint64_t *ret_position,
                  struct inbox_row *ret)
{
    struct reader place = reader_over(key);
    struct reader reader = reader_over(value);
    uint64_t position = read_u64(&place);
    struct inbox_row row = {.kind = (enum item_kind)read_u8(&reader)};
    row.flags = read_u8(&reader);
    row.taken_ms = (int64_t)read_u64(&reader);
    row.told_ms = (int64_t)read_u64(&reader);
    row.told_index = read_u64(&reader);
    row.payload = read_bytes(&reader, reader.left);
    if (!reader_end(&place) || !reader_ok(&reader)) {
        return false;
    }
    *ret_position = position;
    *ret = row;
    return true;
}

bool inbox_get(struct store_txn *txn, uint64_t position, struct inbox_row *ret)
{
    struct store_key key = store_key_u64(position);
    struct slice value;
    if (!store_get(txn, AT_INBOX, store_key_slice(&key), &value)) {
        return false;
    }
    if (!inbox_unpack(store_key_slice(&key), value, &position, ret)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

void inbox_append(struct store_txn *txn, uint64_t position, const struct inbox_row *row)
{
    struct store_key key = store_key_u64(position);
    size_t len = INBOX_HEAD_BYTES + row->payload.len;
    uint8_t *storage = store_reserve_last(txn, AT_INBOX, store_key_slice(&key), len);
    if (storage == NULL) {
        return;
    }
    struct writer writer = writer_over(storage, len);
    write_u8(&writer, (uint8_t)row->kind);
    write_u8(&writer, row->flags);
    write_u64(&writer, (uint64_t)row->taken_ms);
    write_u64(&writer, (uint64_t)row->told_ms);
    write_u64(&writer, row->told_index);
    write_slice(&writer, row->payload);
    assert(writer_ok(&writer));
}

uint64_t inbox_position(struct store_txn *txn)
{
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_last(txn, AT_INBOX, SLICE_NULL);
    struct reader key = reader_over(walk.live ? walk.key : SLICE_NULL);
    return walk.live ? read_u64(&key) : 0;
}

/* --- RECEIVED --- */

bool received_get(struct store_txn *txn, const struct entry_id *entry, struct received_row *ret)
{
    struct store_key key = agent_key_entry(entry);
    uint8_t reason[ENTRY_ID_BYTES];
    struct slice value;
    if (!store_get(txn, AT_RECEIVED, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    struct received_row row = {.delivered = read_u64(&reader)};
    row.noticed = read_u64(&reader);
    read_into(&reader, row.item.bytes, sizeof(row.item.bytes));
    row.retraction = (enum retraction)read_u8(&reader);
    row.link = (enum judged_link)read_u8(&reader);
    row.opened_ms = (int64_t)read_u64(&reader);
    row.opened_by = read_u32(&reader);
    row.alert = read_u64(&reader);
    row.alert_opened_ms = (int64_t)read_u64(&reader);
    row.alert_opened_by = read_u32(&reader);
    row.destroyed_ms = (int64_t)read_u64(&reader);
    row.decided_ms = (int64_t)read_u64(&reader);
    read_into(&reader, row.decision.bytes, sizeof(row.decision.bytes));
    row.has_reason = read_u8(&reader) != 0;
    read_into(&reader, reason, sizeof(reason));
    row.reason = entry_id_unpack(reason);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    *ret = row;
    return true;
}

void received_put(struct store_txn *txn, const struct entry_id *entry,
                  const struct received_row *row)
{
    uint8_t storage[RECEIVED_BYTES];
    uint8_t reason[ENTRY_ID_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    struct store_key key = agent_key_entry(entry);
    write_u64(&writer, row->delivered);
    write_u64(&writer, row->noticed);
    write_bytes(&writer, row->item.bytes, sizeof(row->item.bytes));
    write_u8(&writer, (uint8_t)row->retraction);
    write_u8(&writer, (uint8_t)row->link);
    write_u64(&writer, (uint64_t)row->opened_ms);
    write_u32(&writer, row->opened_by);
    write_u64(&writer, row->alert);
    write_u64(&writer, (uint64_t)row->alert_opened_ms);
    write_u32(&writer, row->alert_opened_by);
    write_u64(&writer, (uint64_t)row->destroyed_ms);
    write_u64(&writer, (uint64_t)row->decided_ms);
    write_bytes(&writer, row->decision.bytes, sizeof(row->decision.bytes));
    entry_id_pack(&row->reason, reason);
    write_u8(&writer, row->has_reason ? 1 : 0);
    write_bytes(&writer, reason, sizeof(reason));
    assert(writer.len == sizeof(storage));
    store_put(txn, AT_RECEIVED, store_key_slice(&key), writer_slice(&writer));
}

bool received_entry(struct store_txn *txn, const struct entry_id *entry, struct arena *arena,
                    struct wire_delivered *ret, uint8_t *ret_flags)
{
    struct received_row received;
    struct inbox_row row;
    if (!received_get(txn, entry, &received) || received.delivered == 0 ||
        !inbox_get(txn, received.delivered, &row)) {
        return false;
    }
    if (!wire_delivered_read(row.payload, arena, ret)) {
        store_fail(txn, -EBADMSG); /* it was read before it was kept */
        return false;
    }
    *ret_flags = row.flags;
    return true;
}

void received_decided(struct store_txn *txn, const struct entry_id *entry,
                      const struct reference *decision, int64_t now_ms)
{
    struct received_row row;
    if (received_get(txn, entry, &row) && row.decided_ms == 0) {
        row.decided_ms = now_ms;
        row.decision = *decision;
        received_put(txn, entry, &row);
        unopened_drop(txn, entry);
    }
}

/* --- RELEASED --- */

static struct store_key key_released(const struct entry_id *entry, enum part part)
{
    struct store_key key = agent_key_entry(entry);
    key.bytes[key.len++] = (uint8_t)part;
    return key;
}

bool held_grant_get(struct store_txn *txn, const struct entry_id *entry, enum part part,
                    struct held_grant *ret)
{
    struct store_key key = key_released(entry, part);
    struct slice value;
    if (!store_get(txn, AT_RELEASED, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    ret->key_id = read_u32(&reader);
    read_into(&reader, ret->sealed, sizeof(ret->sealed));
    ret->alert = read_u64(&reader);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

void held_grant_put(struct store_txn *txn, const struct entry_id *entry,
                    const struct wire_grant *grant, uint64_t alert)
{
    uint8_t storage[RELEASED_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    struct store_key key = key_released(entry, grant->part);
    struct held_grant held = {.key_id = grant->key_id};
    memcpy(held.sealed, grant->sealed, sizeof(held.sealed));
    (void)held_grant_get(txn, entry, grant->part, &held); /* instead, when there is one */
    write_u32(&writer, held.key_id);
    write_bytes(&writer, held.sealed, sizeof(held.sealed));
    write_u64(&writer, alert == 0 ? held.alert : alert); /* a release stays one */
    store_put(txn, AT_RELEASED, store_key_slice(&key), writer_slice(&writer));
}

/* --- gaps --- */

void inbox_gaps(struct store_txn *txn, struct inbox_gaps *ret)
{
    struct slice value;
    *ret = (struct inbox_gaps){.gaps = 0};
    if (!agent_meta_bytes(txn, META_GAPS, &value)) {
        return;
    }
    struct reader reader = reader_over(value);
    struct inbox_gaps row = {.gaps = read_u64(&reader)};
    row.missing = read_u64(&reader);
    row.first = read_u64(&reader);
    row.last = read_u64(&reader);
    row.noticed_ms = (int64_t)read_u64(&reader);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return;
    }
    *ret = row;
}

void inbox_gaps_put(struct store_txn *txn, const struct inbox_gaps *gaps)
{
    uint8_t storage[4 * 8 + 8];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, gaps->gaps);
    write_u64(&writer, gaps->missing);
    write_u64(&writer, gaps->first);
    write_u64(&writer, gaps->last);
    write_u64(&writer, (uint64_t)gaps->noticed_ms);
    assert(writer.len == sizeof(storage));
    agent_meta_put_bytes(txn, META_GAPS, writer_slice(&writer));
}

/* --- applications --- */

bool reading_name_ok(const char *application)
{
    size_t len = strlen(application);
    return len >= 1 && len <= CAIRN_APPLICATION_MAX_BYTES &&
           strspn(application, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

uint64_t reading_get(struct store_txn *txn, const char *application)
{
    struct slice value;
    if (!store_get(txn, AT_READING, slice_of_text(application), &value)) {
        return 0;
    }
    struct reader reader = reader_over(value);
    uint64_t position = read_u64(&reader);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
    }
    return position;
}

static size_t count_applications(struct store_txn *txn)
{
    size_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, AT_READING, SLICE_NULL);
    while (walk.live) {
        n++;
        store_walk_next(&walk);
    }
    return n;
}

int reading_acknowledge(struct agent *agent, const char *application, uint64_t position)
{
    _cleanup_(store_end) struct store_txn *txn = store_begin(agent->store);
    assert(reading_name_ok(application));
    if (txn == NULL) {
        log_fatal("store_locked", "table=reading");
    }
    if (position > inbox_position(txn)) {
        return -ERANGE;
    }
    uint64_t before = reading_get(txn, application);
    if (before >= position) {
        return store_fault(txn);
    }
    if (before == 0 && count_applications(txn) >= CAIRN_API_APPLICATIONS_MAX) {
        return -EUSERS;
    }
    struct store_key value = store_key_u64(position);
    store_put(txn, AT_READING, slice_of_text(application), store_key_slice(&value));
    CRASH_POINT(READING_PUT);
    return agent_commit(&txn);
}
