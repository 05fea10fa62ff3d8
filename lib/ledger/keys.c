/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ledger/internal.h"

static struct store_key key_done(struct store_key *key, const struct writer *writer)
{
    key->len = writer_slice(writer).len;
    return *key;
}

struct store_key key_entry(const struct entry_id *id)
{
    struct store_key key = {.len = ENTRY_ID_BYTES};
    entry_id_pack(id, key.bytes);
    return key;
}

struct store_key key_stream(uint32_t agency, uint64_t stream)
{
    struct store_key key;
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u32(&writer, agency);
    write_u64(&writer, stream);
    return key_done(&key, &writer);
}

struct store_key key_subject(const struct subject_id *subject)
{
    struct store_key key = {.len = SUBJECT_ID_BYTES};
    subject_id_pack(subject, key.bytes);
    return key;
}

struct store_key key_token_prefix(enum token_class class, const uint8_t stored[32])
{
    struct store_key key;
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u8(&writer, (uint8_t) class);
    write_bytes(&writer, stored, 32);
    return key_done(&key, &writer);
}

struct store_key key_token(enum token_class class, const uint8_t stored[32],
                           const struct subject_id *subject)
{
    struct store_key key;
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u8(&writer, (uint8_t) class);
    write_bytes(&writer, stored, 32);
    write_subject(&writer, subject);
    return key_done(&key, &writer);
}

struct store_key key_member(uint64_t child, const struct subject_id *subject)
{
    struct store_key key;
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u64(&writer, child);
    write_subject(&writer, subject);
    return key_done(&key, &writer);
}

struct store_key key_members_of(uint64_t child, uint32_t agency)
{
    struct store_key key;
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u64(&writer, child);
    write_u32(&writer, agency);
    return key_done(&key, &writer);
}

struct store_key key_pair(const struct subject_id *subject, const struct subject_id *other)
{
    struct store_key key;
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_subject(&writer, subject);
    write_subject(&writer, other);
    return key_done(&key, &writer);
}

struct store_key key_involvement(const struct subject_id *subject, enum role role)
{
    struct store_key key;
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_subject(&writer, subject);
    write_u8(&writer, (uint8_t)role);
    return key_done(&key, &writer);
}

struct store_key key_chronology(uint64_t child, int32_t day, uint64_t log_index)
{
    struct store_key key;
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u64(&writer, child);
    write_i32(&writer, day);
    write_u64(&writer, log_index);
    return key_done(&key, &writer);
}

struct store_key key_mailbox(uint32_t agency, uint64_t position)
{
    struct store_key key;
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u32(&writer, agency);
    write_u64(&writer, position);
    return key_done(&key, &writer);
}

struct store_key key_reader(const struct entry_id *id, uint32_t agency)
{
    struct store_key key;
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_entry_id(&writer, id);
    write_u32(&writer, agency);
    return key_done(&key, &writer);
}

struct store_key key_agency(uint32_t agency)
{
    struct store_key key;
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u32(&writer, agency);
    return key_done(&key, &writer);
}

struct store_key key_batch_input(uint64_t batch, uint32_t input)
{
    struct store_key key;
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_u64(&writer, batch);
    write_u32(&writer, input);
    return key_done(&key, &writer);
}

struct store_key key_governance(enum governance_document document)
{
    return (struct store_key){.bytes = {(uint8_t)document}, .len = 1};
}

bool key_has_prefix(struct slice key, const struct store_key *prefix)
{
    return key.len >= prefix->len && memcmp(key.data, prefix->bytes, prefix->len) == 0;
}
