/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/subjects.h"

#include <errno.h>
#include <string.h>

#include "agents/core/spool.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "wire/wire.h"

#define PURPOSE            "subject identity"
#define IDENTITY_MAX_BYTES 2048 /* packed */
#define META_RESTATED      "restated-epoch"
#define META_RESTATE_AT    "restate-at"
#define ROW_HEAD_BYTES     (CAIRN_HASH_BYTES + 8 + 1 + CAIRN_LANES)

static_assert(sizeof(struct identity) + 64 <= IDENTITY_MAX_BYTES, "every identity can be packed");

struct handle_row {
    struct hash digest; /* of the newest statement; zeros before the first */
    uint64_t revision;
    bool stated;
    bool spooled[CAIRN_LANES];
    struct slice sealed; /* borrowed */
};

/* --- rows --- */

static bool row_get(struct store_txn *txn, const uint8_t handle[CAIRN_HANDLE_BYTES],
                    struct handle_row *ret)
{
    struct slice value;
    if (!store_get(txn, AT_HANDLE, slice_make(handle, CAIRN_HANDLE_BYTES), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    read_into(&reader, ret->digest.bytes, sizeof(ret->digest.bytes));
    ret->revision = read_u64(&reader);
    ret->stated = read_u8(&reader) != 0;
    for (size_t i = 0; i < CAIRN_LANES; i++) {
        ret->spooled[i] = read_u8(&reader) != 0;
    }
    ret->sealed = read_sized(&reader, IDENTITY_MAX_BYTES + WRAP_OVERHEAD_BYTES);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

static void row_put(struct store_txn *txn, const uint8_t handle[CAIRN_HANDLE_BYTES],
                    const struct handle_row *row)
{
    uint8_t storage[ROW_HEAD_BYTES + 4 + IDENTITY_MAX_BYTES + WRAP_OVERHEAD_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_bytes(&writer, row->digest.bytes, sizeof(row->digest.bytes));
    write_u64(&writer, row->revision);
    write_u8(&writer, row->stated ? 1 : 0);
    for (size_t i = 0; i < CAIRN_LANES; i++) {
        write_u8(&writer, row->spooled[i] ? 1 : 0);
    }
    write_sized(&writer, row->sealed); /* copied before the put below ends what it borrows from */
    store_put(txn, AT_HANDLE, slice_make(handle, CAIRN_HANDLE_BYTES), writer_slice(&writer));
}

/* --- the identity, packed: what tokens and cards are made from --- */

static void pack_identifier(struct writer *writer, const struct identifier *identifier)
{
    write_u8(writer, (uint8_t)identifier->status);
    write_sized(writer, slice_of_text(identifier->value));
}

static void pack_identity(struct writer *writer, const struct identity *identity)
{
    write_sized(writer, slice_of_text(identity->given));
    write_sized(writer, slice_of_text(identity->family));
    write_u8(writer, identity->has_birth ? 1 : 0);
    write_i32(writer, identity->birth_day);
    write_sized(writer, slice_of_text(identity->postcode));
    write_sized(writer, slice_of_text(identity->address));
    write_u8(writer, identity->restricted ? 1 : 0);
    pack_identifier(writer, &identity->nhs_number);
    pack_identifier(writer, &identity->upn);
    write_sized(writer, slice_of_text(identity->local_id));
}

static void unpack_text(struct reader *reader, char *out, size_t out_bytes)
{
    struct slice text = read_sized(reader, out_bytes - 1);
    memcpy(out, text.len == 0 ? (const uint8_t *)"" : text.data, text.len);
    out[text.len] = '\0';
}

static void unpack_identifier(struct reader *reader, struct identifier *ret)
{
    ret->status = (enum identifier_status)read_u8(reader);
    unpack_text(reader, ret->value, sizeof(ret->value));
}

static bool unpack_identity(struct slice packed, struct identity *ret)
{
    struct reader reader = reader_over(packed);
    *ret = IDENTITY_NULL;
    unpack_text(&reader, ret->given, sizeof(ret->given));
    unpack_text(&reader, ret->family, sizeof(ret->family));
    ret->has_birth = read_u8(&reader) != 0;
    ret->birth_day = read_i32(&reader);
    unpack_text(&reader, ret->postcode, sizeof(ret->postcode));
    unpack_text(&reader, ret->address, sizeof(ret->address));
    ret->restricted = read_u8(&reader) != 0;
    unpack_identifier(&reader, &ret->nhs_number);
    unpack_identifier(&reader, &ret->upn);
    unpack_text(&reader, ret->local_id, sizeof(ret->local_id));
    return reader_end(&reader);
}

static int seal_identity(const struct secret *store_key, const struct identity *identity,
                         uint8_t out[IDENTITY_MAX_BYTES + WRAP_OVERHEAD_BYTES], size_t *ret_len)
{
    uint8_t packed[IDENTITY_MAX_BYTES];
    struct writer writer = writer_over(packed, sizeof(packed));
    pack_identity(&writer, identity);
    int r = wrap_seal(store_key, PURPOSE, writer_slice(&writer), out);
    *ret_len = writer.len + WRAP_OVERHEAD_BYTES;
    bytes_wipe(packed, sizeof(packed));
    return r;
}

static bool open_identity(const struct secret *store_key, struct slice sealed, struct identity *ret)
{
    uint8_t packed[IDENTITY_MAX_BYTES];
    if (sealed.len <= WRAP_OVERHEAD_BYTES || sealed.len > sizeof(packed) + WRAP_OVERHEAD_BYTES ||
        wrap_open(store_key, PURPOSE, sealed, packed) != 0) {
        return false;
    }
    bool good = unpack_identity(slice_make(packed, sealed.len - WRAP_OVERHEAD_BYTES), ret);
    bytes_wipe(packed, sizeof(packed));
    return good;
}

static bool same_identity(const struct identity *a, const struct identity *b)
{
    uint8_t packed[2][IDENTITY_MAX_BYTES];
    struct writer first = writer_over(packed[0], sizeof(packed[0]));
    struct writer second = writer_over(packed[1], sizeof(packed[1]));
    pack_identity(&first, a);
    pack_identity(&second, b);
    bool same = slice_equal(writer_slice(&first), writer_slice(&second));
    bytes_wipe(packed, sizeof(packed));
    return same;
}

bool subjects_identity(struct store_txn *txn, const struct secret *store_key,
                       const uint8_t handle[CAIRN_HANDLE_BYTES], struct identity *ret)
{
    struct handle_row row;
    return row_get(txn, handle, &row) && open_identity(store_key, row.sealed, ret);
}

/* --- handles --- */

static void merge_text(char *newer, const char *older, size_t bytes)
{
    if (newer[0] == '\0') {
        memcpy(newer, older, bytes);
    }
}

/* A number that was good once stays: the next source may know less. */
static void merge_identifier(struct identifier *newer, const struct identifier *older)
{
    bool same = strcmp(newer->value, older->value) == 0;
    if (newer->value[0] == '\0' || (same && older->status == IDENTIFIER_VERIFIED) ||
        (identifier_is_sound(older) && !identifier_is_sound(newer))) {
        *newer = *older;
    }
}

/* What the newer one does not say is taken from the older one, but never where the child lives
 * when either withholds it: another system of the agency may not know. Only somebody's word that it
 * is released lifts that. */
static void merge_identity(struct identity *newer, const struct identity *older)
{
    merge_text(newer->given, older->given, sizeof(newer->given));
    merge_text(newer->family, older->family, sizeof(newer->family));
    merge_text(newer->local_id, older->local_id, sizeof(newer->local_id));
    if (older->restricted && !newer->released) {
        identity_restrict(newer);
    }
    if (!newer->restricted) {
        merge_text(newer->postcode, older->postcode, sizeof(newer->postcode));
        merge_text(newer->address, older->address, sizeof(newer->address));
    }
    if (!newer->has_birth) {
        newer->has_birth = older->has_birth;
        newer->birth_day = older->birth_day;
    }
    merge_identifier(&newer->nhs_number, &older->nhs_number);
    merge_identifier(&newer->upn, &older->upn);
}

/* Seals the identity into the handle's row; nothing when it is there as it is. */
static int keep_identity(const struct subjects *subjects, const struct identity *identity,
                         const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    _cleanup_(identity_deinit) struct identity merged = *identity;
    _cleanup_(identity_deinit) struct identity older = IDENTITY_NULL;
    uint8_t sealed[IDENTITY_MAX_BYTES + WRAP_OVERHEAD_BYTES];
    struct handle_row row = {.sealed = SLICE_NULL};
    size_t len = 0;
    if (row_get(subjects->txn, handle, &row)) {
        if (!open_identity(subjects->store_key, row.sealed, &older)) {
            return -EBADMSG;
        }
        merge_identity(&merged, &older);
        if (same_identity(&merged, &older)) {
            return 0;
        }
    }
    int r = seal_identity(subjects->store_key, &merged, sealed, &len);
    if (r == 0) {
        row.sealed = slice_make(sealed, len);
        row_put(subjects->txn, handle, &row);
    }
    return r;
}

static bool texts_differ(const char *a, const char *b)
{
    char first[CAIRN_NAME_MAX_BYTES];
    char second[CAIRN_NAME_MAX_BYTES];
    return a[0] != '\0' && b[0] != '\0' && text_fold(slice_of_text(a), first, sizeof(first)) &&
           text_fold(slice_of_text(b), second, sizeof(second)) && strcmp(first, second) != 0;
}

/* Two of verified NHS number, birth date and given name differ: systems reuse local numbers, and a
 * wrong child is worse than a second handle, which a verified number links again. One alone may be a
 * correction. */
static bool other_child(const struct identity *a, const struct identity *b)
{
    bool numbers = a->nhs_number.status == IDENTIFIER_VERIFIED &&
                   b->nhs_number.status == IDENTIFIER_VERIFIED &&
                   strcmp(a->nhs_number.value, b->nhs_number.value) != 0;
    bool births = a->has_birth && b->has_birth && a->birth_day != b->birth_day;
    return (numbers ? 1 : 0) + (births ? 1 : 0) + (texts_differ(a->given, b->given) ? 1 : 0) >= 2;
}

/* A key of a child, and what it leads to. */
struct listed {
    struct identity_list_key key;
    bool taken; /* by some handle ... */
    bool ours;  /* ... of the same child, as far as anybody can tell */
    bool restricted;
    uint8_t handle[CAIRN_HANDLE_BYTES];
};

/* The handle listed under this key; not ours when it is plainly another child's. -EBADMSG for a
 * broken row. */
static int look_up(const struct subjects *subjects, const struct identity *identity,
                   struct listed *ret)
{
    _cleanup_(identity_deinit) struct identity held = IDENTITY_NULL;
    struct handle_row row = {.sealed = SLICE_NULL};
    struct slice value;
    if (!store_get(subjects->txn, AT_CHILD, SLICE_OF(ret->key.bytes), &value)) {
        return 0;
    }
    if (value.len != CAIRN_HANDLE_BYTES) {
        return -EBADMSG;
    }
    memcpy(ret->handle, value.data, CAIRN_HANDLE_BYTES);
    if (row_get(subjects->txn, ret->handle, &row) &&
        !open_identity(subjects->store_key, row.sealed, &held)) {
        return -EBADMSG;
    }
    ret->taken = true;
    ret->ours = !other_child(identity, &held);
    ret->restricted = held.restricted;
    return 0;
}

/* The strongest key speaks for the child, and every number that was traced; the next one only when
 * those before it are another child's. */
static bool speaks(const struct listed *listed, size_t i)
{
    bool others = true;
    for (size_t j = 0; j < i; j++) {
        others = others && listed[j].taken && !listed[j].ours;
    }
    return others || listed[i].key.verified;
}

/* Lists the handle under every key that speaks and is free: never instead of another child's. */
static void list_handle(const struct subjects *subjects, const struct listed *listed, size_t n,
                        const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    for (size_t i = 0; i < n; i++) {
        if (speaks(listed, i) && !listed[i].taken) {
            store_put(subjects->txn, AT_CHILD, SLICE_OF(listed[i].key.bytes),
                      slice_make(handle, CAIRN_HANDLE_BYTES));
        }
    }
}

/* Somebody's word that the address is not withheld any more counts for every system's handle. */
static int release(const struct subjects *subjects, const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    _cleanup_(identity_deinit) struct identity held = IDENTITY_NULL;
    uint8_t sealed[IDENTITY_MAX_BYTES + WRAP_OVERHEAD_BYTES];
    struct handle_row row;
    size_t len = 0;
    if (!row_get(subjects->txn, handle, &row) ||
        !open_identity(subjects->store_key, row.sealed, &held)) {
        return -EBADMSG;
    }
    held.restricted = false;
    int r = seal_identity(subjects->store_key, &held, sealed, &len);
    if (r == 0) {
        row.sealed = slice_make(sealed, len);
        row_put(subjects->txn, handle, &row);
    }
    return r;
}

/* The child's handle among those that its keys lead to; what one of them withholds, all do. */
static int choose_handle(const struct subjects *subjects, const struct listed *listed, size_t n,
                         struct identity *told, const uint8_t **ret)
{
    *ret = NULL;
    for (size_t i = 0; i < n; i++) {
        if (!listed[i].ours || !speaks(listed, i)) {
            continue;
        }
        *ret = *ret == NULL ? listed[i].handle : *ret;
        if (listed[i].restricted && told->released) {
            int r = release(subjects, listed[i].handle);
            if (r != 0) {
                return r;
            }
        } else if (listed[i].restricted) {
            identity_restrict(told);
        }
    }
    return 0;
}

int subjects_handle(const struct subjects *subjects, const struct identity *identity,
                    uint8_t ret[CAIRN_HANDLE_BYTES])
{
    struct identity_list_key keys[IDENTITY_TOKENS_MAX];
    struct listed listed[IDENTITY_TOKENS_MAX];
    uint8_t handle[CAIRN_HANDLE_BYTES];
    const uint8_t *chosen = NULL;
    _cleanup_(identity_deinit) struct identity told = *identity;
    size_t n = identity_keys(identity, subjects->store_key, keys);
    int r = 0;
    for (size_t i = 0; i < n && r == 0; i++) {
        listed[i] = (struct listed){.key = keys[i]};
        r = look_up(subjects, identity, &listed[i]);
    }
    if (r == 0) {
        r = choose_handle(subjects, listed, n, &told, &chosen);
    }
    if (r != 0) {
        return r;
    }
    if (chosen != NULL) {
        memcpy(handle, chosen, sizeof(handle));
    } else if (random_bytes(handle, sizeof(handle)) != 0) {
        return -EIO;
    }
    r = keep_identity(subjects, &told, handle);
    if (r != 0) {
        return r;
    }
    list_handle(subjects, listed, n, handle);
    memcpy(ret, handle, sizeof(handle));
    return 0;
}

/* --- statements --- */

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
    ret->header = (struct subject_header){.epoch = place->epoch, .n_tokens = n};
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
    if (!open_identity(subjects->store_key, row->sealed, &identity)) {
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
        row_put(subjects->txn, handle, row);
        statement.header.revision = row->revision;
        spool_statement(subjects, lane, &statement);
    }
    bytes_wipe(&statement, sizeof(statement));
}

static void state_handle(const struct subjects *subjects, enum lane lane, enum said said,
                         const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    struct handle_row row;
    if (row_get(subjects->txn, handle, &row)) {
        state_row(subjects, lane, said, handle, &row);
    }
}

void subjects_state(const struct subjects *subjects, enum lane lane,
                    const uint8_t handle[CAIRN_HANDLE_BYTES])
{
    state_handle(subjects, lane, SAID_IN_LANE, handle);
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

uint64_t subjects_restated(struct store_txn *txn)
{
    return agent_meta_u64(txn, META_RESTATED, 0);
}

bool subjects_restate(const struct subjects *subjects, size_t max)
{
    struct store_txn *txn = subjects->txn;
    uint32_t epoch = subjects->place->epoch;
    uint8_t handles[CAIRN_PARCEL_ENTRIES_MAX + 1][CAIRN_HANDLE_BYTES];
    uint8_t from[CAIRN_HANDLE_BYTES];
    assert(max <= CAIRN_PARCEL_ENTRIES_MAX);
    if (subjects_restated(txn) == epoch) {
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

/* The row of the handle, if this statement is the newest about it; the identity that the row borrows
 * is copied into `sealed`, for putting it back. */
static bool newest_row(struct store_txn *txn, const struct subject_header *header,
                       uint8_t sealed[IDENTITY_MAX_BYTES + WRAP_OVERHEAD_BYTES],
                       struct handle_row *ret)
{
    if (!row_get(txn, header->handle, ret) || ret->revision != header->revision) {
        return false;
    }
    memcpy(sealed, ret->sealed.data, ret->sealed.len); /* row_get read no more */
    ret->sealed.data = sealed;
    return true;
}

void subjects_answered(struct store_txn *txn, enum lane lane, const struct subject_header *header,
                       bool stored)
{
    uint8_t sealed[IDENTITY_MAX_BYTES + WRAP_OVERHEAD_BYTES];
    struct handle_row row = {.sealed = SLICE_NULL};
    if (!newest_row(txn, header, sealed, &row)) {
        return;
    }
    if (stored) {
        row.stated = true;
    } else {
        row.spooled[lane - LANE_URGENT] = false;
    }
    row_put(txn, header->handle, &row);
    if (!stored && lane != LANE_BULK) {
        restate_all(txn); /* in bulk, which is the last try */
    }
}
