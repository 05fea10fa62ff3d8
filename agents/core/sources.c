/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/sources.h"

#include <errno.h>
#include <string.h>

#include "crypto/digest.h"

#define IDEMPOTENCY_KEEP_MS (7 * 86400 * INT64_C(1000)) /* callers retry for hours, not weeks */
#define FORGET_ROWS         4 /* looked at with each one kept: the table stays a week long */
#define META_FORGET_AT      "idempotency-at"

/* --- sources --- */

static void make_key(const struct secret *store_key, enum source_sort sort, const char *adapter,
                     const char *id, const char *version, struct source_key *ret)
{
    uint8_t number = (uint8_t)sort;
    struct slice parts[] = {
        slice_of_text("cairn-source/v1\n"),       slice_make(&number, 1),
        slice_make(adapter, strlen(adapter) + 1), /* with its NUL: the parts cannot run together */
        slice_make(id, strlen(id) + 1),           slice_make(version, strlen(version) + 1),
    };
    ret->bytes[0] = number;
    hmac_sha256(store_key, parts, ARRAY_LEN(parts), ret->bytes + 1);
}

bool source_key(const struct secret *store_key, enum source_sort sort, const struct event *event,
                struct source_key *ret)
{
    if (event->source_id[0] == '\0') {
        return false;
    }
    make_key(store_key, sort, event->adapter, event->source_id,
             sort == SOURCE_VERSION ? event->source_version : "", ret);
    return true;
}

void source_key_retracted(const struct secret *store_key, const struct event *retraction,
                          struct source_key *ret)
{
    make_key(store_key, SOURCE_NEWEST, retraction->adapter, retraction->retracts, "", ret);
}

bool source_get(struct store_txn *txn, const struct source_key *key, struct source_row *ret)
{
    struct slice value;
    if (!store_get(txn, AT_SOURCE, SLICE_OF(key->bytes), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    read_into(&reader, ret->reference.bytes, sizeof(ret->reference.bytes));
    read_into(&reader, ret->content.bytes, sizeof(ret->content.bytes));
    if (!reader_end(&reader)) {
        store_fail(txn, -EBADMSG);
        return false;
    }
    return true;
}

void source_put(struct store_txn *txn, const struct source_key *key, const struct source_row *row)
{
    uint8_t storage[REFERENCE_BYTES + CAIRN_HASH_BYTES];
    struct writer writer = writer_over(storage, sizeof(storage));
    write_bytes(&writer, row->reference.bytes, sizeof(row->reference.bytes));
    write_bytes(&writer, row->content.bytes, sizeof(row->content.bytes));
    store_put(txn, AT_SOURCE, SLICE_OF(key->bytes), writer_slice(&writer));
}

int source_content(const struct secret *store_key, struct event *event, struct hash *ret)
{
    _cleanup_(buf_deinit) struct buf json = BUF_MAX(EVENT_JSON_MAX_BYTES);
    char version[EVENT_SOURCE_VERSION_BYTES];
    int64_t recorded_ms = event->recorded_ms;
    memcpy(version, event->source_version, sizeof(version));
    event->source_version[0] = '\0';
    event->recorded_ms = 0;
    int r = event_to_json(event, &json);
    memcpy(event->source_version, version, sizeof(version));
    event->recorded_ms = recorded_ms;
    if (r == 0) {
        struct slice parts[] = {slice_of_text("cairn-content/v1\n"), buf_slice(&json)};
        hmac_sha256(store_key, parts, ARRAY_LEN(parts), ret->bytes);
    }
    return r;
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

/* The next few rows of a walk that goes round the table. */
static void forget_old(struct store_txn *txn, int64_t now_ms)
{
    uint8_t at[CAIRN_HASH_BYTES] = {0};
    struct slice kept;
    if (agent_meta_bytes(txn, META_FORGET_AT, &kept) && kept.len == sizeof(at)) {
        memcpy(at, kept.data, sizeof(at));
    }
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, AT_IDEMPOTENCY, SLICE_OF(at));
    for (size_t n = 0; walk.live && n < FORGET_ROWS; n++) {
        struct reader reader = reader_over(walk.value);
        int64_t created_ms = (int64_t)read_u64(&reader);
        if (now_ms - created_ms > IDEMPOTENCY_KEEP_MS) {
            (void)store_delete(txn, AT_IDEMPOTENCY, walk.key);
        }
        store_walk_next(&walk);
    }
    memset(at, 0, sizeof(at)); /* from the beginning again after the last */
    if (walk.live) {
        memcpy(at, walk.key.data, sizeof(at));
    }
    agent_meta_put_bytes(txn, META_FORGET_AT, SLICE_OF(at));
}

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
    forget_old(txn, now_ms);
}
