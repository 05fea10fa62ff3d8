/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row's value and then its tag: the first half of an HMAC-SHA-256, under the store's row key,
 * over
 *
 *   u8 table | u16 bytes of the key | key | value
 *
 * What was reserved is written by its owner after the call, so its tag follows with the next thing
 * that the transaction does.
 */
#include <errno.h>
#include <string.h>

#include "crypto/digest.h"
#include "store/internal.h"

static void tag_of(const struct store *store, unsigned table, struct slice key, struct slice value,
                   uint8_t out[STORE_TAG_BYTES])
{
    uint8_t head[3];
    uint8_t whole[CAIRN_HASH_BYTES];
    struct writer writer = writer_over(head, sizeof(head));

    assert(store->row_key.len > 0);
    write_u8(&writer, (uint8_t)table);
    write_u16(&writer, (uint16_t)key.len);
    const struct slice parts[] = {SLICE_OF(head), key, value};
    hmac_sha256(&store->row_key, parts, ARRAY_LEN(parts), whole);
    memcpy(out, whole, STORE_TAG_BYTES);
}

void store_tag_write(const struct store *store, unsigned table, struct slice key, uint8_t *value,
                     size_t len)
{
    tag_of(store, table, key, slice_make(value, len), value + len);
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
        store_tag_write(txn->store, row->table, slice_make(row->key, row->key_len), row->value,
                        row->len);
        txn->untagged.value = NULL;
    }
}

bool store_tag_holds(struct store_txn *txn, unsigned table, struct slice key, struct slice *value)
{
    const struct store *store = txn->store;
    uint8_t expected[STORE_TAG_BYTES];

    if (!store->row_tags) {
        return true;
    }
    bool holds = value->len >= STORE_TAG_BYTES;
    if (holds) {
        value->len -= STORE_TAG_BYTES;
    }
    if (holds && store->row_key.len > 0) {
        tag_of(store, table, key, *value, expected);
        holds = bytes_equal_ct(expected, value->data + value->len, STORE_TAG_BYTES);
    }
    if (!holds) {
        store_fail(txn, -EBADMSG);
    }
    return holds;
}
