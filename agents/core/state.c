/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/state.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "crypto/digest.h"

#define ROW_KEY_BYTES 32

const char *const agent_table_names[AGENT_TABLE_COUNT] = {
#define X(name, text) [AT_##name] = (text),
    AGENT_TABLES(X)
#undef X
};

static_assert(AGENT_TABLE_COUNT <= STORE_TABLES_MAX, "every table has a place in the store");

void agent_row_key(const struct secret *store_key, struct secret *ret)
{
    hkdf_expand(store_key, slice_of_text("cairn-agent-row/v1"), ROW_KEY_BYTES, ret);
}

int agent_commit(struct store_txn **txn)
{
    int r = store_fault(*txn);
    if (r != 0) {
        store_end(txn);
        return r;
    }
    r = store_commit(txn);
    if (r != 0) {
        log_fatal("commit_failed", "error=\"%s\"", strerror(-r));
    }
    return 0;
}

/* --- references --- */

int reference_new(int64_t now_ms, struct reference *ret)
{
    struct writer writer = writer_over(ret->bytes, sizeof(ret->bytes));
    write_u16(&writer, (uint16_t)((uint64_t)now_ms >> 32));
    write_u32(&writer, (uint32_t)((uint64_t)now_ms & UINT32_MAX));
    return random_bytes(ret->bytes + writer.len, sizeof(ret->bytes) - writer.len);
}

int64_t reference_ms(const struct reference *reference)
{
    struct reader reader = reader_over(SLICE_OF(reference->bytes));
    uint64_t high = read_u16(&reader);
    return (int64_t)(high << 32 | read_u32(&reader));
}

void reference_format(const struct reference *reference, char out[REFERENCE_TEXT_BYTES])
{
    hex_encode(SLICE_OF(reference->bytes), out);
}

bool reference_parse(const char *text, struct reference *ret)
{
    return hex_decode(text, ret->bytes, sizeof(ret->bytes));
}

bool reference_row_get(struct store_txn *txn, enum agent_table table, struct slice key,
                       struct reference *ret)
{
    struct slice value;
    if (!store_get(txn, table, key, &value)) {
        return false;
    }
    if (value.len != sizeof(ret->bytes)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    memcpy(ret->bytes, value.data, value.len);
    return true;
}

/* --- META --- */

bool agent_meta_bytes(struct store_txn *txn, const char *name, struct slice *ret)
{
    return store_get(txn, AT_META, slice_of_text(name), ret);
}

void agent_meta_put_bytes(struct store_txn *txn, const char *name, struct slice value)
{
    store_put(txn, AT_META, slice_of_text(name), value);
}

uint64_t agent_meta_u64(struct store_txn *txn, const char *name, uint64_t fallback)
{
    struct slice value;
    if (!agent_meta_bytes(txn, name, &value)) {
        return fallback;
    }
    struct reader reader = reader_over(value);
    uint64_t number = read_u64(&reader);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
    }
    return number;
}

void agent_meta_put_u64(struct store_txn *txn, const char *name, uint64_t value)
{
    struct store_key number = store_key_u64(value);
    agent_meta_put_bytes(txn, name, store_key_slice(&number));
}

/* --- keys --- */

static struct store_key key_of(const struct writer *writer)
{
    struct store_key key = {.len = writer->len};
    memcpy(key.bytes, writer_slice(writer).data, writer->len);
    return key;
}

static struct store_key key_reference(const struct reference *reference)
{
    struct store_key key = {.len = sizeof(reference->bytes)};
    memcpy(key.bytes, reference->bytes, sizeof(reference->bytes));
    return key;
}

struct store_key agent_key_entry(const struct entry_id *id)
{
    struct store_key key = {.len = ENTRY_ID_BYTES};
    entry_id_pack(id, key.bytes);
    return key;
}

struct store_key agent_key_entry_of(const struct entry_id *id, uint32_t agency)
{
    struct store_key key = agent_key_entry(id);
    struct writer writer = writer_over(key.bytes + key.len, sizeof(key.bytes) - key.len);
    write_u32(&writer, agency);
    key.len += writer.len;
    return key;
}

struct store_key agent_key_settling(int64_t due_ms, const struct reference *reference)
{
    uint8_t storage[8 + REFERENCE_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, (uint64_t)due_ms);
    write_bytes(&writer, reference->bytes, sizeof(reference->bytes));
    return key_of(&writer);
}

struct store_key agent_key_spool(enum lane lane, uint64_t seq)
{
    uint8_t storage[9];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u8(&writer, (uint8_t)lane);
    write_u64(&writer, seq);
    return key_of(&writer);
}

bool agent_key_has_prefix(struct slice key, struct slice prefix)
{
    return key.len >= prefix.len && slice_equal(slice_make(key.data, prefix.len), prefix);
}

/* --- OUT --- */

#define OUT_ROW_BYTES                                                                              \
    (1 + 1 + 1 + 2 + 1 + 4 + CAIRN_HANDLE_BYTES + 8 + 8 + 1 + ENTRY_ID_BYTES + 1 + 2 + 8 + 8 + 1 + \
     4 + CAIRN_HASH_BYTES + STATED_BY_BYTES)

const char *out_state_text(enum out_state state)
{
    switch (state) {
#define X(name, number, text)                                                                      \
    case OUT_##name:                                                                               \
        return (text);
        OUT_STATES(X)
#undef X
    }
    return "unknown";
}

static bool out_unpack(struct slice value, struct out_row *ret)
{
    struct reader reader = reader_over(value);
    uint8_t id[ENTRY_ID_BYTES];
    struct out_row row = {.state = (enum out_state)read_u8(&reader)};
    row.kind = (enum entry_kind)read_u8(&reader);
    row.record_kind = read_u8(&reader);
    row.code = read_u16(&reader);
    row.urgency = (enum urgency)read_u8(&reader);
    row.event_day = read_i32(&reader);
    read_into(&reader, row.handle, sizeof(row.handle));
    row.created_ms = (int64_t)read_u64(&reader);
    row.due_ms = (int64_t)read_u64(&reader);
    row.has_entry = read_u8(&reader) != 0;
    read_into(&reader, id, sizeof(id));
    row.entry = entry_id_unpack(id);
    row.lane = (enum lane)read_u8(&reader);
    row.verdict = read_u16(&reader);
    row.log_index = read_u64(&reader);
    row.answered_ms = (int64_t)read_u64(&reader);
    row.retracted = read_u8(&reader) != 0;
    row.by_uid = read_u32(&reader);
    read_into(&reader, row.item.bytes, sizeof(row.item.bytes));
    read_into(&reader, row.stated_by.bytes, sizeof(row.stated_by.bytes));
    if (!reader_end(&reader)) {
        return false;
    }
    *ret = row;
    return true;
}

bool out_get(struct store_txn *txn, const struct reference *reference, struct out_row *ret)
{
    struct store_key key = key_reference(reference);
    struct slice value;
    if (!store_get(txn, AT_OUT, store_key_slice(&key), &value)) {
        return false;
    }
    if (!out_unpack(value, ret)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

void out_put(struct store_txn *txn, const struct reference *reference, const struct out_row *row)
{
    uint8_t storage[OUT_ROW_BYTES];
    uint8_t id[ENTRY_ID_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    struct store_key key = key_reference(reference);
    entry_id_pack(&row->entry, id);
    write_u8(&writer, (uint8_t)row->state);
    write_u8(&writer, (uint8_t)row->kind);
    write_u8(&writer, (uint8_t)row->record_kind);
    write_u16(&writer, (uint16_t)row->code);
    write_u8(&writer, (uint8_t)row->urgency);
    write_i32(&writer, row->event_day);
    write_bytes(&writer, row->handle, sizeof(row->handle));
    write_u64(&writer, (uint64_t)row->created_ms);
    write_u64(&writer, (uint64_t)row->due_ms);
    write_u8(&writer, row->has_entry ? 1 : 0);
    write_bytes(&writer, id, sizeof(id));
    write_u8(&writer, (uint8_t)row->lane);
    write_u16(&writer, (uint16_t)row->verdict);
    write_u64(&writer, row->log_index);
    write_u64(&writer, (uint64_t)row->answered_ms);
    write_u8(&writer, row->retracted ? 1 : 0);
    write_u32(&writer, row->by_uid);
    write_bytes(&writer, row->item.bytes, sizeof(row->item.bytes));
    write_bytes(&writer, row->stated_by.bytes, sizeof(row->stated_by.bytes));
    assert(writer.len == sizeof(storage));
    store_put(txn, AT_OUT, store_key_slice(&key), writer_slice(&writer));
    if (row->has_entry) {
        struct store_key entry = agent_key_entry(&row->entry);
        store_put(txn, AT_OUT_ENTRY, store_key_slice(&entry), store_key_slice(&key));
    }
}

void out_forget_entry(struct store_txn *txn, const struct entry_id *entry)
{
    struct store_key key = agent_key_entry(entry);
    (void)store_delete(txn, AT_OUT_ENTRY, store_key_slice(&key));
}

bool out_by_entry(struct store_txn *txn, const struct entry_id *entry, struct reference *ret)
{
    struct store_key key = agent_key_entry(entry);
    return reference_row_get(txn, AT_OUT_ENTRY, store_key_slice(&key), ret);
}

/* --- COUNT --- */

static struct store_key key_count(int32_t day, const char *name)
{
    uint8_t storage[4 + COUNT_NAME_MAX_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_i32(&writer, day);
    write_text(&writer, name);
    return key_of(&writer);
}

uint64_t count_get(struct store_txn *txn, int32_t day, const char *name)
{
    struct store_key key = key_count(day, name);
    struct slice value;
    if (!store_get(txn, AT_COUNT, store_key_slice(&key), &value)) {
        return 0;
    }
    struct reader reader = reader_over(value);
    uint64_t count = read_u64(&reader);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
    }
    return count;
}

void count_add(struct store_txn *txn, int32_t day, const char *name, uint64_t n)
{
    struct store_key key = key_count(day, name);
    struct store_key count = store_key_u64(count_get(txn, day, name) + n);
    store_put(txn, AT_COUNT, store_key_slice(&key), store_key_slice(&count));
}

static void count_walk_read(struct count_walk *walk)
{
    struct reader key = reader_over(walk->rows.live ? walk->rows.key : SLICE_NULL);
    struct writer name = writer_over(walk->name, sizeof(walk->name) - 1);
    walk->rows.live = walk->rows.live && read_i32(&key) == walk->day;
    if (walk->rows.live) {
        struct reader value = reader_over(walk->rows.value);
        write_slice(&name, read_bytes(&key, key.left));
        walk->name[name.len] = '\0';
        walk->count = read_u64(&value);
    }
}

struct count_walk count_walk_from(struct store_txn *txn, int32_t day)
{
    uint8_t storage[4];
    struct writer prefix = writer_over(storage, sizeof(storage));
    write_i32(&prefix, day);
    struct count_walk walk = {.rows = store_walk_from(txn, AT_COUNT, writer_slice(&prefix)),
                              .day = day};
    count_walk_read(&walk);
    return walk;
}

void count_walk_next(struct count_walk *walk)
{
    store_walk_next(&walk->rows);
    count_walk_read(walk);
}
