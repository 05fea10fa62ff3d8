/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "broker/apply.h"
#include "crypto/crypto.h"
#include "os/guard.h"

#define PATH_BYTES       4096
#define WRITES_A_COMMIT  CAIRN_BATCH_WRITES_MAX /* as in a batch: what LMDB keeps in memory */
#define SCRATCH_TEMPLATE "cairn-replay.XXXXXX"

static const bool replayed[N_TABLES] = {
#define X(name, text, is_replayed) [T_##name] = (is_replayed),
    STATE_TABLES(X)
#undef X
};

struct replaying {
    const char *dir;     /* that is looked at */
    const char *scratch; /* that is filled */
    struct store *live;
    struct store *again;
    struct store_txn *from;
    struct store_txn *to;
    struct governance *governance;
    struct replay *replay;
};

static bool PRINTF(3, 4)
    differs(struct replaying *replaying, enum replay_result result, const char *format, ...)
{
    va_list arguments;
    replaying->replay->result = result;
    va_start(arguments, format);
    (void)vsnprintf(replaying->replay->problem, sizeof(replaying->replay->problem), format,
                    arguments);
    va_end(arguments);
    return false;
}

/* --- the journal once more --- */

static bool replay_batch(struct replaying *replaying, uint64_t batch, struct slice row)
{
    struct batch_head head;
    struct apply apply;
    struct store_key key = store_key_u64(batch);

    if (batch != replaying->replay->batches + 1 || !journal_head_read(row, &head)) {
        return differs(replaying, REPLAY_DIFFERS, "batch %" PRIu64 " is missing or damaged",
                       replaying->replay->batches + 1);
    }
    if (head.apply_version != APPLY_VERSION) {
        return differs(replaying, REPLAY_NOT_READ,
                       "batch %" PRIu64 " was written by rules of version %u, these are %u", batch,
                       head.apply_version, APPLY_VERSION);
    }
    store_append(replaying->to, T_JOURNAL, store_key_slice(&key), row);
    int r = apply_begin(&apply, replaying->to, batch, &head, replaying->governance);
    r = r == 0 ? apply_batch(&apply, row, NULL, NULL) : r;
    governance_unref(&replaying->governance);
    replaying->governance = apply.governance == NULL ? NULL : governance_ref(apply.governance);
    replaying->replay->log_size = apply.range.size;
    tree_root(&apply.range, &replaying->replay->root);
    apply_end(&apply);
    replaying->replay->batches++;
    return r == 0 || differs(replaying, r == -EBADMSG ? REPLAY_DIFFERS : REPLAY_NOT_READ,
                             "batch %" PRIu64 " cannot be applied: %s", batch, strerrordesc_np(-r));
}

/* What was written so far goes to disk, so that memory does not grow with the journal. */
static bool commit(struct replaying *replaying, bool last)
{
    int r = store_commit(&replaying->to);
    if (r == 0 && !last) {
        replaying->to = store_begin(replaying->again);
        r = replaying->to == NULL ? -ENOMEM : 0;
    }
    return r == 0 || differs(replaying, REPLAY_NOT_READ, "the store to compare with: %s",
                             strerrordesc_np(-r));
}

static bool replay_journal(struct replaying *replaying)
{
    _cleanup_(store_walk_end) struct store_walk walk =
        store_walk_from(replaying->from, T_JOURNAL, SLICE_NULL);
    uint64_t written = 0;

    while (walk.live) {
        struct reader reader = reader_over(walk.key);
        uint64_t batch = read_u64(&reader);
        if (!replay_batch(replaying, reader_end(&reader) ? batch : 0, walk.value)) {
            return false;
        }
        if (store_writes(replaying->to) - written >= WRITES_A_COMMIT) {
            if (!commit(replaying, false)) {
                return false;
            }
            written = store_writes(replaying->to);
        }
        store_walk_next(&walk);
    }
    return commit(replaying, true);
}

/* --- row by row --- */

static bool row_differs(struct replaying *replaying, enum table table, struct slice key)
{
    char hex[2 * STORE_KEY_MAX + 1] = "";

    hex_encode(key, hex);
    return differs(replaying, REPLAY_DIFFERS,
                   "table %s at key %.100s is not what the journal makes", state_table_names[table],
                   hex);
}

/* A row that a walk comes by is also found by its key: so does whoever reads the store. */
static bool is_found(struct store_txn *txn, enum table table, const struct store_walk *walk)
{
    struct slice value;

    return store_get(txn, table, walk->key, &value) && slice_equal(value, walk->value);
}

static bool compare_table(struct replaying *replaying, enum table table)
{
    _cleanup_(store_walk_end) struct store_walk a =
        store_walk_from(replaying->from, table, SLICE_NULL);
    _cleanup_(store_walk_end) struct store_walk b =
        store_walk_from(replaying->to, table, SLICE_NULL);

    while (a.live && b.live) {
        if (!slice_equal(a.key, b.key) || !slice_equal(a.value, b.value) ||
            !is_found(replaying->from, table, &a)) {
            return row_differs(replaying, table, b.key);
        }
        replaying->replay->rows++;
        store_walk_next(&a);
        store_walk_next(&b);
    }
    return !a.live && !b.live ? true : row_differs(replaying, table, a.live ? a.key : b.key);
}

static bool compare(struct replaying *replaying)
{
    replaying->to = store_read(replaying->again);
    if (replaying->to == NULL) {
        return differs(replaying, REPLAY_NOT_READ, "the store to compare with cannot be read");
    }
    for (unsigned table = 0; table < N_TABLES; table++) {
        if (replayed[table] && !compare_table(replaying, (enum table)table)) {
            return false;
        }
    }
    int r = store_fault(replaying->from);
    return r == 0 || differs(replaying, REPLAY_DIFFERS, "the store cannot be walked: %s",
                             strerrordesc_np(-r));
}

/* --- the two stores --- */

static bool open_one(struct replaying *replaying, const char *dir, bool read_only,
                     struct store **ret)
{
    struct error error = ERROR_NULL;
    const struct store_options options = {
        .dir = dir,
        .map_bytes = CAIRN_BROKER_MAP_BYTES,
        .tables = state_table_names,
        .n_tables = N_TABLES,
        .read_only = read_only,
        .allow_tmpfs = true, /* nothing is kept there */
    };

    return store_open(&options, ret, &error) == 0 ||
           differs(replaying, REPLAY_NOT_READ, "%s: %s", error.where, error.what);
}

static bool open_both(struct replaying *replaying)
{
    if (!open_one(replaying, replaying->dir, true, &replaying->live) ||
        !open_one(replaying, replaying->scratch, false, &replaying->again)) {
        return false;
    }
    replaying->from = store_read(replaying->live);
    replaying->to = store_begin(replaying->again);
    return (replaying->from != NULL && replaying->to != NULL) ||
           differs(replaying, REPLAY_NOT_READ, "no transaction");
}

static void work(void *data, void *result)
{
    struct replaying *replaying = data;
    struct error error = ERROR_NULL;

    replaying->replay = result;
    if (crypto_init(&error) != 0) {
        (void)differs(replaying, REPLAY_NOT_READ, "%s", error.what);
        return;
    }
    if (open_both(replaying) && replay_journal(replaying) && compare(replaying)) {
        replaying->replay->result = REPLAY_SAME;
    }
    governance_unref(&replaying->governance);
    store_end(&replaying->from);
    store_end(&replaying->to);
    store_close(&replaying->live);
    store_close(&replaying->again);
}

/* --- from outside --- */

static bool path_of(const char *dir, const char *name, char out[PATH_BYTES])
{
    int len = snprintf(out, PATH_BYTES, "%s/%s", dir, name);

    return len > 0 && len < PATH_BYTES;
}

static bool make_scratch(char out[PATH_BYTES])
{
    const char *folder = getenv("TMPDIR");

    return path_of(folder == NULL || folder[0] == '\0' ? "/tmp" : folder, SCRATCH_TEMPLATE, out) &&
           mkdtemp(out) != NULL;
}

static void remove_scratch(const char *dir)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "new.mdb", "new.mdb-lock"};
    char path[PATH_BYTES];

    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        if (path_of(dir, files[i], path)) {
            (void)unlink(path);
        }
    }
    (void)rmdir(dir);
}

void replay_store(const char *dir, struct replay *ret)
{
    char scratch[PATH_BYTES];
    char inner[PATH_BYTES];
    char file[PATH_BYTES];
    struct replaying replaying = {.dir = dir, .scratch = scratch, .replay = ret};

    *ret = (struct replay){.result = REPLAY_NOT_READ};
    if (!make_scratch(scratch)) {
        (void)differs(&replaying, REPLAY_NOT_READ, "no folder of its own: %s",
                      strerrordesc_np(errno));
        return;
    }
    if (path_of(dir, "data/data.mdb", file) && access(file, F_OK) == 0 &&
        path_of(dir, "data", inner)) {
        replaying.dir = inner;
    }
    (void)fflush(NULL);
    int r = guard_run(work, &replaying, ret, sizeof(*ret));
    if (r == -EBADMSG) {
        (void)differs(&replaying, REPLAY_DIFFERS, "the database is damaged: it cannot be replayed");
    } else if (r != 0) {
        (void)differs(&replaying, REPLAY_NOT_READ, "it cannot be replayed now: %s",
                      strerrordesc_np(-r));
    }
    remove_scratch(scratch);
}

bool replay_say(const char *dir)
{
    struct replay replay;
    char problem[sizeof(replay.problem)];
    char root[BASE64_BYTES(CAIRN_HASH_BYTES)];

    replay_store(dir, &replay);
    if (replay.result == REPLAY_SAME) {
        base64_encode(SLICE_OF(replay.root.bytes), root);
        log_event(LOG_LEVEL_NOTICE, "replay_same",
                  "batches=%" PRIu64 " rows=%" PRIu64 " log=%" PRIu64 " root=%s", replay.batches,
                  replay.rows, replay.log_size, root);
        return true;
    }
    log_event(LOG_LEVEL_ERROR,
              replay.result == REPLAY_DIFFERS ? "replay_differs" : "replay_impossible",
              "reason=\"%s\"", log_escape(replay.problem, problem, sizeof(problem)));
    return false;
}
