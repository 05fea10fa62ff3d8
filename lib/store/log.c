/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log.h"

#include <errno.h>
#include <string.h>

#define ROW_HASHES_MAX 64
#define ROW_MAX_BYTES  (1 + ROW_HASHES_MAX * CAIRN_HASH_BYTES + LOG_LEAF_MAX_BYTES)

/* A row taken apart; borrows from the transaction. */
struct row {
    size_t n;
    const uint8_t *hashes;
    struct slice leaf_data;
};

/* Leaf i completes one subtree of each level up to the number of zeros that i + 1 ends in. */
static size_t hashes_of(uint64_t index)
{
    return (size_t)__builtin_ctzll(index + 1) + 1;
}

static int row_parse(uint64_t index, struct slice value, struct row *ret)
{
    struct reader reader = reader_over(value);

    size_t n = read_u8(&reader);
    struct slice hashes = read_bytes(&reader, n * CAIRN_HASH_BYTES);
    if (!reader_ok(&reader) || n != hashes_of(index) || reader.left > LOG_LEAF_MAX_BYTES) {
        return -EBADMSG;
    }
    *ret = (struct row){
        .n = n,
        .hashes = hashes.data,
        .leaf_data = slice_make(reader.at, reader.left),
    };
    return 0;
}

static int row_get(struct store_txn *txn, unsigned table, uint64_t index, struct row *ret)
{
    const struct store_key key = store_key_u64(index);
    struct slice value;

    if (!store_get(txn, table, store_key_slice(&key), &value)) {
        int fault = store_fault(txn);
        return fault < 0 ? fault : -ENOENT;
    }
    return row_parse(index, value, ret);
}

uint64_t log_size(struct store_txn *txn, unsigned table)
{
    _cleanup_(store_walk_end) struct store_walk walk = store_walk_last(txn, table, SLICE_NULL);

    if (!walk.live) {
        return 0;
    }
    struct reader reader = reader_over(walk.key);
    uint64_t last = read_u64(&reader);
    if (!reader_end(&reader) || last >= TREE_SIZE_MAX) {
        store_fail(txn, -EBADMSG);
        return 0;
    }
    return last + 1;
}

uint64_t log_append(struct store_txn *txn, unsigned table, struct tree_range *range,
                    struct slice leaf_data)
{
    struct hash leaf;
    struct hash completed[ROW_HASHES_MAX];
    uint8_t bytes[ROW_MAX_BYTES];
    struct writer row = writer_over(bytes, sizeof(bytes));

    assert(leaf_data.len <= LOG_LEAF_MAX_BYTES);
    uint64_t index = range->size;
    tree_leaf(leaf_data, &leaf);
    size_t n = tree_append(range, &leaf, completed);
    assert(n == hashes_of(index));

    write_u8(&row, (uint8_t)n);
    write_bytes(&row, completed, n * sizeof(completed[0]));
    write_slice(&row, leaf_data);
    const struct store_key key = store_key_u64(index);
    store_append(txn, table, store_key_slice(&key), writer_slice(&row));
    return index;
}

int log_leaf(struct store_txn *txn, unsigned table, uint64_t index, struct slice *ret)
{
    struct row row;

    int r = row_get(txn, table, index, &row);
    if (r < 0) {
        return r;
    }
    *ret = row.leaf_data;
    return 0;
}

static int read_node(const struct log_source *source, unsigned level, uint64_t index,
                     struct hash *ret)
{
    struct row row;

    int r = row_get(source->txn, source->table, ((index + 1) << level) - 1, &row);
    if (r < 0) {
        return r;
    }
    assert(level < row.n);
    memcpy(ret->bytes, row.hashes + level * sizeof(ret->bytes), sizeof(ret->bytes));
    return 0;
}

static int log_node(void *data, unsigned level, uint64_t index, struct hash *ret)
{
    struct log_source *source = data;
    struct log_kept node = {.after = index + 1};

    if (level >= LOG_LEVELS_MAX || index >= TREE_SIZE_MAX >> level) {
        return -ENOENT;
    }
    struct log_kept *kept = source->kept[level];
    if (kept[0].after == node.after) {
        *ret = kept[0].hash;
        return 0;
    }
    if (kept[1].after == node.after) {
        node.hash = kept[1].hash;
    } else {
        int r = read_node(source, level, index, &node.hash);
        if (r < 0) {
            return r;
        }
    }
    kept[1] = kept[0];
    kept[0] = node;
    *ret = node.hash;
    return 0;
}

struct tree_source log_tree(struct log_source *source)
{
    return (struct tree_source){.node = log_node, .data = source};
}

int log_load(struct store_txn *txn, unsigned table, struct tree_range *ret)
{
    struct log_source source = {.txn = txn, .table = table};
    const struct tree_source tree = log_tree(&source);

    uint64_t size = log_size(txn, table);
    if (store_fault(txn) != 0) {
        return store_fault(txn);
    }
    return tree_range_load(&tree, size, ret);
}

/* The row at the walk is leaf range->size, and is what its data says it is. */
static int reread_row(const struct store_walk *walk, struct tree_range *range)
{
    const struct store_key key = store_key_u64(range->size);
    struct row row;
    struct hash leaf;
    struct hash completed[ROW_HASHES_MAX];

    if (!walk->live || !slice_equal(walk->key, store_key_slice(&key)) ||
        row_parse(range->size, walk->value, &row) < 0) {
        return -EBADMSG;
    }
    tree_leaf(row.leaf_data, &leaf);
    size_t n = tree_append(range, &leaf, completed);
    if (n != row.n || memcmp(completed, row.hashes, n * sizeof(completed[0])) != 0) {
        return -EBADMSG;
    }
    return 0;
}

int log_reread(struct store_txn *txn, unsigned table, uint64_t to, struct tree_range *range)
{
    const struct store_key from = store_key_u64(range->size);
    struct tree_range reread = *range;

    if (to < range->size) {
        return -EBADMSG;
    }
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, table, store_key_slice(&from));
    for (; reread.size < to; store_walk_next(&walk)) {
        int r = reread_row(&walk, &reread);
        if (r < 0) {
            int fault = store_fault(txn);
            return fault < 0 ? fault : r;
        }
    }
    *range = reread;
    return 0;
}
