/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/held.h"
#include "agents/core/settle.h"
#include "agents/core/spool.h"
#include "support/practice.h"

/* --- the same histories, as FHIR and as JSON --- */

enum form {
    FORM_FHIR,
    FORM_JSON
};

enum saying {
    SAYS_MISSED = 1,
    SAYS_OTHERWISE, /* missed as well, at another service */
    SAYS_MISTAKE    /* entered in error; a retraction */
};

static struct intake_item say_fhir(struct practice *practice, const char *id, enum saying saying,
                                   const char *version)
{
    return practice_visit(
        practice, &(struct practice_visit){
                      .id = id,
                      .status = saying == SAYS_MISTAKE ? "entered-in-error" : "noshow",
                      .version = version,
                      .service = saying == SAYS_OTHERWISE ? "Eye clinic" : "Paediatric clinic",
                  });
}

static void add_source(struct buf *text, const char *id, const char *version)
{
    buf_format(text, "\"source\":{\"system\":\"emis\",\"id\":\"%s\"", id);
    if (version != NULL) {
        buf_format(text, ",\"version\":\"%s\"", version);
    }
    buf_format(text, "},");
}

static struct intake_item retract_json(struct practice *practice, const char *id,
                                       const char *version, const char *retracts)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    buf_format(&text, "{\"kind\":\"retraction\",");
    add_source(&text, id, version);
    buf_format(&text, "\"event_date\":\"2026-11-20\",\"retracts\":\"%s\"}", retracts);

    return practice_submit(practice, INTAKE_RECORD, buf_text(&text));
}

static struct intake_item say_json(struct practice *practice, const char *id, enum saying saying,
                                   const char *version)
{
    _cleanup_(buf_deinit) struct buf source = BUF_MAX(512);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    if (saying == SAYS_MISTAKE) {
        return retract_json(practice, id, version, id);
    }
    add_source(&source, id, version);
    practice_concern_text(buf_text(&source), &text);
    text_replace(&text, "\"kind\":\"concern\",\"code\":\"neglect-physical\"",
                 "\"kind\":\"missed-appointment\",\"code\":\"was-not-brought\"");
    text_replace(&text, "Came without a coat again.",
                 saying == SAYS_OTHERWISE ? "Not at the eye clinic." : "Not at the clinic.");

    return practice_submit(practice, INTAKE_RECORD, buf_text(&text));
}

struct step {
    enum saying saying; /* 0: the history is over */
    const char *version;
    enum intake_outcome outcome;
};

struct history {
    const char *name;
    struct step steps[4];
    unsigned settling; /* how many records wait in the end */
};

static const struct history histories[] = {
    {"again", {{SAYS_MISSED, "1", INTAKE_ACCEPTED}, {SAYS_MISSED, "1", INTAKE_SAME}}, 1},
    {"again without versions",
     {{SAYS_MISSED, NULL, INTAKE_ACCEPTED}, {SAYS_MISSED, NULL, INTAKE_SAME}},
     1},
    {"the same words as another version",
     {{SAYS_MISSED, "1", INTAKE_ACCEPTED}, {SAYS_MISSED, "2", INTAKE_SAME}},
     1},
    {"other words under the same version, and the first ones again",
     {{SAYS_MISSED, "1", INTAKE_ACCEPTED},
      {SAYS_OTHERWISE, "1", INTAKE_ACCEPTED},
      {SAYS_MISSED, "1", INTAKE_SAME},
      {SAYS_OTHERWISE, "1", INTAKE_SAME}},
     1},
    {"other words without versions",
     {{SAYS_MISSED, NULL, INTAKE_ACCEPTED},
      {SAYS_OTHERWISE, NULL, INTAKE_ACCEPTED},
      {SAYS_MISSED, NULL, INTAKE_SAME}},
     1},
    {"a mistake under the same version, twice",
     {{SAYS_MISSED, "1", INTAKE_ACCEPTED},
      {SAYS_MISTAKE, "1", INTAKE_WITHDRAWN},
      {SAYS_MISTAKE, "1", INTAKE_SAME},
      {SAYS_MISSED, "1", INTAKE_SAME}},
     0},
    {"the correction first",
     {{SAYS_MISTAKE, "2", INTAKE_COUNTED},
      {SAYS_MISSED, "1", INTAKE_OLDER},
      {SAYS_MISSED, "1", INTAKE_OLDER},
      {SAYS_MISSED, "3", INTAKE_ACCEPTED}},
     1},
    {"the correction first, without versions",
     {{SAYS_MISTAKE, NULL, INTAKE_COUNTED}, {SAYS_MISSED, NULL, INTAKE_OLDER}},
     0},
    {"an older version late",
     {{SAYS_MISSED, "1", INTAKE_ACCEPTED},
      {SAYS_OTHERWISE, "3", INTAKE_ACCEPTED},
      {SAYS_MISSED, "2", INTAKE_OLDER},
      {SAYS_MISTAKE, "2", INTAKE_OLDER}},
     1},
    {"an older version after a mistake",
     {{SAYS_MISSED, "1", INTAKE_ACCEPTED},
      {SAYS_MISTAKE, "3", INTAKE_WITHDRAWN},
      {SAYS_OTHERWISE, "2", INTAKE_OLDER}},
     0},
    {"ten is more than nine",
     {{SAYS_MISSED, "9", INTAKE_ACCEPTED},
      {SAYS_OTHERWISE, "10", INTAKE_ACCEPTED},
      {SAYS_MISTAKE, "9", INTAKE_OLDER}},
     1},
    {"versions that are no counts go by the order in which they come",
     {{SAYS_MISSED, "x", INTAKE_ACCEPTED},
      {SAYS_OTHERWISE, "a", INTAKE_ACCEPTED},
      {SAYS_MISSED, "x", INTAKE_SAME}},
     1},
    {"long numbers are no counts",
     {{SAYS_MISSED, "1234568", INTAKE_ACCEPTED}, {SAYS_OTHERWISE, "1234567", INTAKE_ACCEPTED}},
     1},
    {"a mistake is the last word where nobody can say what is newer",
     {{SAYS_MISSED, "x", INTAKE_ACCEPTED},
      {SAYS_MISTAKE, "a", INTAKE_WITHDRAWN},
      {SAYS_OTHERWISE, "b", INTAKE_OLDER}},
     0},
};

static void live_through(struct practice *practice, enum form form)
{
    for (size_t i = 0; i < ARRAY_LEN(histories); i++) {
        const struct history *history = &histories[i];
        uint64_t before = practice_rows(practice, AT_SETTLING);
        bool stands = false;   /* something that was accepted */
        enum saying holds = 0; /* the last that was not known */
        char id[16];
        (void)snprintf(id, sizeof(id), "a-%zu", i);
        for (size_t k = 0; k < 4 && history->steps[k].saying != 0; k++) {
            const struct step *step = &history->steps[k];
            struct intake_item item = form == FORM_FHIR
                                          ? say_fhir(practice, id, step->saying, step->version)
                                          : say_json(practice, id, step->saying, step->version);
            if (item.outcome != step->outcome) {
                fail_msg("%s, step %zu: %s, not %s", history->name, k,
                         intake_outcome_text(item.outcome), intake_outcome_text(step->outcome));
            }
            bool accepted = item.outcome == INTAKE_ACCEPTED;
            bool known = item.outcome == INTAKE_SAME;
            bool has_reason = item.outcome == INTAKE_OLDER || item.outcome == INTAKE_COUNTED ||
                              (known && step->saying != holds) || (accepted && stands);
            assert_int_equal(item.reason[0] != '\0', has_reason);
            holds = known ? holds : step->saying;
            stands = accepted || (stands && item.outcome != INTAKE_WITHDRAWN);
        }
        if (practice_rows(practice, AT_SETTLING) - before != history->settling) {
            fail_msg("%s: not %u left", history->name, history->settling);
        }
    }
}

static void every_history_of_an_appointment_ends_as_it_must(void **state)
{
    live_through(*state, FORM_FHIR);
}

static void every_history_of_a_record_ends_as_it_must(void **state)
{
    live_through(*state, FORM_JSON);
}

/* --- FHIR: times of change --- */

static void the_time_of_change_comes_before_the_version(void **state)
{
    struct practice *practice = *state;
    struct practice_visit visit = {.id = "a-1", .status = "noshow", .version = "1"};

    visit.updated = "2026-11-20T18:00:00Z";
    struct intake_item first = practice_visit(practice, &visit);
    visit.status = "fulfilled";
    visit.version = "1";
    visit.updated = "2026-11-21T08:00:00Z";
    struct intake_item corrected = practice_visit(practice, &visit);
    visit.status = "noshow";
    visit.version = "7";
    visit.updated = "2026-11-20T19:00:00+00:00";
    struct intake_item late = practice_visit(practice, &visit);
    visit.updated = "2026-11-21T09:00:00+01:00";
    struct intake_item same_time = practice_visit(practice, &visit);

    assert_int_equal(first.outcome, INTAKE_ACCEPTED);
    assert_int_equal(corrected.outcome, INTAKE_WITHDRAWN);
    assert_int_equal(late.outcome, INTAKE_OLDER);
    assert_memory_equal(&late.reference, &first.reference, sizeof(first.reference));
    assert_int_equal(same_time.outcome, INTAKE_ACCEPTED); /* then the version counts: 7 after 1 */
}

static void a_correction_that_comes_first_is_kept_over_a_restart(void **state)
{
    struct practice *practice = *state;
    struct practice_visit visit = {
        .id = "a-1", .status = "fulfilled", .updated = "2026-11-21T08:00:00Z"};

    struct intake_item seen = practice_visit(practice, &visit);
    practice_reopen(practice);
    visit.status = "noshow";
    visit.updated = "2026-11-20T18:00:00Z";
    struct intake_item missed = practice_visit(practice, &visit);

    assert_int_equal(seen.outcome, INTAKE_COUNTED);
    assert_int_equal(missed.outcome, INTAKE_OLDER);
    assert_false(missed.has_reference);
    assert_int_equal(practice_rows(practice, AT_OUT), 0);
    assert_int_equal(practice_count(practice, "older-version"), 1);
}

static void the_same_meta_with_another_status_is_a_change(void **state)
{
    struct practice *practice = *state;
    struct practice_visit visit = {
        .id = "a-1", .status = "noshow", .version = "1", .updated = "2026-11-20T18:00:00Z"};

    (void)practice_visit(practice, &visit);
    visit.status = "fulfilled";
    struct intake_item seen = practice_visit(practice, &visit);

    assert_int_equal(seen.outcome, INTAKE_WITHDRAWN);
}

static void a_source_whose_clock_runs_ahead_can_still_correct_itself(void **state)
{
    struct practice *practice = *state;
    struct practice_visit visit = {
        .id = "a-1", .status = "noshow", .updated = "2099-01-01T00:00:00Z"};

    (void)practice_visit(practice, &visit);
    visit.status = "fulfilled";
    visit.updated = "2026-11-21T08:00:00Z";
    struct intake_item seen = practice_visit(practice, &visit);

    assert_int_equal(seen.outcome, INTAKE_WITHDRAWN);
}

static void a_cancellation_sent_again_the_next_day_is_the_same(void **state)
{
    struct practice *practice = *state;
    struct practice_visit visit = {.id = "a-1", .status = "cancelled", .cancelled_by = "pat"};
    visit.version = NULL;

    clock_fake_step(&practice->clock, -72 * PRACTICE_HOUR); /* before the appointment */
    struct intake_item first = practice_visit(practice, &visit);
    clock_fake_advance(&practice->clock, 24 * PRACTICE_HOUR);
    struct intake_item second = practice_visit(practice, &visit);

    assert_int_equal(first.outcome, INTAKE_ACCEPTED);
    assert_int_equal(second.outcome, INTAKE_SAME);
}

static void who_says_again_what_was_replaced_reads_that_it_does_not_hold(void **state)
{
    struct practice *practice = *state;

    (void)practice_appointment(practice, "a-1", "noshow", "1");
    struct intake_item again = practice_appointment(practice, "a-1", "noshow", "1");
    (void)practice_appointment(practice, "a-1", "entered-in-error", "1");
    struct intake_item back = practice_appointment(practice, "a-1", "noshow", "1");

    assert_string_equal(again.reason, "");
    assert_int_equal(back.outcome, INTAKE_SAME);
    assert_non_null(strstr(back.reason, "to say this again, give it a new version"));
}

static void another_standing_decision_makes_no_record_a_new_one(void **state)
{
    struct practice *practice = *state;

    (void)practice_appointment(practice, "a-1", "noshow", "1");
    practice->options.standing_decision = "Partnership board, 2026-11-01";
    struct intake_item again = practice_appointment(practice, "a-1", "noshow", "1");

    assert_int_equal(again.outcome, INTAKE_SAME);
}

/* --- FHIR: what no longer holds --- */

static const struct {
    const char *name;
    struct practice_visit visit;
} undone[] = {
    {"booked again", {.id = "a", .status = "booked"}},
    {"on the list again", {.id = "a", .status = "waitlist"}},
    {"arrived", {.id = "a", .status = "arrived"}},
    {"seen", {.id = "a", .status = "fulfilled"}},
    {"a mistake", {.id = "a", .status = "entered-in-error"}},
    {"cancelled by the service", {.id = "a", .status = "cancelled"}},
    {"an adult", {.id = "a", .status = "noshow", .birth = "1999-03-14"}},
    {"seventeen", {.id = "a", .status = "noshow", .birth = "2009-03-14"}},
    {"seventeen and cancelled",
     {.id = "a", .status = "cancelled", .birth = "2009-03-14", .cancelled_by = "pat"}},
    {"a confidential clinic", {.id = "a", .status = "noshow", .service = "Sexual health clinic"}},
};

static void expect_undone(struct practice *practice, size_t i, enum intake_outcome outcome)
{
    struct practice_visit visit = undone[i].visit;
    char id[16];
    (void)snprintf(id, sizeof(id), "a-%zu", i);
    visit.id = id;
    visit.version = "2";

    struct intake_item item = practice_visit(practice, &visit);

    if (item.outcome != outcome) {
        fail_msg("%s: %s", undone[i].name, intake_outcome_text(item.outcome));
    }
}

static void tell_all(struct practice *practice)
{
    for (size_t i = 0; i < ARRAY_LEN(undone); i++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "a-%zu", i);
        assert_int_equal(practice_appointment(practice, id, "noshow", "1").outcome,
                         INTAKE_ACCEPTED);
    }
}

static void what_no_longer_holds_is_withdrawn_silently_while_it_settles(void **state)
{
    struct practice *practice = *state;
    tell_all(practice);

    for (size_t i = 0; i < ARRAY_LEN(undone); i++) {
        expect_undone(practice, i, INTAKE_WITHDRAWN);
    }

    assert_int_equal(practice_rows(practice, AT_SETTLING), 0);
    assert_int_equal(practice_rows(practice, AT_SPOOL), 0);
}

static void what_no_longer_holds_is_retracted_once_it_has_left(void **state)
{
    struct practice *practice = *state;
    tell_all(practice);
    clock_fake_advance(&practice->clock, 25 * PRACTICE_HOUR);
    practice_settle(practice);

    for (size_t i = 0; i < ARRAY_LEN(undone); i++) {
        expect_undone(practice, i, INTAKE_RETRACTED);
    }

    assert_int_equal(practice_count(practice, "retracted"), ARRAY_LEN(undone));
}

static void what_cannot_be_judged_takes_nothing_back(void **state)
{
    struct practice *practice = *state;
    struct practice_visit unclear = {
        .id = "a-1", .status = "noshow", .version = "2", .birth = "2022"};
    struct intake_item first = practice_appointment(practice, "a-1", "noshow", "1");

    struct intake_item second = practice_visit(practice, &unclear);

    assert_int_equal(second.outcome, INTAKE_SET_ASIDE);
    assert_int_equal(practice_out(practice, &first.reference).state, OUT_SETTLING);
}

static void another_patient_gets_a_record_of_their_own_and_the_first_is_retracted(void **state)
{
    struct practice *practice = *state;
    struct practice_visit other = {
        .id = "a-1", .status = "noshow", .version = "2", .nhs_number = "9994117114"};
    struct intake_item first = practice_appointment(practice, "a-1", "noshow", "1");
    clock_fake_advance(&practice->clock, 25 * PRACTICE_HOUR);
    practice_settle(practice);

    struct intake_item second = practice_visit(practice, &other);
    clock_fake_advance(&practice->clock, 25 * PRACTICE_HOUR);
    practice_settle(practice);

    assert_int_equal(second.outcome, INTAKE_ACCEPTED);
    struct out_row wrong = practice_out(practice, &first.reference);
    struct out_row right = practice_out(practice, &second.reference);
    assert_true(wrong.retracted);
    assert_int_equal(right.state, OUT_SPOOLED);
    assert_memory_not_equal(wrong.handle, right.handle, sizeof(wrong.handle));
    assert_int_equal(practice_rows(practice, AT_OUT), 3); /* both, and the retraction */
}

static void two_systems_with_the_same_number_mean_two_children(void **state)
{
    struct practice *practice = *state;
    static const char *const systems[] = {"urn:a", "urn:b"};
    struct out_row rows[ARRAY_LEN(systems)];

    for (size_t i = 0; i < ARRAY_LEN(systems); i++) {
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
        buf_format(&text,
                   "{\"resourceType\":\"Appointment\",\"id\":\"s-%zu\",\"status\":\"noshow\","
                   "\"start\":\"2026-11-20T09:20:00Z\",\"contained\":[{\"resourceType\":"
                   "\"Patient\",\"id\":\"p\",\"birthDate\":\"2022-03-14\",\"identifier\":[{"
                   "\"system\":\"%s\",\"value\":\"7\"}]}],\"participant\":[{\"actor\":{"
                   "\"reference\":\"#p\"}}]}",
                   i, systems[i]);
        struct intake_item item = practice_submit(practice, INTAKE_APPOINTMENT, buf_text(&text));
        clock_fake_advance(&practice->clock, 24 * PRACTICE_HOUR);
        practice_settle(practice);
        rows[i] = practice_out(practice, &item.reference);
    }

    assert_memory_not_equal(rows[0].handle, rows[1].handle, sizeof(rows[0].handle));
}

/* --- JSON: retracted by name --- */

static void a_record_retracted_by_name_before_it_came_is_not_told(void **state)
{
    struct practice *practice = *state;

    struct intake_item retraction = retract_json(practice, "r-1", "1", "c-1");
    struct intake_item first = say_json(practice, "c-1", SAYS_MISSED, "1");
    struct intake_item again = say_json(practice, "c-1", SAYS_MISSED, "1");
    struct intake_item newer = say_json(practice, "c-1", SAYS_OTHERWISE, "2");

    assert_int_equal(retraction.outcome, INTAKE_COUNTED);
    assert_int_equal(first.outcome, INTAKE_OLDER);
    assert_int_equal(again.outcome, INTAKE_OLDER);
    assert_int_equal(newer.outcome, INTAKE_ACCEPTED);
}

static void a_retraction_sent_again_leaves_what_was_told_since(void **state)
{
    struct practice *practice = *state;

    (void)say_json(practice, "c-1", SAYS_MISSED, "1");
    struct intake_item first = retract_json(practice, "r-1", "1", "c-1");
    struct intake_item newer = say_json(practice, "c-1", SAYS_OTHERWISE, "2");
    struct intake_item again = retract_json(practice, "r-1", "1", "c-1");

    assert_int_equal(first.outcome, INTAKE_WITHDRAWN);
    assert_int_equal(newer.outcome, INTAKE_ACCEPTED);
    assert_int_equal(again.outcome, INTAKE_SAME);
    assert_int_equal(practice_out(practice, &newer.reference).state, OUT_SETTLING);
}

/* --- what the broker refuses meanwhile --- */

static void a_record_that_is_put_aside_takes_its_retraction_along(void **state)
{
    struct practice *practice = *state;
    struct intake_item told =
        practice_concern(practice, "\"source\":{\"system\":\"emis\",\"id\":\"c-1\"},");
    struct intake_item retraction = retract_json(practice, "r-1", "1", "c-1");
    struct out_row row = practice_out(practice, &told.reference);
    assert_int_equal(retraction.outcome, INTAKE_RETRACTED);
    uint64_t rows = practice_rows(practice, AT_SPOOL);

    struct store_txn *txn = store_begin(practice->agent->store);
    held_aside(txn, row.lane, row.entry.seq, VERDICT_MALFORMED, row.created_ms + 1);
    assert_int_equal(agent_commit(&txn), 0);

    assert_int_equal(practice_rows(practice, AT_SPOOL), rows - 2);
    assert_int_equal(practice_out(practice, &told.reference).state, OUT_WITHDRAWN);
    assert_int_equal(practice_out(practice, &retraction.reference).state, OUT_WITHDRAWN);
}

static void refuse_at_broker(struct practice *practice, const struct intake_item *item)
{
    struct out_row row = practice_out(practice, &item->reference);
    const struct wire_result result = {.seq = row.entry.seq, .verdict = VERDICT_REVOKED_KEY};
    struct store_txn *txn = store_begin(practice->agent->store);
    spool_answer(txn, row.lane, &result, row.created_ms + 1);
    assert_int_equal(agent_commit(&txn), 0);
    assert_int_equal(practice_out(practice, &item->reference).state, OUT_REFUSED);
}

static void what_the_broker_refused_for_good_is_tried_again_when_it_is_said_again(void **state)
{
    static const char source[] = "\"source\":{\"system\":\"emis\",\"id\":\"c-1\"},";
    struct practice *practice = *state;
    struct intake_item first = practice_concern(practice, source);
    refuse_at_broker(practice, &first);

    struct intake_item again = practice_concern(practice, source);
    struct intake_item third = practice_concern(practice, source);

    assert_int_equal(again.outcome, INTAKE_ACCEPTED);
    assert_memory_not_equal(&again.reference, &first.reference, sizeof(first.reference));
    assert_int_equal(third.outcome, INTAKE_SAME);
    assert_memory_equal(&third.reference, &again.reference, sizeof(again.reference));

    struct intake_item back = retract_json(practice, "r-1", "1", "c-1");
    refuse_at_broker(practice, &back);
    assert_int_equal(retract_json(practice, "r-1", "1", "c-1").outcome, INTAKE_RETRACTED);
    assert_int_equal(retract_json(practice, "r-1", "1", "c-1").outcome, INTAKE_SAME);
}

/* --- what is remembered of nothing --- */

static void things_of_which_nothing_was_told_are_forgotten_after_a_month(void **state)
{
    struct practice *practice = *state;
    struct intake_item told = practice_appointment(practice, "told", "noshow", "1");

    for (int day = 0; day < 120; day++) {
        char id[16];
        (void)snprintf(id, sizeof(id), "b-%d", day);
        (void)practice_appointment(practice, id, "booked", "1");
        clock_fake_advance(&practice->clock, 24 * PRACTICE_HOUR);
    }
    struct intake_item seen = practice_appointment(practice, "told", "fulfilled", "2");

    assert_in_range(practice_rows(practice, AT_SOURCE), 31 + 2, 31 + 16);
    assert_int_equal(seen.outcome, INTAKE_WITHDRAWN);
    assert_memory_equal(&seen.reference, &told.reference, sizeof(told.reference));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, practice_set_up, practice_tear_down)
        TEST(every_history_of_an_appointment_ends_as_it_must),
        TEST(every_history_of_a_record_ends_as_it_must),
        TEST(the_time_of_change_comes_before_the_version),
        TEST(a_correction_that_comes_first_is_kept_over_a_restart),
        TEST(the_same_meta_with_another_status_is_a_change),
        TEST(a_source_whose_clock_runs_ahead_can_still_correct_itself),
        TEST(a_cancellation_sent_again_the_next_day_is_the_same),
        TEST(who_says_again_what_was_replaced_reads_that_it_does_not_hold),
        TEST(another_standing_decision_makes_no_record_a_new_one),
        TEST(what_no_longer_holds_is_withdrawn_silently_while_it_settles),
        TEST(what_no_longer_holds_is_retracted_once_it_has_left),
        TEST(what_cannot_be_judged_takes_nothing_back),
        TEST(another_patient_gets_a_record_of_their_own_and_the_first_is_retracted),
        TEST(two_systems_with_the_same_number_mean_two_children),
        TEST(a_record_retracted_by_name_before_it_came_is_not_told),
        TEST(a_retraction_sent_again_leaves_what_was_told_since),
        TEST(a_record_that_is_put_aside_takes_its_retraction_along),
        TEST(what_the_broker_refused_for_good_is_tried_again_when_it_is_said_again),
        TEST(things_of_which_nothing_was_told_are_forgotten_after_a_month),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
