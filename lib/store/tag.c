/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row's value and then its tag: the first half of an HMAC-SHA-256, under the store's row key,
 * over
 *
 *   u8 table | u16 bytes of the key | key | value
 *
 * The other half is never written down: it is the row's share of the sum of all rows (sum.c), and
 * wiped when it has been counted.
 *
 * What was reserved is written by its owner after the call, so its tag follows with the next thing
 * that the transaction does.
 */
#include <errno.h>
#include <string.h>

#include "crypto/digest.h"
#include "store/internal.h"

struct row_mac {
    uint8_t tag[STORE_TAG_BYTES];
    uint8_t share[STORE_SUM_BYTES];
};

static_assert(sizeof(struct row_mac) == CAIRN_HASH_BYTES, "tag and share are the halves of a hash");
static_assert(STORE_TABLES_MAX < 'a', "no row is the name of a key that is made from this one");

static void row_mac_wipe(struct row_mac *mac)
{
    bytes_wipe(mac, sizeof(*mac));
}

static void row_mac_of(const struct store *store, unsigned table, struct slice key,
                       struct slice value, struct row_mac *ret)
{
    uint8_t head[3];
    uint8_t whole[CAIRN_HASH_BYTES];
    struct writer writer = writer_over(head, sizeof(head));

    assert(store->row_key.len > 0);
    write_u8(&writer, (uint8_t)table);
    write_u16(&writer, (uint16_t)key.len);
    const struct slice parts[] = {SLICE_OF(head), key, value};
    hmac_sha256(&store->row_key, parts, ARRAY_LEN(parts), whole);
    memcpy(ret->tag, whole, sizeof(ret->tag));
    memcpy(ret->share, whole + sizeof(ret->tag), sizeof(ret->share));
    bytes_wipe(whole, sizeof(whole));
}

void store_tag_write(struct store_txn *txn, unsigned table, struct slice key, uint8_t *value,
                     size_t len)
{
    _cleanup_(row_mac_wipe) struct row_mac mac;

    row_mac_of(txn->store, table, key, slice_make(value, len), &mac);
    memcpy(value + len, mac.tag, sizeof(mac.tag));
    store_sum_turn(txn->sum.bytes, mac.share);
}

void store_tag_later(struct store_txn *txn, unsigned table, struct slice key, uint8_t *value,
                     size_t len)
{
    assert(key.len <= sizeof(txn->untagged.key));
    txn->untagged.table = table;
    txn->untagged.key_len = key.len;
    memcpy(txn->untagged.key, key.data, key.len);
    txn->untagged.value = value;
    txn->untagged.len = len;
}

void store_tag_now(struct store_txn *txn)
{
    const struct store_untagged *row = &txn->untagged;

    if (row->value != NULL) {
        store_tag_write(txn, row->table, slice_make(row->key, row->key_len), row->value, row->len);
        txn->untagged.value = NULL;
    }
}

/* As store_tag_holds; *ret is set where the key is known. */
static bool holds(struct store_txn *txn, unsigned table, struct slice key, struct slice *value,
                  struct row_mac *ret)
{
    bool is_ours = value->len >= STORE_TAG_BYTES;

    if (is_ours) {
        value->len -= STORE_TAG_BYTES;
    }
    if (is_ours && txn->store->row_key.len > 0) {
        row_mac_of(txn->store, table, key, *value, ret);
        is_ours = bytes_equal_ct(ret->tag, value->data + value->len, STORE_TAG_BYTES);
    }
    if (!is_ours) {
        store_fail(txn, -EBADMSG);
    }
    return is_ours;
}

bool store_tag_holds(struct store_txn *txn, unsigned table, struct slice key, struct slice *value)
{
    _cleanup_(row_mac_wipe) struct row_mac mac;

    return !txn->store->row_tags || holds(txn, table, key, value, &mac);
}

bool store_tag_leaves(struct store_txn *txn, unsigned table, struct slice key, struct slice value)
{
    _cleanup_(row_mac_wipe) struct row_mac mac;

    assert(txn->store->row_key.len > 0);
    if (!holds(txn, table, key, &value, &mac)) {
        return false;
    }
    store_sum_turn(txn->sum.bytes, mac.share);
    return true;
}

void store_tag_count(const struct store_txn *txn, unsigned table, struct slice key,
                     struct slice value, uint8_t sum[STORE_SUM_BYTES])
{
    _cleanup_(row_mac_wipe) struct row_mac mac;

    row_mac_of(txn->store, table, key, value, &mac);
    store_sum_turn(sum, mac.share);
}
