/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LMDB believes its pages: one that was changed on disk can hide rows, lead a walk past a key, or
 * end the process. So everything is read once, in a process of its own, before anybody relies on
 * it.
 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "os/guard.h"
#include "store/internal.h"

struct checked {
    int r;
    struct error error;
};

/* The process that looks counts here, and the one that waits for it reads. */
struct progress {
    _Atomic uint64_t rows;
    _Atomic uint64_t of;
};

struct checking {
    const struct store_options *options;
    struct progress *progress;
    uint64_t told; /* of its rows */
};

static int damaged(struct error *error, const char *table, const char *what)
{
    (void)error_set(error, table, "the store is damaged: %s", what);
    return -EBADMSG;
}

/* The place of the row before: its key. */
struct place {
    uint8_t bytes[STORE_KEY_MAX];
    size_t len;
};

/* As LMDB sorts: by bytes, and what goes on from another behind it. */
static bool follows(struct place *last, struct slice next)
{
    if (next.len > sizeof(last->bytes)) {
        return false;
    }
    int order = memcmp(last->bytes, next.data, last->len < next.len ? last->len : next.len);
    bool behind = order < 0 || (order == 0 && last->len < next.len);
    memcpy(last->bytes, next.data, next.len);
    last->len = next.len;
    return behind;
}

/* One look through a store. */
struct look {
    struct store_txn *txn;
    const struct store_options *options;
    struct progress *progress;
    uint64_t rows[STORE_TABLES_MAX];
    uint8_t sum[STORE_SUM_BYTES]; /* of those that were met so far */
};

/* Each row as it was written, behind the one before it, found by its key; and all of them. */
static int check_table(struct look *look, unsigned table, struct error *error)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(look->txn, table, SLICE_NULL);
    const char *name = look->options->tables[table];
    struct place last = {.len = 0};
    struct slice found;
    uint64_t n = 0;

    while (walk.live) {
        if (!follows(&last, walk.key)) {
            return damaged(error, name, "a row is out of order");
        }
        /* By its place: the walk has checked the bytes. */
        if (!store_find(look->txn, table, walk.key, &found) || found.data != walk.value.data) {
            return damaged(error, name, "a row is not found by its key");
        }
        if (look->options->row_key != NULL) {
            store_tag_count(look->txn, table, walk.key, walk.value, look->sum);
        }
        n++;
        atomic_fetch_add_explicit(&look->progress->rows, 1, memory_order_relaxed);
        store_walk_next(&walk);
    }
    if (store_fault(look->txn) != 0) {
        return damaged(error, name, "a row is not as it was written under this key");
    }
    return n == look->rows[table] ? 0 : damaged(error, name, "rows are missing");
}

/* Rows that hold, each by itself, and are not those of the last commit. */
static int check_sum(struct look *look, struct error *error)
{
    int r = look->options->row_key == NULL ? 0 : store_sum_check(look->txn, look->sum);

    if (r == -EBADMSG) {
        return damaged(error, look->options->dir, "rows are missing, or older than the rest");
    }
    if (r != 0) {
        (void)error_set(error, look->options->dir, "the store cannot be read: %s",
                        strerrordesc_np(-r));
    }
    return r;
}

static int check_tables(struct store *store, const struct checking *checking, struct error *error)
{
    const struct store_options *options = checking->options;
    struct look look = {.options = options, .progress = checking->progress};
    _cleanup_(store_end) struct store_txn *txn = store_read(store);
    int r = txn == NULL ? -EAGAIN : store_rows(store, look.rows);

    look.txn = txn;
    if (r != 0) {
        (void)error_set(error, options->dir, "the store cannot be read");
    }
    for (unsigned table = 0; table < options->n_tables; table++) {
        atomic_fetch_add(&look.progress->of, look.rows[table]);
    }
    for (unsigned table = 0; r == 0 && table < options->n_tables; table++) {
        r = check_table(&look, table, error);
    }
    if (r == 0) {
        r = check_sum(&look, error);
    }
    bytes_wipe(look.sum, sizeof(look.sum));
    return r;
}

static void check(void *data, void *result)
{
    struct checked *checked = result;
    const struct checking *checking = data;
    struct store_options options = *checking->options;
    struct store *store = NULL;

    options.read_only = true;
    checked->r = store_open(&options, &store, &checked->error);
    if (checked->r == 0) {
        checked->r = check_tables(store, checking, &checked->error);
        store_close(&store);
    }
}

static void tell(void *data)
{
    struct checking *checking = data;
    uint64_t rows = atomic_load(&checking->progress->rows);

    if (rows > checking->told) {
        checking->told = rows;
        checking->options->looked(rows, atomic_load(&checking->progress->of));
    }
}

static int run(const struct store_options *options, struct checked *ret)
{
    struct progress *progress =
        mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct checking checking = {.options = options, .progress = progress};

    if (progress == MAP_FAILED) {
        return -errno;
    }
    int r =
        guard_run_long(check, &checking, ret, sizeof(*ret), options->looked == NULL ? NULL : tell);
    (void)munmap(progress, sizeof(*progress));
    return r;
}

int store_check(const struct store_options *options, struct error *error)
{
    struct checked checked = {.error = ERROR_NULL};

    int r = run(options, &checked);
    if (r == -EBADMSG) {
        return damaged(error, options->dir, "it cannot be read");
    }
    if (r != 0) {
        (void)error_set(error, options->dir, "the store cannot be looked through now: %s",
                        strerrordesc_np(-r));
        return r;
    }
    if (checked.r != 0 && checked.r != -ENOENT) {
        *error = checked.error;
    }
    return checked.r;
}
