/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/chronology.h"

#include <string.h>

void chronology_add(struct apply *apply, uint64_t child, int32_t day, uint64_t log_index,
                    const struct chronology_row *row)
{
    uint8_t storage[CHRONOLOGY_ROW_BYTES];
    struct store_key key = key_chronology(child, day, log_index);
    store_add(apply->txn, T_CHRONOLOGY, store_key_slice(&key), chronology_row_pack(row, storage));
}

void chronology_count(struct apply *apply, uint64_t child, const struct chronology_item *item)
{
    uint8_t storage[CHRONOLOGY_ROW_BYTES];
    struct store_key key = key_chronology(child, item->day, item->log_index);
    struct chronology_row row = item->row;
    row.counts = true;
    store_put(apply->txn, T_CHRONOLOGY, store_key_slice(&key), chronology_row_pack(&row, storage));
}

bool chronology_retract(struct apply *apply, uint64_t child, int32_t day, uint64_t log_index)
{
    struct store_key key = key_chronology(child, day, log_index);
    struct slice value;
    struct chronology_row row;
    if (!store_get(apply->txn, T_CHRONOLOGY, store_key_slice(&key), &value)) {
        return false;
    }
    bool sound = chronology_row_unpack(value, &row);
    assert(sound);
    row.retracted = true;
    uint8_t storage[CHRONOLOGY_ROW_BYTES];
    store_put(apply->txn, T_CHRONOLOGY, store_key_slice(&key), chronology_row_pack(&row, storage));
    return true;
}

static void key_parts(struct slice key, int32_t *ret_day, uint64_t *ret_log_index)
{
    struct reader reader = reader_over(key);
    (void)read_u64(&reader);
    *ret_day = read_i32(&reader);
    *ret_log_index = read_u64(&reader);
    assert(reader_end(&reader));
}

/* Backwards, so that notes and other kinds of a long history never hide what is new. */
size_t chronology_scan(struct apply *apply, const struct chronology_search *search,
                       struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX])
{
    struct store_key prefix = store_key_u64(search->child);
    struct store_key last = key_chronology(search->child, search->to, UINT64_MAX);
    size_t at = CAIRN_CHRONOLOGY_SCAN_MAX; /* of the first item found, filled from the end */
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_last(apply->txn, T_CHRONOLOGY, store_key_slice(&last));
    for (size_t walked = 0; walk.live && at > 0 && key_has_prefix(walk.key, &prefix); walked++) {
        struct chronology_item *item = &items[at - 1];
        key_parts(walk.key, &item->day, &item->log_index);
        item->tied = search->tied;
        item->since =
            search->tied && search->tied_at > item->log_index ? search->tied_at : item->log_index;
        if (item->day < search->from) {
            break;
        }
        if (walked == CAIRN_CHRONOLOGY_WALK_MAX) {
            apply_noted(apply, NOTED_LOOKS_CUT_SHORT);
            break;
        }
        bool sound = chronology_row_unpack(walk.value, &item->row);
        assert(sound);
        at -= search->wanted(search->data, item) ? 1 : 0;
        store_walk_prev(&walk);
    }
    size_t n = CAIRN_CHRONOLOGY_SCAN_MAX - at;
    memmove(items, items + at, n * sizeof(items[0]));
    return n;
}

static bool is_later(const struct chronology_item *a, const struct chronology_item *b)
{
    return a->day > b->day || (a->day == b->day && a->log_index > b->log_index);
}

/* From the newest on, into a list of its own: neither may be overwritten before it is read. */
static size_t merge(const struct chronology_item *a, size_t n_a, const struct chronology_item *b,
                    size_t n_b, struct chronology_item ret[CAIRN_CHRONOLOGY_SCAN_MAX])
{
    size_t at = CAIRN_CHRONOLOGY_SCAN_MAX;
    while (at > 0 && n_a + n_b > 0) {
        bool from_a = n_b == 0 || (n_a > 0 && is_later(&a[n_a - 1], &b[n_b - 1]));
        ret[--at] = from_a ? a[--n_a] : b[--n_b];
    }
    memmove(ret, ret + at, (CAIRN_CHRONOLOGY_SCAN_MAX - at) * sizeof(ret[0]));
    return CAIRN_CHRONOLOGY_SCAN_MAX - at;
}

/* A function of its own: few searches need its lists, which are large. */
static NOINLINE size_t merge_scan(struct apply *apply, const struct chronology_search *search,
                                  struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX], size_t n)
{
    struct chronology_item more[CAIRN_CHRONOLOGY_SCAN_MAX];
    struct chronology_item both[CAIRN_CHRONOLOGY_SCAN_MAX];
    size_t n_more = chronology_scan(apply, search, more);
    size_t n_both = merge(items, n, more, n_more, both);
    memcpy(items, both, n_both * sizeof(items[0]));
    return n_both;
}

size_t chronology_merge(struct apply *apply, const struct chronology_search *search,
                        struct chronology_item items[CAIRN_CHRONOLOGY_SCAN_MAX], size_t n)
{
    return n == 0 ? chronology_scan(apply, search, items) : merge_scan(apply, search, items, n);
}

bool chronology_has(struct apply *apply, uint64_t child, const struct subject_id *subject)
{
    struct store_key prefix = store_key_u64(child);
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(apply->txn, T_CHRONOLOGY, store_key_slice(&prefix));
    for (; walk.live && key_has_prefix(walk.key, &prefix); store_walk_next(&walk)) {
        struct chronology_row row;
        bool sound = chronology_row_unpack(walk.value, &row);
        assert(sound);
        if (subject_id_equal(&row.subject, subject)) {
            return true;
        }
    }
    return false;
}

static size_t count_rows(struct store_txn *txn, const struct store_key *prefix)
{
    size_t n = 0;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(txn, T_CHRONOLOGY, store_key_slice(prefix));
    while (walk.live && key_has_prefix(walk.key, prefix) && n <= CAIRN_JOIN_ROWS_MAX) {
        n++;
        store_walk_next(&walk);
    }
    return n;
}

struct moving {
    struct store_key prefix;
    struct store_key at; /* rows before this one are done */
    uint64_t to;
    const struct member_list *subjects; /* NULL: all */
};

static bool moves(const struct moving *moving, struct slice value)
{
    struct chronology_row row;
    bool sound = chronology_row_unpack(value, &row);
    assert(sound);
    return moving->subjects == NULL || member_list_has(moving->subjects, &row.subject);
}

/* Takes the next row that moves; false when there is none left. */
static bool move_one(struct apply *apply, struct moving *moving)
{
    int32_t day;
    uint64_t log_index;
    uint8_t value[CHRONOLOGY_ROW_BYTES];
    size_t len;
    {
        _cleanup_(store_walk_end) struct store_walk walk =
            store_walk_from(apply->txn, T_CHRONOLOGY, store_key_slice(&moving->at));
        while (walk.live && key_has_prefix(walk.key, &moving->prefix) &&
               !moves(moving, walk.value)) {
            store_walk_next(&walk);
        }
        if (!walk.live || !key_has_prefix(walk.key, &moving->prefix)) {
            return false;
        }
        assert(walk.value.len <= sizeof(value) && walk.key.len <= sizeof(moving->at.bytes));
        key_parts(walk.key, &day, &log_index);
        moving->at.len = walk.key.len;
        memcpy(moving->at.bytes, walk.key.data, walk.key.len);
        len = walk.value.len;
        memcpy(value, walk.value.data, len);
    }
    struct store_key new = key_chronology(moving->to, day, log_index);
    (void)store_delete(apply->txn, T_CHRONOLOGY, store_key_slice(&moving->at));
    store_add(apply->txn, T_CHRONOLOGY, store_key_slice(&new), slice_make(value, len));
    return store_fault(apply->txn) == 0;
}

bool chronology_can_move(const struct apply *apply, uint64_t child)
{
    struct store_key prefix = store_key_u64(child);
    return apply->moved + count_rows(apply->txn, &prefix) <= CAIRN_JOIN_ROWS_MAX;
}

bool chronology_move(struct apply *apply, uint64_t from, uint64_t to,
                     const struct member_list *subjects)
{
    struct moving moving = {.prefix = store_key_u64(from), .to = to, .subjects = subjects};
    moving.at = moving.prefix;
    size_t rows = count_rows(apply->txn, &moving.prefix);
    if (apply->moved + rows > CAIRN_JOIN_ROWS_MAX) {
        return false;
    }
    apply->moved += (uint32_t)rows;
    while (move_one(apply, &moving)) {
    }
    return true;
}
