/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What somebody must hear of is counted where `cairn status` reads it, and said in the log in a
 * line that can be alarmed on: ids, numbers and verdicts, nothing of what was recorded.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/date.h"
#include "base/log.h"
#include "broker/counters.h"
#include "os/files.h"
#include "support/stories.h"

#define HOUR_MS (60 * 60 * 1000)

struct heard {
    struct world *world;
    char counters[96];
    char log[96];
    int stderr_before;
};

static int open_world(void **state)
{
    struct heard *heard = base_zalloc(1, sizeof(*heard));
    struct error error = ERROR_NULL;

    *state = heard;
    heard->world = world_new();
    (void)snprintf(heard->counters, sizeof(heard->counters), "%s/counters", heard->world->dir);
    (void)snprintf(heard->log, sizeof(heard->log), "%s/log", heard->world->dir);
    return broker_counters_create(heard->counters, &heard->world->counters, &error);
}

static int close_world(void **state)
{
    struct heard *heard = *state;

    counters_close(&heard->world->counters);
    world_free(&heard->world);
    base_free(&heard);
    return 0;
}

/* From here on what the stages say goes into a file. */
static void listen_to_log(struct heard *heard)
{
    int fd = open(heard->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    log_init("cairn-broker", LOG_LEVEL_WARNING);
    heard->stderr_before = dup(STDERR_FILENO);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    assert_int_equal(close(fd), 0);
}

static struct buf heard_lines(struct heard *heard)
{
    struct buf lines = BUF_MAX(65536);

    log_init("test", (enum log_level)0);
    assert_true(dup2(heard->stderr_before, STDERR_FILENO) >= 0);
    assert_int_equal(close(heard->stderr_before), 0);
    assert_int_equal(file_read(heard->log, &lines), 0);
    return lines;
}

static uint64_t counted(const struct heard *heard, const char *name)
{
    struct counters_reading reading;

    assert_int_equal(counters_read(heard->counters, &reading), 0);
    for (size_t i = 0; i < reading.count; i++) {
        if (strcmp(reading.counters[i].name, name) == 0) {
            return reading.counters[i].value;
        }
    }
    fail_msg("there is no counter %s", name);
    return 0;
}

static void make_record(struct heard *heard, struct world_entry *ret)
{
    const struct world_record record = {
        .from = GP, .child = ALIX, .day = instant_london_day(heard->world->clock.real_ms) - 3};

    world_record(heard->world, &record, ret);
}

static void an_id_used_for_two_things_is_counted_and_said_as_an_error(void **state)
{
    struct heard *heard = *state;
    struct world_entry entry;
    make_record(heard, &entry);
    assert_int_equal(world_send_one(heard->world, GP, &entry), VERDICT_STORED);
    entry.header.record.level = 1;
    world_refreeze(&entry);

    listen_to_log(heard);
    assert_int_equal(world_send_one(heard->world, GP, &entry), VERDICT_EQUIVOCATION);

    _cleanup_(buf_deinit) struct buf lines = heard_lines(heard);
    assert_non_null(strstr(buf_text(&lines), "<3>cairn-broker equivocation batch="));
    assert_non_null(strstr(buf_text(&lines), "entry_refused agency=1 seq=1 verdict="));
    assert_int_equal(counted(heard, "apply_equivocations"), 1);
    assert_int_equal(counted(heard, "answers_EQUIVOCATION"), 1);
}

static void the_same_again_alarms_nobody(void **state)
{
    struct heard *heard = *state;
    struct world_entry entry;
    make_record(heard, &entry);
    assert_int_equal(world_send_one(heard->world, GP, &entry), VERDICT_STORED);

    listen_to_log(heard);
    assert_int_equal(world_send_one(heard->world, GP, &entry), VERDICT_STORED);

    _cleanup_(buf_deinit) struct buf lines = heard_lines(heard);
    assert_string_equal(buf_text(&lines), "");
    assert_int_equal(counted(heard, "apply_equivocations"), 0);
    assert_int_equal(counted(heard, "apply_entries_refused"), 0);
    assert_int_equal(counted(heard, "apply_records_stored"), 1);
}

static void a_number_left_out_is_counted_and_said(void **state)
{
    struct heard *heard = *state;
    struct world_entry entry;
    (void)world_next_id(heard->world, GP, LANE_NORMAL); /* a stream may begin anywhere */
    make_record(heard, &entry);
    assert_int_equal(world_send_one(heard->world, GP, &entry), VERDICT_STORED);
    assert_int_equal(counted(heard, "apply_stream_gaps"), 0);
    (void)world_next_id(heard->world, GP, LANE_NORMAL);
    make_record(heard, &entry);

    listen_to_log(heard);
    assert_int_equal(world_send_one(heard->world, GP, &entry), VERDICT_STORED);

    _cleanup_(buf_deinit) struct buf lines = heard_lines(heard);
    assert_non_null(strstr(buf_text(&lines), "<4>cairn-broker stream_gap batch="));
    assert_int_equal(counted(heard, "apply_stream_gaps"), 1);
}

static void a_parcel_signed_by_another_is_said_with_its_agency_and_its_verdict(void **state)
{
    struct heard *heard = *state;
    struct world_entry entry;
    make_record(heard, &entry);
    const struct world_parcel forged = {
        .agency = GP, .signer = HOSPITAL, .n = 1, .entries = &entry};

    listen_to_log(heard);
    assert_false(verdict_is_stored(world_send(heard->world, &forged)));

    _cleanup_(buf_deinit) struct buf lines = heard_lines(heard);
    assert_non_null(strstr(buf_text(&lines), "<4>cairn-broker frame_refused agency=1 verdict="));
    assert_null(strstr(buf_text(&lines), "Alix"));
}

static void send_a_second_later(struct heard *heard)
{
    struct world_entry entry;

    clock_fake_advance(&heard->world->clock, 1000);
    make_record(heard, &entry);
    assert_int_equal(world_send_one(heard->world, GP, &entry), VERDICT_STORED);
}

static void a_clock_that_stepped_is_said_once_for_each_step(void **state)
{
    struct heard *heard = *state;
    static const char event[] = "<4>cairn-broker clock_stepped batch=";
    send_a_second_later(heard);

    listen_to_log(heard);
    clock_fake_step(&heard->world->clock, HOUR_MS);
    send_a_second_later(heard);
    send_a_second_later(heard);
    send_a_second_later(heard);
    uint64_t frozen = counted(heard, "commit_clock_frozen");
    clock_fake_step(&heard->world->clock, -HOUR_MS);
    send_a_second_later(heard);
    send_a_second_later(heard);

    _cleanup_(buf_deinit) struct buf lines = heard_lines(heard);
    const char *said = strstr(buf_text(&lines), event);
    assert_non_null(said);
    assert_null(strstr(said + 1, event));
    assert_int_equal(frozen, 1);
    assert_int_equal(counted(heard, "commit_clock_frozen"), 0);
}

static void a_cosignature_that_does_not_hold_is_counted(void **state)
{
    struct heard *heard = *state;
    struct world_entry entry;
    world_acknowledgement(heard->world, GP, 0, &entry);
    entry.header.acknowledgement.cosignature[COSIGNATURE_BYTES - 1] ^= 1;
    world_refreeze(&entry);

    assert_int_equal(world_send_one(heard->world, GP, &entry), VERDICT_STORED);

    assert_int_equal(counted(heard, "apply_cosignatures_refused"), 1);
}

static void what_a_pattern_in_the_shadow_would_have_raised_is_counted(void **state)
{
    struct heard *heard = *state;
    change_document(heard->world, GOVERNANCE_PATTERNS, "\"state\": \"live\",",
                    "\"state\": \"shadow\",");

    three_missed(heard->world, ALIX);
    (void)miss(heard->world, GP, ALIX, "2026-10-01");

    assert_int_equal(counted(heard, "apply_shadow_raised"), 1);
    assert_int_equal(counted(heard, "apply_alerts_raised"), 0);
}

static void alerts_beyond_a_patterns_budget_are_raised_and_counted(void **state)
{
    struct heard *heard = *state;
    change_document(heard->world, GOVERNANCE_PATTERNS, "\"weekly_budget\": 40",
                    "\"weekly_budget\": 1");

    three_missed(heard->world, ALIX);
    assert_int_equal(counted(heard, "apply_alerts_over_budget"), 0);
    for (int day = 1; day <= 3; day++) {
        char when[] = "2026-10-00";
        when[9] = (char)('0' + day);
        (void)miss(heard->world, GP, BLAKE, when);
    }

    assert_int_equal(counted(heard, "apply_alerts_raised"), 2);
    assert_int_equal(counted(heard, "apply_alerts_over_budget"), 1);
}

static void pass(struct heard *heard, int64_t ms)
{
    clock_fake_advance(&heard->world->clock, ms);
    world_turn(heard->world);
}

static void what_is_urgent_counts_as_unopened_once_its_time_is_over(void **state)
{
    struct heard *heard = *state;
    struct entry_id record = report_danger(heard->world);
    struct world_entry decision;

    pass(heard, 29 * 60 * 1000);
    assert_int_equal(counted(heard, "waiting_unopened_records"), 0);
    pass(heard, 2 * 60 * 1000);
    pass(heard, 2 * 60 * 1000);
    assert_int_equal(counted(heard, "waiting_unopened_records"), 1);

    world_decision(heard->world, MASH, 0, ACTION_OPEN, OUTCOME_NONE, &decision);
    decision.header.decision.has_record = true;
    decision.header.decision.record = record;
    world_refreeze(&decision);
    assert_int_equal(world_send_one(heard->world, MASH, &decision), VERDICT_STORED);
    pass(heard, 2 * 60 * 1000);
    assert_int_equal(counted(heard, "waiting_unopened_records"), 0);
}

static void expect_named(const struct heard *heard, const char *id, bool named)
{
    struct counters_reading reading;

    assert_int_equal(counters_read(heard->counters, &reading), 0);
    if ((strstr(reading.words, id) != NULL) != named) {
        fail_msg("\"%s\" %s %s", reading.words, named ? "does not name" : "names", id);
    }
}

static void an_agency_that_says_nothing_for_a_week_counts_as_silent_and_is_named(void **state)
{
    struct heard *heard = *state;
    const uint64_t week_ms = 7 * 24 * HOUR_MS;
    pass(heard, 2 * 60 * 1000);
    assert_int_equal(counted(heard, "waiting_silent_agencies"), 0); /* all have just joined */
    pass(heard, week_ms - 24 * HOUR_MS);
    (void)report_danger(heard->world);

    pass(heard, 24 * HOUR_MS);
    uint64_t others = counted(heard, "waiting_silent_agencies");
    assert_true(others > 0);
    expect_named(heard, "school", false);
    pass(heard, week_ms);

    assert_int_equal(counted(heard, "waiting_silent_agencies"), others + 1);
    expect_named(heard, "school", true);
    expect_named(heard, "mash", false); /* a front door mostly reads */
}

static void what_agencies_have_not_fetched_is_counted_and_by_when_documents_are_reviewed(
    void **state)
{
    struct heard *heard = *state;
    (void)report_danger(heard->world);

    pass(heard, 2 * 60 * 1000);

    assert_true(counted(heard, "waiting_undelivered") > 0);
    assert_true(counted(heard, "commit_unwitnessed") > 0);
    assert_true(counted(heard, "review_agreements_ms") > 0);
    assert_int_equal(counted(heard, "review_agreements_ms") % (24 * HOUR_MS), 0);
}

static void a_batch_falls_into_every_bucket_that_it_was_quick_enough_for(void **state)
{
    struct heard *heard = *state;
    uint64_t batches = counted(heard, "commit_batches");

    send_a_second_later(heard);

    assert_int_equal(counted(heard, "commit_batches"), batches + 1);
    assert_int_equal(counted(heard, "commit_within_10_ms"), batches + 1);
    assert_int_equal(counted(heard, "commit_within_5000_ms"), batches + 1);
}

#define STORY(story) cmocka_unit_test_setup_teardown(story, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(an_id_used_for_two_things_is_counted_and_said_as_an_error),
        STORY(the_same_again_alarms_nobody),
        STORY(a_number_left_out_is_counted_and_said),
        STORY(a_parcel_signed_by_another_is_said_with_its_agency_and_its_verdict),
        STORY(a_clock_that_stepped_is_said_once_for_each_step),
        STORY(a_cosignature_that_does_not_hold_is_counted),
        STORY(what_a_pattern_in_the_shadow_would_have_raised_is_counted),
        STORY(alerts_beyond_a_patterns_budget_are_raised_and_counted),
        STORY(what_is_urgent_counts_as_unopened_once_its_time_is_over),
        STORY(an_agency_that_says_nothing_for_a_week_counts_as_silent_and_is_named),
        STORY(what_agencies_have_not_fetched_is_counted_and_by_when_documents_are_reviewed),
        STORY(a_batch_falls_into_every_bucket_that_it_was_quick_enough_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
