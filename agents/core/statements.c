/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/statements.h"

#include <errno.h>
#include <string.h>

#include "agents/core/handle.h"
#include "agents/core/spool.h"
#include "crypto/digest.h"

#define META_RESTATED   "restated-epoch"
#define META_RESTATE_AT "restate-at"

/* --- one statement --- */

struct statement {
    struct subject_header header;
    uint8_t tokens[IDENTITY_TOKENS_MAX * CAIRN_HASH_BYTES];
};

/* "cairn-stated/v1\n" || epoch u32 || for each: class u8 || status u8 || token[32] */
static void statement_digest(const struct subject_header *header, struct slice tokens,
                             struct hash *ret)
{
    uint8_t storage[4 + CAIRN_TOKENS_MAX * 2];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u32(&writer, header->epoch);
    for (size_t i = 0; i < header->n_tokens; i++) {
        write_u8(&writer, (uint8_t)header->tokens[i].class);
        write_u8(&writer, (uint8_t)header->tokens[i].status);
    }
    struct slice parts[] = {slice_of_text("cairn-stated/v1\n"), writer_slice(&writer), tokens};
    sha256_many(parts, ARRAY_LEN(parts), ret->bytes);
}

static void make_statement(const struct own_place *place, const struct identity *identity,
                           const uint8_t handle[CAIRN_HANDLE_BYTES], struct statement *ret)
{
    struct identity_token tokens[IDENTITY_TOKENS_MAX];
    size_t n = identity_tokens(identity, place->agency, &place->linkage, tokens);
    ret->header =
        (struct subject_header){.epoch = place->epoch, .person = identity->person, .n_tokens = n};
    memcpy(ret->header.handle, handle, CAIRN_HANDLE_BYTES);
    for (size_t i = 0; i < n; i++) {
        ret->header.tokens[i].class = tokens[i].class;
        ret->header.tokens[i].status = tokens[i].status;
        memcpy(ret->tokens + i * CAIRN_HASH_BYTES, tokens[i].token, CAIRN_HASH_BYTES);
    }
    bytes_wipe(tokens, sizeof(tokens));
}

static struct slice statement_body(const struct statement *statement)
{
    return slice_make(statement->tokens, statement->header.n_tokens * CAIRN_HASH_BYTES);
}

static void spool_statement(const struct subjects *subjects, enum lane lane,
                            struct statement *statement)
{
    _cleanup_(buf_deinit) struct buf bytes = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    statement->header.id = spool_next_id(subjects->txn, subjects->place->agency, lane);
    struct entry_header header = {
        .kind = ENTRY_SUBJECT, .id = statement->header.id, .subject = statement->header};
    wire_entry_header_write(&header, &bytes);
    assert(buf_ok(&bytes)); /* twelve tokens fit a header many times */
    struct spool_entry entry = {
        .lane = lane,
        .stream = statement->header.id.stream,
        .seq = statement->header.id.seq,
        .kind = ENTRY_SUBJECT,
        .header = buf_slice(&bytes),
        .body = statement_body(statement),
        .created_ms = subjects->now_ms,
    };
    spool_add(subjects->txn, &entry);
}

/* Which statements count as said already: those before it in the same lane, which arrive before
 * it; or all, when it only matters that it is said at all. */
enum said {
    SAID_IN_LANE,
    SAID_IN_ANY_LANE
};

static bool is_said(const struct handle_row *row, enum lane lane, enum said said)
{
    bool found = row->stated;
    for (enum lane each = LANE_URGENT; each <= LANE_BULK; each++) {
        found = found ||
                ((each == lane || said == SAID_IN_ANY_LANE) && row->spooled[each - LANE_URGENT]);
    }
    return found;
}

/* Something else than last time is to be said: it counts as said nowhere. The clock keeps the
 * revisions of a store that came back from a backup above those that it has forgotten. */
static void revise(const struct subjects *subjects, const struct hash *digest,
                   struct handle_row *row)
{
    uint64_t now = subjects->now_ms > 0 ? (uint64_t)subjects->now_ms : 0;
    row->digest = *digest;
    row->revision = row->revision + 1 > now ? row->revision + 1 : now;
    row->stated = false;
    memset(row->spooled, 0, sizeof(row->spooled));
}

static void state_row(const struct subjects *subjects, enum lane lane, enum said said,
                      const uint8_t handle[CAIRN_HANDLE_BYTES], struct handle_row *row)
{
    _cleanup_(identity_deinit) struct identity identity = IDENTITY_NULL;
    struct statement statement;
    struct hash digest;
    if (!handle_open(subjects->store_key, row->sealed, &identity)) {
        store_fail(subjects->txn, -EBADMSG);
        return;
    }
    make_statement(subjects->place, &identity, handle, &statement);
    statement_digest(&statement.header, statement_body(&statement), &digest);
    if (!hash_equal(&digest, &row->digest)) {
        revise(subjects, &digest, row);
    }
    if (!is_said(row, lane, said)) {
        row->spooled[lane - LANE_URGENT] = true;
        handle_put(subjects->txn, handle, row);
        statement.header.revision = row->revision;
        spool_statement(subjects, lane, &statement);
    }
    bytes_wipe(&statement, sizeof(statement));
}

static void state_handle(const struct subjects *subjects, enum lane lane, enum said said,
                         const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    struct handle_row row;
    if (handle_get(subjects->txn, handle, &row)) {
        state_row(subjects, lane, said, handle, &row);
    }
}

void statements_add(const struct subjects *subjects, enum lane lane,
                    const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    state_handle(subjects, lane, SAID_IN_LANE, handle);
}

void statements_forget(const struct subjects *subjects, const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    struct handle_row row;
    if (handle_get(subjects->txn, handle, &row)) {
        row.digest = (struct hash){.bytes = {0}}; /* what is said next is something new */
        handle_put(subjects->txn, handle, &row);
    }
}

/* --- every child again: a new epoch, or one that was refused --- */

/* The handles of the next `max` rows, copied: stating them writes to the table that is walked. */
static size_t next_handles(struct store_txn *txn, struct slice from, size_t max,
                           uint8_t (*ret)[CAIRN_HANDLE_BYTES])
{
    size_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, AT_HANDLE, from);
    while (walk.live && n < max) {
        if (walk.key.len != CAIRN_HANDLE_BYTES) {
            store_fail(txn, -EBADMSG);
            return 0;
        }
        memcpy(ret[n++], walk.key.data, CAIRN_HANDLE_BYTES);
        store_walk_next(&walk);
    }
    return n;
}

/* Where the last turn stopped, if it was on the way to this epoch; else the beginning. */
static void restate_from(struct store_txn *txn, uint32_t epoch, uint8_t ret[CAIRN_HANDLE_BYTES])
{
    struct slice at;
    memset(ret, 0, CAIRN_HANDLE_BYTES);
    if (agent_meta_bytes(txn, META_RESTATE_AT, &at)) {
        struct reader reader = reader_over(at);
        if (read_u32(&reader) == epoch) {
            read_into(&reader, ret, CAIRN_HANDLE_BYTES);
        }
    }
}

static void restate_next(struct store_txn *txn, uint32_t epoch,
                         const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    uint8_t storage[4 + CAIRN_HANDLE_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u32(&writer, epoch);
    write_bytes(&writer, handle, CAIRN_HANDLE_BYTES);
    agent_meta_put_bytes(txn, META_RESTATE_AT, writer_slice(&writer));
}

uint64_t statements_restated(struct store_txn *txn)
{
    return agent_meta_u64(txn, META_RESTATED, 0);
}

bool statements_restate(const struct subjects *subjects, size_t max)
{
    struct store_txn *txn = subjects->txn;
    uint32_t epoch = subjects->place->epoch;
    uint8_t handles[CAIRN_PARCEL_ENTRIES_MAX + 1][CAIRN_HANDLE_BYTES];
    uint8_t from[CAIRN_HANDLE_BYTES];
    assert(max <= CAIRN_PARCEL_ENTRIES_MAX);
    if (statements_restated(txn) == epoch) {
        return false;
    }
    restate_from(txn, epoch, from);
    size_t n = next_handles(txn, SLICE_OF(from), max + 1, handles);
    for (size_t i = 0; i < n && i < max; i++) {
        state_handle(subjects, LANE_BULK, SAID_IN_ANY_LANE, handles[i]);
    }
    if (n > max) {
        restate_next(txn, epoch, handles[max]);
        return true;
    }
    agent_meta_put_u64(txn, META_RESTATED, epoch);
    return false;
}

static void restate_all(struct store_txn *txn)
{
    static const uint8_t first[CAIRN_HANDLE_BYTES];
    restate_next(txn, 0, first);
    agent_meta_put_u64(txn, META_RESTATED, 0);
}

/* --- answers --- */

/* The row of the handle, if this statement is the newest about it; the identity that the row
 * borrows is copied into `sealed`, for putting it back. */
static bool newest_row(struct store_txn *txn, const struct subject_header *header,
                       uint8_t sealed[HANDLE_SEALED_MAX_BYTES], struct handle_row *ret)
{
    if (!handle_get(txn, header->handle, ret) || ret->revision != header->revision) {
        return false;
    }
    memcpy(sealed, ret->sealed.data, ret->sealed.len); /* handle_get read no more */
    ret->sealed.data = sealed;
    return true;
}

void statements_answered(struct store_txn *txn, enum lane lane, const struct subject_header *header,
                         bool stored)
{
    uint8_t sealed[HANDLE_SEALED_MAX_BYTES];
    struct handle_row row = {.sealed = SLICE_NULL};
    if (!newest_row(txn, header, sealed, &row)) {
        return;
    }
    if (stored) {
        row.stated = true;
    } else {
        row.spooled[lane - LANE_URGENT] = false;
    }
    handle_put(txn, header->handle, &row);
    if (!stored && lane != LANE_BULK) {
        restate_all(txn); /* in bulk, which is the last try */
    }
}
