/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/core/begun.h"
#include "agents/core/own_keys.h"
#include "govern/keys.h"
#include "support/practice.h"

static void a_reference_is_written_and_read_and_sorts_by_time(void **state)
{
    struct reference early;
    struct reference late;
    struct reference again;
    char text[REFERENCE_TEXT_BYTES];
    (void)state;

    assert_int_equal(reference_new(PRACTICE_NOW_MS, &early), 0);
    assert_int_equal(reference_new(PRACTICE_NOW_MS + 1, &late), 0);
    reference_format(&early, text);

    assert_true(reference_parse(text, &again));
    assert_memory_equal(&early, &again, sizeof(early));
    assert_true(memcmp(early.bytes, late.bytes, sizeof(early.bytes)) < 0);
    assert_false(reference_parse("00", &again));
}

static void expect_same_row(const struct out_row *read, const struct out_row *row)
{
    assert_int_equal(read->state, row->state);
    assert_int_equal(read->kind, row->kind);
    assert_int_equal(read->record_kind, row->record_kind);
    assert_int_equal(read->code, row->code);
    assert_int_equal(read->urgency, row->urgency);
    assert_int_equal(read->event_day, row->event_day);
    assert_memory_equal(read->handle, row->handle, sizeof(row->handle));
    assert_int_equal(read->created_ms, row->created_ms);
    assert_int_equal(read->due_ms, row->due_ms);
    assert_int_equal(read->has_entry, row->has_entry);
    assert_true(entry_id_equal(&read->entry, &row->entry));
    assert_int_equal(read->lane, row->lane);
    assert_int_equal(read->verdict, row->verdict);
    assert_int_equal(read->log_index, row->log_index);
    assert_int_equal(read->answered_ms, row->answered_ms);
    assert_int_equal(read->retracted, row->retracted);
    assert_int_equal(read->by_uid, row->by_uid);
    assert_memory_equal(&read->item, &row->item, sizeof(row->item));
    assert_memory_equal(&read->stated_by, &row->stated_by, sizeof(row->stated_by));
}

static void an_out_row_keeps_all_it_is_given(void **state)
{
    struct practice *practice = *state;
    struct reference reference;
    struct reference found;
    struct out_row row = {
        .state = OUT_STORED,
        .kind = ENTRY_RECORD,
        .record_kind = RECORD_CONCERN,
        .code = CODE_NEGLECT_MEDICAL,
        .urgency = URGENCY_SAME_DAY,
        .event_day = -3,
        .handle = {1, 2, 3},
        .created_ms = PRACTICE_NOW_MS,
        .due_ms = 7,
        .has_entry = true,
        .entry = {.agency = 1, .stream = UINT64_MAX, .seq = 9},
        .lane = LANE_BULK,
        .verdict = VERDICT_STORED_NO_READER,
        .log_index = 12,
        .answered_ms = 13,
        .retracted = true,
        .by_uid = 14,
        .item = {.bytes = {15}},
        .stated_by = {.bytes = {16}},
    };

    assert_int_equal(reference_new(PRACTICE_NOW_MS, &reference), 0);
    struct store_txn *txn = store_begin(practice->agent->store);
    out_put(txn, &reference, &row);
    assert_int_equal(agent_commit(&txn), 0);
    practice_reopen(practice);

    struct out_row read = practice_out(practice, &reference);
    expect_same_row(&read, &row);
    txn = store_read(practice->agent->store);
    assert_true(out_by_entry(txn, &row.entry, &found));
    assert_memory_equal(&found, &reference, sizeof(found));
    store_end(&txn);
}

static void counts_are_kept_by_day_and_name(void **state)
{
    struct practice *practice = *state;
    struct store_txn *txn = store_begin(practice->agent->store);

    count_add(txn, 10, "a", 2);
    count_add(txn, 10, "a", 3);
    count_add(txn, 10, "ab", 1);
    count_add(txn, 11, "a", 1);

    assert_int_equal(count_get(txn, 10, "a"), 5);
    assert_int_equal(count_get(txn, 10, "ab"), 1);
    assert_int_equal(count_get(txn, 11, "a"), 1);
    assert_int_equal(count_get(txn, 11, "ab"), 0);
    store_end(&txn);
}

static void a_fault_in_a_transaction_changes_nothing(void **state)
{
    struct practice *practice = *state;
    struct store_txn *txn = store_begin(practice->agent->store);

    count_add(txn, 10, "a", 2);
    store_fail(txn, -ENOSPC);

    assert_int_equal(agent_commit(&txn), -ENOSPC);
    assert_null(txn);
    assert_int_equal(practice_rows(practice, AT_COUNT), 0);
}

static void a_restarted_agent_has_the_streams_it_had(void **state)
{
    struct practice *practice = *state;
    uint64_t before[CAIRN_LANES + 1] = {0};
    struct store_txn *txn = store_read(practice->agent->store);
    for (enum lane lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
        before[lane] = spool_stream(txn, lane);
    }
    store_end(&txn);

    practice_reopen(practice);

    txn = store_read(practice->agent->store);
    for (enum lane lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
        assert_true(before[lane] != 0);
        assert_true(before[lane] == spool_stream(txn, lane));
    }
    assert_true(before[LANE_URGENT] != before[LANE_NORMAL]);
    store_end(&txn);
}

static void governance_survives_a_restart_and_gives_the_agent_its_place(void **state)
{
    struct practice *practice = *state;
    _cleanup_(own_place_deinit) struct own_place place = OWN_PLACE_NULL;
    assert_false(govern_keep_place(practice->agent->keep, &place));

    practice_govern(practice);
    practice_reopen(practice);

    assert_true(govern_keep_place(practice->agent->keep, &place));
    assert_int_equal(place.agency, AGENCY_OWN);
    assert_int_equal(place.epoch, 1);
    assert_int_equal(place.linkage.len, SEAL_KEY_BYTES);
    struct governance *governance = govern_keep_current(practice->agent->keep);
    for (unsigned i = GOVERNANCE_ROOT; i <= GOVERNANCE_DOCUMENTS; i++) {
        assert_int_equal(governance->versions[i], 1);
    }
    governance_unref(&governance);
}

static void a_document_that_is_not_signed_is_not_kept(void **state)
{
    struct practice *practice = *state;
    struct govern_document held;
    struct error error = ERROR_NULL;
    assert_true(governance_held(practice->governing.governance, GOVERNANCE_DIRECTORY, &held));
    held.note.len--;

    enum govern_result result = govern_keep_offer(practice->agent->keep, &held, &error);

    assert_int_not_equal(result, GOVERN_ACCEPTED);
    assert_int_equal(practice_rows(practice, AT_GOVERNANCE), 0);
}

static void a_store_is_not_opened_with_another_key(void **state)
{
    struct practice *practice = *state;
    struct agent *other = NULL;
    struct error error = ERROR_NULL;
    _cleanup_(secret_deinit) struct secret key = SECRET_NULL;
    char file[160];
    agent_close(&practice->agent);
    (void)snprintf(file, sizeof(file), "%s/" KEY_STORE, practice->keys);
    assert_int_equal(unlink(file), 0);
    governing_seed(AGENCY_OWN, "another store", &key);
    assert_int_equal(key_write(practice->keys, KEY_STORE, &key, &error), 0);

    int r = agent_open(&practice->options, &practice->clock.clock, &other, &error);

    assert_int_not_equal(r, 0);
    assert_null(other);
    assert_non_null(strstr(error.what, "under this key"));
}

static void a_store_of_another_version_is_not_opened(void **state)
{
    struct practice *practice = *state;
    struct agent *other = NULL;
    struct error error = ERROR_NULL;
    struct store_txn *txn = store_begin(practice->agent->store);
    agent_meta_put_u64(txn, "schema", AGENT_SCHEMA - 1);
    assert_int_equal(store_commit(&txn), 0);
    agent_close(&practice->agent);

    int r = agent_open(&practice->options, &practice->clock.clock, &other, &error);

    assert_int_not_equal(r, 0);
    assert_null(other);
    assert_non_null(strstr(error.what, "was written by another version of the agent (schema 1"));
}

static void expect_no_other(const struct practice *practice)
{
    struct agent *other = NULL;
    struct error error = ERROR_NULL;

    int r = agent_open(&practice->options, &practice->clock.clock, &other, &error);

    assert_int_not_equal(r, 0);
    assert_null(other);
    assert_string_equal(error.where, practice->options.dir);
    assert_non_null(strstr(error.what, "/store.begun says that one was begun"));
}

/* Its file, all of its folder's, and the folder. */
static void a_store_that_is_gone_is_not_begun_again(void **state)
{
    struct practice *practice = *state;
    char file[160];
    char lock[160];
    practice_backup(practice);
    agent_close(&practice->agent);
    (void)snprintf(file, sizeof(file), "%s/data.mdb", practice->store);
    (void)snprintf(lock, sizeof(lock), "%s/lock.mdb", practice->store);

    assert_int_equal(unlink(file), 0);
    expect_no_other(practice);
    assert_int_equal(unlink(lock), 0);
    expect_no_other(practice);
    assert_int_equal(rmdir(practice->store), 0);
    expect_no_other(practice);

    assert_int_equal(access(practice->store, F_OK), -1);
    assert_int_equal(mkdir(practice->store, 0700), 0);
    practice_restore(practice);
}

static void without_its_mark_a_store_that_is_gone_is_begun_again(void **state)
{
    struct practice *practice = *state;
    char path[160];
    agent_close(&practice->agent);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", practice->store);
    assert_int_equal(unlink(path), 0);
    (void)snprintf(path, sizeof(path), "%s.begun", practice->store);
    assert_int_equal(unlink(path), 0);

    practice_reopen(practice);

    assert_int_equal(access(path, F_OK), 0);
}

/* What is lost with the folder could not tell of its loss. */
static void however_the_folder_is_spelled_its_mark_lies_beside_it(void **state)
{
    static const char *const ends[] = {"/", "/.", "//./", "/./."};
    struct practice *practice = *state;
    char dir[160];
    char file[160];
    char mark[160];
    practice_backup(practice);
    agent_close(&practice->agent);
    (void)snprintf(file, sizeof(file), "%s/data.mdb", practice->store);
    (void)snprintf(mark, sizeof(mark), "%s.begun", practice->store);

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        (void)snprintf(dir, sizeof(dir), "%s%s", practice->store, ends[i]);
        practice->options.dir = dir;
        assert_int_equal(unlink(mark), 0);
        practice_reopen(practice);
        assert_int_equal(access(mark, F_OK), 0);

        agent_close(&practice->agent);
        assert_int_equal(unlink(file), 0);
        expect_no_other(practice);
        practice_restore(practice);
    }
}

static void a_folder_without_a_name_of_its_own_has_no_mark(void **state)
{
    struct practice *practice = *state;
    char above[160];
    (void)snprintf(above, sizeof(above), "%s/..", practice->store);
    const char *const dirs[] = {above, "/", "/.", "/.."};

    for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
        bool begun;
        struct error error = ERROR_NULL;
        assert_int_equal(begun_look(dirs[i], &begun, &error), -EINVAL);
        assert_string_equal(error.where, dirs[i]);
        assert_non_null(strstr(error.what, "does not end in the name of a folder"));
    }
}

static void write_key(const struct practice *practice, uint32_t agency, const char *file,
                      const char *seed)
{
    char path[160];
    struct error error = ERROR_NULL;
    _cleanup_(secret_deinit) struct secret key = SECRET_NULL;
    (void)snprintf(path, sizeof(path), "%s/%s", practice->keys, file);
    assert_int_equal(unlink(path), 0);
    governing_seed(agency, seed, &key);
    assert_int_equal(key_write(practice->keys, file, &key, &error), 0);
}

static void an_agent_with_another_agencys_key_does_not_start(void **state)
{
    static const struct {
        const char *file;
        const char *seed;
        const char *said;
    } rows[] = {
        {KEY_SIGNING, "sign", "signing-key is of the agency oak-school"},
        {KEY_OPENING, "open", "opening-key is of the agency oak-school"},
    };
    struct practice *practice = *state;
    practice_govern(practice);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct agent *other = NULL;
        struct error error = ERROR_NULL;
        agent_close(&practice->agent);
        write_key(practice, AGENCY_SCHOOL, rows[i].file, rows[i].seed);

        int r = agent_open(&practice->options, &practice->clock.clock, &other, &error);

        assert_int_not_equal(r, 0);
        assert_null(other);
        assert_non_null(strstr(error.what, rows[i].said));
        assert_non_null(strstr(error.what, "of elm-street"));
        write_key(practice, AGENCY_OWN, rows[i].file, rows[i].seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, practice_set_up_ungoverned, practice_tear_down)
        TEST(a_reference_is_written_and_read_and_sorts_by_time),
        TEST(an_out_row_keeps_all_it_is_given),
        TEST(counts_are_kept_by_day_and_name),
        TEST(a_fault_in_a_transaction_changes_nothing),
        TEST(a_restarted_agent_has_the_streams_it_had),
        TEST(governance_survives_a_restart_and_gives_the_agent_its_place),
        TEST(a_document_that_is_not_signed_is_not_kept),
        TEST(a_store_is_not_opened_with_another_key),
        TEST(a_store_of_another_version_is_not_opened),
        TEST(a_store_that_is_gone_is_not_begun_again),
        TEST(without_its_mark_a_store_that_is_gone_is_begun_again),
        TEST(however_the_folder_is_spelled_its_mark_lies_beside_it),
        TEST(a_folder_without_a_name_of_its_own_has_no_mark),
        TEST(an_agent_with_another_agencys_key_does_not_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
