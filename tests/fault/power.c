/* SPDX-License-Identifier: Apache-2.0 */
#include "power.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agents/core/begun.h"
#include "agents/core/inbox.h"
#include "agents/core/own_keys.h"
#include "agents/core/state.h"
#include "base/text.h"
#include "cairn/limits.h"
#include "govern/keys.h"
#include "ledger/state.h"
#include "os/files.h"
#include "signer/highwater.h"
#include "store/log.h"
#include "wire/leaf.h"

#define JOURNAL_BYTES (64 * 1024 * 1024)
#define PROMISES_MAX  100000
#define WORDS         4
#define APPLICATION   "screen"

static bool broken(const char *words, const char *what)
{
    (void)fprintf(stderr, "cairn-power: %s %s\n", words, what);
    return false;
}

uint64_t power_number(const char *text)
{
    uint64_t number = 0;
    if (!u64_parse(text, UINT64_MAX, &number)) {
        power_fail("is no number:", text);
    }
    return number;
}

/* Whether anything at all was promised by then. */
static bool promised(const struct power_promises *promises, uint64_t pos)
{
    return promises->n > 0 && promises->all[0].pos <= pos;
}

static struct store *open_store(const char *folder, const char *const *tables, size_t n_tables,
                                uint64_t map_bytes, struct error *error)
{
    char path[2 * POWER_PATH];
    struct store *store = NULL;
    (void)snprintf(path, sizeof(path), "%s/data", folder);
    const struct store_options options = {.dir = path,
                                          .map_bytes = map_bytes,
                                          .tables = tables,
                                          .n_tables = n_tables,
                                          .row_tags = tables == agent_table_names,
                                          .allow_tmpfs = true};
    return store_open(&options, &store, error) == 0 ? store : NULL;
}

/* --- the broker --- */

static bool has_entry(struct store_txn *txn, const struct power_promise *promise)
{
    uint64_t index = power_number(promise->second);
    struct entry_id id;
    struct entry_row row;
    struct slice bytes;
    struct leaf leaf;
    return entry_id_parse(promise->first, &id) && entry_row_get(txn, &id, &row) &&
           row.log_index == index && log_leaf(txn, T_LOG, index, &bytes) == 0 &&
           leaf_read(bytes, &leaf) && leaf.type == LEAF_ENTRY && entry_id_equal(&leaf.id, &id) &&
           hash_equal(&leaf.digest, &row.item);
}

/* Every leaf hashes to what is stored with it. */
static bool tree_holds(struct store_txn *txn)
{
    struct tree_range range = TREE_RANGE_NULL;
    return log_reread(txn, T_LOG, log_size(txn, T_LOG), &range) == 0;
}

/* What the file remembers is a head of this log. */
static bool mark_holds(struct store_txn *txn, const char *folder, const char *name,
                       struct checkpoint *ret)
{
    char path[2 * POWER_PATH];
    struct highwater file = HIGHWATER_NULL;
    struct error error = ERROR_NULL;
    struct log_source source = {.txn = txn, .table = T_LOG};
    struct tree_source tree = log_tree(&source);
    struct hash root;
    (void)snprintf(path, sizeof(path), "%s%s", folder, name);
    if (highwater_open(path, clock_system(), &file, ret, &error) != 0) {
        return broken("a mark does not open:", error.what);
    }
    highwater_close(&file);
    return ret->size == 0 ||
           (ret->size <= log_size(txn, T_LOG) && tree_root_at(&tree, ret->size, &root) == 0 &&
            hash_equal(&root, &ret->root)) ||
           broken("the log is older than, or other than, what was marked in", name);
}

static bool broker_keeps(struct store_txn *txn, const struct power_promises *promises, uint64_t pos,
                         const struct checkpoint *signed_head)
{
    for (size_t i = 0; i < promises->n && promises->all[i].pos <= pos; i++) {
        const struct power_promise *promise = &promises->all[i];
        if (strcmp(promise->what, "entry") == 0 && !has_entry(txn, promise)) {
            return broken("LOST:", promise->first);
        }
        if (strcmp(promise->what, "head") == 0 &&
            power_number(promise->first) > signed_head->size) {
            return broken("the signer has forgotten a head that was shown:", promise->first);
        }
    }
    return true;
}

static bool check_broker(const char *folder, const void *given, uint64_t pos)
{
    const struct power_promises *promises = given;
    struct error error = ERROR_NULL;
    struct checkpoint mark;
    struct checkpoint signed_head;
    struct store *store =
        open_store(folder, state_table_names, N_TABLES, CAIRN_BROKER_MAP_BYTES, &error);
    if (store == NULL) {
        return !promised(promises, pos) || broken("the broker's store refuses:", error.what);
    }
    struct store_txn *txn = store_read(store);
    bool holds = txn != NULL && (tree_holds(txn) || broken("the tree does not hold", "")) &&
                 mark_holds(txn, folder, "/highwater", &mark) &&
                 mark_holds(txn, folder, "/signed", &signed_head) &&
                 broker_keeps(txn, promises, pos, &signed_head);
    store_end(&txn);
    store_close(&store);
    return holds;
}

/* --- an agent --- */

static bool agent_keeps(struct store_txn *txn, const struct power_promise *promise)
{
    struct reference reference;
    struct out_row row;
    if (strcmp(promise->what, "out") == 0) {
        return (reference_parse(promise->first, &reference) && out_get(txn, &reference, &row)) ||
               broken("LOST: accepted as", promise->first);
    }
    if (strcmp(promise->what, "inbox") == 0) {
        return inbox_position(txn) >= power_number(promise->first) ||
               broken("LOST: handed over and gone:", promise->first);
    }
    return reading_get(txn, APPLICATION) >= power_number(promise->first) ||
           broken("will be handed over again:", promise->first);
}

/* As an agent does before it starts: every row, and what they come to; a store that is marked is
 * there. */
static bool agent_starts(const char *folder, const struct power_promises *promises)
{
    char dir[2 * POWER_PATH];
    struct error error = ERROR_NULL;
    _cleanup_(own_keys_deinit) struct own_keys keys = {.n = 0};
    _cleanup_(secret_deinit) struct secret row_key = SECRET_NULL;
    (void)snprintf(dir, sizeof(dir), "%s/keys", promises->folder);
    if (own_keys_read(dir, &keys, &error) != 0) {
        power_fail("the agent's keys:", error.what);
    }
    agent_row_key(&keys.store, &row_key);
    (void)snprintf(dir, sizeof(dir), "%s/data", folder);
    const struct store_options options = {.dir = dir,
                                          .map_bytes = CAIRN_AGENT_MAP_BYTES,
                                          .tables = agent_table_names,
                                          .n_tables = AGENT_TABLE_COUNT,
                                          .row_tags = true,
                                          .row_key = &row_key,
                                          .allow_tmpfs = true};
    bool begun = false;
    int r = begun_look(dir, &begun, &error);
    r = r == 0 ? store_check(&options, &error) : r;
    if (r == -ENOENT && begun) {
        return broken("an agent would not start: its store was marked before it lasted", "");
    }
    return r == 0 || r == -ENOENT || broken("an agent would not start:", error.what);
}

static bool check_agent(const char *folder, const void *given, uint64_t pos)
{
    const struct power_promises *promises = given;
    struct error error = ERROR_NULL;
    if (!agent_starts(folder, promises)) {
        return false;
    }
    struct store *store =
        open_store(folder, agent_table_names, AGENT_TABLE_COUNT, CAIRN_AGENT_MAP_BYTES, &error);
    if (store == NULL) {
        return !promised(promises, pos) || broken("the agent's store refuses:", error.what);
    }
    struct store_txn *txn = store_read(store);
    bool holds = txn != NULL;
    for (size_t i = 0; holds && i < promises->n && promises->all[i].pos <= pos; i++) {
        holds = agent_keeps(txn, &promises->all[i]);
    }
    holds = holds && store_fault(txn) == 0;
    store_end(&txn);
    store_close(&store);
    return holds;
}

/* --- key files --- */

static const char *const key_names[] = {KEY_SIGNING, KEY_OPENING, KEY_TRANSPORT, KEY_STORE};

/* A key is whole or not there, and once the command has succeeded it is there. */
static bool check_keys(const char *folder, const void *given, uint64_t pos)
{
    const struct power_promises *promises = given;
    for (size_t i = 0; i < sizeof(key_names) / sizeof(key_names[0]); i++) {
        char path[2 * POWER_PATH];
        _cleanup_(buf_deinit) struct buf found = BUF_MAX(4096);
        _cleanup_(buf_deinit) struct buf made = BUF_MAX(4096);
        (void)snprintf(path, sizeof(path), "%s/keys/%s", folder, key_names[i]);
        int r = file_read(path, &found);
        (void)snprintf(path, sizeof(path), "%s/keys/%s", promises->folder, key_names[i]);
        if (file_read(path, &made) != 0) {
            return broken("was never made:", path);
        }
        if (r == -ENOENT && !promised(promises, pos)) {
            continue;
        }
        if (r != 0 || !slice_equal(buf_slice(&found), buf_slice(&made))) {
            return broken("is not whole:", key_names[i]);
        }
    }
    return true;
}

/* --- kinds and promises --- */

static const struct power_kind kinds[] = {
    {"broker",
     {"/data/data.mdb", "/data/new.mdb", "/highwater", "/signed"},
     "/data/lock.mdb",
     check_broker},
    {"agent", {"/data/data.mdb", "/data/new.mdb", "/data.begun"}, "/data/lock.mdb", check_agent},
    {"keys", {"/keys/"}, "", check_keys},
};

const struct power_kind *power_kind(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return &kinds[i];
        }
    }
    power_fail("there is no kind", name);
}

bool power_is_kept(const struct power_kind *kind, const char *name)
{
    for (size_t i = 0; i < POWER_FILES && kind->files[i] != NULL; i++) {
        size_t len = strlen(kind->files[i]);
        bool folder = kind->files[i][len - 1] == '/';
        if (folder ? strncmp(name, kind->files[i], len) == 0 : strcmp(name, kind->files[i]) == 0) {
            return true;
        }
    }
    return false;
}

void power_clear(const struct power_kind *kind, const char *folder)
{
    char path[2 * POWER_PATH];
    (void)snprintf(path, sizeof(path), "%s%s", folder, kind->lock);
    (void)unlink(path);
    for (size_t i = 0; i < POWER_FILES && kind->files[i] != NULL; i++) {
        (void)snprintf(path, sizeof(path), "%s%s", folder, kind->files[i]);
        (void)unlink(path);
    }
}

/* "POS WHAT FIRST SECOND" */
static void read_promise(char *line, struct power_promise *ret)
{
    const char *words[WORDS] = {"", "", "", ""};
    for (size_t i = 0; i < WORDS && line != NULL; i++) {
        words[i] = strsep(&line, " ");
    }
    ret->pos = power_number(words[0]);
    (void)snprintf(ret->what, sizeof(ret->what), "%s", words[1]);
    (void)snprintf(ret->first, sizeof(ret->first), "%s", words[2]);
    (void)snprintf(ret->second, sizeof(ret->second), "%s", words[3]);
}

void power_promises_read(const char *path, struct power_promises *ret)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(JOURNAL_BYTES);
    if (file_read(path, &text) != 0) {
        power_fail("cannot be read:", path);
    }
    buf_add(&text, "", 1);
    ret->all = base_zalloc(PROMISES_MAX, sizeof(ret->all[0]));
    char *rest = (char *)text.data;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        if (line[0] == '\0') {
            continue;
        }
        if (ret->n == PROMISES_MAX) {
            power_fail("holds too many promises:", path);
        }
        read_promise(line, &ret->all[ret->n++]);
    }
}

bool power_check(const struct power_kind *kind, const char *folder,
                 const struct power_promises *promises, uint64_t pos)
{
    return kind->check(folder, promises, pos);
}
