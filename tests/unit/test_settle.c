/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/settle.h"
#include "agents/core/settling_time.h"
#include "support/practice.h"

static enum out_state state_of(struct practice *practice, const struct intake_item *item)
{
    return practice_out(practice, &item->reference).state;
}

static void an_event_is_sealed_when_its_time_is_over_and_not_before(void **state)
{
    struct practice *practice = *state;
    struct intake_item missed = practice_appointment(practice, "a-1", "noshow", "1");

    clock_fake_advance(&practice->clock, 24 * PRACTICE_HOUR - 1);
    practice_settle(practice);
    assert_int_equal(state_of(practice, &missed), OUT_SETTLING);
    clock_fake_advance(&practice->clock, 1);
    practice_settle(practice);

    assert_int_equal(state_of(practice, &missed), OUT_SPOOLED);
    assert_int_equal(practice_rows(practice, AT_SETTLING), 0);
    assert_int_equal(practice_rows(practice, AT_SPOOL), 2);
    assert_true(practice_out(practice, &missed.reference).has_entry);
}

static void what_settles_survives_a_restart(void **state)
{
    struct practice *practice = *state;
    struct intake_item missed = practice_appointment(practice, "a-1", "noshow", "1");

    practice_reopen(practice);
    clock_fake_advance(&practice->clock, 24 * PRACTICE_HOUR);
    practice_settle(practice);
    practice_reopen(practice);

    assert_int_equal(state_of(practice, &missed), OUT_SPOOLED);
}

static void a_correction_after_that_is_a_retraction(void **state)
{
    struct practice *practice = *state;
    struct intake_item missed = practice_appointment(practice, "a-1", "noshow", "1");
    clock_fake_advance(&practice->clock, 25 * PRACTICE_HOUR);
    practice_settle(practice);

    struct intake_item corrected = practice_appointment(practice, "a-1", "entered-in-error", "2");

    assert_int_equal(corrected.outcome, INTAKE_RETRACTED);
    assert_memory_not_equal(&missed.reference, &corrected.reference, sizeof(missed.reference));
    assert_true(practice_out(practice, &missed.reference).retracted);
    struct out_row row = practice_out(practice, &corrected.reference);
    struct out_row target = practice_out(practice, &missed.reference);
    assert_int_equal(row.record_kind, RECORD_RETRACTION);
    assert_memory_equal(row.handle, target.handle, sizeof(row.handle));
}

static void what_waits_for_governance_is_sealed_when_it_comes(void **state)
{
    struct practice *practice = *state;
    struct intake_item concern = practice_concern(practice, "");
    struct intake_item involvement = practice_submit(
        practice, INTAKE_INVOLVEMENT,
        "{\"child\":{\"local_id\":\"7\"},\"role\":\"registered-patient\",\"from\":\"2024-01-01\"}");
    practice_settle(practice);
    assert_int_equal(state_of(practice, &concern), OUT_WAITING);

    practice_reopen(practice);
    practice_govern(practice);
    practice_settle(practice);

    assert_int_equal(state_of(practice, &concern), OUT_SPOOLED);
    assert_int_equal(state_of(practice, &involvement), OUT_SPOOLED);
    assert_int_equal(practice_rows(practice, AT_SPOOL), 4); /* two statements, two entries */
}

static struct settle_figures figures(struct practice *practice)
{
    struct settle_figures figures;
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);
    settle_count(txn, practice->agent->clock, &figures);
    assert_int_equal(store_fault(txn), 0);
    return figures;
}

static void what_waits_unsealed_is_counted_with_its_age_and_what_settles_apart(void **state)
{
    struct practice *practice = *state;
    (void)practice_concern(practice, "");
    clock_fake_advance(&practice->clock, PRACTICE_HOUR);
    (void)practice_concern(practice, "");
    (void)practice_appointment(practice, "a-1", "noshow", "1");

    assert_int_equal(figures(practice).unsealed, 2);
    assert_int_equal(figures(practice).unsealed_since_ms, PRACTICE_NOW_MS);
    assert_int_equal(figures(practice).settling, 1);
    clock_fake_advance(&practice->clock, 25 * PRACTICE_HOUR);
    assert_int_equal(figures(practice).unsealed, 3);
    assert_int_equal(figures(practice).settling, 0);
    practice_govern(practice);
    practice_settle(practice);

    assert_int_equal(figures(practice).unsealed, 0);
    assert_int_equal(figures(practice).unsealed_since_ms, 0);
}

static void what_has_settled_waits_since_it_was_due(void **state)
{
    struct practice *practice = *state;
    (void)practice_appointment(practice, "a-1", "noshow", "1");

    clock_fake_advance(&practice->clock, 26 * PRACTICE_HOUR);

    assert_int_equal(figures(practice).unsealed, 1);
    assert_int_equal(figures(practice).unsealed_since_ms, PRACTICE_NOW_MS + 24 * PRACTICE_HOUR);
}

static void what_cannot_be_sealed_is_refused_in_sight_of_its_author(void **state)
{
    struct practice *practice = *state;
    struct intake_item wrong =
        practice_concern(practice, "\"narrow\":{\"agencies\":[\"oak-scool\"],\"reason\":"
                                   "\"allegation-against-staff\",\"authority\":\"lado\"},");
    struct intake_item right = practice_concern(practice, "");

    practice_govern(practice);
    practice_settle(practice);

    struct out_row row = practice_out(practice, &wrong.reference);
    assert_int_equal(row.state, OUT_REFUSED);
    assert_int_equal(row.verdict, VERDICT_BAD_ENTRY);
    assert_false(row.has_entry);
    assert_int_equal(state_of(practice, &right), OUT_SPOOLED);
}

static void many_due_events_are_sealed_in_bounded_turns(void **state)
{
    struct practice *practice = *state;
    for (int i = 0; i < SETTLE_ROWS_MAX + 10; i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "a-%d", i);
        (void)practice_appointment(practice, id, "noshow", "1");
    }

    clock_fake_advance(&practice->clock, 24 * PRACTICE_HOUR);
    unsigned turns = practice_settle(practice);

    assert_int_equal(turns, 2);
    assert_int_equal(practice_rows(practice, AT_SETTLING), 0);
    assert_int_equal(practice_rows(practice, AT_SPOOL), SETTLE_ROWS_MAX + 10 + 1);
}

static void nothing_in_the_store_shows_a_name(void **state)
{
    struct practice *practice = *state;
    (void)practice_appointment(practice, "a-1", "noshow", "1");
    (void)practice_concern(practice, "");
    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);

    for (unsigned table = 0; table < AGENT_TABLE_COUNT; table++) {
        _cleanup_(store_walk_end) struct store_walk walk = store_walk_from(txn, table, SLICE_NULL);
        while (walk.live) {
            assert_null(memmem(walk.key.data, walk.key.len, "9994117025", 10));
            assert_null(memmem(walk.value.data, walk.value.len, "Thistledown", 11));
            assert_null(memmem(walk.value.data, walk.value.len, "9994117025", 10));
            assert_null(memmem(walk.value.data, walk.value.len, "without a coat", 14));
            store_walk_next(&walk);
        }
    }
}

/* --- the machine's clock is set --- */

#define YEAR (365 * 24 * PRACTICE_HOUR)

static void a_clock_that_jumps_lets_nothing_leave_early_and_holds_nothing_longer(void **state)
{
    struct practice *practice = *state;
    static const int64_t steps[] = {YEAR, -YEAR, 2 * PRACTICE_HOUR, -2 * PRACTICE_HOUR};

    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "a-%zu", i);
        struct intake_item missed = practice_appointment(practice, id, "noshow", "1");
        clock_fake_advance(&practice->clock, 20 * PRACTICE_HOUR);
        clock_fake_step(&practice->clock, steps[i]);
        practice_settle(practice);
        clock_fake_advance(&practice->clock, 4 * PRACTICE_HOUR - 1);
        practice_settle(practice);
        assert_int_equal(state_of(practice, &missed), OUT_SETTLING);

        clock_fake_advance(&practice->clock, 1);
        practice_settle(practice);
        assert_int_equal(state_of(practice, &missed), OUT_SPOOLED);
    }
}

static void what_comes_between_a_jump_and_its_being_noticed_settles_as_long(void **state)
{
    struct practice *practice = *state;

    clock_fake_step(&practice->clock, YEAR);
    struct intake_item missed = practice_appointment(practice, "a-1", "noshow", "1");
    clock_fake_advance(&practice->clock, 24 * PRACTICE_HOUR - 1);
    practice_settle(practice);
    assert_int_equal(state_of(practice, &missed), OUT_SETTLING);
    clock_fake_advance(&practice->clock, 1);
    practice_settle(practice);

    assert_int_equal(state_of(practice, &missed), OUT_SPOOLED);
}

static void a_jump_is_remembered_over_a_restart(void **state)
{
    struct practice *practice = *state;
    struct intake_item missed = practice_appointment(practice, "a-1", "noshow", "1");

    clock_fake_step(&practice->clock, YEAR);
    practice_settle(practice);
    practice_reopen(practice);
    practice_settle(practice);
    assert_int_equal(state_of(practice, &missed), OUT_SETTLING);
    clock_fake_advance(&practice->clock, 24 * PRACTICE_HOUR);
    practice_settle(practice);

    assert_int_equal(state_of(practice, &missed), OUT_SPOOLED);
}

/* The machine was off, and its clock lost the date. */
static void a_clock_that_is_set_back_while_the_agent_is_away_holds_nothing_for_ever(void **state)
{
    struct practice *practice = *state;

    clock_fake_advance(&practice->clock, YEAR);
    struct intake_item missed = practice_appointment(practice, "a-1", "noshow", "1");
    clock_fake_advance(&practice->clock, 20 * PRACTICE_HOUR);
    practice->clock.real_ms = 0;
    practice->clock.boot_ms = 0;
    practice_reopen(practice);
    clock_fake_advance(&practice->clock, 24 * PRACTICE_HOUR - 1);
    practice_settle(practice);
    assert_int_equal(state_of(practice, &missed), OUT_SETTLING);
    clock_fake_advance(&practice->clock, 1);
    practice_settle(practice);

    assert_int_equal(state_of(practice, &missed), OUT_SPOOLED);
}

static void time_away_counts(void **state)
{
    struct practice *practice = *state;
    struct intake_item missed = practice_appointment(practice, "a-1", "noshow", "1");

    clock_fake_step(&practice->clock, 24 * PRACTICE_HOUR); /* switched off for a day */
    practice->clock.boot_ms = 0;
    practice_reopen(practice);
    practice_settle(practice);

    assert_int_equal(state_of(practice, &missed), OUT_SPOOLED);
}

static void people_are_told_the_time_by_the_clock_on_the_wall(void **state)
{
    struct practice *practice = *state;
    struct intake_item missed = practice_appointment(practice, "a-1", "noshow", "1");
    int64_t due_ms = practice_out(practice, &missed.reference).due_ms;

    clock_fake_step(&practice->clock, YEAR);
    practice_settle(practice);

    _cleanup_(store_end) struct store_txn *txn = store_read(practice->agent->store);
    assert_int_equal(settling_time_shown(txn, &practice->clock.clock, due_ms),
                     PRACTICE_NOW_MS + YEAR + 24 * PRACTICE_HOUR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, practice_set_up, practice_tear_down)
#define BEFORE(name)                                                                               \
    cmocka_unit_test_setup_teardown(name, practice_set_up_ungoverned, practice_tear_down)
        TEST(an_event_is_sealed_when_its_time_is_over_and_not_before),
        TEST(what_settles_survives_a_restart),
        TEST(a_correction_after_that_is_a_retraction),
        BEFORE(what_waits_for_governance_is_sealed_when_it_comes),
        BEFORE(what_cannot_be_sealed_is_refused_in_sight_of_its_author),
        BEFORE(what_waits_unsealed_is_counted_with_its_age_and_what_settles_apart),
        BEFORE(what_has_settled_waits_since_it_was_due),
        TEST(many_due_events_are_sealed_in_bounded_turns),
        TEST(nothing_in_the_store_shows_a_name),
        TEST(a_clock_that_jumps_lets_nothing_leave_early_and_holds_nothing_longer),
        TEST(what_comes_between_a_jump_and_its_being_noticed_settles_as_long),
        TEST(a_jump_is_remembered_over_a_restart),
        TEST(a_clock_that_is_set_back_while_the_agent_is_away_holds_nothing_for_ever),
        TEST(time_away_counts),
        TEST(people_are_told_the_time_by_the_clock_on_the_wall),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
