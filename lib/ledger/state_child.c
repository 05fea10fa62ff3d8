/* SPDX-License-Identifier: Apache-2.0 */
/* Rows about who is one child, and who is about it. */
#include "ledger/internal.h"

/* --- SUBJECT --- */

bool subject_row_get(struct store_txn *txn, const struct subject_id *subject,
                     struct subject_row *ret)
{
    struct store_key key = key_subject(subject);
    struct slice value;
    if (!store_get(txn, T_SUBJECT, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    struct subject_row row = {.child = read_u64(&reader)};
    row.link = (enum link)read_u8(&reader);
    row.epoch = read_u32(&reader);
    row.statement = read_u64(&reader);
    row.revision = read_u64(&reader);
    row.person = read_u8(&reader) != 0;
    row.n_tokens = read_u8(&reader);
    assert(row.n_tokens <= CAIRN_TOKENS_MAX);
    for (size_t i = 0; i < row.n_tokens; i++) {
        row.tokens[i].class = (enum token_class)read_u8(&reader);
        row.tokens[i].status = (enum identifier_status)read_u8(&reader);
        read_into(&reader, row.tokens[i].stored, 32);
    }
    assert(reader_end(&reader));
    *ret = row;
    return true;
}

void subject_row_put(struct store_txn *txn, const struct subject_id *subject,
                     const struct subject_row *row)
{
    uint8_t storage[SUBJECT_ROW_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, row->child);
    write_u8(&writer, (uint8_t)row->link);
    write_u32(&writer, row->epoch);
    write_u64(&writer, row->statement);
    write_u64(&writer, row->revision);
    write_u8(&writer, row->person ? 1 : 0);
    write_u8(&writer, (uint8_t)row->n_tokens);
    for (size_t i = 0; i < row->n_tokens; i++) {
        write_u8(&writer, (uint8_t)row->tokens[i].class);
        write_u8(&writer, (uint8_t)row->tokens[i].status);
        write_bytes(&writer, row->tokens[i].stored, 32);
    }
    struct store_key key = key_subject(subject);
    store_put(txn, T_SUBJECT, store_key_slice(&key), writer_slice(&writer));
}

/* --- PAIR --- */

enum pair pair_get(struct store_txn *txn, const struct subject_id *subject,
                   const struct subject_id *other)
{
    struct store_key key = key_pair(subject, other);
    struct slice value;
    if (!store_get(txn, T_PAIR, store_key_slice(&key), &value)) {
        return PAIR_UNKNOWN;
    }
    assert(value.len == 1);
    return (enum pair)value.data[0];
}

static void pair_put_one(struct store_txn *txn, const struct store_key *key, enum pair pair)
{
    uint8_t value = (uint8_t)pair;
    if (pair == PAIR_UNKNOWN) {
        (void)store_delete(txn, T_PAIR, store_key_slice(key));
    } else {
        store_put(txn, T_PAIR, store_key_slice(key), slice_make(&value, 1));
    }
}

void pair_put(struct store_txn *txn, const struct subject_id *subject,
              const struct subject_id *other, enum pair pair)
{
    struct store_key there = key_pair(subject, other);
    struct store_key back = key_pair(other, subject);
    pair_put_one(txn, &there, pair);
    pair_put_one(txn, &back, pair);
}

/* --- ALIKE --- */

bool alike_row_get(struct store_txn *txn, uint64_t child)
{
    struct store_key key = store_key_u64(child);
    struct slice ignored;
    return store_get(txn, T_ALIKE, store_key_slice(&key), &ignored);
}

void alike_row_put(struct store_txn *txn, uint64_t child)
{
    struct store_key key = store_key_u64(child);
    if (!alike_row_get(txn, child)) {
        store_put(txn, T_ALIKE, store_key_slice(&key), SLICE_NULL);
    }
}

void alike_row_delete(struct store_txn *txn, uint64_t child)
{
    struct store_key key = store_key_u64(child);
    (void)store_delete(txn, T_ALIKE, store_key_slice(&key));
}

/* --- INVOLVEMENT --- */

void involvement_row_put(struct store_txn *txn, const struct subject_id *subject, enum role role,
                         const struct involvement_row *row)
{
    uint8_t storage[16 + ENTRY_ID_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_i32(&writer, row->from_day);
    write_i32(&writer, row->until_day);
    write_u64(&writer, row->log_index);
    write_entry_id(&writer, &row->entry);
    struct store_key key = key_involvement(subject, role);
    store_put(txn, T_INVOLVEMENT, store_key_slice(&key), writer_slice(&writer));
}

bool involvement_row_unpack(struct slice value, struct involvement_row *ret)
{
    struct reader reader = reader_over(value);
    struct involvement_row row = {.from_day = read_i32(&reader)};
    row.until_day = read_i32(&reader);
    row.log_index = read_u64(&reader);
    row.entry = read_entry_id(&reader);
    if (!reader_end(&reader)) {
        return false;
    }
    *ret = row;
    return true;
}

bool involvement_row_get(struct store_txn *txn, const struct subject_id *subject, enum role role,
                         struct involvement_row *ret)
{
    struct store_key key = key_involvement(subject, role);
    struct slice value;
    if (!store_get(txn, T_INVOLVEMENT, store_key_slice(&key), &value)) {
        return false;
    }
    bool good = involvement_row_unpack(value, ret);
    assert(good);
    return true;
}

/* --- TIE, TIED --- */

bool tie_row_unpack(struct slice value, struct tie_row *ret)
{
    struct reader reader = reader_over(value);
    struct tie_row row = {.relationship = (enum relationship)read_u8(&reader)};
    row.until_day = read_i32(&reader);
    row.log_index = read_u64(&reader);
    row.entry = read_entry_id(&reader);
    if (!reader_end(&reader)) {
        return false;
    }
    *ret = row;
    return true;
}

bool tie_row_get(struct store_txn *txn, const struct subject_id *child,
                 const struct subject_id *person, struct tie_row *ret)
{
    struct store_key key = key_pair(child, person);
    struct slice value;
    if (!store_get(txn, T_TIE, store_key_slice(&key), &value)) {
        return false;
    }
    bool good = tie_row_unpack(value, ret);
    assert(good);
    return true;
}

void tie_row_put(struct store_txn *txn, const struct subject_id *child,
                 const struct subject_id *person, const struct tie_row *row)
{
    static const uint8_t there = 1;
    uint8_t storage[13 + ENTRY_ID_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u8(&writer, (uint8_t)row->relationship);
    write_i32(&writer, row->until_day);
    write_u64(&writer, row->log_index);
    write_entry_id(&writer, &row->entry);
    struct store_key key = key_pair(child, person);
    struct store_key back = key_pair(person, child);
    store_put(txn, T_TIE, store_key_slice(&key), writer_slice(&writer));
    store_put(txn, T_TIED, store_key_slice(&back), slice_make(&there, 1));
}

void tie_row_delete(struct store_txn *txn, const struct subject_id *child,
                    const struct subject_id *person)
{
    struct store_key key = key_pair(child, person);
    struct store_key back = key_pair(person, child);
    (void)store_delete(txn, T_TIE, store_key_slice(&key));
    (void)store_delete(txn, T_TIED, store_key_slice(&back));
}
