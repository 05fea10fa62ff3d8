/* SPDX-License-Identifier: Apache-2.0 */
/* What the broker destroys, under which rule, when not, and what is left: a log, a journal that
 * replays, an origin who knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/date.h"
#include "broker/retention.h"
#include "cli/audit.h"
#include "os/files.h"
#include "support/replaying.h"
#include "support/store_copy.h"
#include "support/stories.h"

/* Tomorrow, then a week at a time, as a broker whose nights are looked at. */
static void pass_days(struct world *world, int days)
{
    for (int step = 1; days > 0; days -= step, step = days < 7 ? days : 7) {
        clock_fake_advance(&world->clock, step * DAY_MS);
        world_turn(world);
    }
}

static struct entry_row row_of(struct world *world, const struct entry_id *id)
{
    struct entry_row row;
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    assert_true(entry_row_get(txn, id, &row));
    return row;
}

static bool has_body(struct world *world, const struct entry_id *id)
{
    struct entry_row row = row_of(world, id);
    struct blob_row blob;
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    return blob_row_get(txn, row.batch, row.input, &blob) == 0;
}

static enum destroyed destroyed(struct world *world, const struct entry_id *id)
{
    enum destroyed rule = row_of(world, id).destroyed;
    assert_int_equal(has_body(world, id), rule == DESTROYED_NOT);
    return rule;
}

static void acknowledge_all(struct world *world, uint32_t agency)
{
    struct world_entry entry;
    struct agency_row row;
    {
        _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
        agency_row_get(txn, agency, &row);
    }
    world_acknowledgement(world, agency, row.next_position - 1, &entry);
    assert_int_equal(world_send_one(world, agency, &entry), VERDICT_STORED);
}

static size_t leaves_about(struct world *world, const struct entry_id *id, enum destroyed rule)
{
    size_t n = 0;
    _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
    for (uint64_t i = 0; i < log_size(txn, T_LOG); i++) {
        struct slice bytes;
        struct leaf leaf;
        assert_int_equal(log_leaf(txn, T_LOG, i, &bytes), 0);
        assert_true(leaf_read(bytes, &leaf));
        n += leaf.type == LEAF_DESTROYED && entry_id_equal(&leaf.id, id) &&
                     leaf.agency == id->agency && leaf.detail == (uint32_t)rule
                 ? 1
                 : 0;
    }
    return n;
}

static int longest_window(struct world *world)
{
    int32_t longest = 0;
    const struct patterns *patterns = &world->commit.governance->patterns;
    for (size_t i = 0; i < patterns->n; i++) {
        int32_t days = patterns->items[i].window_months * 31 + patterns->items[i].window_days;
        longest = days > longest ? days : longest;
    }
    return longest < CAIRN_WINDOW_MAX_DAYS ? longest : CAIRN_WINDOW_MAX_DAYS;
}

/* --- held --- */

static void what_no_window_can_use_is_destroyed_and_its_origin_hears_so(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    struct entry_id record = miss(world, GP, ALIX, "2026-10-01");

    pass_days(world, longest_window(world));
    assert_int_equal(destroyed(world, &record), DESTROYED_NOT);
    pass_days(world, 3);

    assert_int_equal(destroyed(world, &record), DESTROYED_UNUSED);
    assert_int_equal(leaves_about(world, &record, DESTROYED_UNUSED), 1);
    assert_true(world_notice(world, GP, NOTICE_DESTROYED_UNUSED, 0, &notice));
    assert_int_equal(notice.n_headlines, 1);
    assert_true(entry_id_equal(&notice.headlines[0].record, &record));
    assert_int_equal(notices(world, MASH, NOTICE_DESTROYED_UNUSED), 0);
}

static void what_is_held_goes_after_a_year_whatever_the_patterns_say(void **state)
{
    struct world *world = *state;
    struct entry_id record = miss(world, GP, ALIX, "2026-10-01");
    change_document(world, GOVERNANCE_PATTERNS, "\"window_months\": 12", "\"window_months\": 24");

    pass_days(world, CAIRN_WINDOW_MAX_DAYS + 3);

    assert_int_equal(destroyed(world, &record), DESTROYED_UNUSED);
}

static enum verdict hold(struct world *world, uint32_t agency, enum action action,
                         const struct entry_id *record)
{
    struct world_entry entry;
    world_decision(world, agency, 0, action, OUTCOME_NONE, &entry);
    entry.header.decision.has_record = true;
    entry.header.decision.record = *record;
    world_refreeze(&entry);
    return world_send_one(world, agency, &entry);
}

static void what_a_named_person_holds_stays_until_it_is_released(void **state)
{
    struct world *world = *state;
    state_verified(world, GP, ALIX);
    state_verified(world, HOSPITAL, ALIX);
    struct entry_id first = miss(world, GP, ALIX, "2026-10-01");
    struct entry_id second = miss(world, HOSPITAL, ALIX, "2026-10-02");
    struct entry_id other = miss(world, GP, BLAKE, "2026-10-01");

    pass_days(world, 20);
    assert_int_equal(hold(world, GP, ACTION_HOLD, &first), VERDICT_STORED);
    pass_days(world, CAIRN_WINDOW_MAX_DAYS - 10);
    assert_int_equal(destroyed(world, &first), DESTROYED_NOT);
    assert_int_equal(destroyed(world, &second), DESTROYED_NOT);
    assert_int_equal(destroyed(world, &other), DESTROYED_UNUSED);

    assert_int_equal(hold(world, GP, ACTION_RELEASE_HOLD, &first), VERDICT_STORED);
    pass_days(world, 8);
    assert_int_equal(destroyed(world, &first), DESTROYED_UNUSED);
    assert_int_equal(destroyed(world, &second), DESTROYED_UNUSED);
}

static void only_an_origin_or_a_front_door_that_was_told_of_it_holds_it(void **state)
{
    struct world *world = *state;
    state_verified(world, GP, ALIX);
    const struct world_record shared = {.from = GP,
                                        .child = ALIX,
                                        .day = day_of("2026-11-02"),
                                        .record_kind = RECORD_CONCERN,
                                        .code = CODE_NEGLECT_PHYSICAL,
                                        .level = 3};
    struct entry_id held = miss(world, GP, ALIX, "2026-10-01");
    struct entry_id concern = store_record(world, &shared);

    assert_int_equal(hold(world, HOSPITAL, ACTION_HOLD, &held), VERDICT_NOT_ENTITLED);
    assert_int_equal(hold(world, MASH, ACTION_HOLD, &held), VERDICT_NOT_ENTITLED);
    assert_int_equal(hold(world, MASH, ACTION_HOLD, &concern), VERDICT_STORED);
    assert_int_equal(hold(world, MASH, ACTION_HOLD, &concern), VERDICT_CONFLICT);
    assert_int_equal(hold(world, GP, ACTION_RELEASE_HOLD, &concern), VERDICT_CONFLICT);
    assert_int_equal(hold(world, MASH, ACTION_RELEASE_HOLD, &concern), VERDICT_STORED);
}

static void a_hold_ends_after_a_year_and_its_agency_hears_before(void **state)
{
    struct world *world = *state;
    struct wire_notice notice;
    struct entry_id record = miss(world, GP, ALIX, "2026-10-01");
    assert_int_equal(hold(world, GP, ACTION_HOLD, &record), VERDICT_STORED);

    pass_days(world, CAIRN_HOLD_DAYS - CAIRN_HOLD_NOTICE_DAYS - 1);
    assert_int_equal(notices(world, GP, NOTICE_HOLD_ENDS), 0);
    pass_days(world, 1);

    assert_int_equal(notices(world, GP, NOTICE_HOLD_ENDS), 1);
    assert_true(world_notice(world, GP, NOTICE_HOLD_ENDS, 0, &notice));
    assert_true(entry_id_equal(&notice.record, &record));
    assert_int_equal(notices(world, MASH, NOTICE_HOLD_ENDS), 0);
    pass_days(world, CAIRN_HOLD_NOTICE_DAYS - 1);
    assert_int_equal(destroyed(world, &record), DESTROYED_NOT);
    pass_days(world, 12);
    assert_int_equal(destroyed(world, &record), DESTROYED_UNUSED);
    assert_int_equal(hold(world, GP, ACTION_RELEASE_HOLD, &record), VERDICT_CONFLICT);
}

static void a_person_prolongs_a_hold_by_saying_it_again(void **state)
{
    struct world *world = *state;
    struct entry_id record = miss(world, GP, ALIX, "2026-10-01");
    assert_int_equal(hold(world, GP, ACTION_HOLD, &record), VERDICT_STORED);
    assert_int_equal(hold(world, GP, ACTION_HOLD, &record), VERDICT_CONFLICT);
    pass_days(world, CAIRN_HOLD_DAYS - 10);

    assert_int_equal(hold(world, GP, ACTION_HOLD, &record), VERDICT_STORED);

    pass_days(world, CAIRN_HOLD_DAYS - 20);
    assert_int_equal(destroyed(world, &record), DESTROYED_NOT);
    assert_int_equal(notices(world, GP, NOTICE_HOLD_ENDS), 2);
    pass_days(world, 40);
    assert_int_equal(destroyed(world, &record), DESTROYED_UNUSED);
}

static void an_agency_has_so_many_holds_and_no_more(void **state)
{
    struct world *world = *state;
    struct entry_id first = miss(world, GP, ALIX, "2026-10-01");
    struct entry_id second = miss(world, GP, BLAKE, "2026-10-01");
    assert_int_equal(hold(world, GP, ACTION_HOLD, &first), VERDICT_STORED);
    {
        struct agency_row row;
        _cleanup_(store_end) struct store_txn *txn = store_begin(world->store);
        agency_row_get(txn, GP, &row);
        assert_int_equal(row.holds, 1);
        row.holds = CAIRN_HOLDS_MAX;
        agency_row_put(txn, GP, &row);
        assert_int_equal(store_commit(&txn), 0);
    }

    assert_int_equal(hold(world, GP, ACTION_HOLD, &second), VERDICT_OVER_LIMIT);
    assert_int_equal(hold(world, GP, ACTION_RELEASE_HOLD, &first), VERDICT_STORED);
    assert_int_equal(hold(world, GP, ACTION_HOLD, &second), VERDICT_STORED);
}

static void what_an_open_alert_lists_stays(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    uint64_t alert = current_alert_of(world, 1);
    struct alert_row row = alert_row_of(world, alert);
    for (uint32_t agency = GP; agency <= MASH; agency++) {
        acknowledge_all(world, agency);
    }

    pass_days(world, longest_window(world) + 120);
    for (uint32_t agency = GP; agency <= MASH; agency++) {
        acknowledge_all(world, agency);
    }
    for (size_t i = 0; i < row.n_records; i++) {
        assert_int_equal(destroyed(world, &row.records[i].entry), DESTROYED_NOT);
    }
    assert_int_equal(decide(world, MASH, alert, ACTION_CLOSE, OUTCOME_EARLY_HELP), VERDICT_STORED);
    acknowledge_all(world, MASH);
    pass_days(world, 400);

    for (size_t i = 0; i < row.n_records; i++) {
        assert_int_not_equal(destroyed(world, &row.records[i].entry), DESTROYED_NOT);
    }
}

static void what_is_listed_for_review_stays(void **state)
{
    struct world *world = *state;
    change_document(world, GOVERNANCE_PATTERNS, "\"state\": \"live\",\n      \"approved_by\"",
                    "\"state\": \"shadow\",\n      \"approved_by\"");
    three_missed(world, ALIX);
    change_document(world, GOVERNANCE_PATTERNS, "\"weekly_budget\": 40", "\"weekly_budget\": 40");
    struct alert_row row = alert_row_of(world, current_alert_of(world, 1));
    assert_int_equal(row.state, ALERT_LISTED);

    for (uint32_t agency = GP; agency <= MASH; agency++) {
        acknowledge_all(world, agency);
    }
    pass_days(world, longest_window(world) + 120);

    for (size_t i = 0; i < row.n_records; i++) {
        assert_int_equal(destroyed(world, &row.records[i].entry), DESTROYED_NOT);
    }
}

static void what_somebody_asked_for_stays_for_its_origin_to_answer(void **state)
{
    struct world *world = *state;
    struct entry_id record = miss(world, GP, ALIX, "2026-10-01");
    pass_days(world, longest_window(world));
    {
        struct entry_row row = row_of(world, &record);
        _cleanup_(store_end) struct store_txn *txn = store_begin(world->store);
        row.asked_day = day_of("2026-11-20") + longest_window(world);
        entry_row_put(txn, &record, &row);
        assert_int_equal(store_commit(&txn), 0);
    }

    pass_days(world, CAIRN_REQUEST_OPEN_DAYS - 7);
    assert_int_equal(destroyed(world, &record), DESTROYED_NOT);
    pass_days(world, 21);

    assert_int_equal(destroyed(world, &record), DESTROYED_UNUSED);
}

/* --- delivered --- */

static void what_everybody_has_is_destroyed_after_its_transit_days(void **state)
{
    struct world *world = *state;
    struct entry_id record = report_danger(world);
    acknowledge_all(world, MASH);

    change_document(world, GOVERNANCE_CALENDAR,
                    "\"desks\":", "\"history_kept_days\": 30, \"desks\":");
    pass_days(world, 89);
    assert_int_equal(destroyed(world, &record), DESTROYED_NOT);
    pass_days(world, 4);

    assert_int_equal(destroyed(world, &record), DESTROYED_DELIVERED);
    assert_int_equal(leaves_about(world, &record, DESTROYED_DELIVERED), 1);
    assert_int_equal(notices(world, SCHOOL, NOTICE_DESTROYED_DELIVERED), 1);
}

static void a_record_stays_for_those_who_come_to_know_the_child_within_a_year(void **state)
{
    struct world *world = *state;
    struct entry_id record = report_danger(world);
    acknowledge_all(world, MASH);

    pass_days(world, 366);
    assert_int_equal(destroyed(world, &record), DESTROYED_NOT);
    pass_days(world, 8);

    assert_int_equal(destroyed(world, &record), DESTROYED_DELIVERED);
}

static void what_somebody_has_not_acknowledged_stays(void **state)
{
    struct world *world = *state;
    struct entry_id record = report_danger(world);

    pass_days(world, 400);
    assert_int_equal(destroyed(world, &record), DESTROYED_NOT);
    acknowledge_all(world, MASH);
    pass_days(world, 88);
    assert_int_equal(destroyed(world, &record), DESTROYED_NOT);
    pass_days(world, 12);

    assert_int_equal(destroyed(world, &record), DESTROYED_DELIVERED);
}

/* As a request does, which no change of documents withholds; and everybody else has had it long
 * ago. */
static struct entry_id wait_for_revoked(struct world *world, uint32_t agency)
{
    change_document(world, GOVERNANCE_CALENDAR, "\"desks\":",
                    "\"delivered_kept_days\": 7, \"history_kept_days\": 7, \"desks\":");
    struct entry_id record = report_danger(world);
    world_revoke(world, 1U << agency);
    world_turn(world);
    const struct reader_row waits = {.position = 1000, .tellings = 1};
    _cleanup_(store_end) struct store_txn *txn = store_begin(world->store);
    reader_row_put(txn, &record, agency, &waits);
    assert_int_equal(store_commit(&txn), 0);
    return record;
}

static void what_waits_for_a_revoked_agency_goes_when_it_does_not_come_back(void **state)
{
    struct world *world = *state;
    struct entry_id record = wait_for_revoked(world, MASH);

    pass_days(world, CAIRN_LEFT_KEPT_DAYS - 1);
    assert_int_equal(destroyed(world, &record), DESTROYED_NOT);
    pass_days(world, 24);

    assert_int_equal(destroyed(world, &record), DESTROYED_DELIVERED);
}

static void what_waits_for_an_agency_that_comes_back_in_time_stays(void **state)
{
    struct world *world = *state;
    struct entry_id record = wait_for_revoked(world, MASH);
    pass_days(world, CAIRN_LEFT_KEPT_DAYS - 7);

    world_revoke(world, 0);
    pass_days(world, CAIRN_LEFT_KEPT_DAYS);

    assert_int_equal(destroyed(world, &record), DESTROYED_NOT);
}

static void the_calendar_says_how_long_or_that_all_is_kept(void **state)
{
    struct world *world = *state;
    struct entry_id record = report_danger(world);
    acknowledge_all(world, MASH);
    change_document(world, GOVERNANCE_CALENDAR, "\"desks\":", "\"keep_all\": true, \"desks\":");

    pass_days(world, 400);
    assert_int_equal(destroyed(world, &record), DESTROYED_NOT);
    change_document(
        world, GOVERNANCE_CALENDAR, "\"desks\":",
        "\"keep_all\": false, \"delivered_kept_days\": 7, \"history_kept_days\": 7, \"desks\":");
    pass_days(world, 24);

    assert_int_equal(destroyed(world, &record), DESTROYED_DELIVERED);
}

/* --- what is left --- */

static void what_is_destroyed_leaves_a_journal_that_replays_to_the_same_root(void **state)
{
    struct world *world = *state;
    three_missed(world, ALIX);
    (void)report_danger(world);
    (void)miss(world, GP, BLAKE, "2026-09-01");
    for (uint32_t agency = GP; agency <= SCHOOL; agency++) {
        acknowledge_all(world, agency);
    }

    pass_days(world, 500);

    assert_true(notices(world, SCHOOL, NOTICE_DESTROYED_DELIVERED) > 0);
    assert_true(notices(world, GP, NOTICE_DESTROYED_UNUSED) > 0);
    expect_replay_is_the_same(world->store);
}

static void what_is_destroyed_is_no_fault_of_a_copied_store(void **state)
{
    struct world *world = *state;
    char dir[SCRATCH_BYTES];
    char copy[SCRATCH_BYTES + 8];
    struct error error = ERROR_NULL;
    struct audit audit;
    (void)report_danger(world);
    (void)report_danger(world);
    acknowledge_all(world, MASH);
    pass_days(world, 380);

    scratch_make(dir);
    (void)snprintf(copy, sizeof(copy), "%s/copy", dir);
    assert_int_equal(store_copy(world->store, copy), 0);
    int r = audit_store(copy, NULL, NULL, &audit, &error);
    scratch_remove(dir);

    assert_int_equal(r, 0);
    assert_true(audit.sound);
    assert_int_equal(audit.bodies_absent, 2);
}

/* Whether these bytes lie anywhere in the store's file. */
static bool file_has(struct world *world, struct slice bytes)
{
    char path[SCRATCH_BYTES + 32];
    _cleanup_(buf_deinit) struct buf file = BUF_MAX(64U << 20);
    (void)snprintf(path, sizeof(path), "%s/data.mdb", world->dir);
    assert_int_equal(file_read(path, &file), 0);
    return memmem(file.data, file.len, bytes.data, bytes.len) != NULL;
}

static void pages_that_held_what_was_destroyed_are_written_over_by_what_comes_next(void **state)
{
    struct world *world = *state;
    uint8_t storage[64];
    struct entry_id record = report_danger(world);
    {
        struct entry_row row = row_of(world, &record);
        struct blob_row blob;
        _cleanup_(store_end) struct store_txn *txn = store_read(world->store);
        assert_int_equal(blob_row_get(txn, row.batch, row.input, &blob), 0);
        assert_true(blob.body.len >= sizeof(storage));
        memcpy(storage, blob.body.data, sizeof(storage));
    }
    acknowledge_all(world, MASH);
    assert_true(file_has(world, SLICE_OF(storage)));

    pass_days(world, 380);
    assert_int_equal(destroyed(world, &record), DESTROYED_DELIVERED);
    for (int i = 0; i < 64; i++) {
        (void)miss(world, GP, BLAKE, "2026-10-01");
    }

    assert_false(file_has(world, SLICE_OF(storage)));
}

static void more_than_one_tick_looks_at_go_all_the_same(void **state)
{
    struct world *world = *state;
    struct entry_id last = {.agency = 0};
    size_t told = 0;
    for (int i = 0; i < CAIRN_RETENTION_LOOKS_PER_BATCH + 10; i++) {
        last = report_danger(world);
    }
    acknowledge_all(world, MASH);

    pass_days(world, 380);

    assert_int_equal(destroyed(world, &last), DESTROYED_DELIVERED);
    for (size_t i = 0; i < notices(world, SCHOOL, NOTICE_DESTROYED_DELIVERED); i++) {
        struct wire_notice notice;
        assert_true(world_notice(world, SCHOOL, NOTICE_DESTROYED_DELIVERED, i, &notice));
        told += notice.n_headlines;
    }
    assert_int_equal(told, CAIRN_RETENTION_LOOKS_PER_BATCH + 10);
}

static void an_alert_raised_later_shows_that_the_text_is_gone(void **state)
{
    struct world *world = *state;
    struct entry_id first = miss(world, GP, ALIX, "2026-10-01");
    struct wire_notice notice;
    size_t cards;
    pass_days(world, longest_window(world) + 3);
    assert_int_equal(destroyed(world, &first), DESTROYED_UNUSED);
    cards = world_items(world, MASH, ITEM_DELIVERED);

    (void)miss(world, GP, ALIX, "2026-10-05");
    (void)miss(world, GP, ALIX, "2026-10-09");

    assert_true(world_notice(world, MASH, NOTICE_RAISED, 0, &notice));
    assert_int_equal(notice.n_headlines, 3);
    assert_true((notice.headlines[0].flags & HEADLINE_DESTROYED) != 0);
    assert_int_equal(notice.headlines[1].flags & HEADLINE_DESTROYED, 0);
    assert_int_equal(world_items(world, MASH, ITEM_DELIVERED), cards + 2);
    assert_int_equal(decide(world, MASH, notice.alert, ACTION_OPEN, OUTCOME_NONE), VERDICT_STORED);
    assert_int_equal(world_items(world, MASH, ITEM_RELEASE), 2);
}

static void what_is_destroyed_is_granted_to_nobody(void **state)
{
    struct world *world = *state;
    struct world_entry record;
    struct world_entry grant;
    world_record(
        world, &(const struct world_record){.from = GP, .child = ALIX, .day = day_of("2026-10-01")},
        &record);
    assert_int_equal(world_send_one(world, GP, &record), VERDICT_STORED);
    pass_days(world, longest_window(world) + 10);
    assert_int_equal(destroyed(world, &record.header.id), DESTROYED_UNUSED);

    world_grant(world, GP, &record, &grant);
    world_grant_to(world, &grant, &record, MASH);

    assert_int_equal(world_send_one(world, GP, &grant), VERDICT_CONFLICT);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        STORY(what_no_window_can_use_is_destroyed_and_its_origin_hears_so),
        STORY(what_is_held_goes_after_a_year_whatever_the_patterns_say),
        STORY(what_a_named_person_holds_stays_until_it_is_released),
        STORY(only_an_origin_or_a_front_door_that_was_told_of_it_holds_it),
        STORY(a_hold_ends_after_a_year_and_its_agency_hears_before),
        STORY(a_person_prolongs_a_hold_by_saying_it_again),
        STORY(an_agency_has_so_many_holds_and_no_more),
        STORY(what_an_open_alert_lists_stays),
        STORY(what_is_listed_for_review_stays),
        STORY(what_somebody_asked_for_stays_for_its_origin_to_answer),
        STORY(what_everybody_has_is_destroyed_after_its_transit_days),
        STORY(a_record_stays_for_those_who_come_to_know_the_child_within_a_year),
        STORY(what_somebody_has_not_acknowledged_stays),
        STORY(what_waits_for_a_revoked_agency_goes_when_it_does_not_come_back),
        STORY(what_waits_for_an_agency_that_comes_back_in_time_stays),
        STORY(the_calendar_says_how_long_or_that_all_is_kept),
        STORY(what_is_destroyed_leaves_a_journal_that_replays_to_the_same_root),
        STORY(what_is_destroyed_is_no_fault_of_a_copied_store),
        STORY(pages_that_held_what_was_destroyed_are_written_over_by_what_comes_next),
        STORY(more_than_one_tick_looks_at_go_all_the_same),
        STORY(what_is_destroyed_is_granted_to_nobody),
        STORY(an_alert_raised_later_shows_that_the_text_is_gone),
    };
    return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
