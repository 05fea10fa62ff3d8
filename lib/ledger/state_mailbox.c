/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of what an agency is told, and of what it was told. */
#include "ledger/internal.h"

/* --- MAILBOX --- */

static size_t mailbox_row_bytes(const struct mailbox_row *row)
{
    switch (row->kind) {
    case ITEM_DELIVERED:
    case ITEM_RELEASE:
        return 9 + ENTRY_ID_BYTES + 2 + 8;
    case ITEM_NOTICE:
        return 9 + ENTRY_ID_BYTES + row->notice.len;
    case ITEM_WITHHELD:
        break;
    }
    return 9;
}

void mailbox_row_put(struct store_txn *txn, uint32_t agency, uint64_t position,
                     const struct mailbox_row *row)
{
    size_t len = mailbox_row_bytes(row);
    struct store_key key = key_mailbox(agency, position);
    uint8_t *storage = store_reserve(txn, T_MAILBOX, store_key_slice(&key), len);
    if (storage == NULL) {
        return; /* the transaction has a fault, and says so when it is committed */
    }
    struct writer writer = writer_over(storage, len);
    write_u8(&writer, (uint8_t)row->kind);
    write_u64(&writer, row->told);
    if (row->kind != ITEM_WITHHELD) {
        write_entry_id(&writer, &row->entry);
    }
    if (row->kind == ITEM_NOTICE) {
        write_slice(&writer, row->notice);
    } else if (row->kind != ITEM_WITHHELD) {
        write_u8(&writer, row->parts);
        write_u8(&writer, row->flags);
        write_u64(&writer, row->alert);
    }
    assert(writer_slice(&writer).len == len);
}

bool mailbox_row_unpack(struct slice value, struct mailbox_row *ret)
{
    struct reader reader = reader_over(value);
    struct mailbox_row row = {.kind = (enum item_kind)read_u8(&reader)};
    row.told = read_u64(&reader);
    if (row.kind != ITEM_WITHHELD) {
        row.entry = read_entry_id(&reader);
    }
    if (row.kind == ITEM_NOTICE) {
        row.notice = read_bytes(&reader, reader.left);
    } else if (row.kind != ITEM_WITHHELD) {
        row.parts = read_u8(&reader);
        row.flags = read_u8(&reader);
        row.alert = read_u64(&reader);
    }
    if (!reader_end(&reader)) {
        return false;
    }
    *ret = row;
    return true;
}

/* --- READER --- */

bool reader_row_get(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                    struct reader_row *ret)
{
    struct store_key key = key_reader(id, agency);
    struct slice value;
    if (!store_get(txn, T_READER, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    ret->parts = read_u8(&reader);
    ret->opened = read_u8(&reader) != 0;
    ret->by_name = read_u8(&reader) != 0;
    ret->own = read_u8(&reader);
    ret->passed_on = read_u8(&reader) != 0;
    ret->position = read_u64(&reader);
    ret->tellings = read_u32(&reader);
    for (size_t i = 0; i < CAIRN_PARTS; i++) {
        ret->of_part[i] = read_u32(&reader);
    }
    assert(reader_end(&reader));
    return true;
}

void reader_row_put(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                    const struct reader_row *row)
{
    uint8_t storage[17 + 4 * CAIRN_PARTS];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u8(&writer, row->parts);
    write_u8(&writer, row->opened ? 1 : 0);
    write_u8(&writer, row->by_name ? 1 : 0);
    write_u8(&writer, row->own);
    write_u8(&writer, row->passed_on ? 1 : 0);
    write_u64(&writer, row->position);
    write_u32(&writer, row->tellings);
    for (size_t i = 0; i < CAIRN_PARTS; i++) {
        write_u32(&writer, row->of_part[i]);
    }
    struct store_key key = key_reader(id, agency);
    store_put(txn, T_READER, store_key_slice(&key), writer_slice(&writer));
}

/* --- WITHHELD --- */

bool withheld_row_get(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                      struct withheld_row *ret)
{
    struct store_key key = key_reader(id, agency);
    struct slice value;
    if (!store_get(txn, T_WITHHELD, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    ret->position = read_u64(&reader);
    ret->agreements = read_u64(&reader);
    assert(reader_end(&reader));
    return true;
}

void withheld_row_put(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                      const struct withheld_row *row)
{
    uint8_t storage[16];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, row->position);
    write_u64(&writer, row->agreements);
    struct store_key key = key_reader(id, agency);
    store_put(txn, T_WITHHELD, store_key_slice(&key), writer_slice(&writer));
}

/* --- HEADLINE --- */

bool headline_row_get(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                      struct headline_row *ret)
{
    struct store_key key = key_reader(id, agency);
    struct slice value;
    if (!store_get(txn, T_HEADLINE, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    ret->position = read_u64(&reader);
    assert(reader_end(&reader));
    return true;
}

void headline_row_put(struct store_txn *txn, const struct entry_id *id, uint32_t agency,
                      const struct headline_row *row)
{
    uint8_t storage[8];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, row->position);
    struct store_key key = key_reader(id, agency);
    store_put(txn, T_HEADLINE, store_key_slice(&key), writer_slice(&writer));
}
