/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STORE_FILE "data.mdb"
#define AGENT_FILE "agent.ini" /* beside an agent's data/, as `cairn agency request` makes it */

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

static bool holds(const char *dir, const char *name)
{
    char path[LOG_STORE_PATH_BYTES];
    int len = snprintf(path, sizeof(path), "%s/%s", dir, name);

    return len > 0 && (size_t)len < sizeof(path) && access(path, F_OK) == 0;
}

int log_store_missing(const char *dir, struct error *error)
{
    if (access(dir, F_OK) != 0) {
        (void)error_set(error, dir, "there is no such folder");
    } else if (holds(dir, "broker/data")) {
        (void)error_set(error, dir, "is a partnership's folder: its broker's is %.200s/broker",
                        dir);
    } else if (holds(dir, AGENT_FILE)) {
        (void)error_set(error, dir,
                        "is an agency's folder, and this wants a broker's; its agent is asked with "
                        "--agent %.120s/agent.sock, and no folder",
                        dir);
    } else {
        (void)error_set(error, dir,
                        "no broker has run in this folder: give the one with the broker's data/ in "
                        "it (what `cairn init NAME` makes is NAME/broker)");
    }
    return -ENOENT;
}

/* --- governance --- */

static int add_document(struct log_store *log, enum governance_document number, struct error *error)
{
    struct governance_row row = {.version = 0};
    struct governance *next = NULL;
    int r = governance_row_get(log->txn, number, &row);

    if (r == -ENOENT) {
        return store_fault(log->txn);
    }
    const struct govern_document document = {
        .document = number, .text = row.text, .note = row.note};
    if (r != 0 || governance_next(log->governance, &document, &next, error) != GOVERN_ACCEPTED) {
        (void)error_set(error, governance_document_text(number), "does not verify");
        return -EBADMSG;
    }
    governance_unref(&log->governance);
    log->governance = next;
    return 0;
}

static int load_governance(struct log_store *log, struct error *error)
{
    int r = add_document(log, GOVERNANCE_ROOT, error);

    for (unsigned i = GOVERNANCE_ROOT + 1;
         i <= GOVERNANCE_DOCUMENTS && r == 0 && log->governance != NULL; i++) {
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
    if (!holds(path, STORE_FILE) || holds(dir, AGENT_FILE)) {
        return log_store_missing(dir, error);
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
