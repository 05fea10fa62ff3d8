/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/circle.h"

#include <errno.h>
#include <string.h>

#define KEY_BYTES (CAIRN_HANDLE_BYTES + 4 + 1)
#define ROW_BYTES (4 + 4 + ENTRY_ID_BYTES + 8 + 1)

static bool holds(const struct circle_member *member, int32_t day)
{
    return member->from_day <= day && day < member->until_day;
}

/* --- rows --- */

static struct store_key key_of(const uint8_t handle[CAIRN_HANDLE_BYTES], uint32_t agency,
                               enum role role)
{
    struct store_key key = {.len = KEY_BYTES};
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));
    write_bytes(&writer, handle, CAIRN_HANDLE_BYTES);
    write_u32(&writer, agency);
    write_u8(&writer, (uint8_t)role);
    return key;
}

static bool unpack(struct slice key, struct slice value, struct circle_member *ret)
{
    uint8_t id[ENTRY_ID_BYTES];
    uint8_t handle[CAIRN_HANDLE_BYTES];
    struct reader place = reader_over(key);
    struct reader reader = reader_over(value);
    read_into(&place, handle, sizeof(handle));
    struct circle_member member = {.agency = read_u32(&place)};
    member.role = (enum role)read_u8(&place);
    member.from_day = read_i32(&reader);
    member.until_day = read_i32(&reader);
    read_into(&reader, id, sizeof(id));
    member.entry = entry_id_unpack(id);
    member.position = read_u64(&reader);
    member.by_name = read_u8(&reader) != 0;
    if (!reader_end(&place) || !reader_end(&reader)) {
        return false;
    }
    *ret = member;
    return true;
}

/* A broker that delivers an old statement again must not undo a newer one. */
static bool is_older(const struct circle_member *member, const struct circle_member *held)
{
    return member->entry.stream == held->entry.stream && member->entry.seq < held->entry.seq;
}

void circle_put(struct store_txn *txn, const uint8_t handle[CAIRN_HANDLE_BYTES],
                const struct circle_member *member)
{
    struct store_key key = key_of(handle, member->agency, member->role);
    struct circle_member held;
    struct slice value;
    uint8_t storage[ROW_BYTES];
    uint8_t id[ENTRY_ID_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    if (store_get(txn, AT_CIRCLE, store_key_slice(&key), &value)) {
        if (!unpack(store_key_slice(&key), value, &held)) {
            store_fail(txn, -EBADMSG);
            return;
        }
        if (is_older(member, &held)) {
            return;
        }
    }
    entry_id_pack(&member->entry, id);
    write_i32(&writer, member->from_day);
    write_i32(&writer, member->until_day);
    write_bytes(&writer, id, sizeof(id));
    write_u64(&writer, member->position);
    write_u8(&writer, member->by_name ? 1 : 0);
    assert(writer.len == sizeof(storage));
    store_put(txn, AT_CIRCLE, store_key_slice(&key), writer_slice(&writer));
}

/* --- who --- */

size_t circle_list(struct store_txn *txn, const uint8_t handle[CAIRN_HANDLE_BYTES], int32_t day,
                   struct circle_member *ret, size_t max)
{
    struct slice prefix = slice_make(handle, CAIRN_HANDLE_BYTES);
    size_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, AT_CIRCLE, prefix);
    for (; walk.live && agent_key_has_prefix(walk.key, prefix) && n < max; store_walk_next(&walk)) {
        if (!unpack(walk.key, walk.value, &ret[n])) {
            store_fail(txn, -EBADMSG);
            return 0;
        }
        n += holds(&ret[n], day) ? 1 : 0;
    }
    return n;
}

struct circle_standing circle_standing(struct store_txn *txn,
                                       const uint8_t handle[CAIRN_HANDLE_BYTES], uint32_t agency,
                                       int32_t day)
{
    struct circle_standing standing = {.roles = 0};
    for (uint32_t role = 1; role <= ROLES; role++) {
        struct store_key key = key_of(handle, agency, (enum role)role);
        struct circle_member member;
        struct slice value;
        if (!store_get(txn, AT_CIRCLE, store_key_slice(&key), &value)) {
            continue;
        }
        if (!unpack(store_key_slice(&key), value, &member)) {
            store_fail(txn, -EBADMSG);
            return (struct circle_standing){.roles = 0};
        }
        if (holds(&member, day)) {
            standing.roles |= ROLE_BIT(role);
            standing.by_name = standing.by_name || member.by_name;
        }
    }
    return standing;
}

/* --- beside what is sent --- */

/* Of one agency, which may stand in the list once for each role, one after the other. */
static void add_reader(struct spool_reader *readers, size_t *n, const struct circle_member *member)
{
    if (*n == 0 || readers[*n - 1].agency != member->agency) {
        readers[(*n)++] = (struct spool_reader){.agency = member->agency};
    }
    readers[*n - 1].roles |= ROLE_BIT(member->role);
    readers[*n - 1].by_name = readers[*n - 1].by_name || member->by_name;
}

static bool fill(struct store_txn *txn, int32_t day, const uint8_t handle[CAIRN_HANDLE_BYTES],
                 struct arena *arena, struct spool_entry *entry)
{
    struct circle_member members[CAIRN_MEMBERS_MAX];
    size_t n = circle_list(txn, handle, day, members, ARRAY_LEN(members));
    entry->n_circle = 0;
    entry->circle = NULL;
    if (n == 0) {
        return true;
    }
    struct spool_reader *readers = arena_alloc(arena, n * sizeof(*readers));
    if (readers == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        add_reader(readers, &entry->n_circle, &members[i]);
    }
    entry->circle = readers;
    return true;
}

static bool fill_grant(struct store_txn *txn, int32_t day, const struct grant_header *header,
                       struct arena *arena, struct spool_entry *entry)
{
    struct reference reference;
    struct out_row row;
    entry->granted = ENTRY_RECORD;
    if (!out_by_entry(txn, &header->record, &reference) || !out_get(txn, &reference, &row)) {
        return true; /* it has another id since: the broker will not know this one */
    }
    entry->granted = row.kind;
    return fill(txn, day, row.handle, arena, entry);
}

bool circle_beside(struct store_txn *txn, int32_t day, struct arena *arena,
                   struct spool_entry *entry)
{
    _cleanup_(arena_deinit) struct arena parsed = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header;
    if (entry->kind != ENTRY_RECORD && entry->kind != ENTRY_INVOLVEMENT &&
        entry->kind != ENTRY_GRANT) {
        return true;
    }
    if (!wire_entry_header_read(entry->kind, entry->header, &parsed, &header)) {
        return false;
    }
    if (entry->kind == ENTRY_GRANT) {
        return fill_grant(txn, day, &header.grant, arena, entry);
    }
    return fill(txn, day,
                entry->kind == ENTRY_RECORD ? header.record.handle : header.involvement.handle,
                arena, entry);
}
