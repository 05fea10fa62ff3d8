/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Row, at lane and seq:
 *   stream u64 | kind u8 | has reference u8 | reference[16] | created u64
 *   | n u8, recipients u32 each | sized header | sized keys | sized body
 */
#include "agents/core/spool.h"

#include <errno.h>
#include <string.h>

#include "agents/core/granting.h"
#include "agents/core/returned.h"
#include "agents/core/statements.h"
#include "base/log.h"

#define ROW_REST_BYTES                                                                             \
    (8 + 1 + 1 + REFERENCE_BYTES + 8 + 1 + CAIRN_ADDRESSEES_MAX * 4 + 3 * 4 + SPOOL_WRAP_BYTES)

/* What an entry needs in a frame beside header and body: grants with their tags, its own tags. */
#define ENTRY_REST_BYTES (CAIRN_GRANTS_MAX * (GRANT_BYTES + 24) + 32)
/* And a frame beside its entries: transport header, head, signature. */
#define FRAME_REST_BYTES 1024

static_assert(CAIRN_HEADER_MAX_BYTES + CAIRN_BODY_MAX_BYTES + ENTRY_REST_BYTES + FRAME_REST_BYTES <=
                  CAIRN_FRAME_MAX_BYTES,
              "the largest entry fits a parcel of its own");

/* --- streams --- */

static const char *stream_name(enum lane lane)
{
    switch (lane) {
    case LANE_URGENT:
        return "stream-urgent";
    case LANE_NORMAL:
        return "stream-normal";
    case LANE_BULK:
        return "stream-bulk";
    }
    return "stream";
}

static const char *next_name(enum lane lane)
{
    switch (lane) {
    case LANE_URGENT:
        return "next-urgent";
    case LANE_NORMAL:
        return "next-normal";
    case LANE_BULK:
        return "next-bulk";
    }
    return "next";
}

int spool_renew(struct store_txn *txn, enum lane lane)
{
    uint64_t stream = 0;
    while (stream == 0) {
        if (random_bytes(&stream, sizeof(stream)) != 0) {
            return -EIO;
        }
    }
    agent_meta_put_u64(txn, stream_name(lane), stream);
    return 0;
}

int spool_start(struct store_txn *txn)
{
    for (enum lane lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
        if (agent_meta_u64(txn, stream_name(lane), 0) != 0) {
            continue;
        }
        int r = spool_renew(txn, lane);
        if (r != 0) {
            return r;
        }
        agent_meta_put_u64(txn, next_name(lane), 1);
    }
    return store_fault(txn);
}

uint64_t spool_stream(struct store_txn *txn, enum lane lane)
{
    return agent_meta_u64(txn, stream_name(lane), 0);
}

struct entry_id spool_next_id(struct store_txn *txn, uint32_t agency, enum lane lane)
{
    return (struct entry_id){.agency = agency,
                             .stream = spool_stream(txn, lane),
                             .seq = agent_meta_u64(txn, next_name(lane), 1)};
}

/* --- rows --- */

void spool_replace(struct store_txn *txn, const struct spool_entry *entry)
{
    struct store_key key = agent_key_spool(entry->lane, entry->seq);
    size_t len = ROW_REST_BYTES - SPOOL_WRAP_BYTES -
                 (CAIRN_ADDRESSEES_MAX - entry->n_recipients) * 4 + entry->header.len +
                 entry->keys.len + entry->body.len;
    assert(entry->n_recipients <= CAIRN_ADDRESSEES_MAX);
    uint8_t *storage = store_reserve(txn, AT_SPOOL, store_key_slice(&key), len);
    if (storage == NULL) {
        return;
    }
    struct writer writer = writer_over(storage, len);
    write_u64(&writer, entry->stream);
    write_u8(&writer, (uint8_t)entry->kind);
    write_u8(&writer, entry->has_reference ? 1 : 0);
    write_bytes(&writer, entry->reference.bytes, sizeof(entry->reference.bytes));
    write_u64(&writer, (uint64_t)entry->created_ms);
    write_u8(&writer, (uint8_t)entry->n_recipients);
    for (size_t i = 0; i < entry->n_recipients; i++) {
        write_u32(&writer, entry->recipients[i]);
    }
    write_sized(&writer, entry->header);
    write_sized(&writer, entry->keys);
    write_sized(&writer, entry->body);
    assert(writer_ok(&writer) && writer.len == len);
}

void spool_add(struct store_txn *txn, const struct spool_entry *entry)
{
    if (store_fault(txn) != 0) {
        return; /* then the numbers read below mean nothing */
    }
    assert(entry->stream == spool_stream(txn, entry->lane));
    assert(entry->seq == agent_meta_u64(txn, next_name(entry->lane), 1));
    spool_replace(txn, entry);
    agent_meta_put_u64(txn, next_name(entry->lane), entry->seq + 1);
}

bool spool_unpack(enum lane lane, uint64_t seq, struct slice value, struct spool_entry *ret)
{
    struct reader reader = reader_over(value);
    struct spool_entry entry = {.lane = lane, .seq = seq};
    entry.stream = read_u64(&reader);
    entry.kind = (enum entry_kind)read_u8(&reader);
    entry.has_reference = read_u8(&reader) != 0;
    read_into(&reader, entry.reference.bytes, sizeof(entry.reference.bytes));
    entry.created_ms = (int64_t)read_u64(&reader);
    entry.n_recipients = read_u8(&reader);
    if (entry.n_recipients > CAIRN_ADDRESSEES_MAX) {
        return false;
    }
    for (size_t i = 0; i < entry.n_recipients; i++) {
        entry.recipients[i] = read_u32(&reader);
    }
    entry.header = read_sized(&reader, CAIRN_HEADER_MAX_BYTES);
    entry.keys = read_sized(&reader, SPOOL_WRAP_BYTES);
    entry.body = read_sized(&reader, CAIRN_BODY_MAX_BYTES);
    if (!reader_end(&reader)) {
        return false;
    }
    *ret = entry;
    return true;
}

static bool unpack(struct slice key, struct slice value, struct spool_entry *ret)
{
    struct reader at = reader_over(key);
    enum lane lane = (enum lane)read_u8(&at);
    uint64_t seq = read_u64(&at);
    return reader_end(&at) && spool_unpack(lane, seq, value, ret);
}

bool spool_get(struct store_txn *txn, enum lane lane, uint64_t seq, struct spool_entry *ret)
{
    struct store_key key = agent_key_spool(lane, seq);
    struct slice value;
    if (!store_get(txn, AT_SPOOL, store_key_slice(&key), &value)) {
        return false;
    }
    if (!spool_unpack(lane, seq, value, ret)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

/* --- retractions --- */

static bool retracted_by(const struct spool_entry *entry, struct entry_id *ret)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header;
    if (entry->kind != ENTRY_RECORD ||
        !wire_entry_header_read(ENTRY_RECORD, entry->header, &arena, &header) ||
        !header.record.has_retracts) {
        return false;
    }
    *ret = header.record.retracts;
    return true;
}

uint64_t spool_retraction(struct store_txn *txn, enum lane lane, uint64_t after,
                          const struct entry_id *record)
{
    struct store_key from = agent_key_spool(lane, after + 1);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_SPOOL, store_key_slice(&from));
    while (walk.live && walk.key.data[0] == (uint8_t)lane) {
        struct spool_entry entry;
        struct entry_id id;
        if (!unpack(walk.key, walk.value, &entry)) {
            store_fail(txn, -EBADMSG);
            return 0;
        }
        if (retracted_by(&entry, &id) && entry_id_equal(&id, record)) {
            return entry.seq;
        }
        store_walk_next(&walk);
    }
    return 0;
}

/* --- what the link sends next --- */

static bool granted_by(const struct spool_entry *entry, struct entry_id *ret)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header;
    if (entry->kind != ENTRY_GRANT ||
        !wire_entry_header_read(ENTRY_GRANT, entry->header, &arena, &header)) {
        return false;
    }
    *ret = header.grant.record;
    return true;
}

/* Its record is before it in the lane and has no answer yet. */
static bool must_wait(struct store_txn *txn, const struct spool_entry *entry)
{
    struct reference target;
    struct entry_id id;
    struct out_row row;
    return (retracted_by(entry, &id) || granted_by(entry, &id)) &&
           out_by_entry(txn, &id, &target) && out_get(txn, &target, &row) &&
           row.state == OUT_SPOOLED;
}

static bool copy_in(struct arena *arena, struct slice *bytes)
{
    if (bytes->len == 0) {
        *bytes = SLICE_NULL;
        return true;
    }
    *bytes = arena_copy(arena, *bytes);
    return bytes->data != NULL;
}

bool spool_copy(struct spool_entry *entry, struct arena *arena)
{
    return copy_in(arena, &entry->header) && copy_in(arena, &entry->body) &&
           copy_in(arena, &entry->keys);
}

size_t spool_lot(struct store_txn *txn, enum lane lane, struct arena *arena,
                 struct spool_entry ret[CAIRN_PARCEL_ENTRIES_MAX])
{
    struct store_key from = agent_key_spool(lane, 0);
    size_t n = 0;
    size_t bytes = FRAME_REST_BYTES;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_SPOOL, store_key_slice(&from));
    while (walk.live && walk.key.data[0] == (uint8_t)lane && n < CAIRN_PARCEL_ENTRIES_MAX) {
        struct spool_entry entry;
        if (!unpack(walk.key, walk.value, &entry)) {
            store_fail(txn, -EBADMSG);
            return 0;
        }
        bytes += entry.header.len + entry.body.len + ENTRY_REST_BYTES;
        if (bytes > CAIRN_FRAME_MAX_BYTES ||
            (n > 0 && (entry.stream != ret[0].stream || must_wait(txn, &entry))) ||
            !spool_copy(&entry, arena)) {
            return n;
        }
        ret[n++] = entry;
        store_walk_next(&walk);
    }
    return n;
}

/* --- answers --- */

static void answer_reference(struct store_txn *txn, const struct spool_entry *entry,
                             const struct wire_result *result, int64_t now_ms)
{
    struct out_row row;
    if (!entry->has_reference || !out_get(txn, &entry->reference, &row)) {
        return;
    }
    row.state = verdict_is_stored(result->verdict) ? OUT_STORED : OUT_REFUSED;
    row.verdict = result->verdict;
    row.log_index = result->log_index;
    row.answered_ms = now_ms;
    out_put(txn, &entry->reference, &row);
}

/* Somebody here has to deal with it. Whoever looks at a picture waits for the answer, and has
 * it. */
static bool must_return(struct store_txn *txn, const struct spool_entry *entry)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header;
    if (!entry->has_reference || entry->kind != ENTRY_DECISION) {
        return entry->has_reference;
    }
    if (!wire_entry_header_read(ENTRY_DECISION, entry->header, &arena, &header)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return header.decision.action != ACTION_LOOK;
}

/* Refused, it has taken nothing back. */
static void answer_retraction(struct store_txn *txn, const struct spool_entry *entry,
                              const struct wire_result *result)
{
    struct reference target;
    struct entry_id id;
    struct out_row row;
    if (!verdict_is_stored(result->verdict) && retracted_by(entry, &id) &&
        out_by_entry(txn, &id, &target) && out_get(txn, &target, &row)) {
        row.retracted = false;
        out_put(txn, &target, &row);
    }
}

static void answer_statement(struct store_txn *txn, const struct spool_entry *entry,
                             const struct wire_result *result)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header;
    if (!wire_entry_header_read(ENTRY_SUBJECT, entry->header, &arena, &header)) {
        store_fail(txn, -EBADMSG);
        return;
    }
    statements_answered(txn, entry->lane, &header.subject, verdict_is_stored(result->verdict));
}

static void answer_grant(struct store_txn *txn, const struct spool_entry *entry,
                         const struct wire_result *result, int64_t now_ms)
{
    _cleanup_(arena_deinit) struct arena arena = ARENA_BUDGET(CAIRN_UNPACK_BUDGET_BYTES);
    struct entry_header header;
    if (!wire_entry_header_read(ENTRY_GRANT, entry->header, &arena, &header)) {
        store_fail(txn, -EBADMSG);
        return;
    }
    granting_answered(txn, entry, &header.grant, verdict_is_stored(result->verdict), now_ms);
}

void spool_answer(struct store_txn *txn, enum lane lane, const struct wire_result *result,
                  int64_t now_ms)
{
    struct spool_entry entry;
    struct store_key key = agent_key_spool(lane, result->seq);
    assert(!verdict_is_retry(result->verdict) && result->verdict != VERDICT_EQUIVOCATION);
    if (!spool_get(txn, lane, result->seq, &entry)) {
        return;
    }
    bool returned = false;
    if (!verdict_is_stored(result->verdict)) {
        returned = must_return(txn, &entry);
        /* A later grant whose recipient has left meanwhile is refused, and that is all. */
        log_event(entry.kind == ENTRY_GRANT ? LOG_LEVEL_NOTICE : LOG_LEVEL_ERROR, "entry_refused",
                  "lane=%d seq=%llu kind=%s verdict=%s", (int)lane, (unsigned long long)result->seq,
                  entry_kind_text(entry.kind), verdict_name(result->verdict));
    }
    if (entry.kind == ENTRY_SUBJECT) {
        answer_statement(txn, &entry, result); /* each of these ends what the entry borrows */
    } else if (entry.kind == ENTRY_GRANT) {
        answer_grant(txn, &entry, result, now_ms);
    } else {
        answer_retraction(txn, &entry, result);
    }
    answer_reference(txn, &entry, result, now_ms);
    if (returned) {
        returned_add(txn, &entry.reference);
    }
    (void)store_delete(txn, AT_SPOOL, store_key_slice(&key));
}

void spool_depth(struct store_txn *txn, struct spool_depth *ret)
{
    *ret = (struct spool_depth){.oldest_ms = 0};
    for (enum lane lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
        struct store_key from = agent_key_spool(lane, 0);
        struct spool_entry entry;
        _cleanup_(store_walk_end) struct store_walk walk =
            store_walk_from(txn, AT_SPOOL, store_key_slice(&from));
        if (!walk.live || walk.key.data[0] != (uint8_t)lane) {
            continue;
        }
        if (!unpack(walk.key, walk.value, &entry)) {
            store_fail(txn, -EBADMSG);
            return;
        }
        ret->entries[lane] = agent_meta_u64(txn, next_name(lane), 1) - entry.seq;
        if (lane == LANE_URGENT) {
            ret->oldest_urgent_ms = entry.created_ms;
        }
        if (ret->oldest_ms == 0 || entry.created_ms < ret->oldest_ms) {
            ret->oldest_ms = entry.created_ms;
        }
    }
}

/* Either may be 0: none. */
static int64_t older(int64_t a_ms, int64_t b_ms)
{
    if (a_ms == 0 || b_ms == 0) {
        return a_ms + b_ms;
    }
    return a_ms < b_ms ? a_ms : b_ms;
}

int64_t spool_oldest(const struct spool_depth *depth, int64_t unsealed_since_ms)
{
    return older(depth->oldest_ms, unsealed_since_ms);
}

int64_t spool_oldest_urgent(const struct spool_depth *depth, int64_t unsealed_since_ms)
{
    return older(depth->oldest_urgent_ms, unsealed_since_ms);
}
