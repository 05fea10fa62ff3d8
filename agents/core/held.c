/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/held.h"

#include <errno.h>
#include <string.h>

#include "agents/core/statements.h"
#include "base/log.h"

#define ROW_BUDGET_BYTES (CAIRN_FRAME_MAX_BYTES)
#define HEAD_BYTES       (8 + 2)

/* --- what waits --- */

static const char *note_name(enum lane lane)
{
    switch (lane) {
    case LANE_URGENT:
        return "held-urgent";
    case LANE_NORMAL:
        return "held-normal";
    case LANE_BULK:
        return "held-bulk";
    }
    return "held";
}

void held_note(struct store_txn *txn, enum lane lane, uint64_t seq, enum verdict verdict,
               int64_t since_ms)
{
    uint8_t storage[8 + HEAD_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u64(&writer, seq);
    write_u64(&writer, (uint64_t)since_ms);
    write_u16(&writer, (uint16_t)verdict);
    agent_meta_put_bytes(txn, note_name(lane), writer_slice(&writer));
}

static void forget_note(struct store_txn *txn, enum lane lane)
{
    (void)store_delete(txn, AT_META, slice_of_text(note_name(lane)));
}

/* --- what is aside --- */

static struct store_key key_aside(enum lane lane, uint64_t seq)
{
    return agent_key_spool((enum lane)((unsigned)lane + HELD_ASIDE), seq);
}

bool held_is_aside(const struct out_row *row)
{
    return row->state == OUT_SPOOLED && row->verdict != 0;
}

/* Moves a row of the spool's table; `head` comes in front of it, `skip` bytes are left out. */
static void move_row(struct store_txn *txn, const struct store_key *from,
                     const struct store_key *to, struct slice head, size_t skip)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(ROW_BUDGET_BYTES);
    struct slice value;
    if (!store_get(txn, AT_SPOOL, store_key_slice(from), &value)) {
        return;
    }
    struct slice row = arena_copy(&arena, value);
    if (row.data == NULL || row.len < skip) {
        store_fail(txn, -EBADMSG);
        return;
    }
    size_t len = head.len + row.len - skip;
    uint8_t *storage = store_reserve(txn, AT_SPOOL, store_key_slice(to), len);
    if (storage == NULL) {
        return;
    }
    struct writer writer = writer_over(storage, len);
    write_bytes(&writer, head.data, head.len);
    write_bytes(&writer, row.data + skip, row.len - skip);
    (void)store_delete(txn, AT_SPOOL, store_key_slice(from));
}

/* False when the record was taken back meanwhile: it never left, and goes for good. */
static bool tell_author(struct store_txn *txn, const struct spool_entry *entry,
                        enum verdict verdict, int64_t now_ms)
{
    struct out_row row;
    if (!entry->has_reference || !out_get(txn, &entry->reference, &row)) {
        return true;
    }
    bool stays = !row.retracted;
    row.state = stays ? OUT_SPOOLED : OUT_WITHDRAWN;
    row.verdict = stays ? verdict : 0;
    row.retracted = false;
    row.answered_ms = now_ms;
    out_put(txn, &entry->reference, &row);
    return stays;
}

static bool entry_id_of(const struct spool_entry *entry, struct entry_id *ret)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header;
    if (!wire_entry_header_read(entry->kind, entry->header, &arena, &header)) {
        return false;
    }
    *ret = header.id;
    return true;
}

/* A record that goes for good takes its retraction along: that names an id which the broker never
 * had, or, from a store that was restored, has for something else. */
static void withdraw_retraction(struct store_txn *txn, enum lane lane, uint64_t after,
                                const struct entry_id *record, int64_t now_ms)
{
    struct spool_entry entry;
    struct out_row row;
    uint64_t seq = spool_retraction(txn, lane, after, record);
    if (seq == 0 || !spool_get(txn, lane, seq, &entry)) {
        return;
    }
    if (entry.has_reference && out_get(txn, &entry.reference, &row)) {
        row.state = OUT_WITHDRAWN;
        row.answered_ms = now_ms;
        out_put(txn, &entry.reference, &row);
    }
    struct store_key key = agent_key_spool(lane, seq);
    (void)store_delete(txn, AT_SPOOL, store_key_slice(&key));
}

static void forget_statement(struct store_txn *txn, const struct spool_entry *entry)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header;
    if (entry->kind == ENTRY_SUBJECT &&
        wire_entry_header_read(ENTRY_SUBJECT, entry->header, &arena, &header)) {
        statements_answered(txn, entry->lane, &header.subject, false);
    }
}

void held_aside(struct store_txn *txn, enum lane lane, uint64_t seq, enum verdict verdict,
                int64_t now_ms)
{
    uint8_t storage[HEAD_BYTES];
    struct writer head = writer_over(storage, sizeof(storage));
    struct store_key from = agent_key_spool(lane, seq);
    struct store_key to = key_aside(lane, seq);
    struct spool_entry entry;
    struct entry_id id;
    if (!spool_get(txn, lane, seq, &entry)) {
        return;
    }
    bool named = entry_id_of(&entry, &id);
    log_event(LOG_LEVEL_ERROR, "entry_set_aside", "lane=%d seq=%llu kind=%s verdict=%s", (int)lane,
              (unsigned long long)seq, entry_kind_text(entry.kind), verdict_name(verdict));
    write_u64(&head, (uint64_t)now_ms);
    write_u16(&head, (uint16_t)verdict);
    forget_statement(txn, &entry); /* ends what the entry borrows */
    forget_note(txn, lane);
    if (tell_author(txn, &entry, verdict, now_ms)) {
        move_row(txn, &from, &to, writer_slice(&head), 0);
    } else {
        (void)store_delete(txn, AT_SPOOL, store_key_slice(&from));
        if (named) {
            withdraw_retraction(txn, lane, seq, &id, now_ms);
        }
    }
}

void held_drop(struct store_txn *txn, const struct out_row *row)
{
    struct store_key key = key_aside(row->lane, row->entry.seq);
    (void)store_delete(txn, AT_SPOOL, store_key_slice(&key));
}

/* The first row aside from `key` on; false for none. */
static bool next_aside(struct store_txn *txn, const struct store_key *key, struct held *ret,
                       struct spool_entry *ret_entry)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_SPOOL, store_key_slice(key));
    if (!walk.live) {
        return false;
    }
    struct reader at = reader_over(walk.key);
    struct reader reader = reader_over(walk.value);
    *ret = (struct held){.lane = (enum lane)(read_u8(&at) - HELD_ASIDE), .aside = true};
    uint64_t seq = read_u64(&at);
    ret->since_ms = (int64_t)read_u64(&reader);
    ret->verdict = (enum verdict)read_u16(&reader);
    struct slice row = read_bytes(&reader, reader.left);
    if (!reader_end(&at) || !reader_end(&reader) || !spool_unpack(ret->lane, seq, row, ret_entry)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

static void resume_author(struct store_txn *txn, const struct spool_entry *entry)
{
    struct out_row row;
    if (entry->has_reference && out_get(txn, &entry->reference, &row)) {
        row.verdict = 0;
        row.answered_ms = 0;
        out_put(txn, &entry->reference, &row);
    }
}

void held_resume(struct store_txn *txn)
{
    struct store_key first = key_aside(LANE_URGENT, 0);
    struct spool_entry entry;
    struct held held;
    while (next_aside(txn, &first, &held, &entry)) {
        struct store_key from = key_aside(held.lane, entry.seq);
        struct store_key to = agent_key_spool(held.lane, entry.seq);
        move_row(txn, &from, &to, SLICE_NULL, HEAD_BYTES);
        resume_author(txn, &entry);
        if (store_fault(txn) != 0) {
            return;
        }
    }
}

/* --- for people --- */

/* The note of a lane, while its row is there. */
static bool waiting(struct store_txn *txn, enum lane lane, struct held *ret)
{
    struct spool_entry entry;
    struct slice note;
    if (!agent_meta_bytes(txn, note_name(lane), &note)) {
        return false;
    }
    struct reader reader = reader_over(note);
    uint64_t seq = read_u64(&reader);
    *ret = (struct held){.lane = lane, .since_ms = (int64_t)read_u64(&reader)};
    ret->verdict = (enum verdict)read_u16(&reader);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return spool_get(txn, lane, seq, &entry) && entry_id_of(&entry, &ret->entry);
}

size_t held_list(struct store_txn *txn, struct held ret[HELD_LIST_MAX])
{
    struct store_key key = key_aside(LANE_URGENT, 0);
    struct spool_entry entry;
    size_t n = 0;
    for (enum lane lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
        n += waiting(txn, lane, &ret[n]) ? 1 : 0;
    }
    while (n < HELD_LIST_MAX && next_aside(txn, &key, &ret[n], &entry)) {
        key = key_aside(ret[n].lane, entry.seq + 1);
        n += entry_id_of(&entry, &ret[n].entry) ? 1 : 0;
    }
    return n;
}
