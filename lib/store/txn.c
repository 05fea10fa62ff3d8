/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/internal.h"

static MDB_val val_of(struct slice slice)
{
    /* LMDB's type has no const; it does not write through keys and values that it is given. */
    return (MDB_val){.mv_size = slice.len, .mv_data = (void *)slice.data};
}

static struct slice slice_of(const MDB_val *val)
{
    return slice_make(val->mv_data, val->mv_size);
}

void store_fail(struct store_txn *txn, int fault)
{
    assert(fault < 0);
    if (txn->fault == 0) {
        txn->fault = fault;
    }
}

static MDB_dbi table_of(const struct store_txn *txn, unsigned table)
{
    assert(table < txn->store->n_tables);
    return txn->store->tables[table];
}

static void set_writing(struct store *store, bool writing)
{
    (void)pthread_mutex_lock(&store->lock);
    assert(store->writing != writing);
    store->writing = writing;
    (void)pthread_mutex_unlock(&store->lock);
}

struct store_txn *store_begin(struct store *store)
{
    MDB_txn *inner = NULL;

    assert(!store->read_only);
    if (mdb_txn_begin(store->env, NULL, 0, &inner) != 0) {
        return NULL;
    }
    set_writing(store, true);
    struct store_txn *txn = base_zalloc(1, sizeof(*txn));
    *txn = (struct store_txn){.store = store, .txn = inner};
    return txn;
}

struct store_txn *store_read(struct store *store)
{
    MDB_txn *inner = NULL;

    struct store_reader *reader = store_take_reader(store);
    if (reader == NULL) {
        return NULL;
    }
    if (mdb_txn_begin(store->env, NULL, MDB_RDONLY, &inner) != 0) {
        store_release_reader(store, reader);
        return NULL;
    }
    struct store_txn *txn = base_zalloc(1, sizeof(*txn));
    *txn = (struct store_txn){.store = store, .txn = inner, .reader = reader};
    return txn;
}

static void txn_free(struct store_txn *txn)
{
    bytes_wipe(&txn->sum, sizeof(txn->sum));
    free(txn);
}

void store_end(struct store_txn **txn)
{
    struct store_txn *ending = *txn;

    if (ending == NULL) {
        return;
    }
    *txn = NULL;
    assert(ending->walks == 0);
    if (ending->reader != NULL) {
        mdb_txn_abort(ending->txn);
        store_release_reader(ending->store, ending->reader);
    } else {
        /* Before the abort: after it another thread may begin. */
        set_writing(ending->store, false);
        mdb_txn_abort(ending->txn);
    }
    txn_free(ending);
}

int store_commit(struct store_txn **txn)
{
    struct store_txn *committing = *txn;

    assert(committing->reader == NULL);
    assert(committing->walks == 0);
    store_tag_now(committing);
    store_sum_end(committing);
    int fault = committing->fault;
    if (fault != 0) {
        store_end(txn);
        return fault;
    }
    *txn = NULL;
    struct store *store = committing->store;
    set_writing(store, false);
    int r = store_errno(mdb_txn_commit(committing->txn));
    txn_free(committing);
    return r;
}

int store_fault(const struct store_txn *txn)
{
    return txn->fault;
}

uint64_t store_writes(const struct store_txn *txn)
{
    return txn->writes;
}

uint64_t store_table_rows(struct store_txn *txn, unsigned table)
{
    MDB_stat stat = {.ms_entries = 0};

    if (txn->fault == 0) {
        int rc = mdb_stat(txn->txn, table_of(txn, table), &stat);
        if (rc != 0) {
            store_fail(txn, store_errno(rc));
        }
    }
    return stat.ms_entries;
}

bool store_find(struct store_txn *txn, unsigned table, struct slice key, struct slice *ret)
{
    MDB_val inner_key = val_of(key);
    MDB_val value;

    if (txn->fault != 0) {
        return false;
    }
    int rc = mdb_get(txn->txn, table_of(txn, table), &inner_key, &value);
    if (rc == 0) {
        *ret = slice_of(&value);
    } else if (rc != MDB_NOTFOUND) {
        store_fail(txn, store_errno(rc));
    }
    return rc == 0;
}

bool store_get(struct store_txn *txn, unsigned table, struct slice key, struct slice *ret)
{
    struct slice row;

    store_tag_now(txn);
    if (!store_find(txn, table, key, &row) || !store_tag_holds(txn, table, key, &row)) {
        return false;
    }
    *ret = row;
    return true;
}

/* The row that is there, if one is, leaves the sum of all rows. */
static void leave_sum(struct store_txn *txn, unsigned table, struct slice key)
{
    struct slice row;

    if (txn->sum.known && store_find(txn, table, key, &row)) {
        (void)store_tag_leaves(txn, table, key, row);
    }
}

/* Every write begins here: false when the transaction takes none. `is_new` says that there is no
 * row of that key. */
static bool begin_write(struct store_txn *txn, unsigned table, struct slice key, bool is_new)
{
    assert(txn->reader == NULL);
    store_tag_now(txn);
    store_sum_begin(txn);
    if (!is_new) {
        leave_sum(txn, table, key);
    }
    if (txn->fault != 0) {
        return false;
    }
    txn->writes++;
    return true;
}

/* `value` comes back as LMDB left it. */
static bool put(struct store_txn *txn, unsigned table, struct slice key, MDB_val *value,
                unsigned flags)
{
    MDB_val inner_key = val_of(key);

    if (!begin_write(txn, table, key, (flags & (MDB_APPEND | MDB_NOOVERWRITE)) != 0)) {
        return false;
    }
    int rc = mdb_put(txn->txn, table_of(txn, table), &inner_key, value, flags);
    if (rc != 0) {
        store_fail(txn, store_errno(rc));
    }
    return rc == 0;
}

static void put_row(struct store_txn *txn, unsigned table, struct slice key, struct slice value,
                    unsigned flags)
{
    MDB_val inner = val_of(value);

    if (!txn->store->row_tags) {
        (void)put(txn, table, key, &inner, flags);
        return;
    }
    inner = (MDB_val){.mv_size = value.len + STORE_TAG_BYTES, .mv_data = NULL};
    if (put(txn, table, key, &inner, flags | MDB_RESERVE)) {
        if (value.len > 0) {
            memcpy(inner.mv_data, value.data, value.len);
        }
        store_tag_write(txn, table, key, inner.mv_data, value.len);
    }
}

void store_put(struct store_txn *txn, unsigned table, struct slice key, struct slice value)
{
    put_row(txn, table, key, value, 0);
}

void store_append(struct store_txn *txn, unsigned table, struct slice key, struct slice value)
{
    put_row(txn, table, key, value, MDB_APPEND);
}

void store_add(struct store_txn *txn, unsigned table, struct slice key, struct slice value)
{
    put_row(txn, table, key, value, MDB_NOOVERWRITE);
}

static uint8_t *reserve(struct store_txn *txn, unsigned table, struct slice key, size_t len,
                        unsigned flags)
{
    bool tagged = txn->store->row_tags;
    MDB_val inner = {.mv_size = tagged ? len + STORE_TAG_BYTES : len, .mv_data = NULL};

    if (!put(txn, table, key, &inner, flags | MDB_RESERVE)) {
        return NULL;
    }
    if (tagged) {
        store_tag_later(txn, table, key, inner.mv_data, len);
    }
    return inner.mv_data;
}

uint8_t *store_reserve(struct store_txn *txn, unsigned table, struct slice key, size_t len)
{
    return reserve(txn, table, key, len, 0);
}

uint8_t *store_reserve_last(struct store_txn *txn, unsigned table, struct slice key, size_t len)
{
    return reserve(txn, table, key, len, MDB_APPEND);
}

bool store_delete(struct store_txn *txn, unsigned table, struct slice key)
{
    MDB_val inner_key = val_of(key);

    if (!begin_write(txn, table, key, false)) {
        return false;
    }
    int rc = mdb_del(txn->txn, table_of(txn, table), &inner_key, NULL);
    if (rc != 0 && rc != MDB_NOTFOUND) {
        store_fail(txn, store_errno(rc));
    }
    return rc == 0;
}

static void walk_step(struct store_walk *walk, struct slice key, MDB_cursor_op op)
{
    MDB_val inner_key = val_of(key);
    MDB_val value;

    walk->live = false;
    if (walk->cursor == NULL || walk->txn->fault != 0) {
        return;
    }
    store_tag_now(walk->txn);
    int rc = mdb_cursor_get(walk->cursor, &inner_key, &value, op);
    if (rc == 0) {
        walk->key = slice_of(&inner_key);
        walk->value = slice_of(&value);
        walk->live = store_tag_holds(walk->txn, walk->table, walk->key, &walk->value);
    } else if (rc != MDB_NOTFOUND) {
        store_fail(walk->txn, store_errno(rc));
    }
}

static struct store_walk walk_begin(struct store_txn *txn, unsigned table)
{
    struct store_walk walk = {.txn = txn, .table = table};
    MDB_cursor *cursor = NULL;

    if (txn->fault != 0) {
        return walk;
    }
    int rc = mdb_cursor_open(txn->txn, table_of(txn, table), &cursor);
    if (rc != 0) {
        store_fail(txn, store_errno(rc));
        return walk;
    }
    walk.cursor = cursor;
    txn->walks++;
    return walk;
}

struct store_walk store_walk_from(struct store_txn *txn, unsigned table, struct slice from)
{
    struct store_walk walk = walk_begin(txn, table);

    walk_step(&walk, from, from.len == 0 ? MDB_FIRST : MDB_SET_RANGE);
    return walk;
}

struct store_walk store_walk_last(struct store_txn *txn, unsigned table, struct slice to)
{
    struct store_walk walk = walk_begin(txn, table);

    if (to.len > 0) {
        walk_step(&walk, to, MDB_SET_RANGE);
    }
    if (!walk.live) {
        walk_step(&walk, SLICE_NULL, MDB_LAST);
    } else if (!slice_equal(walk.key, to)) {
        walk_step(&walk, SLICE_NULL, MDB_PREV);
    }
    return walk;
}

void store_walk_next(struct store_walk *walk)
{
    if (walk->live) {
        walk_step(walk, SLICE_NULL, MDB_NEXT);
    }
}

void store_walk_prev(struct store_walk *walk)
{
    if (walk->live) {
        walk_step(walk, SLICE_NULL, MDB_PREV);
    }
}

void store_walk_end(struct store_walk *walk)
{
    if (walk->cursor != NULL) {
        mdb_cursor_close(walk->cursor);
        assert(walk->txn->walks > 0);
        walk->txn->walks--;
    }
    *walk = (struct store_walk){.txn = NULL};
}

struct store_key store_key_u64(uint64_t value)
{
    struct store_key key;
    struct writer writer = writer_over(key.bytes, sizeof(key.bytes));

    write_u64(&writer, value);
    key.len = writer.len;
    return key;
}

struct slice store_key_slice(const struct store_key *key)
{
    return slice_make(key->bytes, key->len);
}
