/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STORE_FILE "data.mdb"

void log_store_path(const char *dir, const char *name, char out[LOG_STORE_PATH_BYTES])
{
    char inner[LOG_STORE_PATH_BYTES];
    int len = snprintf(inner, sizeof(inner), "%s/data/%s", dir, name);

    (void)snprintf(out, LOG_STORE_PATH_BYTES, "%s/%s", dir, name);
    if (access(out, F_OK) != 0 && len > 0 && (size_t)len < sizeof(inner) &&
        access(inner, F_OK) == 0) {
        (void)snprintf(out, LOG_STORE_PATH_BYTES, "%s", inner);
    }
}

bool log_store_dir(const char *dir, char out[LOG_STORE_PATH_BYTES])
{
    if (strlen(dir) > LOG_STORE_PATH_BYTES - 32) {
        return false;
    }
    log_store_path(dir, STORE_FILE, out);
    out[strlen(out) - sizeof(STORE_FILE)] = '\0'; /* and the slash */
    return true;
}

/* --- governance --- */

static bool held(struct log_store *log, enum governance_document document,
                 struct govern_document *ret)
{
    const struct store_key key = key_governance(document);
    struct slice value;

    if (!store_get(log->txn, T_GOVERNANCE, store_key_slice(&key), &value)) {
        return false;
    }
    struct reader reader = reader_over(value);
    (void)read_u64(&reader);
    ret->document = document;
    ret->text = read_sized(&reader, CAIRN_GOVERNANCE_DOC_MAX_BYTES);
    ret->note = read_sized(&reader, CAIRN_NOTE_MAX_BYTES);
    if (!reader_end(&reader)) {
        ret->text = SLICE_NULL;
        ret->note = SLICE_NULL;
    }
    return true;
}

static int add_document(struct log_store *log, enum governance_document document,
                        struct error *error)
{
    struct govern_document row;
    struct governance *next = NULL;

    if (!held(log, document, &row)) {
        return store_fault(log->txn);
    }
    if (governance_with(log->governance, &row, &next, error) != GOVERN_ACCEPTED) {
        (void)error_set(error, governance_document_text(document), "does not verify");
        return -EBADMSG;
    }
    governance_unref(&log->governance);
    log->governance = next;
    return 0;
}

static int load_governance(struct log_store *log, struct error *error)
{
    struct govern_document root;
    int r = 0;

    if (!held(log, GOVERNANCE_ROOT, &root)) {
        return store_fault(log->txn);
    }
    if (governance_start(&root, &log->governance, error) != GOVERN_ACCEPTED) {
        (void)error_set(error, "root", "does not verify");
        return -EBADMSG;
    }
    for (unsigned i = GOVERNANCE_ROOT + 1; i <= GOVERNANCE_DOCUMENTS && r == 0; i++) {
        r = add_document(log, (enum governance_document)i, error);
    }
    return r;
}

/* --- open --- */

static int open_store(const char *dir, struct log_store *ret, struct error *error)
{
    char path[LOG_STORE_PATH_BYTES];

    if (!log_store_dir(dir, path)) {
        return error_set(error, "", "the path of the folder is too long");
    }
    const struct store_options options = {
        .dir = path,
        .map_bytes = CAIRN_BROKER_MAP_BYTES,
        .tables = state_table_names,
        .n_tables = N_TABLES,
        .read_only = true,
        .allow_tmpfs = true, /* nothing is kept here: a copy may lie anywhere */
    };
    return store_open(&options, &ret->store, error);
}

int log_store_open(const char *dir, struct log_store *ret, struct error *error)
{
    struct log_store log = LOG_STORE_NULL;

    int r = open_store(dir, &log, error);
    if (r < 0) {
        return r;
    }
    log.txn = store_read(log.store);
    if (log.txn == NULL) {
        (void)error_set(error, dir, "the store has too many readers");
        r = -EAGAIN;
    }
    r = r < 0 ? r : load_governance(&log, error);
    if (r < 0) {
        (void)error_set(error, dir, "the store cannot be read");
        log_store_close(&log);
        return r;
    }
    *ret = log;
    return 0;
}

void log_store_close(struct log_store *log)
{
    if (log->governance != NULL) {
        governance_unref(&log->governance);
    }
    store_end(&log->txn);
    store_close(&log->store);
}
