/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/nearby.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/journal.h"

#define NOWHERE  UINT64_MAX
#define FOLLOWED 2    /* leaves behind a span, that the walk goes on to */
#define BATCHES  2048 /* that are audited for one change, at most */

static_assert(N_TABLES <= 32, "a bit for each table");

static const unsigned unreplayed[] = {T_JOURNAL, T_BLOB, T_PARCEL};

static uint32_t bit_of(unsigned table)
{
    return UINT32_C(1) << table;
}

static uint64_t number_in(struct slice key)
{
    struct reader reader = reader_over(key);

    return read_u64(&reader);
}

/* --- what it can show in --- */

static void show_batch(struct noted *noted, uint64_t batch)
{
    noted->batch = batch < noted->batch ? batch : noted->batch;
}

/* The row is not come by as it was: by a walk, or by its key. */
static void note(const struct nearby *nearby, uint32_t row, bool by_key, struct noted *noted)
{
    const struct spoiled_row *differs = &nearby->spoiled->rows[row];
    uint64_t nth = row - nearby->spans.of_table[differs->table].first;

    noted->differ |= bit_of(differs->table);
    if (differs->table == T_JOURNAL) {
        show_batch(noted, nth + 1);
    } else if (differs->table == T_LOG) {
        noted->leaf = nth < noted->leaf ? nth : noted->leaf;
    } else if (by_key && differs->table == T_ENTRY && nearby->told[nth] != 0) {
        show_batch(noted, nearby->told[nth]);
    } else if (by_key && (differs->table == T_BLOB || differs->table == T_PARCEL)) {
        show_batch(noted, number_in(differs->key));
    }
}

/* --- the same rows? --- */

static bool is_at(const struct nearby *nearby, const struct store_walk *walk, uint32_t row)
{
    return walk->live && slice_equal(walk->key, nearby->spoiled->rows[row].key) &&
           slice_equal(walk->value, nearby->spoiled->rows[row].value);
}

static const uint8_t *leaf_of(const struct nearby *nearby, uint32_t row)
{
    const uint8_t *key = nearby->spoiled->rows[row].key.data;

    return key - (uintptr_t)key % PAGE_BYTES;
}

/* The walk has come out of the changed pages, to the very place where a key leads to, and goes on
 * from there as it did. */
static bool goes_on(const struct nearby *nearby, struct store_txn *txn, struct store_walk *walk,
                    uint32_t row)
{
    const struct spoiled_row *rows = nearby->spoiled->rows;
    unsigned table = rows[row - 1].table;
    uint32_t end = nearby->spans.of_table[table].end;
    const uint8_t *leaf = leaf_of(nearby, row - 1);
    struct slice value;

    for (size_t leaves = 0; row < end && leaves < FOLLOWED; row++) {
        if (!is_at(nearby, walk, row) || !store_get(txn, table, rows[row].key, &value) ||
            value.data != walk->value.data) {
            return false;
        }
        leaves += leaf_of(nearby, row) != leaf ? 1 : 0;
        leaf = leaf_of(nearby, row);
        store_walk_next(walk);
    }
    return row < end || !walk->live;
}

static struct store_walk walk_to(const struct nearby *nearby, struct store_txn *txn, uint32_t row)
{
    const struct spoiled_row *rows = nearby->spoiled->rows;
    unsigned table = rows[row].table;

    if (row == nearby->spans.of_table[table].first) {
        return store_walk_from(txn, table, SLICE_NULL);
    }
    struct store_walk walk = store_walk_from(txn, table, rows[row - 1].key);
    store_walk_next(&walk);
    return walk;
}

static void walk_through(const struct nearby *nearby, struct store_txn *txn,
                         const struct span *span, struct noted *noted)
{
    uint32_t row = span->first;
    noted->row = row + 1;
    _cleanup_(store_walk_end) struct store_walk walk = walk_to(nearby, txn, row);

    while (row < span->end && is_at(nearby, &walk, row)) {
        row++;
        noted->row = row < span->end ? row + 1 : row;
        store_walk_next(&walk);
    }
    if (row < span->end) {
        note(nearby, row, false, noted);
    } else if (!goes_on(nearby, txn, &walk, row) || store_fault(txn) != 0) {
        note(nearby, row - 1, false, noted);
    }
}

/* Of the rows of T_ENTRY each may be of an earlier batch than the one before it. */
static void look_up(const struct nearby *nearby, struct store_txn *txn, const struct span *span,
                    struct noted *noted)
{
    const struct spoiled_row *rows = nearby->spoiled->rows;
    unsigned table = rows[span->first].table;
    bool goes_on = true;

    for (uint32_t row = span->first; row < span->end && goes_on; row++) {
        struct slice value;
        noted->row = row + 1;
        if (!store_get(txn, table, rows[row].key, &value) || !slice_equal(value, rows[row].value)) {
            note(nearby, row, true, noted);
            goes_on = table == T_ENTRY;
        }
    }
}

/* The process before this one died of it. */
static void note_death(const struct nearby *nearby, const struct span *span, bool by_key,
                       struct noted *noted)
{
    uint32_t row = noted->row - 1;

    do {
        note(nearby, row, by_key, noted);
        row++;
    } while (row < span->end && nearby->spoiled->rows[row].table == T_ENTRY);
}

static uint8_t first_that_differs(uint32_t differ)
{
    for (size_t i = 0; i < ARRAY_LEN(unreplayed); i++) {
        if ((differ & bit_of(unreplayed[i])) != 0) {
            return (uint8_t)unreplayed[i];
        }
    }
    return differ == 0 ? SEEN_SAME : (uint8_t)__builtin_ctz(differ);
}

/* Before anything is read. */
static void begin(const struct nearby *nearby, const struct span *spans, size_t n,
                  struct noted *noted)
{
    const struct spoiled_row *rows = nearby->spoiled->rows;
    uint32_t journal = nearby->spans.of_table[T_JOURNAL].first;

    *noted = (struct noted){.batch = NOWHERE, .before = NOWHERE, .leaf = NOWHERE};
    for (size_t i = 0; i < n; i++) {
        const struct spoiled_row *last = &rows[spans[i].end - 1];
        uint64_t before = spans[i].first - journal;
        uint64_t batch = 0;
        if (last->table == T_JOURNAL) {
            batch = spans[i].end - journal;
            noted->before = before < noted->before ? before : noted->before;
        } else if (last->table == T_BLOB || last->table == T_PARCEL) {
            batch = number_in(last->key);
        }
        noted->last = batch > noted->last ? batch : noted->last;
    }
}

uint8_t nearby_look(const struct nearby *nearby, struct store *store, const struct change *change,
                    struct looked *looked)
{
    struct noted *noted = &looked->noted;
    struct span spans[SPANS_MAX];
    size_t n = spans_of_change(&nearby->spans, change, spans);

    if (noted->row == 0) {
        begin(nearby, spans, n, noted);
    } else {
        note_death(nearby, &spans[noted->passes / 2], noted->passes % 2 == 1, noted);
        noted->passes++;
    }
    for (; noted->passes < 2 * n; noted->passes++) {
        _cleanup_(store_end) struct store_txn *txn = store_read(store);
        const struct span *span = &spans[noted->passes / 2];
        assert_non_null(txn);
        if (noted->passes % 2 == 0) {
            walk_through(nearby, txn, span, noted);
        } else {
            look_up(nearby, txn, span, noted);
        }
    }
    return first_that_differs(noted->differ);
}

/* --- found? --- */

/* What `cairn log verify` asks of the first leaf that differs, if the log is that long still; else
 * there are fewer leaves than were signed. */
static bool is_bad_leaf(const struct nearby *nearby, struct store_txn *txn, uint64_t index)
{
    struct log_source whole = {.txn = nearby->spoiled->whole_txn, .table = T_LOG};
    const struct tree_source tree = log_tree(&whole);
    struct tree_range range;
    struct slice leaf;

    assert_int_equal(tree_range_load(&tree, index, &range), 0);
    return log_size(txn, T_LOG) <= index || log_reread(txn, T_LOG, index + 1, &range) != 0 ||
           log_leaf(txn, T_LOG, index, &leaf) != 0;
}

/* The batches that the rows behind the change are of, and those after: a row of the journal is
 * under the leaves of the next that makes some. */
static struct near_audit plan(const struct noted *noted)
{
    uint64_t to =
        noted->last + 1 < noted->batch + BATCHES ? noted->last + 1 : noted->batch + BATCHES;

    return (struct near_audit){
        .walk_from = noted->before < noted->batch ? noted->before : noted->batch - 1,
        .from = noted->batch,
        .to = to > noted->batch ? to : noted->batch,
    };
}

enum near_verdict nearby_judge(const struct nearby *nearby, struct store *store,
                               struct looked *looked)
{
    const struct noted *noted = &looked->noted;
    const uint32_t read_by_verify = bit_of(T_META) | bit_of(T_GOVERNANCE) | bit_of(T_AGENCY);

    if (nearby->replayed[first_that_differs(noted->differ)]) {
        return NEAR_COMPARISON;
    }
    if ((noted->differ & read_by_verify) != 0) {
        return NEAR_UNDECIDED;
    }
    _cleanup_(store_end) struct store_txn *txn = store_read(store);
    assert_non_null(txn);
    if ((noted->differ & bit_of(T_LOG)) != 0) {
        return is_bad_leaf(nearby, txn, noted->leaf) ? NEAR_VERIFY : NEAR_UNDECIDED;
    }
    if (noted->batch > nearby->n_batches + 1) {
        return NEAR_UNDECIDED;
    }
    struct near_audit audit = plan(noted);
    return nearby_audit(nearby, txn, &audit, looked->problem) ? NEAR_VERIFY : NEAR_UNDECIDED;
}
