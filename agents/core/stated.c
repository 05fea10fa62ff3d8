/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows:
 *
 *   1 | by[16]                         said day i32, changed u64, count i32, sealed: n u8, n sized
 *                                      source ids
 *   2 | by[16]                         said day i32, n times: role u8, content[32], reference[16]
 *   3 | handle[16] | role u8 | by[16]  until i32, sealed involvement JSON
 */
#include "agents/core/stated.h"

#include <errno.h>
#include <string.h>

#include "agents/core/forgetting.h"
#include "crypto/digest.h"
#include "crypto/seal.h"

#define SORT_DOCUMENT 1
#define SORT_THING    2
#define SORT_CLAIM    3

#define PURPOSE             "stated"
#define RECORDS_MAX_BYTES   (1 + FAMILY_CHILDREN_MAX * (4 + EVENT_SOURCE_ID_BYTES))
#define DOCUMENT_HEAD_BYTES (4 + 8 + 4)
#define INVOLVEMENT_BYTES   (1 + CAIRN_HASH_BYTES + REFERENCE_BYTES)
#define CLAIMED_BYTES       (1 + CAIRN_HANDLE_BYTES + 1)
#define CLAIM_HEAD_BYTES    4
#define DAY_MS              INT64_C(86400000)

const struct stated_by stated_by_hand = {.bytes = {1}};
static const struct stated_by stated_by_nothing;

struct stated_by stated_by_source(const struct secret *store_key, const char *adapter,
                                  const char *source_id)
{
    uint8_t digest[CAIRN_HASH_BYTES];
    struct stated_by by;
    const struct slice parts[] = {
        slice_of_text("cairn-stated/v1\n"),
        slice_make(adapter, strlen(adapter) + 1), /* with its NUL */
        slice_of_text(source_id),
    };
    hmac_sha256(store_key, parts, ARRAY_LEN(parts), digest);
    memcpy(by.bytes, digest, sizeof(by.bytes));
    return by;
}

static struct store_key key_by(uint8_t sort, const struct stated_by *by)
{
    struct store_key key = {.len = 1 + sizeof(by->bytes)};
    key.bytes[0] = sort;
    memcpy(key.bytes + 1, by->bytes, sizeof(by->bytes));
    return key;
}

/* Behind a head of its own, which the caller writes. */
static int put_sealed(struct store_txn *txn, const struct secret *store_key,
                      const struct store_key *key, struct slice head, struct slice text)
{
    uint8_t *row = store_reserve(txn, AT_STATED, store_key_slice(key),
                                 head.len + text.len + WRAP_OVERHEAD_BYTES);
    if (row == NULL) {
        return store_fault(txn);
    }
    memcpy(row, head.data, head.len);
    return wrap_seal(store_key, PURPOSE, text, row + head.len);
}

static int open_sealed(const struct secret *store_key, struct slice wrapped, struct buf *out)
{
    uint8_t *plain = wrapped.len <= WRAP_OVERHEAD_BYTES
                         ? NULL
                         : buf_extend(out, wrapped.len - WRAP_OVERHEAD_BYTES);
    return plain == NULL ? -EBADMSG : wrap_open(store_key, PURPOSE, wrapped, plain);
}

/* --- forgetting --- */

static struct store_key claim_key(const struct stated_key *key)
{
    struct store_key ret = {.len = CLAIMED_BYTES + STATED_BY_BYTES};
    ret.bytes[0] = SORT_CLAIM;
    memcpy(ret.bytes + 1, key->handle, sizeof(key->handle));
    ret.bytes[1 + CAIRN_HANDLE_BYTES] = (uint8_t)key->role;
    memcpy(ret.bytes + CLAIMED_BYTES, key->by.bytes, sizeof(key->by.bytes));
    return ret;
}

/* Whether what a thing stated is still claimed by it. */
static bool is_claimed(struct store_txn *txn, const struct store_walk *walk, struct reader *stated)
{
    struct stated_key key = {.role = (enum role)read_u8(stated)};
    struct reference reference;
    struct out_row row;
    struct slice ignored;
    (void)read_bytes(stated, CAIRN_HASH_BYTES);
    read_into(stated, reference.bytes, sizeof(reference.bytes));
    memcpy(key.by.bytes, walk->key.data + 1, sizeof(key.by.bytes));
    if (!reader_ok(stated) || !out_get(txn, &reference, &row)) {
        return false;
    }
    memcpy(key.handle, row.handle, sizeof(key.handle));
    struct store_key claim = claim_key(&key);
    return store_get(txn, AT_STATED, store_key_slice(&claim), &ignored);
}

static bool is_old(struct store_txn *txn, const struct store_walk *walk, int64_t now_ms)
{
    int32_t today = (int32_t)(now_ms / DAY_MS);
    struct reader reader = reader_over(walk->value);
    int32_t day = read_i32(&reader);
    switch (walk->key.data[0]) {
    case SORT_CLAIM:
        return day < today;
    case SORT_DOCUMENT:
        return day + CAIRN_STATED_KEPT_DAYS < today;
    case SORT_THING:
        break;
    default:
        return false;
    }
    bool old = day + CAIRN_STATED_KEPT_DAYS < today;
    while (old && reader.left >= INVOLVEMENT_BYTES) {
        old = !is_claimed(txn, walk, &reader);
    }
    return old;
}

static const struct forgetting stated_forgotten = {AT_STATED, "stated-at", is_old};

/* --- documents --- */

void stated_document_deinit(struct stated_document *document)
{
    if (document->records != NULL) {
        bytes_wipe(document->records, FAMILY_CHILDREN_MAX * sizeof(document->records[0]));
    }
    base_free(&document->records);
    *document = STATED_DOCUMENT_NULL;
}

static bool records_unpack(struct slice text, struct stated_document *ret)
{
    struct reader reader = reader_over(text);
    size_t n = read_u8(&reader);
    ret->records = base_zalloc(FAMILY_CHILDREN_MAX, sizeof(ret->records[0]));
    for (; ret->n < n && ret->n < FAMILY_CHILDREN_MAX; ret->n++) {
        struct slice id = read_sized(&reader, EVENT_SOURCE_ID_BYTES - 1);
        if (!reader_ok(&reader)) {
            return false;
        }
        memcpy(ret->records[ret->n], id.data, id.len);
    }
    return reader_end(&reader) && ret->n == n;
}

int stated_document_get(struct store_txn *txn, const struct secret *store_key,
                        const struct stated_by *by, struct stated_document *ret)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(RECORDS_MAX_BYTES);
    struct store_key key = key_by(SORT_DOCUMENT, by);
    struct slice value;
    if (!store_get(txn, AT_STATED, store_key_slice(&key), &value)) {
        return store_fault(txn);
    }
    struct reader reader = reader_over(value);
    ret->said_day = read_i32(&reader);
    ret->rank.changed_ms = (int64_t)read_u64(&reader);
    ret->rank.count = read_i32(&reader);
    int r = open_sealed(store_key, read_bytes(&reader, reader.left), &text);
    return r == 0 && records_unpack(buf_slice(&text), ret) ? 0 : -EBADMSG;
}

int stated_document_put(struct store_txn *txn, const struct secret *store_key,
                        const struct stated_by *by, const struct stated_document *document)
{
    uint8_t text[RECORDS_MAX_BYTES];
    uint8_t storage[DOCUMENT_HEAD_BYTES];
    struct writer out = writer_over(text, sizeof(text));
    struct writer head = writer_over(storage, sizeof(storage));
    struct store_key key = key_by(SORT_DOCUMENT, by);
    write_u8(&out, (uint8_t)document->n);
    for (size_t i = 0; i < document->n; i++) {
        write_sized(&out, slice_of_text(document->records[i]));
    }
    write_i32(&head, document->said_day);
    write_u64(&head, (uint64_t)document->rank.changed_ms);
    write_i32(&head, document->rank.count);
    assert(writer_ok(&out) && head.len == sizeof(storage));
    int r = put_sealed(txn, store_key, &key, writer_slice(&head), writer_slice(&out));
    bytes_wipe(text, sizeof(text));
    forget_some(txn, &stated_forgotten, document->said_day * DAY_MS);
    return r;
}

bool stated_document_has(const struct stated_document *document, const char *source_id)
{
    for (size_t i = 0; i < document->n; i++) {
        if (strcmp(document->records[i], source_id) == 0) {
            return true;
        }
    }
    return false;
}

/* --- things --- */

void stated_thing_get(struct store_txn *txn, const struct stated_by *by, struct stated_thing *ret)
{
    struct store_key key = key_by(SORT_THING, by);
    struct slice value;
    *ret = (struct stated_thing){.n = 0};
    if (!store_get(txn, AT_STATED, store_key_slice(&key), &value)) {
        return;
    }
    struct reader reader = reader_over(value);
    ret->said_day = read_i32(&reader);
    while (reader.left >= INVOLVEMENT_BYTES && ret->n < FAMILY_INVOLVEMENTS_MAX) {
        struct stated_involvement *stated = &ret->involvements[ret->n++];
        stated->role = (enum role)read_u8(&reader);
        read_into(&reader, stated->content.bytes, sizeof(stated->content.bytes));
        read_into(&reader, stated->reference.bytes, sizeof(stated->reference.bytes));
    }
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
    }
}

void stated_thing_put(struct store_txn *txn, const struct stated_by *by,
                      const struct stated_thing *thing)
{
    uint8_t storage[4 + FAMILY_INVOLVEMENTS_MAX * INVOLVEMENT_BYTES];
    struct writer out = writer_over(storage, sizeof(storage));
    struct store_key key = key_by(SORT_THING, by);
    if (thing->n == 0) {
        (void)store_delete(txn, AT_STATED, store_key_slice(&key));
        return;
    }
    write_i32(&out, thing->said_day);
    for (size_t i = 0; i < thing->n; i++) {
        const struct stated_involvement *stated = &thing->involvements[i];
        write_u8(&out, (uint8_t)stated->role);
        write_bytes(&out, stated->content.bytes, sizeof(stated->content.bytes));
        write_bytes(&out, stated->reference.bytes, sizeof(stated->reference.bytes));
    }
    store_put(txn, AT_STATED, store_key_slice(&key), writer_slice(&out));
}

const struct stated_involvement *stated_find(const struct stated_thing *thing, enum role role)
{
    for (size_t i = 0; i < thing->n; i++) {
        if (thing->involvements[i].role == role) {
            return &thing->involvements[i];
        }
    }
    return NULL;
}

int stated_content(const struct secret *store_key, const struct involvement *involvement,
                   struct hash *ret)
{
    _cleanup_(buf_deinit) struct buf json = BUF_MAX(INVOLVEMENT_JSON_MAX_BYTES);
    int r = involvement_to_json(involvement, &json);
    if (r != 0) {
        return r;
    }
    const struct slice parts[] = {slice_of_text("cairn-stated-content/v1\n"), buf_slice(&json)};
    hmac_sha256(store_key, parts, ARRAY_LEN(parts), ret->bytes);
    return 0;
}

/* --- claims --- */

int stated_claim(struct store_txn *txn, const struct secret *store_key,
                 const struct involvement *involvement, const struct out_row *row, int32_t today)
{
    _cleanup_(buf_deinit) struct buf json = BUF_MAX(INVOLVEMENT_JSON_MAX_BYTES);
    struct stated_key stated = {.role = involvement->role, .by = row->stated_by};
    uint8_t storage[CLAIM_HEAD_BYTES];
    struct writer head = writer_over(storage, sizeof(storage));
    if (memcmp(&row->stated_by, &stated_by_nothing, sizeof(row->stated_by)) == 0) {
        return store_fault(txn);
    }
    memcpy(stated.handle, row->handle, sizeof(stated.handle));
    struct store_key key = claim_key(&stated);
    write_i32(&head, involvement->until_day);
    int r = involvement_to_json(involvement, &json);
    if (r == 0) {
        r = put_sealed(txn, store_key, &key, writer_slice(&head), buf_slice(&json));
    }
    forget_some(txn, &stated_forgotten, today * DAY_MS);
    return r;
}

/* Of the claims left of that child and role the one that lasts longest, beyond `day`. */
static struct store_key longest(struct store_txn *txn, const struct store_key *claimed, int32_t day)
{
    struct store_key best = {.len = 0};
    struct slice prefix = slice_make(claimed->bytes, CLAIMED_BYTES);
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, AT_STATED, prefix);
    for (; walk.live && agent_key_has_prefix(walk.key, prefix); store_walk_next(&walk)) {
        struct reader reader = reader_over(walk.value);
        int32_t until = read_i32(&reader);
        if (until > day && walk.key.len <= sizeof(best.bytes)) {
            day = until;
            best.len = walk.key.len;
            memcpy(best.bytes, walk.key.data, walk.key.len);
        }
    }
    return best;
}

static int get_claim(struct store_txn *txn, const struct secret *store_key,
                     const struct store_key *key, int32_t *ret_until, struct buf *ret_json)
{
    struct slice value;
    if (!store_get(txn, AT_STATED, store_key_slice(key), &value)) {
        int r = store_fault(txn);
        return r != 0 ? r : -ENOENT;
    }
    struct reader reader = reader_over(value);
    *ret_until = read_i32(&reader);
    return open_sealed(store_key, read_bytes(&reader, reader.left), ret_json);
}

int stated_take_out(struct store_txn *txn, const struct secret *store_key,
                    const struct stated_key *key, int32_t day, struct buf *ret_json,
                    bool *ret_others)
{
    struct store_key own = claim_key(key);
    int32_t until;
    *ret_others = false;
    int r = get_claim(txn, store_key, &own, &until, ret_json);
    if (r != 0) {
        return r == -ENOENT ? 0 : r;
    }
    (void)store_delete(txn, AT_STATED, store_key_slice(&own));
    struct store_key other = longest(txn, &own, day);
    *ret_others = other.len > 0;
    if (*ret_others || until <= day) {
        buf_reset(ret_json);
    }
    return *ret_others ? get_claim(txn, store_key, &other, &until, ret_json) : store_fault(txn);
}
