/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_store: the log as it lies in a broker's folder, running or copied. Opened for reading only,
 * beside a broker that runs; with the governance documents that lie there, from which the key of
 * its checkpoints comes. cli/audit.h looks at the rest of such a folder.
 */
#ifndef CLI_LOG_STORE_H
#define CLI_LOG_STORE_H

#include "govern/govern.h"
#include "ledger/state.h"

#define LOG_STORE_PATH_BYTES 4096

struct log_store {
    struct store *store;
    struct store_txn *txn;
    struct governance *governance; /* NULL: the store holds no root document yet */
};
#define LOG_STORE_NULL ((struct log_store){.store = NULL})

/* DIR is the folder of the store, or one that has it in data/. -ENOENT when none is there; -EBADMSG
 * when the documents in it do not verify. */
int log_store_open(const char *dir, struct log_store *ret, struct error *error) MUST_USE;
void log_store_close(struct log_store *log);

/* The folder in which the store lies: DIR, or its data/. False when DIR is too long a path. */
bool log_store_dir(const char *dir, char out[LOG_STORE_PATH_BYTES]) MUST_USE;
/* DIR/NAME or DIR/data/NAME, whichever is there; the first when neither is. */
void log_store_path(const char *dir, const char *name, char out[LOG_STORE_PATH_BYTES]);

/* That DIR is no broker's folder, and which one may have been meant; -ENOENT. */
int log_store_missing(const char *dir, struct error *error);

#endif
