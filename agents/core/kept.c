/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/kept.h"

#include <errno.h>
#include <string.h>

#define OWN_BYTES (CAIRN_HANDLE_BYTES + 8 + REFERENCE_BYTES)

/* --- KEYS --- */

static void put_keys(struct store_txn *txn, const struct entry_id *id,
                     const struct spool_entry *entry)
{
    uint8_t storage[4 + CAIRN_HEADER_MAX_BYTES + SPOOL_WRAP_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    struct store_key key = agent_key_entry(id);
    assert(entry->keys.len == SPOOL_WRAP_BYTES);
    write_sized(&writer, entry->header);
    write_slice(&writer, entry->keys);
    assert(writer_ok(&writer));
    store_put(txn, AT_KEYS, store_key_slice(&key), writer_slice(&writer));
}

bool kept_get(struct store_txn *txn, const struct entry_id *entry, struct kept *ret)
{
    struct store_key key = agent_key_entry(entry);
    struct slice value;
    if (!store_get(txn, AT_KEYS, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    struct kept kept = {.header = read_sized(&reader, CAIRN_HEADER_MAX_BYTES)};
    kept.keys = read_bytes(&reader, SPOOL_WRAP_BYTES);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    *ret = kept;
    return true;
}

/* --- OWN --- */

void kept_add(struct store_txn *txn, const struct spool_entry *entry, const struct out_row *out)
{
    struct store_key key = {.len = OWN_BYTES};
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    assert(entry->kind == ENTRY_RECORD || entry->kind == ENTRY_INVOLVEMENT);
    write_bytes(&writer, out->handle, CAIRN_HANDLE_BYTES);
    write_u64(&writer, (uint64_t)entry->created_ms);
    write_bytes(&writer, entry->reference.bytes, sizeof(entry->reference.bytes));
    put_keys(txn, &out->entry, entry);
    store_put(txn, AT_OWN, store_key_slice(&key), SLICE_NULL);
}

void kept_rename(struct store_txn *txn, const struct entry_id *from, const struct entry_id *to,
                 const struct spool_entry *entry)
{
    struct store_key key = agent_key_entry(from);
    if (store_delete(txn, AT_KEYS, store_key_slice(&key))) {
        put_keys(txn, to, entry);
    }
}

void kept_each(struct store_txn *txn, const uint8_t handle[CAIRN_HANDLE_BYTES],
               bool (*each)(void *data, const struct reference *reference), void *data)
{
    struct store_key last = {.len = OWN_BYTES};
    struct slice prefix = slice_make(handle, CAIRN_HANDLE_BYTES);
    memset(last.bytes, 0xff, sizeof(last.bytes));
    memcpy(last.bytes, handle, CAIRN_HANDLE_BYTES);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_last(txn, AT_OWN, store_key_slice(&last));
    for (; walk.live && agent_key_has_prefix(walk.key, prefix); store_walk_prev(&walk)) {
        struct reference reference;
        if (walk.key.len != OWN_BYTES) {
            store_fail(txn, -EBADMSG);
            return;
        }
        memcpy(reference.bytes, walk.key.data + OWN_BYTES - REFERENCE_BYTES, REFERENCE_BYTES);
        if (!each(data, &reference)) {
            return;
        }
    }
}
