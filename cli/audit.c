/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/auditing.h"

#define PROGRESS_EVERY 64 /* batches */

/* The first fault is the one that is told. Returns false so that a check can end with it. */
bool PRINTF(2, 3) audit_fault(struct auditing *auditing, const char *format, ...)
{
    va_list arguments;
    if (auditing->audit->problem[0] == '\0') {
        va_start(arguments, format);
        (void)vsnprintf(auditing->audit->problem, sizeof(auditing->audit->problem), format,
                        arguments);
        va_end(arguments);
    }
    return false;
}

/* --- the journal --- */

bool audit_is_of_input(const struct auditing *auditing, const struct leaf *leaf, uint64_t index)
{
    uint8_t salt[LEAF_SALT_BYTES];

    journal_salt(&auditing->said, index, salt);
    return leaf->time_ms == auditing->time_ms && memcmp(salt, leaf->salt, sizeof(salt)) == 0;
}

static bool check_refused(struct auditing *auditing, const struct input *input)
{
    const struct leaf expected = {
        .type = LEAF_REFUSED,
        .agency = input->refused.agency,
        .number = input->refused.hour,
        .detail = input->refused.frames,
    };
    return audit_input_leaf(auditing, &expected);
}

static bool check_start(struct auditing *auditing, const struct input *input)
{
    const struct leaf expected = {.type = LEAF_START, .digest = input->software};
    return audit_input_leaf(auditing, &expected);
}

static bool check_input(struct auditing *auditing, const struct input *input)
{
    switch (input->type) {
    case INPUT_ENTRY:
        return audit_entry(auditing, &input->entry);
    case INPUT_GOVERNANCE: {
        const struct govern_document document = {
            .document = input->governance.document,
            .text = input->governance.text,
            .note = input->governance.note,
        };
        return audit_document(auditing, &document);
    }
    case INPUT_REFUSED:
        return check_refused(auditing, input);
    case INPUT_START:
        return check_start(auditing, input);
    case INPUT_TICK: {
        const struct leaf expected = {.type = LEAF_TICK};
        return audit_input_leaf(auditing, &expected);
    }
    case INPUT_CONTINUE:
    case INPUT_RETENTION:
        return true; /* a leaf for each telling or body that it changed, and none of its own */
    }
    return false;
}

static bool check_batch(struct auditing *auditing, struct slice row)
{
    struct batch_head head;
    struct input input;
    size_t at = BATCH_HEAD_BYTES;
    auditing->input = 0;
    auditing->offset = at;
    if (!journal_head_read(row, &head)) {
        return audit_fault(auditing, "batch %" PRIu64 " of the journal is damaged",
                           auditing->batch);
    }
    auditing->time_ms = head.time_ms;
    journal_said_head(&auditing->before, row, &auditing->said);
    journal_before(&auditing->before, row, &auditing->before);
    while (journal_next(row, &at, &input)) {
        journal_said_input(&auditing->said, row, auditing->offset, at);
        if (!check_input(auditing, &input)) {
            return false;
        }
        auditing->input++;
        auditing->offset = at;
    }
    if (at != row.len || auditing->input != head.inputs) {
        return audit_fault(auditing, "batch %" PRIu64 " of the journal is damaged",
                           auditing->batch);
    }
    auditing->audit->batches++;
    return true;
}

/* Whoever reads the store comes by keys: pages may lead a walk to a row and a key past it. */
static bool is_found(struct auditing *auditing, const struct store_walk *walk)
{
    struct slice value;

    return store_get(auditing->txn, T_JOURNAL, walk->key, &value) &&
           slice_equal(value, walk->value);
}

bool audit_batch(struct auditing *auditing, const struct store_walk *walk, uint64_t number)
{
    struct reader reader = reader_over(walk->key);
    auditing->batch = read_u64(&reader);
    if (!reader_end(&reader) || auditing->batch != number) {
        return audit_fault(auditing, "batch %" PRIu64 " of the journal is missing", number);
    }
    if (!is_found(auditing, walk)) {
        return audit_fault(auditing, "batch %" PRIu64 " of the journal is not found by its key",
                           number);
    }
    return check_batch(auditing, walk->value);
}

static bool check_journal(struct auditing *auditing, void (*progress)(void *, uint64_t, uint64_t),
                          void *data)
{
    uint64_t all = meta_get(auditing->txn, "batch", 0);
    uint64_t done = 0;
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(auditing->txn, T_JOURNAL, SLICE_NULL);
    while (walk.live) {
        done++;
        if (!audit_batch(auditing, &walk, done)) {
            return false;
        }
        if (progress != NULL && done % PROGRESS_EVERY == 0) {
            progress(data, done, all);
        }
        store_walk_next(&walk);
    }
    return done == all ? true
                       : audit_fault(auditing, "the journal ends at batch %" PRIu64 " of %" PRIu64,
                                     done, all);
}

/* --- the whole --- */

/* Only once it is known that there is one: leaf by leaf. */
static uint64_t first_bad_leaf(struct auditing *auditing)
{
    struct tree_range range = TREE_RANGE_NULL;
    while (log_reread(auditing->txn, T_LOG, range.size + 1, &range) == 0) {
    }
    return range.size;
}

static bool check_log(struct auditing *auditing)
{
    struct tree_range range = TREE_RANGE_NULL;
    uint64_t size = log_size(auditing->txn, T_LOG);
    if (log_reread(auditing->txn, T_LOG, size, &range) != 0) {
        return audit_fault(auditing, "log entry %" PRIu64 " does not hash to what is stored",
                           first_bad_leaf(auditing));
    }
    auditing->audit->head.size = size;
    tree_root(&range, &auditing->audit->head.root);
    return true;
}

/* What no entry led to belongs to none. */
bool audit_nothing_more(struct auditing *auditing, enum table table, uint64_t rows)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(auditing->txn, table, SLICE_NULL);
    uint64_t found = 0;
    while (walk.live) {
        found++;
        store_walk_next(&walk);
    }
    return found == rows || audit_fault(auditing,
                                        "the table %s has %" PRIu64 " rows, and the journal leads "
                                        "to %" PRIu64,
                                        state_table_names[table], found, rows);
}

static bool check_all(struct auditing *auditing, void (*progress)(void *, uint64_t, uint64_t),
                      void *data)
{
    if (!check_log(auditing) || !check_journal(auditing, progress, data)) {
        return false;
    }
    if (!audit_leaves_end(auditing)) {
        return false;
    }
    if (auditing->governance == NULL) {
        return audit_fault(auditing, "there are no governance documents");
    }
    return audit_documents_in_force(auditing) && audit_cosignatures(auditing) &&
           audit_nothing_more(auditing, T_BLOB, auditing->blobs) &&
           audit_nothing_more(auditing, T_PARCEL, auditing->audit->parcels) &&
           (store_fault(auditing->txn) == 0 || audit_fault(auditing, "the store cannot be read"));
}

int audit_store(const char *dir, void (*progress)(void *data, uint64_t done, uint64_t all),
                void *data, struct audit *ret, struct error *error)
{
    struct store *store = NULL;
    const struct store_options options = {
        .dir = dir,
        .map_bytes = CAIRN_BROKER_MAP_BYTES,
        .tables = state_table_names,
        .n_tables = N_TABLES,
        .read_only = true,
        .allow_tmpfs = true,
    };
    *ret = (struct audit){.sound = false};
    int r = store_open(&options, &store, error);
    if (r != 0) {
        return r;
    }
    struct auditing auditing = {.txn = store_read(store), .audit = ret};
    if (auditing.txn == NULL) {
        store_close(&store);
        (void)error_set(error, dir, "the store has too many readers");
        return -EAGAIN;
    }
    auditing.cosigned = base_zalloc(CAIRN_AGENCIES_MAX, sizeof(*auditing.cosigned));
    ret->sound = check_all(&auditing, progress, data);
    if (auditing.governance != NULL) {
        memcpy(ret->origin, auditing.governance->root.origin, sizeof(ret->origin));
    }
    base_free(&auditing.cosigned);
    governance_unref(&auditing.governance);
    store_end(&auditing.txn);
    store_close(&store);
    return 0;
}
