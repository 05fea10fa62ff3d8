/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/counted.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const struct slice key = {(const uint8_t *)"rows", 4};

static const bool made_by_journal[N_TABLES] = {
#define X(name, text, replayed) [T_##name] = (replayed),
    STATE_TABLES(X)
#undef X
};

/* META itself is none: without it this row is gone, too. */
static bool counts(unsigned table)
{
    return made_by_journal[table] && table != T_META;
}

void counted_put(struct store_txn *txn)
{
    uint8_t row[N_TABLES * sizeof(uint64_t)];
    struct writer writer = writer_over(row, sizeof(row));
    for (unsigned table = 0; table < N_TABLES; table++) {
        if (counts(table)) {
            write_u64(&writer, store_table_rows(txn, table));
        }
    }
    store_put(txn, T_META, key, writer_slice(&writer));
}

static int differs(struct error *error, const char *where, unsigned table, uint64_t has,
                   uint64_t left)
{
    (void)error_set(error, where,
                    "the table %s has %" PRIu64 " rows, and its last batch left %" PRIu64
                    ": the store is damaged; put back a sound copy",
                    state_table_names[table], has, left);
    return -EBADMSG;
}

static int compare(struct store_txn *txn, const char *where, struct error *error)
{
    struct slice row = SLICE_NULL;
    (void)store_get(txn, T_META, key, &row); /* none: nothing was written yet */
    struct reader reader = reader_over(row); /* zeros behind its end */
    uint64_t batches = store_table_rows(txn, T_JOURNAL);
    if (batches != meta_get(txn, "batch", 0)) {
        return differs(error, where, T_JOURNAL, batches, meta_get(txn, "batch", 0));
    }
    for (unsigned table = 0; table < N_TABLES; table++) {
        uint64_t has = counts(table) ? store_table_rows(txn, table) : 0;
        uint64_t left = counts(table) ? read_u64(&reader) : 0;
        if (has != left) {
            return differs(error, where, table, has, left);
        }
    }
    return 0;
}

int counted_check(struct store_txn *txn, const char *where, struct error *error)
{
    int r = compare(txn, where, error);
    int fault = store_fault(txn);
    if (fault != 0) { /* what was compared is not what is there */
        (void)error_set(error, where, "cannot be read: %s", strerror(-fault));
        return fault;
    }
    return r;
}
