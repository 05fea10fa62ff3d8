/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of what can be destroyed while the journal still replays. */
#include <errno.h>

#include "ledger/internal.h"

/* --- BLOB --- */

int blob_row_get(struct store_txn *txn, uint64_t batch, uint32_t input, struct blob_row *ret)
{
    struct store_key key = key_batch_input(batch, input);
    struct slice value;
    if (!store_get(txn, T_BLOB, store_key_slice(&key), &value)) {
        return -ENOENT;
    }
    struct reader reader = reader_over(value);
    struct blob_row row = {.body = read_sized(&reader, CAIRN_BODY_MAX_BYTES)};
    row.n_grants = read_u8(&reader);
    if (row.n_grants > CAIRN_GRANTS_MAX) {
        return -EBADMSG;
    }
    for (size_t i = 0; i < row.n_grants; i++) {
        row.grants[i].part = (enum part)read_u8(&reader);
        row.grants[i].recipient = read_u32(&reader);
        row.grants[i].key_id = read_u32(&reader);
        read_into(&reader, row.grants[i].sealed, GRANT_BYTES);
    }
    if (!reader_end(&reader)) {
        return -EBADMSG;
    }
    *ret = row;
    return 0;
}

void blob_row_append(struct store_txn *txn, uint64_t batch, uint32_t input,
                     const struct blob_row *row)
{
    assert(row->n_grants <= CAIRN_GRANTS_MAX);
    size_t len = 4 + row->body.len + 1 + row->n_grants * (9 + GRANT_BYTES);
    struct store_key key = key_batch_input(batch, input);
    uint8_t *storage = store_reserve_last(txn, T_BLOB, store_key_slice(&key), len);
    if (storage == NULL) {
        return;
    }
    struct writer writer = writer_over(storage, len);
    write_sized(&writer, row->body);
    write_u8(&writer, (uint8_t)row->n_grants);
    for (size_t i = 0; i < row->n_grants; i++) {
        write_u8(&writer, (uint8_t)row->grants[i].part);
        write_u32(&writer, row->grants[i].recipient);
        write_u32(&writer, row->grants[i].key_id);
        write_bytes(&writer, row->grants[i].sealed, GRANT_BYTES);
    }
    assert(writer_slice(&writer).len == len);
}

void blob_row_delete(struct store_txn *txn, uint64_t batch, uint32_t input)
{
    struct store_key key = key_batch_input(batch, input);
    (void)store_delete(txn, T_BLOB, store_key_slice(&key));
}

/* --- PARCEL --- */

int parcel_row_get(struct store_txn *txn, uint64_t batch, uint32_t input, struct parcel_row *ret)
{
    struct store_key key = key_batch_input(batch, input);
    struct slice value;
    if (!store_get(txn, T_PARCEL, store_key_slice(&key), &value)) {
        return -ENOENT;
    }
    struct reader reader = reader_over(value);
    struct parcel_row row = {.head = read_sized(&reader, CAIRN_HEADER_MAX_BYTES)};
    row.signature = read_bytes(&reader, SIGN_SIGNATURE_BYTES);
    row.n = read_u8(&reader);
    if (row.n > CAIRN_PARCEL_ENTRIES_MAX) {
        return -EBADMSG;
    }
    read_into(&reader, (uint8_t *)row.digests, row.n * sizeof(row.digests[0]));
    if (!reader_end(&reader)) {
        return -EBADMSG;
    }
    *ret = row;
    return 0;
}

void parcel_row_append(struct store_txn *txn, uint64_t batch, uint32_t input,
                       const struct parcel_row *row)
{
    assert(row->n <= CAIRN_PARCEL_ENTRIES_MAX);
    assert(row->signature.len == SIGN_SIGNATURE_BYTES);
    size_t len = 4 + row->head.len + SIGN_SIGNATURE_BYTES + 1 + row->n * CAIRN_HASH_BYTES;
    struct store_key key = key_batch_input(batch, input);
    uint8_t *storage = store_reserve_last(txn, T_PARCEL, store_key_slice(&key), len);
    if (storage == NULL) {
        return;
    }
    struct writer writer = writer_over(storage, len);
    write_sized(&writer, row->head);
    write_slice(&writer, row->signature);
    write_u8(&writer, (uint8_t)row->n);
    write_bytes(&writer, (const uint8_t *)row->digests, row->n * sizeof(row->digests[0]));
    assert(writer_slice(&writer).len == len);
}
