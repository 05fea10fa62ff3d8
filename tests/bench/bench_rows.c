/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_rows.h"

#include <string.h>

#include "cairn/limits.h"
#include "ledger/journal.h"
#include "ledger/state.h"
#include "os/files.h"
#include "wire/leaf.h"

#define FILL_BATCH  1024
#define FILL_PARCEL 64
#define FIRST_DAY   15000
#define APART_DAYS  200
#define STREAM      UINT64_C(0x6b61c1a5d2f00d42)

/* One record's place in everything. */
struct place {
    struct entry_id id;
    uint64_t child;
    int32_t day;
    uint64_t batch;
    uint32_t input; /* in the batch */
};

/* Parcels come from each agency in turn, and follow the order of its children, as in bench_load. */
static struct place place_of(const struct rows *rows, uint64_t record, size_t parcel)
{
    uint64_t cut = record / parcel;
    uint32_t agency = (uint32_t)(cut % BENCH_SENDERS) + 1;
    uint64_t seq = cut / BENCH_SENDERS * parcel + record % parcel;

    return (struct place){
        .id = {.agency = agency, .stream = STREAM + parcel, .seq = seq + 1},
        .child = (agency - 1) * rows->children + seq % rows->children + 1,
        .day = FIRST_DAY + (int32_t)(seq / rows->children * APART_DAYS),
        .batch = rows->batches,
    };
}

/* --- one record --- */

static void put_log(struct rows *rows, struct store_txn *txn, uint64_t record)
{
    size_t hashes = (size_t)__builtin_ctzll(record + 1) + 1;
    size_t len = 1 + hashes * CAIRN_HASH_BYTES + rows->leaf_bytes;
    struct store_key key = store_key_u64(record);

    assert(len <= sizeof(rows->filler));
    store_append(txn, T_LOG, store_key_slice(&key), slice_make(rows->filler, len));
}

static void put_blob(struct rows *rows, struct store_txn *txn, const struct place *place)
{
    size_t len = 4 + rows->sizes.body + 1 + rows->sizes.grants * (9 + GRANT_BYTES);
    struct store_key key = key_batch_input(place->batch, place->input);

    assert(len <= sizeof(rows->filler));
    store_append(txn, T_BLOB, store_key_slice(&key), slice_make(rows->filler, len));
}

static void put_record(struct rows *rows, struct store_txn *txn, const struct place *place)
{
    struct store_key entry = key_entry(&place->id);
    struct store_key stream = key_stream(place->id.agency, place->id.stream);
    struct store_key last = store_key_u64(place->id.seq);
    struct store_key chronology = key_chronology(place->child, place->day, rows->records);

    store_put(txn, T_STREAM, store_key_slice(&stream), store_key_slice(&last));
    put_log(rows, txn, rows->records);
    store_put(txn, T_ENTRY, store_key_slice(&entry), slice_make(rows->filler, ENTRY_ROW_BYTES));
    store_add(txn, T_CHRONOLOGY, store_key_slice(&chronology),
              slice_make(rows->filler, CHRONOLOGY_ROW_BYTES));
    put_blob(rows, txn, place);
    const struct retention_row retention = {.due_day = FIRST_DAY,
                                            .log_index = rows->records,
                                            .entry = place->id,
                                            .since_day = FIRST_DAY};
    retention_row_put(txn, &retention);
}

static void put_parcel(struct rows *rows, struct store_txn *txn, const struct place *place,
                       size_t parcel)
{
    size_t len = 4 + rows->sizes.head + SIGN_SIGNATURE_BYTES + 1 + parcel * CAIRN_HASH_BYTES;
    struct store_key key = key_batch_input(place->batch, place->input);

    assert(len <= sizeof(rows->filler));
    store_append(txn, T_PARCEL, store_key_slice(&key), slice_make(rows->filler, len));
}

/* --- a batch --- */

static void write_batch(struct rows *rows, size_t batch, size_t parcel)
{
    static const char *const names[] = {"batch", "time-ms", "schema", "apply"};
    struct store_key number = store_key_u64(++rows->batches);
    _cleanup_(store_end) struct store_txn *txn = store_begin(rows->store);

    if (txn == NULL) {
        bench_fail("no write transaction");
    }
    store_append(txn, T_JOURNAL, store_key_slice(&number),
                 slice_make(rows->journal.data, BATCH_HEAD_BYTES + batch * rows->journal_bytes));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        meta_put(txn, names[i], rows->batches);
    }
    for (size_t i = 0; i < batch; i++) {
        struct place place = place_of(rows, rows->records, parcel);
        place.input = (uint32_t)i;
        put_record(rows, txn, &place);
        if (i % parcel == 0) {
            put_parcel(rows, txn, &place, parcel);
        }
        rows->records++;
    }
    bench_must(store_commit(&txn), "commit", NULL);
}

double rows_write(struct rows *rows, const struct rows_plan *plan)
{
    double start_s = bench_now_s();

    for (uint64_t done = 0; done < plan->records; done += plan->batch) {
        write_batch(rows, plan->batch, plan->parcel);
    }
    return bench_now_s() - start_s;
}

void rows_fill(struct rows *rows, uint64_t records)
{
    while (rows->records < records) {
        write_batch(rows, FILL_BATCH, FILL_PARCEL);
    }
}

/* --- open --- */

/* The journal's row of one record, as the broker writes it. */
static size_t journal_bytes(const struct record_sizes *sizes)
{
    _cleanup_(buf_deinit) struct buf row = BUF_MAX(CAIRN_HEADER_MAX_BYTES);
    uint8_t header[CAIRN_HEADER_MAX_BYTES] = {0};
    const struct batch_head head = {.inputs = 1};
    struct input input = {
        .type = INPUT_ENTRY,
        .entry = {.verdict = VERDICT_STORED,
                  .kind = ENTRY_RECORD,
                  .lane = LANE_NORMAL,
                  .n_grants = sizes->grants,
                  .header = slice_make(header, sizes->header)},
    };

    journal_begin(&head, &row);
    (void)journal_add(&input, &row);
    return row.len - BATCH_HEAD_BYTES;
}

static size_t leaf_bytes(void)
{
    uint8_t storage[LEAF_MAX_BYTES];
    const struct leaf leaf = {.type = LEAF_ENTRY, .kind = ENTRY_RECORD, .verdict = VERDICT_STORED};

    return leaf_write(&leaf, storage).len;
}

void rows_open(struct rows *rows, const struct partnership *partnership,
               const struct record_sizes *sizes, size_t children)
{
    char dir[BENCH_PATH];
    struct error error = ERROR_NULL;
    const struct store_options options = {
        .dir = dir,
        .map_bytes = CAIRN_BROKER_MAP_BYTES,
        .tables = state_table_names,
        .n_tables = N_TABLES,
        .allow_tmpfs = partnership->tmpfs,
    };

    *rows = (struct rows){.sizes = *sizes, .children = children, .journal = BUF_MAX(8U << 20)};
    rows->journal_bytes = journal_bytes(sizes);
    rows->leaf_bytes = leaf_bytes();
    bench_path(dir, partnership->dir, "rows");
    bench_must(dir_create(dir, &error), "folder", &error);
    bench_must(store_open(&options, &rows->store, &error), "store", &error);
    bench_must(random_bytes(rows->filler, sizeof(rows->filler)), "random", NULL);
    size_t len = BATCH_HEAD_BYTES + FILL_BATCH * rows->journal_bytes;
    uint8_t *journal = buf_extend(&rows->journal, len);
    assert(journal != NULL);
    memset(journal, 1, len);
}

void rows_close(struct rows *rows)
{
    store_close(&rows->store);
    buf_deinit(&rows->journal);
}
