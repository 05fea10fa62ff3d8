/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of what was noticed: a child's chronology and its alerts. */
#include "ledger/internal.h"

/* --- CHRONOLOGY --- */

/* subject 20, entry stream and seq 16 (the agency is the subject's), kind, code, level, urgency,
 * flags, occurrence */
struct slice chronology_row_pack(const struct chronology_row *row,
                                 uint8_t out[CHRONOLOGY_ROW_BYTES])
{
    assert(row->entry.agency == row->subject.agency);
    struct writer writer = writer_over(out, CHRONOLOGY_ROW_BYTES);
    write_subject(&writer, &row->subject);
    write_u64(&writer, row->entry.stream);
    write_u64(&writer, row->entry.seq);
    write_u8(&writer, (uint8_t)row->record_kind);
    write_u16(&writer, (uint16_t)row->code);
    write_u8(&writer, (uint8_t)row->level);
    write_u8(&writer, (uint8_t)row->urgency);
    write_u8(&writer, (uint8_t)((row->retracted ? 1U : 0U) | (row->counts ? 2U : 0U)));
    write_bytes(&writer, row->occurrence, 16);
    return writer_slice(&writer);
}

bool chronology_row_unpack(struct slice value, struct chronology_row *ret)
{
    struct reader reader = reader_over(value);
    struct chronology_row row = {.subject = read_subject(&reader)};
    row.entry.agency = row.subject.agency;
    row.entry.stream = read_u64(&reader);
    row.entry.seq = read_u64(&reader);
    row.record_kind = (enum record_kind)read_u8(&reader);
    row.code = read_u16(&reader);
    row.level = read_u8(&reader);
    row.urgency = (enum urgency)read_u8(&reader);
    uint8_t flags = read_u8(&reader);
    row.retracted = (flags & 1U) != 0;
    row.counts = (flags & 2U) != 0;
    read_into(&reader, row.occurrence, 16);
    if (!reader_end(&reader)) {
        return false;
    }
    *ret = row;
    return true;
}

/* --- ALERT --- */

static void read_alert_lists(struct reader *reader, struct alert_row *row)
{
    row->n_addressees = read_u8(reader);
    assert(row->n_addressees <= CAIRN_ADDRESSEES_MAX);
    for (size_t i = 0; i < row->n_addressees; i++) {
        row->addressees[i].agency = read_u32(reader);
        row->addressees[i].told = read_u32(reader);
    }
    row->n_records = read_u8(reader);
    assert(row->n_records <= CAIRN_ALERT_RECORDS_MAX);
    for (size_t i = 0; i < row->n_records; i++) {
        row->records[i].entry = read_entry_id(reader);
        row->records[i].log_index = read_u64(reader);
        row->records[i].day = read_i32(reader);
        row->records[i].revision = read_u32(reader);
    }
}

bool alert_row_get(struct store_txn *txn, uint64_t alert, struct alert_row *ret)
{
    struct store_key key = store_key_u64(alert);
    struct slice value;
    if (!store_get(txn, T_ALERT, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    struct alert_row row = {.child = read_u64(&reader)};
    read_into(&reader, row.pattern, sizeof(row.pattern));
    row.rule_version = read_u64(&reader);
    read_into(&reader, row.pattern_hash.bytes, CAIRN_HASH_BYTES);
    row.state = (enum alert_state)read_u8(&reader);
    row.revision = read_u32(&reader);
    row.outcome = (enum outcome)read_u8(&reader);
    row.closed_at = read_u64(&reader);
    row.earlier_outcome = (enum outcome)read_u8(&reader);
    row.into = read_u64(&reader);
    row.absorbed = read_u64(&reader);
    read_alert_lists(&reader, &row);
    assert(reader_end(&reader));
    *ret = row;
    return true;
}

void alert_row_put(struct store_txn *txn, uint64_t alert, const struct alert_row *row)
{
    uint8_t storage[ALERT_ROW_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, row->child);
    write_bytes(&writer, row->pattern, sizeof(row->pattern));
    write_u64(&writer, row->rule_version);
    write_bytes(&writer, row->pattern_hash.bytes, CAIRN_HASH_BYTES);
    write_u8(&writer, (uint8_t)row->state);
    write_u32(&writer, row->revision);
    write_u8(&writer, (uint8_t)row->outcome);
    write_u64(&writer, row->closed_at);
    write_u8(&writer, (uint8_t)row->earlier_outcome);
    write_u64(&writer, row->into);
    write_u64(&writer, row->absorbed);
    write_u8(&writer, (uint8_t)row->n_addressees);
    for (size_t i = 0; i < row->n_addressees; i++) {
        write_u32(&writer, row->addressees[i].agency);
        write_u32(&writer, row->addressees[i].told);
    }
    write_u8(&writer, (uint8_t)row->n_records);
    for (size_t i = 0; i < row->n_records; i++) {
        write_entry_id(&writer, &row->records[i].entry);
        write_u64(&writer, row->records[i].log_index);
        write_i32(&writer, row->records[i].day);
        write_u32(&writer, row->records[i].revision);
    }
    struct store_key key = store_key_u64(alert);
    store_put(txn, T_ALERT, store_key_slice(&key), writer_slice(&writer));
}

/* --- CHILD_ALERT --- */

uint64_t child_alert_get(struct store_txn *txn, uint64_t child, struct alert_row *ret)
{
    struct store_key key = store_key_u64(child);
    struct slice value;
    if (!store_get(txn, T_CHILD_ALERT, store_key_slice(&key), &value)) {
        return 0;
    }
    struct reader reader = reader_over(value);
    uint64_t alert = read_u64(&reader);
    assert(reader_end(&reader));
    return alert_row_get(txn, alert, ret) ? alert : 0;
}

void child_alert_put(struct store_txn *txn, uint64_t child, uint64_t alert)
{
    struct store_key key = store_key_u64(child);
    struct store_key row = store_key_u64(alert);
    store_put(txn, T_CHILD_ALERT, store_key_slice(&key), store_key_slice(&row));
}

void child_alert_delete(struct store_txn *txn, uint64_t child)
{
    struct store_key key = store_key_u64(child);
    (void)store_delete(txn, T_CHILD_ALERT, store_key_slice(&key));
}
