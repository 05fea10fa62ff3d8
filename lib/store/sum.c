/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sum of all rows: a tag says that a row was written here, not that it is still meant to be
 * there. So each commit also keeps what all rows come to, which a row that is missing, or an older
 * one that came back with its tag, changes.
 *
 * A row's share is the half of its HMAC that is written nowhere, and the sum is the shares of all
 * rows, XORed: a put or a delete turns one share in or out, in whatever order. Whoever knew sums
 * could work out which old rows come to the same; so the sum is sealed, under a key of its own, in
 * a table of its own. Where that has no row yet there are no rows at all.
 *
 * It lies in the transaction that it is true of: what is aborted, or lost by a crash, leaves the
 * earlier one behind. The whole store of an earlier commit comes to what it came to then.
 */
#include <errno.h>
#include <string.h>

#include "crypto/seal.h"
#include "store/internal.h"

#define PURPOSE       "sum of a store's rows"
#define ROW_BYTES     (STORE_SUM_BYTES + WRAP_OVERHEAD_BYTES)
#define ROW_KEY_BYTES 1

static MDB_val row_key(void)
{
    static uint8_t key[ROW_KEY_BYTES] = {0};

    return (MDB_val){.mv_size = sizeof(key), .mv_data = key};
}

static int read_sum(const struct store_txn *txn, uint8_t ret[STORE_SUM_BYTES])
{
    MDB_val key = row_key();
    MDB_val value;

    int rc = mdb_get(txn->txn, txn->store->sum_table, &key, &value);
    if (rc == MDB_NOTFOUND) {
        memset(ret, 0, STORE_SUM_BYTES);
        return 0;
    }
    if (rc != 0) {
        return rc > 0 ? store_errno(rc) : -EBADMSG; /* LMDB's own: a page that it cannot follow */
    }
    if (value.mv_size != ROW_BYTES) {
        return -EBADMSG;
    }
    return wrap_open(&txn->store->sum_key, PURPOSE, slice_make(value.mv_data, value.mv_size), ret);
}

static int write_row(struct store_txn *txn, uint8_t row[ROW_BYTES])
{
    MDB_val key = row_key();
    MDB_val value = {.mv_size = ROW_BYTES, .mv_data = row};

    return store_errno(mdb_put(txn->txn, txn->store->sum_table, &key, &value, 0));
}

/* Its place is written at once: a store that is full says so here, and not in the commit. */
void store_sum_begin(struct store_txn *txn)
{
    uint8_t place[ROW_BYTES] = {0};

    if (txn->sum.known || txn->fault != 0 || txn->store->row_key.len == 0) {
        return;
    }
    int r = read_sum(txn, txn->sum.bytes);
    if (r == 0) {
        r = write_row(txn, place);
    }
    if (r != 0) {
        store_fail(txn, r);
        return;
    }
    txn->sum.known = true;
}

void store_sum_turn(uint8_t sum[STORE_SUM_BYTES], const uint8_t share[STORE_SUM_BYTES])
{
    for (size_t i = 0; i < STORE_SUM_BYTES; i++) {
        sum[i] = (uint8_t)(sum[i] ^ share[i]);
    }
}

void store_sum_end(struct store_txn *txn)
{
    uint8_t row[ROW_BYTES];

    if (!txn->sum.known || txn->fault != 0) {
        return;
    }
    int r = wrap_seal(&txn->store->sum_key, PURPOSE, SLICE_OF(txn->sum.bytes), row);
    if (r == 0) {
        r = write_row(txn, row);
    }
    if (r != 0) {
        store_fail(txn, r);
    }
}

int store_sum_check(struct store_txn *txn, const uint8_t sum[STORE_SUM_BYTES])
{
    uint8_t kept[STORE_SUM_BYTES];

    int r = read_sum(txn, kept);
    if (r == 0 && !bytes_equal_ct(kept, sum, STORE_SUM_BYTES)) {
        r = -EBADMSG;
    }
    bytes_wipe(kept, sizeof(kept));
    return r;
}
