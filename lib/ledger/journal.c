/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/journal.h"

#include <string.h>

#include "crypto/digest.h"

void journal_begin(const struct batch_head *head, struct buf *out)
{
    uint8_t storage[BATCH_HEAD_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u8(&writer, 1);
    write_u16(&writer, head->apply_version);
    write_u64(&writer, (uint64_t)head->time_ms);
    write_bytes(&writer, head->salt, sizeof(head->salt));
    write_u32(&writer, head->inputs);
    buf_reset(out);
    buf_add_slice(out, writer_slice(&writer));
}

static void write_entry_input(const struct entry_input *entry, struct writer *writer)
{
    uint8_t id[ENTRY_ID_BYTES];
    entry_id_pack(&entry->id, id);
    write_u16(writer, (uint16_t)entry->verdict);
    write_u8(writer, (uint8_t)entry->kind);
    write_u8(writer, (uint8_t)entry->lane);
    write_bytes(writer, id, sizeof(id));
    write_u32(writer, entry->key_id);
    write_u32(writer, entry->sender);
    write_u64(writer, entry->agreements_version);
    write_u64(writer, entry->directory_version);
    write_bytes(writer, entry->item.bytes, CAIRN_HASH_BYTES);
    write_bytes(writer, entry->grants_digest.bytes, CAIRN_HASH_BYTES);
    write_u32(writer, entry->parcel);
    write_u8(writer, (uint8_t)entry->index);
    write_u8(writer, (uint8_t)entry->n_grants);
    for (size_t i = 0; i < entry->n_grants; i++) {
        write_u8(writer, (uint8_t)entry->grants[i].part);
        write_u32(writer, entry->grants[i].recipient);
        write_u32(writer, entry->grants[i].key_id);
    }
    write_u8(writer, (uint8_t)entry->n_tokens);
    write_bytes(writer, entry->tokens, entry->n_tokens * 32);
    write_sized(writer, entry->header);
}

static size_t input_size(const struct input *input)
{
    switch (input->type) {
    case INPUT_ENTRY:
        return 256 + input->entry.n_grants * 9 + input->entry.n_tokens * 32 +
               input->entry.header.len;
    case INPUT_GOVERNANCE:
        return 16 + input->governance.text.len + input->governance.note.len;
    case INPUT_REFUSED:
    case INPUT_START:
    case INPUT_TICK:
    case INPUT_CONTINUE:
    case INPUT_RETENTION:
        return 64;
    }
    return 0;
}

uint32_t journal_add(const struct input *input, struct buf *out)
{
    size_t offset = out->len;
    size_t room = 4 + input_size(input);
    uint8_t *storage = buf_extend(out, room);
    assert(storage != NULL); /* commit bounds a batch well below the buffer's ceiling */
    struct writer writer = writer_over(storage, room);
    write_u32(&writer, 0);
    write_u8(&writer, (uint8_t)input->type);
    switch (input->type) {
    case INPUT_ENTRY:
        write_entry_input(&input->entry, &writer);
        break;
    case INPUT_GOVERNANCE:
        write_u8(&writer, (uint8_t)input->governance.document);
        write_sized(&writer, input->governance.text);
        write_sized(&writer, input->governance.note);
        break;
    case INPUT_REFUSED:
        write_u32(&writer, input->refused.agency);
        write_u64(&writer, input->refused.hour);
        write_u32(&writer, input->refused.frames);
        break;
    case INPUT_START:
        write_bytes(&writer, input->software.bytes, CAIRN_HASH_BYTES);
        break;
    case INPUT_TICK:
    case INPUT_CONTINUE:
    case INPUT_RETENTION:
        break;
    }
    size_t len = writer_slice(&writer).len;
    struct writer length = writer_over(storage, 4);
    write_u32(&length, (uint32_t)(len - 4));
    out->len = offset + len;
    return (uint32_t)offset;
}

void journal_end(uint32_t inputs, struct buf *out)
{
    assert(buf_ok(out) && out->len >= BATCH_HEAD_BYTES);
    struct writer writer = writer_over(out->data + BATCH_HEAD_BYTES - 4, 4);
    write_u32(&writer, inputs);
}

bool journal_head_read(struct slice row, struct batch_head *ret)
{
    struct reader reader = reader_over(row);
    if (read_u8(&reader) != 1) {
        return false;
    }
    ret->apply_version = read_u16(&reader);
    ret->time_ms = (int64_t)read_u64(&reader);
    read_into(&reader, ret->salt, sizeof(ret->salt));
    ret->inputs = read_u32(&reader);
    return reader_ok(&reader);
}

/* --- what the log commits to --- */

void journal_before(const struct hash *earlier, struct slice row, struct hash *ret)
{
    struct hash digest;
    sha256(row, digest.bytes);
    const struct slice parts[] = {slice_of_text("cairn-before/v1\n"), SLICE_OF(earlier->bytes),
                                  SLICE_OF(digest.bytes)};
    sha256_many(parts, ARRAY_LEN(parts), ret->bytes);
}

void journal_follow(struct store_txn *txn, uint64_t batch, struct hash *ret)
{
    const struct slice key = slice_of_text("before");
    struct store_key last = store_key_u64(batch - 1);
    struct hash earlier = {.bytes = {0}};
    struct slice kept;
    struct slice row;
    if (store_get(txn, T_META, key, &kept) && kept.len == sizeof(earlier.bytes)) {
        memcpy(earlier.bytes, kept.data, sizeof(earlier.bytes));
    }
    *ret = earlier;
    if (store_get(txn, T_JOURNAL, store_key_slice(&last), &row)) {
        journal_before(&earlier, row, ret);
        store_put(txn, T_META, key, SLICE_OF(ret->bytes));
    }
}

void journal_said_head(const struct hash *before, struct slice row, struct hash *ret)
{
    assert(row.len >= BATCH_HEAD_BYTES);
    const struct slice parts[] = {slice_of_text("cairn-journal/v1\n"), SLICE_OF(before->bytes),
                                  slice_make(row.data, BATCH_HEAD_BYTES - 4)};
    sha256_many(parts, ARRAY_LEN(parts), ret->bytes);
}

void journal_said_input(struct hash *said, struct slice row, size_t at, size_t end)
{
    assert(at <= end && end <= row.len);
    const struct slice parts[] = {slice_of_text("cairn-input/v1\n"), SLICE_OF(said->bytes),
                                  slice_make(row.data + at, end - at)};
    struct hash next;
    sha256_many(parts, ARRAY_LEN(parts), next.bytes);
    *said = next;
}

void journal_salt(const struct hash *said, uint64_t index, uint8_t ret[LEAF_SALT_BYTES])
{
    uint8_t number[8];
    uint8_t salt[CAIRN_HASH_BYTES];
    struct writer writer = writer_over(number, sizeof(number));
    write_u64(&writer, index);
    const struct slice parts[] = {slice_of_text("cairn-salt/v1\n"), SLICE_OF(said->bytes),
                                  SLICE_OF(number)};
    sha256_many(parts, ARRAY_LEN(parts), salt);
    memcpy(ret, salt, LEAF_SALT_BYTES);
}

/* --- reading --- */

static bool read_entry_input(struct reader *reader, struct entry_input *ret)
{
    uint8_t id[ENTRY_ID_BYTES];
    ret->verdict = (enum verdict)read_u16(reader);
    ret->kind = (enum entry_kind)read_u8(reader);
    ret->lane = (enum lane)read_u8(reader);
    read_into(reader, id, sizeof(id));
    ret->id = entry_id_unpack(id);
    ret->key_id = read_u32(reader);
    ret->sender = read_u32(reader);
    ret->agreements_version = read_u64(reader);
    ret->directory_version = read_u64(reader);
    read_into(reader, ret->item.bytes, CAIRN_HASH_BYTES);
    read_into(reader, ret->grants_digest.bytes, CAIRN_HASH_BYTES);
    ret->parcel = read_u32(reader);
    ret->index = read_u8(reader);
    ret->n_grants = read_u8(reader);
    if (ret->n_grants > CAIRN_GRANTS_MAX) {
        return false;
    }
    for (size_t i = 0; i < ret->n_grants; i++) {
        ret->grants[i].part = (enum part)read_u8(reader);
        ret->grants[i].recipient = read_u32(reader);
        ret->grants[i].key_id = read_u32(reader);
    }
    ret->n_tokens = read_u8(reader);
    if (ret->n_tokens > CAIRN_TOKENS_MAX) {
        return false;
    }
    read_into(reader, ret->tokens, ret->n_tokens * 32);
    ret->header = read_sized(reader, CAIRN_HEADER_MAX_BYTES);
    return reader_end(reader);
}

static bool read_input(struct slice bytes, struct input *ret)
{
    struct reader reader = reader_over(bytes);
    ret->type = (enum input_type)read_u8(&reader);
    switch (ret->type) {
    case INPUT_ENTRY:
        return read_entry_input(&reader, &ret->entry);
    case INPUT_GOVERNANCE:
        ret->governance.document = (enum governance_document)read_u8(&reader);
        ret->governance.text = read_sized(&reader, CAIRN_GOVERNANCE_DOC_MAX_BYTES);
        ret->governance.note = read_sized(&reader, CAIRN_NOTE_MAX_BYTES);
        return reader_end(&reader);
    case INPUT_REFUSED:
        ret->refused.agency = read_u32(&reader);
        ret->refused.hour = read_u64(&reader);
        ret->refused.frames = read_u32(&reader);
        return reader_end(&reader);
    case INPUT_START:
        read_into(&reader, ret->software.bytes, CAIRN_HASH_BYTES);
        return reader_end(&reader);
    case INPUT_TICK:
    case INPUT_CONTINUE:
    case INPUT_RETENTION:
        return reader_end(&reader);
    }
    return false;
}

bool journal_next(struct slice row, size_t *at, struct input *ret)
{
    if (*at >= row.len) {
        return false;
    }
    struct reader reader = reader_over(slice_make(row.data + *at, row.len - *at));
    struct slice bytes = read_sized(&reader, row.len);
    if (!reader_ok(&reader) || !read_input(bytes, ret)) {
        *at = SIZE_MAX;
        return false;
    }
    *at += 4 + bytes.len;
    return true;
}

bool journal_entry_at(struct store_txn *txn, uint64_t batch, uint32_t offset,
                      struct entry_input *ret)
{
    struct store_key key = store_key_u64(batch);
    struct slice row;
    struct input input;
    size_t at = offset;
    if (!store_get(txn, T_JOURNAL, store_key_slice(&key), &row) ||
        !journal_next(row, &at, &input) || input.type != INPUT_ENTRY) {
        return false;
    }
    *ret = input.entry;
    return true;
}
