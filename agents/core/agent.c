/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/agent.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "agents/core/begun.h"
#include "agents/core/held.h"
#include "agents/core/settling_time.h"
#include "agents/core/spool.h"
#include "base/log.h"
#include "os/files.h"
#include "os/notify.h"

#define META_SCHEMA     "schema"
#define LOOKING_MORE_MS 120000 /* by then it has looked at some more of its store, or hangs */

/* --- the store --- */

/* A fresh store gets its schema number and streams; an old one must have them. */
static int check_store(struct agent *agent, struct error *error)
{
    _cleanup_(store_end) struct store_txn *txn = store_begin(agent->store);
    if (txn == NULL) {
        return -ENOMEM;
    }
    uint64_t schema = agent_meta_u64(txn, META_SCHEMA, 0);
    if (schema != 0 && schema != AGENT_SCHEMA) {
        return error_set(error, agent->options->dir,
                         "was written by another version of the agent (schema %llu, not %d)",
                         (unsigned long long)schema, AGENT_SCHEMA);
    }
    if (schema == 0) {
        agent_meta_put_u64(txn, META_SCHEMA, AGENT_SCHEMA);
    }
    settling_time_start(txn, agent->clock);
    int r = spool_start(txn);
    held_resume(txn);
    return r != 0 ? r : agent_commit(&txn);
}

/* A store of many gigabytes on a slow disk takes longer than a start may. */
static void tell_looked(uint64_t rows, uint64_t of)
{
    (void)notify_starting(LOOKING_MORE_MS,
                          "looks through its store: %" PRIu64 " of %" PRIu64 " rows", rows, of);
}

/* Without its mark the store serves as well, and only its loss would go unseen: a disk that is full
 * stops no agent. The next start tries again. */
static void mark_begun(const char *dir)
{
    struct error error = ERROR_NULL;
    if (begun_write(dir, &error) != 0) {
        error = log_escape_error(&error);
        log_event(LOG_LEVEL_WARNING, "mark_not_written", "where=\"%s\" reason=\"%s\"", error.where,
                  error.what);
    }
}

/* Looked through before it is relied on; that shows another store-key too. One that was begun and
 * is there no more is not begun again: what it had accepted and not sent would be missed by
 * nobody. */
static int find_or_begin(struct agent *agent, const struct store_options *options,
                         struct error *error)
{
    bool begun = false;
    int r = begun_look(options->dir, &begun, error);
    if (r == 0 && !begun) {
        r = dir_create(options->dir, error);
    }
    if (r == 0) {
        r = store_check(options, error);
    }
    if (r == -ENOENT && begun) {
        return begun_refuse(options->dir, error);
    }
    if (r == 0 || r == -ENOENT) {
        r = store_open(options, &agent->store, error);
    }
    if (r == 0 && !begun) {
        mark_begun(options->dir);
    }
    return r;
}

static int open_store(struct agent *agent, struct error *error)
{
    _cleanup_(secret_deinit) struct secret row_key = SECRET_NULL;
    struct store_options options = {
        .dir = agent->options->dir,
        .map_bytes = CAIRN_AGENT_MAP_BYTES,
        .tables = agent_table_names,
        .n_tables = AGENT_TABLE_COUNT,
        .allow_tmpfs = agent->options->allow_tmpfs,
        .clock = agent->clock,
        .row_tags = true,
        .row_key = &row_key,
        .looked = tell_looked,
    };
    agent_row_key(&agent->keys.store, &row_key);
    int r = find_or_begin(agent, &options, error);
    return r != 0 ? r : check_store(agent, error);
}

static int open_governance(struct agent *agent, struct error *error)
{
    _cleanup_(governance_unref) struct governance *started = NULL;
    int r = joining_load(agent->options->joining, &agent->joining, &started, error);
    if (r != 0) {
        return r;
    }
    struct govern_keep_options options = {
        .store = agent->store,
        .keys = &agent->keys,
        .joining = {.document = GOVERNANCE_ROOT,
                    .text = buf_slice(&agent->joining.root_text),
                    .note = buf_slice(&agent->joining.root_note)},
    };
    return govern_keep_open(&options, &agent->keep, error);
}

static int check_keys(const struct agent *agent, struct error *error)
{
    _cleanup_(governance_unref) struct governance *held = govern_keep_current(agent->keep);
    return own_keys_check(&agent->keys, agent->options->keys, &held->directory, error);
}

static int open_readers(struct agent *agent, struct error *error)
{
    agent->records = record_reader_new(error);
    agent->appointments = appointment_reader_new(error);
    return agent->records == NULL || agent->appointments == NULL ? -EINVAL : 0;
}

/* --- open and close --- */

int agent_open(const struct agent_options *options, const struct clock *clock, struct agent **ret,
               struct error *error)
{
    struct agent *agent = base_zalloc(1, sizeof(*agent));
    agent->options = options;
    agent->clock = clock;
    agent->joining = JOINING_NULL;
    int r = news_init(&agent->news);
    if (r != 0) {
        base_free(&agent);
        return r;
    }
    r = own_keys_read(options->keys, &agent->keys, error);
    if (r == 0) {
        r = open_store(agent, error);
    }
    if (r == 0) {
        r = open_governance(agent, error);
    }
    if (r == 0) {
        r = check_keys(agent, error);
    }
    if (r == 0) {
        r = open_readers(agent, error);
    }
    if (r != 0) {
        (void)error_set(error, "agent", "cannot be opened: %s", strerror(-r));
        agent_close(&agent);
        return r;
    }
    *ret = agent;
    return 0;
}

void agent_close(struct agent **owned)
{
    struct agent *agent = *owned;
    if (agent == NULL) {
        return;
    }
    assert(agent->link == NULL);
    appointment_reader_free(&agent->appointments);
    record_reader_free(&agent->records);
    govern_keep_close(&agent->keep);
    store_close(&agent->store);
    joining_deinit(&agent->joining);
    own_keys_deinit(&agent->keys);
    news_deinit(&agent->news);
    base_free(owned);
}
