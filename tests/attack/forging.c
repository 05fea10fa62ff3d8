/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/forging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "cairn/limits.h"
#include "support/setting.h"

const char *const forgery_texts[FORGERIES] = {"deleted",   "changed", "grown",    "moved",
                                              "stretched", "added",   "exchanged"};

void forged_key_set(struct forged_key *key, struct slice from)
{
    assert_true(from.len < sizeof(key->bytes));
    memcpy(key->bytes, from.data, from.len);
    key->len = from.len;
}

struct slice forged_key_slice(const struct forged_key *key)
{
    return slice_make(key->bytes, key->len);
}

static void take(struct store_txn *txn, unsigned table, const struct forged_key *key,
                 struct buf *ret)
{
    struct slice value;

    assert_true(store_get(txn, table, forged_key_slice(key), &value));
    *ret = BUF_MAX(CAIRN_BATCH_BYTES_MAX * 2);
    buf_add_slice(ret, value);
}

static bool flip_bit(struct buf *value, uint64_t *seed)
{
    if (value->len == 0) {
        return false;
    }
    size_t at = (size_t)(setting_draw(seed) % value->len);
    value->data[at] ^= (uint8_t)(1U << setting_draw(seed) % 8);
    return true;
}

static void put(struct store_txn *txn, const struct forged *forged, const struct forged_key *key,
                const struct buf *value)
{
    store_put(txn, forged->table, forged_key_slice(key), buf_slice(value));
}

/* Another key than the row's, in forged->other. */
static void put_elsewhere(struct store_txn *txn, struct forged *forged, const struct buf *value)
{
    forged->other = forged->one;
    if (forged->forgery == FORGE_STRETCH) {
        forged->other.bytes[forged->other.len++] = 0;
    } else {
        forged->other.bytes[forged->other.len - 1] ^= 0x80;
    }
    put(txn, forged, &forged->other, value);
}

bool forge(struct store_txn *txn, struct forged *forged, uint64_t *seed)
{
    _cleanup_(buf_deinit) struct buf one = BUF_MAX(0);
    _cleanup_(buf_deinit) struct buf other = BUF_MAX(0);
    bool done = true;

    take(txn, forged->table, &forged->one, &one);
    take(txn, forged->table, &forged->other, &other);
    switch (forged->forgery) {
    case FORGE_DELETE:
        return store_delete(txn, forged->table, forged_key_slice(&forged->one));
    case FORGE_REPLACE:
        done = flip_bit(&one, seed);
        break;
    case FORGE_GROW:
        buf_add(&one, "\1", 1);
        break;
    case FORGE_MOVE:
    case FORGE_STRETCH:
        done = store_delete(txn, forged->table, forged_key_slice(&forged->one));
        put_elsewhere(txn, forged, &one);
        return done;
    case FORGE_ADD:
        put_elsewhere(txn, forged, &one);
        return true;
    case FORGE_EXCHANGE:
        put(txn, forged, &forged->one, &other);
        put(txn, forged, &forged->other, &one);
        return !slice_equal(buf_slice(&one), buf_slice(&other));
    }
    put(txn, forged, &forged->one, &one);
    return done;
}
