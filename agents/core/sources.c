/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/sources.h"

#include <errno.h>
#include <string.h>

#include "agents/core/forgetting.h"
#include "crypto/digest.h"

#define IDEMPOTENCY_KEEP_MS (7 * 86400 * INT64_C(1000))  /* callers retry for hours, not weeks */
#define NOTHING_KEEP_MS     (31 * 86400 * INT64_C(1000)) /* no feed's disorder lasts a month */
#define COUNT_MAX_DIGITS    6

/* --- which is the older --- */

static int32_t count_of(const char *version)
{
    size_t len = strlen(version);
    int32_t count = 0;
    if (len == 0 || len > COUNT_MAX_DIGITS || strspn(version, "0123456789") != len) {
        return -1;
    }
    for (const char *digit = version; *digit != '\0'; digit++) {
        count = count * 10 + (*digit - '0');
    }
    return count;
}

struct source_rank source_rank(const struct event *event)
{
    return (struct source_rank){.changed_ms = event->changed_ms,
                                .count = count_of(event->source_version)};
}

bool source_is_ranked(const struct source_rank *rank)
{
    return rank->changed_ms != 0 || rank->count >= 0;
}

enum source_age source_age(const struct source_rank *told, const struct event *event)
{
    struct source_rank now = source_rank(event);
    if (told->changed_ms != 0 && now.changed_ms != 0 && told->changed_ms != now.changed_ms) {
        return now.changed_ms < told->changed_ms ? SOURCE_OLDER : SOURCE_NEWER;
    }
    if (told->count >= 0 && now.count >= 0 && told->count != now.count) {
        return now.count < told->count ? SOURCE_OLDER : SOURCE_NEWER;
    }
    return SOURCE_UNRANKED;
}

/* --- keys --- */

#define SORT_VERSION 1
#define SORT_THING   2
#define KEY_BYTES    (1 + CAIRN_HASH_BYTES)

static void thing_key(const struct secret *store_key, const struct event *event,
                      uint8_t ret[KEY_BYTES])
{
    const char *id = event->kind == RECORD_RETRACTION ? event->retracts : event->source_id;
    struct slice parts[] = {
        slice_of_text("cairn-source/v1\n"),
        slice_make(event->adapter, strlen(event->adapter) + 1), /* with its NUL: the parts cannot */
        slice_make(id, strlen(id) + 1),                         /* run together */
    };
    ret[0] = SORT_THING;
    hmac_sha256(store_key, parts, ARRAY_LEN(parts), ret + 1);
}

static void version_key(const struct secret *store_key, const struct event *event,
                        const struct hash *content, uint8_t ret[KEY_BYTES])
{
    uint8_t storage[8];
    struct writer changed = writer_over(storage, sizeof(storage));
    write_u64(&changed, (uint64_t)event->changed_ms);
    struct slice parts[] = {
        slice_of_text("cairn-source-version/v1\n"),
        slice_make(event->adapter, strlen(event->adapter) + 1),
        slice_make(event->source_id, strlen(event->source_id) + 1),
        slice_make(event->source_version, strlen(event->source_version) + 1),
        writer_slice(&changed),
        SLICE_OF(content->bytes),
    };
    ret[0] = SORT_VERSION;
    hmac_sha256(store_key, parts, ARRAY_LEN(parts), ret + 1);
}

/* --- things: tells u8, final u8, has_reference u8, reference[16], changed u64, count i32,
 *     content[32], kept u64 --- */

#define THING_BYTES (3 + REFERENCE_BYTES + 8 + 4 + CAIRN_HASH_BYTES + 8)

static bool thing_unpack(struct slice value, struct source_row *ret)
{
    struct reader reader = reader_over(value);
    struct source_row row = SOURCE_ROW_NULL;
    row.tells = read_u8(&reader) != 0;
    row.final = read_u8(&reader) != 0;
    row.has_reference = read_u8(&reader) != 0;
    read_into(&reader, row.reference.bytes, sizeof(row.reference.bytes));
    row.rank.changed_ms = (int64_t)read_u64(&reader);
    row.rank.count = read_i32(&reader);
    read_into(&reader, row.content.bytes, sizeof(row.content.bytes));
    row.kept_ms = (int64_t)read_u64(&reader);
    if (!reader_end(&reader)) {
        return false;
    }
    *ret = row;
    return true;
}

bool source_get(struct store_txn *txn, const struct secret *store_key, const struct event *event,
                struct source_row *ret)
{
    uint8_t key[KEY_BYTES];
    struct slice value;
    thing_key(store_key, event, key);
    if (!store_get(txn, AT_SOURCE, SLICE_OF(key), &value)) {
        return false;
    }
    if (!thing_unpack(value, ret)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

static bool is_forgotten(struct store_txn *txn, const struct store_walk *walk, int64_t now_ms)
{
    (void)txn;
    struct source_row row;
    return walk->key.data[0] == SORT_THING && thing_unpack(walk->value, &row) &&
           !row.has_reference && now_ms - row.kept_ms > NOTHING_KEEP_MS;
}

static const struct forgetting sources_forgotten = {AT_SOURCE, "source-at", is_forgotten};

void source_put(struct store_txn *txn, const struct secret *store_key, const struct event *event,
                const struct source_row *row)
{
    uint8_t key[KEY_BYTES];
    uint8_t storage[THING_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_u8(&writer, row->tells ? 1 : 0);
    write_u8(&writer, row->final ? 1 : 0);
    write_u8(&writer, row->has_reference ? 1 : 0);
    write_bytes(&writer, row->reference.bytes, sizeof(row->reference.bytes));
    write_u64(&writer, (uint64_t)row->rank.changed_ms);
    write_i32(&writer, row->rank.count);
    write_bytes(&writer, row->content.bytes, sizeof(row->content.bytes));
    write_u64(&writer, (uint64_t)row->kept_ms);
    assert(writer.len == sizeof(storage));
    thing_key(store_key, event, key);
    store_put(txn, AT_SOURCE, SLICE_OF(key), writer_slice(&writer));
    if (!row->has_reference) {
        forget_some(txn, &sources_forgotten, row->kept_ms);
    }
}

/* --- versions: reference[16] --- */

/* What does not count is blanked while the rest is written. */
static int content_json(struct event *event, struct buf *out)
{
    struct event whole = *event; /* shares the account's bytes, which nobody changes */
    bool standing = event->lawfulness.judged_by == JUDGED_BY_STANDING_DECISION;
    event->source_version[0] = '\0';
    event->recorded_ms = 0;
    event->event_day = event->day_heard ? 0 : event->event_day;
    if (standing) {
        event->lawfulness.judge[0] = '\0';
    }
    int r = event_to_json(event, out);
    *event = whole;
    bytes_wipe(&whole, sizeof(whole));
    return r;
}

int source_content(const struct secret *store_key, struct event *event, struct hash *ret)
{
    _cleanup_(buf_deinit) struct buf json = BUF_MAX(EVENT_JSON_MAX_BYTES);
    struct slice said = slice_of_text(event->retracts);
    if (event->kind != RECORD_RETRACTION) {
        int r = content_json(event, &json);
        if (r != 0) {
            return r;
        }
        said = buf_slice(&json);
    }
    uint8_t nothing = event->kind == RECORD_RETRACTION ? 1 : 0;
    struct slice parts[] = {slice_of_text("cairn-content/v1\n"), slice_make(&nothing, 1), said};
    hmac_sha256(store_key, parts, ARRAY_LEN(parts), ret->bytes);
    return 0;
}

bool source_known(struct store_txn *txn, const struct secret *store_key, const struct event *event,
                  const struct hash *content, struct reference *ret)
{
    uint8_t key[KEY_BYTES];
    version_key(store_key, event, content, key);
    return reference_row_get(txn, AT_SOURCE, SLICE_OF(key), ret);
}

void source_put_known(struct store_txn *txn, const struct secret *store_key,
                      const struct event *event, const struct hash *content,
                      const struct reference *reference)
{
    uint8_t key[KEY_BYTES];
    version_key(store_key, event, content, key);
    store_put(txn, AT_SOURCE, SLICE_OF(key), SLICE_OF(reference->bytes));
}

/* --- idempotency keys: created u64, body[32], answer --- */

static void idempotency_key(const struct secret *store_key, const struct idempotency *request,
                            uint8_t ret[CAIRN_HASH_BYTES])
{
    struct store_key user = store_key_u64(request->by_uid);
    struct slice parts[] = {slice_of_text("cairn-idempotency-key/v1\n"), store_key_slice(&user),
                            request->key};
    hmac_sha256(store_key, parts, ARRAY_LEN(parts), ret);
}

static void idempotency_body(const struct secret *store_key, const struct idempotency *request,
                             uint8_t ret[CAIRN_HASH_BYTES])
{
    struct store_key sort = store_key_u64(request->sort);
    struct slice parts[] = {slice_of_text("cairn-idempotency-body/v1\n"), store_key_slice(&sort),
                            request->body};
    hmac_sha256(store_key, parts, ARRAY_LEN(parts), ret);
}

enum idempotency_result idempotency_look(struct store_txn *txn, const struct secret *store_key,
                                         const struct idempotency *request,
                                         struct slice *ret_answer)
{
    uint8_t key[CAIRN_HASH_BYTES];
    uint8_t body[CAIRN_HASH_BYTES];
    uint8_t before[CAIRN_HASH_BYTES];
    struct slice value;
    idempotency_key(store_key, request, key);
    if (!store_get(txn, AT_IDEMPOTENCY, SLICE_OF(key), &value)) {
        return IDEMPOTENCY_NEW;
    }
    struct reader reader = reader_over(value);
    (void)read_u64(&reader);
    read_into(&reader, before, sizeof(before));
    struct slice answer = read_bytes(&reader, reader.left);
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return IDEMPOTENCY_NEW;
    }
    idempotency_body(store_key, request, body);
    if (!bytes_equal_ct(body, before, sizeof(body))) {
        return IDEMPOTENCY_OTHER;
    }
    *ret_answer = answer;
    return IDEMPOTENCY_SAME;
}

static bool key_is_old(struct store_txn *txn, const struct store_walk *walk, int64_t now_ms)
{
    (void)txn;
    struct reader reader = reader_over(walk->value);
    return now_ms - (int64_t)read_u64(&reader) > IDEMPOTENCY_KEEP_MS;
}

static const struct forgetting keys_forgotten = {AT_IDEMPOTENCY, "idempotency-at", key_is_old};

void idempotency_keep(struct store_txn *txn, const struct secret *store_key,
                      const struct idempotency *request, int64_t now_ms, struct slice answer)
{
    uint8_t key[CAIRN_HASH_BYTES];
    uint8_t body[CAIRN_HASH_BYTES];
    size_t len = 8 + sizeof(body) + answer.len;
    idempotency_key(store_key, request, key);
    idempotency_body(store_key, request, body);
    uint8_t *storage = store_reserve(txn, AT_IDEMPOTENCY, SLICE_OF(key), len);
    if (storage != NULL) {
        struct writer writer = writer_over(storage, len);
        write_u64(&writer, (uint64_t)now_ms);
        write_bytes(&writer, body, sizeof(body));
        write_slice(&writer, answer);
        assert(writer_ok(&writer));
    }
    forget_some(txn, &keys_forgotten, now_ms);
}
