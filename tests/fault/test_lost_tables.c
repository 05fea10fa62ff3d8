/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store that lost what every store is made with, as LMDB itself removes it: one table, any of
 * them, or all. Broker and agent say which and end; none begins anew beside what is left, and what
 * is left stays as it is.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <lmdb.h>

#include "agents/core/state.h"
#include "ledger/state.h"
#include "os/files.h"
#include "support/daemons.h"

#define STORE_MAX_BYTES (64U << 20)
#define MAIN_TABLE      NULL /* LMDB's own, with the names of the others */

struct daemon {
    const char *program;
    const char *config;
    const char *data; /* its store */
};
static const struct daemon broker = {"cairn-broker", "north/broker/broker.ini",
                                     "north/broker/data/data.mdb"};
static const struct daemon agent = {"cairn-agent", "gp-elm/agent.ini", "gp-elm/data/data.mdb"};

struct scene {
    struct estate estate;
    struct process process;
    struct buf broker; /* each store as it was left in order */
    struct buf agent;
};
static struct scene scene;

static void start(const struct daemon *daemon)
{
    const struct process_options options = {.program = daemon->program, .config = daemon->config};
    process_start(&scene.estate, &options, &scene.process);
}

static struct buf read_store(const struct daemon *daemon)
{
    char path[ESTATE_PATH];
    struct buf bytes = BUF_MAX(STORE_MAX_BYTES);
    estate_path(&scene.estate, daemon->data, path);
    assert_int_equal(file_read(path, &bytes), 0);
    return bytes;
}

/* One that has run, and ended in order. */
static struct buf history_of(const struct daemon *daemon)
{
    start(daemon);
    assert_true(process_ready(&scene.process));
    process_stop(&scene.process);
    return read_store(daemon);
}

static int set_up(void **state)
{
    (void)state;
    scene = (struct scene){.process = PROCESS_NULL};
    estate_make(&scene.estate);
    estate_add_agency(&scene.estate, "gp-elm", "gp");
    scene.broker = history_of(&broker);
    scene.agent = history_of(&agent);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    process_deinit(&scene.process);
    buf_deinit(&scene.broker);
    buf_deinit(&scene.agent);
    estate_remove(&scene.estate);
    return 0;
}

static void put_store(const struct daemon *daemon, struct slice bytes)
{
    char path[ESTATE_PATH];
    estate_path(&scene.estate, daemon->data, path);
    assert_int_equal(file_write_atomic(path, bytes, 0600), 0);
}

/* Returns how many rows it had. The table goes, or stays and is empty; of LMDB's own all others go
 * with its rows, and the environment is as LMDB makes one. */
static size_t drop_rows(const struct daemon *daemon, const char *table, bool name_too)
{
    MDB_stat stat;
    char path[ESTATE_PATH];
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi dbi = 0;
    estate_path(&scene.estate, daemon->data, path);
    path[strlen(path) - strlen("/data.mdb")] = '\0';
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 1), 0);
    assert_int_equal(mdb_env_set_mapsize(env, STORE_MAX_BYTES), 0);
    assert_int_equal(mdb_env_open(env, path, 0, 0600), 0);

    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
    assert_int_equal(mdb_stat(txn, dbi, &stat), 0);
    assert_int_equal(mdb_drop(txn, dbi, name_too), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
    return stat.ms_entries;
}

static void expect_refused(const struct daemon *daemon, const char *reason)
{
    struct buf before = read_store(daemon);

    start(daemon);
    assert_false(process_ready(&scene.process));
    assert_true(process_said(&scene.process, "refused_to_start"));
    if (!process_said(&scene.process, reason)) {
        fail_msg("%s does not say: %s", daemon->program, reason);
    }
    int status = process_wait(&scene.process);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);

    struct buf after = read_store(daemon);
    assert_true(slice_equal(buf_slice(&before), buf_slice(&after)));
    buf_deinit(&before);
    buf_deinit(&after);
}

/* What stands beside its folder knows that there was a store. */
static void expect_gone(const char *file)
{
    start(&agent);
    assert_false(process_ready(&scene.process));
    assert_true(process_said(&scene.process, "refused_to_start"));
    assert_true(process_said(&scene.process, "the store is gone: "));
    assert_true(process_said(&scene.process, "/gp-elm/data.begun says that one was begun"));
    int status = process_wait(&scene.process);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
    assert_int_equal(access(file, F_OK), -1);
}

/* It starts with what was put back, and goes on from there. */
static void restore(const struct daemon *daemon, struct buf *whole)
{
    put_store(daemon, buf_slice(whole));
    buf_deinit(whole);
    *whole = history_of(daemon);
}

static void lose(const struct daemon *daemon, const struct buf *whole, const char *table)
{
    char reason[96];
    (void)snprintf(reason, sizeof(reason), "the table %s is missing", table);
    put_store(daemon, buf_slice(whole));
    (void)drop_rows(daemon, table, true);

    expect_refused(daemon, reason);
}

static void a_broker_that_lost_any_of_its_tables_says_which_and_does_not_start(void **state)
{
    (void)state;

    for (size_t i = 0; i < N_TABLES; i++) {
        lose(&broker, &scene.broker, state_table_names[i]);
    }

    restore(&broker, &scene.broker);
}

static void an_agent_that_lost_any_of_its_tables_says_which_and_does_not_start(void **state)
{
    (void)state;

    for (size_t i = 0; i < AGENT_TABLE_COUNT; i++) {
        lose(&agent, &scene.agent, agent_table_names[i]);
    }
    lose(&agent, &scene.agent, "row-sum");

    restore(&agent, &scene.agent);
}

/* A start reads no rows; each batch says how many it leaves. Without META nothing was ever written,
 * but to the journal. */
static void a_broker_that_lost_the_rows_of_a_table_says_which_and_does_not_start(void **state)
{
    (void)state;
    size_t emptied = 0;

    for (size_t i = 0; i < N_TABLES; i++) {
        char reason[96];
        put_store(&broker, buf_slice(&scene.broker));
        if (drop_rows(&broker, state_table_names[i], false) > 0) {
            (void)snprintf(reason, sizeof(reason), "the table %s has ",
                           state_table_names[i == T_META ? T_JOURNAL : i]);
            expect_refused(&broker, reason);
            emptied++;
        }
    }

    assert_true(emptied >= 4); /* meta, journal, log, governance */
    restore(&broker, &scene.broker);
}

static void what_lost_all_of_its_tables_is_no_new_store(void **state)
{
    (void)state;
    (void)drop_rows(&broker, MAIN_TABLE, false);
    (void)drop_rows(&agent, MAIN_TABLE, false);

    expect_refused(&broker, "is missing: the store is damaged");
    expect_refused(&agent, "is missing: the store is damaged");

    restore(&broker, &scene.broker);
    restore(&agent, &scene.agent);
}

static void what_is_empty_is_no_new_store(void **state)
{
    (void)state;
    put_store(&broker, SLICE_NULL);
    put_store(&agent, SLICE_NULL);

    expect_refused(&broker, "the store was cut short: it is empty");
    expect_refused(&agent, "the store was cut short: it is empty");

    restore(&broker, &scene.broker);
    restore(&agent, &scene.agent);
}

/* What no store is left of, the mark outside it knows. */
static void a_broker_whose_store_is_gone_does_not_go_on_with_a_new_one(void **state)
{
    (void)state;
    char path[ESTATE_PATH];
    estate_path(&scene.estate, broker.data, path);
    assert_int_equal(unlink(path), 0);

    start(&broker);
    assert_false(process_ready(&scene.process));
    process_deinit(&scene.process);

    expect_refused(&broker, "it is older than its high-water mark; restore a newer copy");

    restore(&broker, &scene.broker);
}

/* Its folder emptied, as where its disk is not mounted; and without a folder. */
static void an_agent_whose_store_is_gone_says_so_and_begins_no_other(void **state)
{
    (void)state;
    char file[ESTATE_PATH];
    char lock[ESTATE_PATH];
    char folder[ESTATE_PATH];
    estate_path(&scene.estate, agent.data, file);
    estate_path(&scene.estate, "gp-elm/data/lock.mdb", lock);
    estate_path(&scene.estate, "gp-elm/data", folder);
    assert_int_equal(unlink(file), 0);

    expect_gone(file);
    assert_int_equal(unlink(lock), 0);
    expect_gone(file);
    assert_int_equal(rmdir(folder), 0);
    expect_gone(file);

    assert_int_equal(access(folder, F_OK), -1);
    assert_int_equal(mkdir(folder, 0700), 0);
    restore(&agent, &scene.agent);
}

static void a_person_who_takes_the_mark_away_has_it_begin_anew(void **state)
{
    (void)state;
    char file[ESTATE_PATH];
    char mark[ESTATE_PATH];
    estate_path(&scene.estate, agent.data, file);
    estate_path(&scene.estate, "gp-elm/data.begun", mark);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(unlink(mark), 0);

    start(&agent);
    assert_true(process_ready(&scene.process));
    process_stop(&scene.process);

    assert_int_equal(access(mark, F_OK), 0);
    restore(&agent, &scene.agent);
}

/* No file beside the folder takes a byte: a disk that is full. */
static void start_unmarked(void)
{
    char trigger[ESTATE_PATH];
    char fault[2 * ESTATE_PATH];
    estate_path(&scene.estate, "armed", trigger);
    assert_int_equal(file_write_atomic(trigger, slice_of_text("!"), 0600), 0);
    (void)snprintf(fault, sizeof(fault), "write:.tmp:%d:%s", ENOSPC, trigger);
    const struct process_options options = {.program = agent.program,
                                            .config = agent.config,
                                            .preload = "libcairn_shim.so",
                                            .fault = fault};
    process_start(&scene.estate, &options, &scene.process);
}

static void expect_unmarked_and_ready(const char *mark)
{
    start_unmarked();
    assert_true(process_ready(&scene.process));
    assert_true(process_said(&scene.process, "<4>cairn-agent mark_not_written where="));
    assert_true(process_said(&scene.process, "/gp-elm/data.begun"));
    assert_true(process_said(&scene.process, strerror(ENOSPC)));
    process_stop(&scene.process);
    assert_int_equal(access(mark, F_OK), -1);
}

/* One that is there, as after a restore, and one newly begun. */
static void an_agent_that_cannot_write_its_mark_says_so_and_starts(void **state)
{
    (void)state;
    char file[ESTATE_PATH];
    char mark[ESTATE_PATH];
    estate_path(&scene.estate, agent.data, file);
    estate_path(&scene.estate, "gp-elm/data.begun", mark);
    assert_int_equal(unlink(mark), 0);

    expect_unmarked_and_ready(mark);
    assert_int_equal(unlink(file), 0);
    expect_unmarked_and_ready(mark);

    restore(&agent, &scene.agent);
    assert_int_equal(access(mark, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_broker_that_lost_any_of_its_tables_says_which_and_does_not_start),
        cmocka_unit_test(a_broker_that_lost_the_rows_of_a_table_says_which_and_does_not_start),
        cmocka_unit_test(an_agent_that_lost_any_of_its_tables_says_which_and_does_not_start),
        cmocka_unit_test(what_lost_all_of_its_tables_is_no_new_store),
        cmocka_unit_test(what_is_empty_is_no_new_store),
        cmocka_unit_test(a_broker_whose_store_is_gone_does_not_go_on_with_a_new_one),
        cmocka_unit_test(an_agent_whose_store_is_gone_says_so_and_begins_no_other),
        cmocka_unit_test(a_person_who_takes_the_mark_away_has_it_begin_anew),
        cmocka_unit_test(an_agent_that_cannot_write_its_mark_says_so_and_starts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
