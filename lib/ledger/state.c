/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/state.h"

#include <errno.h>

#include "ledger/internal.h"

const char *const state_table_names[N_TABLES] = {
#define X(name, text, replayed) [T_##name] = (text),
    STATE_TABLES(X)
#undef X
};
static_assert(N_TABLES <= STORE_TABLES_MAX, "the store can hold every table");

/* --- META --- */

uint64_t meta_get(struct store_txn *txn, const char *name, uint64_t fallback)
{
    struct slice value;
    if (!store_get(txn, T_META, slice_of_text(name), &value)) {
        return fallback;
    }
    struct reader reader = reader_over(value);
    return read_u64(&reader);
}

void meta_put(struct store_txn *txn, const char *name, uint64_t value)
{
    struct store_key row = store_key_u64(value);
    store_put(txn, T_META, slice_of_text(name), store_key_slice(&row));
}

uint64_t meta_next(struct store_txn *txn, const char *name)
{
    uint64_t next = meta_get(txn, name, 0) + 1;
    meta_put(txn, name, next);
    return next;
}

/* --- ENTRY --- */

static struct slice entry_row_pack(const struct entry_row *row, uint8_t out[ENTRY_ROW_BYTES])
{
    struct writer writer = writer_over(out, ENTRY_ROW_BYTES);
    write_u16(&writer, (uint16_t)row->verdict);
    write_u8(&writer, (uint8_t)row->kind);
    write_bytes(&writer, row->item.bytes, CAIRN_HASH_BYTES);
    write_u64(&writer, row->log_index);
    write_u64(&writer, row->batch);
    write_u32(&writer, row->input);
    write_u32(&writer, row->offset);
    write_u8(&writer, row->retracted ? 1 : 0);
    write_u64(&writer, row->alert);
    write_u8(&writer, (uint8_t)row->destroyed);
    write_i32(&writer, row->asked_day);
    return writer_slice(&writer);
}

bool entry_row_get(struct store_txn *txn, const struct entry_id *id, struct entry_row *ret)
{
    struct store_key key = key_entry(id);
    struct slice value;
    if (!store_get(txn, T_ENTRY, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    struct entry_row row = {.verdict = (enum verdict)read_u16(&reader)};
    row.kind = (enum entry_kind)read_u8(&reader);
    read_into(&reader, row.item.bytes, CAIRN_HASH_BYTES);
    row.log_index = read_u64(&reader);
    row.batch = read_u64(&reader);
    row.input = read_u32(&reader);
    row.offset = read_u32(&reader);
    row.retracted = read_u8(&reader) != 0;
    row.alert = read_u64(&reader);
    row.destroyed = (enum destroyed)read_u8(&reader);
    row.asked_day = read_i32(&reader);
    assert(reader_end(&reader));
    *ret = row;
    return true;
}

void entry_row_put(struct store_txn *txn, const struct entry_id *id, const struct entry_row *row)
{
    uint8_t storage[ENTRY_ROW_BYTES];
    struct store_key key = key_entry(id);
    store_put(txn, T_ENTRY, store_key_slice(&key), entry_row_pack(row, storage));
}

/* --- AGENCY --- */

void agency_row_get(struct store_txn *txn, uint32_t agency, struct agency_row *ret)
{
    struct store_key key = key_agency(agency);
    struct slice value;
    *ret = (struct agency_row){.next_position = 1};
    if (!store_get(txn, T_AGENCY, store_key_slice(&key), &value)) {
        return;
    }
    struct reader reader = reader_over(value);
    ret->next_position = read_u64(&reader);
    ret->acknowledged = read_u64(&reader);
    ret->log_size = read_u64(&reader);
    read_into(&reader, ret->log_root.bytes, CAIRN_HASH_BYTES);
    read_into(&reader, ret->cosignature, COSIGNATURE_BYTES);
    ret->cosigned_by = read_u32(&reader);
    ret->claims_open = read_u32(&reader);
    ret->day = read_i32(&reader);
    ret->claims_today = read_u32(&reader);
    ret->requests_today = read_u32(&reader);
    ret->ties_today = read_u32(&reader);
    ret->holds = read_u32(&reader);
    ret->left_day = read_i32(&reader);
    ret->said_day = read_i32(&reader);
    ret->joined_day = read_i32(&reader);
    assert(reader_end(&reader));
}

void agency_row_put(struct store_txn *txn, uint32_t agency, const struct agency_row *row)
{
    uint8_t storage[24 + CAIRN_HASH_BYTES + COSIGNATURE_BYTES + 40];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, row->next_position);
    write_u64(&writer, row->acknowledged);
    write_u64(&writer, row->log_size);
    write_bytes(&writer, row->log_root.bytes, CAIRN_HASH_BYTES);
    write_bytes(&writer, row->cosignature, COSIGNATURE_BYTES);
    write_u32(&writer, row->cosigned_by);
    write_u32(&writer, row->claims_open);
    write_i32(&writer, row->day);
    write_u32(&writer, row->claims_today);
    write_u32(&writer, row->requests_today);
    write_u32(&writer, row->ties_today);
    write_u32(&writer, row->holds);
    write_i32(&writer, row->left_day);
    write_i32(&writer, row->said_day);
    write_i32(&writer, row->joined_day);
    struct store_key key = key_agency(agency);
    store_put(txn, T_AGENCY, store_key_slice(&key), writer_slice(&writer));
}

/* --- GOVERNANCE --- */

int governance_row_get(struct store_txn *txn, enum governance_document document,
                       struct governance_row *ret)
{
    struct store_key key = key_governance(document);
    struct slice value;
    if (!store_get(txn, T_GOVERNANCE, store_key_slice(&key), &value)) {
        return -ENOENT;
    }
    struct reader reader = reader_over(value);
    struct governance_row row = {.version = read_u64(&reader)};
    row.text = read_sized(&reader, CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    row.note = read_sized(&reader, CAIRN_NOTE_MAX_BYTES);
    if (!reader_end(&reader)) {
        return -EBADMSG;
    }
    *ret = row;
    return 0;
}

void governance_row_put(struct store_txn *txn, enum governance_document document,
                        const struct governance_row *row)
{
    size_t len = 8 + 4 + row->text.len + 4 + row->note.len;
    struct store_key key = key_governance(document);
    uint8_t *storage = store_reserve(txn, T_GOVERNANCE, store_key_slice(&key), len);
    if (storage == NULL) {
        return;
    }
    struct writer writer = writer_over(storage, len);
    write_u64(&writer, row->version);
    write_sized(&writer, row->text);
    write_sized(&writer, row->note);
    assert(writer_slice(&writer).len == len);
}
