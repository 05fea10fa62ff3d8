/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/decide.h"
#include "os/files.h"
#include "support/practice.h"

#define SOURCE "\"source\":{\"system\":\"emis\",\"id\":\"C-1\",\"version\":\"%s\"},"

static void expect_same_reference(const struct intake_item *a, const struct intake_item *b)
{
    assert_true(a->has_reference && b->has_reference);
    assert_memory_equal(&a->reference, &b->reference, sizeof(a->reference));
}

/* The concern with a source of that version and some members more. */
static struct intake_item say(struct practice *practice, const char *version, const char *members)
{
    char text[512];

    (void)snprintf(text, sizeof(text), SOURCE "%s", version, members);
    return practice_concern(practice, text);
}

static int submit(struct practice *practice, const char *key, const char *text,
                  struct intake_answer *answer)
{
    struct intake_request request = {.content = INTAKE_RECORD,
                                     .body = slice_of_text(text),
                                     .idempotency_key = slice_of_text(key)};
    struct error error = ERROR_NULL;

    return intake_submit(practice->agent, &request, answer, &error);
}

static void what_is_accepted_survives_a_restart(void **state)
{
    struct practice *practice = *state;

    struct intake_item item = practice_concern(practice, "");
    practice_reopen(practice);

    assert_int_equal(item.outcome, INTAKE_ACCEPTED);
    struct out_row row = practice_out(practice, &item.reference);
    assert_int_equal(row.state, OUT_SPOOLED);
    assert_int_equal(row.kind, ENTRY_RECORD);
    assert_int_equal(row.record_kind, RECORD_CONCERN);
    assert_int_equal(row.code, CODE_NEGLECT_PHYSICAL);
    assert_int_equal(row.lane, LANE_NORMAL);
    assert_int_equal(row.entry.agency, AGENCY_OWN);
    assert_int_equal(practice_rows(practice, AT_SPOOL), 2); /* its statement and itself */
}

/* Danger is not stopped by a number somebody typed to get past a form. */
static void a_number_that_finds_nobody_is_accepted_and_said_to_be_so(void **state)
{
    static const struct {
        const char *number;
        const char *words;
    } rows[] = {
        {"444 444 4444", "the child's NHS number is no person's number, so nobody finds the child"},
        {"n/a", "the child's NHS number is no person's number"},
        {"999 411 7026", "the child's NHS number has a typing error"},
        {"999 411 7025", ""},
    };
    struct practice *practice = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);
        _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
        practice_concern_text("\"urgency\":\"immediate\",", &text);
        text_replace(&text, "999 411 7025", rows[i].number);

        assert_int_equal(submit(practice, "", buf_text(&text), &answer), 0);

        assert_int_equal(answer.items[0].outcome, INTAKE_ACCEPTED);
        assert_int_equal(answer.items[0].reason[0] == '\0', rows[i].words[0] == '\0');
        assert_non_null(strstr(answer.items[0].reason, rows[i].words));
        assert_null(strstr(answer.items[0].reason, "444"));
        assert_int_equal(answer.items[0].flawed, rows[i].words[0] != '\0');
    }
}

static void an_odd_age_is_taken_with_a_word_and_one_of_no_child_is_refused(void **state)
{
    static const struct {
        const char *birth;
        const char *words; /* NULL: refused, unless it cannot wait */
    } rows[] = {
        {"2022-03-14", ""},
        {"2005-03-14", "the child's birth date makes the child 18 or older"},
        {"2026-11-21", "the child's birth date lies after the day on which it happened"},
        {"1970-03-14", NULL},
    };
    struct practice *practice = *state;

    for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        bool urgent = i % 2 == 1;
        const char *words = rows[i / 2].words;
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);
        _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
        practice_concern_text(urgent ? "\"urgency\":\"immediate\"," : "", &text);
        text_replace(&text, "2022-03-14", rows[i / 2].birth);

        int r = submit(practice, "", buf_text(&text), &answer);

        assert_int_equal(r, words == NULL && !urgent ? -EINVAL : 0);
        if (r == 0) {
            const char *said = words == NULL ? "26 or older" : words;
            assert_int_equal(answer.items[0].outcome, INTAKE_ACCEPTED);
            assert_int_equal(answer.items[0].reason[0] == '\0', said[0] == '\0');
            assert_non_null(strstr(answer.items[0].reason, said));
        }
    }
}

/* What was wrong in the record is wrong in what takes it back, too. */
static void what_takes_back_is_taken_whatever_the_age_it_says(void **state)
{
    struct practice *practice = *state;
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;

    int r = submit(
        practice, "",
        "{\"kind\":\"retraction\",\"retracts\":\"c-1\",\"source\":{\"system\":\"notes\","
        "\"id\":\"c-1\"},\"event_date\":\"2026-06-20\",\"child\":{\"family_name\":"
        "\"Thistledown\",\"birth_date\":\"1916-03-14\"},\"account\":{\"summary\":"
        "\"Another child.\"},\"lawfulness\":{\"judged_by\":\"person\",\"judge\":\"A. Example\","
        "\"basis\":\"legal-obligation\",\"detriment\":\"not-more-detrimental\","
        "\"function\":\"early help\",\"family_told\":\"told\"}}",
        &answer);

    assert_int_equal(r, 0);
}

static void what_another_kind_of_agency_sends_is_refused_and_says_what_this_one_sends(void **state)
{
    static const struct {
        enum intake_content content;
        const char *path;
        const char *what;
    } rows[] = {
        {INTAKE_INCIDENT, "police/incident.json",
         "domestic-abuse-incident is not for an agency of kind gp to send: it sends concern, "
         "referral, missed-appointment"},
        {INTAKE_PLAN, "childrens_services/plan.json", "plan is not for an agency of kind gp"},
        {INTAKE_ADULT, "adult_services/adult.json",
         "adult-service is not for an agency of kind gp"},
    };
    struct practice *practice = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);
        _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
        struct error error = ERROR_NULL;
        char path[256];
        (void)snprintf(path, sizeof(path), SOURCE_DIR "/tests/data/%s", rows[i].path);
        assert_int_equal(file_read(path, &text), 0);
        const struct intake_request request = {.content = rows[i].content,
                                               .body = buf_slice(&text)};

        assert_int_equal(intake_submit(practice->agent, &request, &answer, &error), -EINVAL);

        assert_non_null(strstr(error.what, rows[i].what));
        assert_non_null(strstr(error.what, "immediate")); /* nothing was cut off */
    }
    assert_int_equal(practice_rows(practice, AT_OUT), 0);
}

static void an_appointment_and_a_register_are_for_those_who_have_them(void **state)
{
    struct practice *practice = *state;
    _cleanup_(buf_deinit) struct buf day = BUF_MAX(CAIRN_JSON_MAX_BYTES);
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    struct error error = ERROR_NULL;
    const struct intake_request attendance = {
        .content = INTAKE_ATTENDANCE,
        .body = slice_of_text("UPN,Surname,Forename,DOB,Postcode,Date,Session,Mark\n")};
    assert_int_equal(file_read(SOURCE_DIR "/tests/data/demo/gp-noshow-1.json", &day), 0);
    const struct intake_request appointment = {.content = INTAKE_APPOINTMENT,
                                               .body = buf_slice(&day)};

    assert_int_equal(intake_submit(practice->agent, &attendance, &answer, &error), -EINVAL);
    assert_non_null(strstr(error.what, "absence-summary is not for an agency of kind gp"));
    practice_become(practice, "school");
    error = ERROR_NULL;
    assert_int_equal(intake_submit(practice->agent, &appointment, &answer, &error), -EINVAL);

    assert_non_null(strstr(error.what, "missed-appointment is not for an agency of kind school"));
}

static void what_cannot_wait_is_taken_from_any_kind_of_agency(void **state)
{
    struct practice *practice = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_JSON_MAX_BYTES);
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    struct error error = ERROR_NULL;
    assert_int_equal(file_read(SOURCE_DIR "/tests/data/police/incident.json", &text), 0);
    text_replace(&text, "\"notice\"", "\"urgency\": \"immediate\", \"notice\"");
    const struct intake_request request = {.content = INTAKE_INCIDENT, .body = buf_slice(&text)};

    if (intake_submit(practice->agent, &request, &answer, &error) != 0) {
        fail_msg("%s: %s", error.where, error.what);
    }

    assert_int_equal(answer.items[0].outcome, INTAKE_ACCEPTED);
}

static void the_same_version_again_makes_no_second_record(void **state)
{
    struct practice *practice = *state;

    struct intake_item first = say(practice, "1", "");
    practice_reopen(practice);
    struct intake_item second = say(practice, "1", "");

    assert_int_equal(second.outcome, INTAKE_SAME);
    expect_same_reference(&first, &second);
    assert_int_equal(practice_rows(practice, AT_OUT), 1);
    assert_int_equal(practice_rows(practice, AT_SPOOL), 2);
}

static void another_version_that_says_the_same_is_the_same_record(void **state)
{
    struct practice *practice = *state;

    struct intake_item first = say(practice, "1", "");
    clock_fake_advance(&practice->clock, PRACTICE_HOUR);
    struct intake_item second = say(practice, "2", "");

    assert_int_equal(second.outcome, INTAKE_SAME);
    expect_same_reference(&first, &second);
    assert_int_equal(practice_rows(practice, AT_OUT), 1);
}

/* Whoever says another thing under the same id hears what it did to the first. */
static void expect_replaced(const struct intake_item *newer, const struct intake_item *older,
                            const char *words)
{
    char reference[REFERENCE_TEXT_BYTES];
    reference_format(&older->reference, reference);
    assert_non_null(strstr(newer->reason, "it replaces"));
    assert_non_null(strstr(newer->reason, reference));
    assert_non_null(strstr(newer->reason, words));
    assert_false(newer->flawed);
}

static void a_correction_of_what_has_left_retracts_it_and_stands_in_its_place(void **state)
{
    struct practice *practice = *state;

    struct intake_item first = say(practice, "1", "");
    struct intake_item second = say(practice, "2", "\"level\":2,");

    assert_int_equal(second.outcome, INTAKE_ACCEPTED);
    assert_true(practice_out(practice, &first.reference).retracted);
    assert_false(practice_out(practice, &second.reference).retracted);
    assert_int_equal(practice_rows(practice, AT_OUT), 3); /* both, and the retraction */
    assert_int_equal(practice_count(practice, "retracted"), 1);
    expect_replaced(&second, &first, "taken back: whoever received it is told");
}

static void records_without_a_source_are_never_taken_for_each_other(void **state)
{
    struct practice *practice = *state;

    struct intake_item first = practice_concern(practice, "");
    struct intake_item second = practice_concern(practice, "");

    assert_int_equal(second.outcome, INTAKE_ACCEPTED);
    assert_memory_not_equal(&first.reference, &second.reference, sizeof(first.reference));
}

static void an_idempotency_key_brings_back_the_same_answer(void **state)
{
    struct practice *practice = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    _cleanup_(intake_answer_deinit) struct intake_answer first = INTAKE_ANSWER_NULL;
    _cleanup_(intake_answer_deinit) struct intake_answer second = INTAKE_ANSWER_NULL;
    practice_concern_text("", &text);
    text_replace(&text, "999 411 7025", "999 411 7026");

    assert_int_equal(submit(practice, "k-1", buf_text(&text), &first), 0);
    practice_reopen(practice);
    assert_int_equal(submit(practice, "k-1", buf_text(&text), &second), 0);

    assert_false(first.replayed);
    assert_true(second.replayed);
    assert_int_equal(second.n, 1);
    assert_int_equal(second.items[0].outcome, first.items[0].outcome);
    expect_same_reference(&first.items[0], &second.items[0]);
    assert_true(second.items[0].flawed);
    assert_string_equal(second.items[0].reason, first.items[0].reason);
    assert_int_equal(practice_rows(practice, AT_OUT), 1);
}

static void an_idempotency_key_with_another_body_is_a_conflict(void **state)
{
    struct practice *practice = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    _cleanup_(intake_answer_deinit) struct intake_answer first = INTAKE_ANSWER_NULL;
    _cleanup_(intake_answer_deinit) struct intake_answer second = INTAKE_ANSWER_NULL;
    practice_concern_text("", &text);
    assert_int_equal(submit(practice, "k-1", buf_text(&text), &first), 0);

    text_replace(&text, "without a coat", "without shoes");
    int r = submit(practice, "k-1", buf_text(&text), &second);

    assert_int_equal(r, -EEXIST);
    assert_int_equal(practice_rows(practice, AT_OUT), 1);
}

static void old_idempotency_keys_are_forgotten(void **state)
{
    struct practice *practice = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    practice_concern_text("", &text);

    for (int day = 0; day < 40; day++) {
        _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
        char key[16];
        (void)snprintf(key, sizeof(key), "day-%d", day);
        assert_int_equal(submit(practice, key, buf_text(&text), &answer), 0);
        clock_fake_advance(&practice->clock, 24 * PRACTICE_HOUR);
    }

    assert_in_range(practice_rows(practice, AT_IDEMPOTENCY), 7, 16);
}

static void a_body_that_is_no_record_changes_nothing(void **state)
{
    struct practice *practice = *state;
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;

    int r = submit(practice, "k-1", "{\"kind\":\"concern\"}", &answer);

    assert_int_equal(r, -EINVAL);
    assert_int_equal(practice_rows(practice, AT_OUT), 0);
    assert_int_equal(practice_rows(practice, AT_IDEMPOTENCY), 0);
}

static void leaving_out_an_unknown_agency_is_refused_and_nothing_is_sealed(void **state)
{
    struct practice *practice = *state;
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
    practice_concern_text("\"narrow\":{\"agencies\":[\"oak-scool\"],\"reason\":\"allegation-"
                          "against-staff\",\"authority\":\"lado\"},",
                          &text);

    int r = submit(practice, "", buf_text(&text), &answer);

    assert_int_equal(r, -EINVAL);
    assert_int_equal(practice_rows(practice, AT_SPOOL), 0);
}

static void a_missed_appointment_settles_and_an_urgent_record_never_does(void **state)
{
    struct practice *practice = *state;

    struct intake_item missed = practice_appointment(practice, "a-1", "noshow", "1");
    struct intake_item urgent = practice_concern(practice, "\"urgency\":\"immediate\",");

    struct out_row row = practice_out(practice, &missed.reference);
    assert_int_equal(row.state, OUT_SETTLING);
    assert_int_equal(row.due_ms, PRACTICE_NOW_MS + 24 * PRACTICE_HOUR);
    row = practice_out(practice, &urgent.reference);
    assert_int_equal(row.state, OUT_SPOOLED);
    assert_int_equal(row.lane, LANE_URGENT);
    assert_true(urgent.danger);
}

static void an_appointment_corrected_in_time_never_leaves(void **state)
{
    struct practice *practice = *state;

    struct intake_item missed = practice_appointment(practice, "a-1", "noshow", "1");
    struct intake_item corrected = practice_appointment(practice, "a-1", "fulfilled", "2");
    struct intake_item again = practice_appointment(practice, "a-1", "fulfilled", "2");

    assert_int_equal(corrected.outcome, INTAKE_WITHDRAWN);
    expect_same_reference(&missed, &corrected);
    assert_int_equal(practice_out(practice, &missed.reference).state, OUT_WITHDRAWN);
    assert_int_equal(practice_rows(practice, AT_SETTLING), 0);
    assert_int_equal(practice_rows(practice, AT_SPOOL), 0);
    assert_int_equal(practice_count(practice, "withdrawn"), 1);
    assert_int_equal(again.outcome, INTAKE_SAME);
}

static void an_appointment_told_again_after_a_correction_is_a_new_record(void **state)
{
    struct practice *practice = *state;

    struct intake_item first = practice_appointment(practice, "a-1", "noshow", "1");
    (void)practice_appointment(practice, "a-1", "fulfilled", "2");
    struct intake_item third = practice_appointment(practice, "a-1", "noshow", "3");

    assert_int_equal(third.outcome, INTAKE_ACCEPTED);
    assert_memory_not_equal(&first.reference, &third.reference, sizeof(first.reference));
    assert_int_equal(practice_rows(practice, AT_SETTLING), 1);
}

static void a_correction_of_what_still_settles_says_what_it_replaces(void **state)
{
    struct practice *practice = *state;
    const struct practice_visit later = {
        .id = "a-1", .status = "noshow", .version = "2", .service = "Audiology"};

    struct intake_item first = practice_appointment(practice, "a-1", "noshow", "1");
    struct intake_item second = practice_visit(practice, &later);

    assert_int_equal(second.outcome, INTAKE_ACCEPTED);
    expect_replaced(&second, &first, "withdrawn: nobody outside was told of it");
}

static void an_export_that_comes_again_counts_its_appointments_once(void **state)
{
    struct practice *practice = *state;

    (void)practice_appointment(practice, "a-1", "noshow", "1");
    (void)practice_appointment(practice, "a-1", "noshow", "1");
    (void)practice_appointment(practice, "a-1", "noshow", "1");

    assert_int_equal(practice_count(practice, "appointment-told"), 1);
    assert_int_equal(practice_count(practice, "appointment-known-already"), 2);
}

static void what_was_never_told_needs_no_taking_back(void **state)
{
    struct practice *practice = *state;

    struct intake_item item = practice_appointment(practice, "a-1", "fulfilled", "1");

    assert_int_equal(item.outcome, INTAKE_COUNTED);
    assert_false(item.has_reference);
    assert_int_equal(practice_rows(practice, AT_OUT), 0);
    assert_int_equal(practice_count(practice, "appointment-seen"), 1);
}

static void what_is_ignored_or_cannot_be_judged_is_counted_and_leaves_no_identity(void **state)
{
    struct practice *practice = *state;

    struct intake_item booked = practice_appointment(practice, "a-1", "booked", "1");
    struct intake_item odd = practice_appointment(practice, "a-2", "no-such-status", "1");

    assert_int_equal(booked.outcome, INTAKE_COUNTED);
    assert_string_equal(booked.reason, "/status: nothing has happened yet");
    assert_int_equal(practice_count(practice, "appointment-nothing-yet"), 1);
    assert_int_equal(practice_count(practice, "appointment-not-readable"), 1);
    assert_int_equal(odd.outcome, INTAKE_SET_ASIDE);
    assert_true(odd.reason[0] != '\0');
    assert_null(strstr(odd.reason, "Thistledown"));
    assert_int_equal(practice_rows(practice, AT_CHILD), 0);
    assert_int_equal(practice_rows(practice, AT_OUT), 0);
    assert_int_equal(practice_rows(practice, AT_SOURCE), 1); /* that nothing is to be told of a-1 */
}

static void before_governance_everything_is_accepted_and_waits(void **state)
{
    struct practice *practice = *state;

    struct intake_item concern = practice_concern(practice, "");
    struct intake_item involvement = practice_submit(
        practice, INTAKE_INVOLVEMENT,
        "{\"child\":{\"local_id\":\"7\"},\"role\":\"registered-patient\",\"from\":\"2024-01-01\"}");

    assert_int_equal(concern.outcome, INTAKE_ACCEPTED);
    assert_int_equal(practice_out(practice, &concern.reference).state, OUT_WAITING);
    assert_int_equal(practice_out(practice, &involvement.reference).state, OUT_WAITING);
    assert_int_equal(practice_rows(practice, AT_SPOOL), 0);
}

static const struct decide_request open_alert = {
    .action = ACTION_OPEN,
    .alert = 7,
    .person = {.name = "A. Example",
               .role = "screener",
               .reason = "Three missed appointments; screening today."},
};

static void a_decision_is_spooled_once_for_its_key(void **state)
{
    struct practice *practice = *state;
    struct decide_request decision = open_alert;
    struct reference first;
    struct reference second;
    struct error error = ERROR_NULL;
    decision.idempotency_key = slice_of_text("d-1");

    assert_int_equal(decide_submit(practice->agent, &decision, &first, &error), 0);
    assert_int_equal(decide_submit(practice->agent, &decision, &second, &error), 0);
    decision.alert = 8;
    int other = decide_submit(practice->agent, &decision, &second, &error);

    assert_int_equal(other, -EEXIST);
    assert_memory_equal(&first, &second, sizeof(first));
    struct out_row row = practice_out(practice, &first);
    assert_int_equal(row.kind, ENTRY_DECISION);
    assert_int_equal(row.state, OUT_SPOOLED);
    assert_int_equal(practice_rows(practice, AT_SPOOL), 1);
}

static void a_decision_without_a_reason_or_a_name_is_refused(void **state)
{
    struct practice *practice = *state;
    struct decide_request rows[] = {open_alert, open_alert, open_alert, open_alert, open_alert};
    struct reference reference;
    rows[0].person.reason = "because";
    rows[1].person.name = "";
    rows[2].alert = 0;
    rows[3].outcome = OUTCOME_EARLY_HELP;
    rows[4].person.reason = "Three missed appointments;\x01 screening today.";

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error error = ERROR_NULL;
        assert_int_equal(decide_submit(practice->agent, &rows[i], &reference, &error), -EINVAL);
        assert_true(error.what[0] != '\0');
    }
    assert_int_equal(practice_rows(practice, AT_SPOOL), 0);
}

static void a_decision_needs_a_place_in_the_partnership(void **state)
{
    struct practice *practice = *state;
    struct reference reference;
    struct error error = ERROR_NULL;

    assert_int_equal(decide_submit(practice->agent, &open_alert, &reference, &error), -EAGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, practice_set_up, practice_tear_down)
#define BEFORE(name)                                                                               \
    cmocka_unit_test_setup_teardown(name, practice_set_up_ungoverned, practice_tear_down)
        TEST(what_is_accepted_survives_a_restart),
        TEST(a_number_that_finds_nobody_is_accepted_and_said_to_be_so),
        TEST(an_odd_age_is_taken_with_a_word_and_one_of_no_child_is_refused),
        TEST(what_takes_back_is_taken_whatever_the_age_it_says),
        TEST(what_another_kind_of_agency_sends_is_refused_and_says_what_this_one_sends),
        TEST(an_appointment_and_a_register_are_for_those_who_have_them),
        TEST(what_cannot_wait_is_taken_from_any_kind_of_agency),
        TEST(the_same_version_again_makes_no_second_record),
        TEST(another_version_that_says_the_same_is_the_same_record),
        TEST(a_correction_of_what_has_left_retracts_it_and_stands_in_its_place),
        TEST(records_without_a_source_are_never_taken_for_each_other),
        TEST(an_idempotency_key_brings_back_the_same_answer),
        TEST(an_idempotency_key_with_another_body_is_a_conflict),
        TEST(old_idempotency_keys_are_forgotten),
        TEST(a_body_that_is_no_record_changes_nothing),
        TEST(leaving_out_an_unknown_agency_is_refused_and_nothing_is_sealed),
        TEST(a_missed_appointment_settles_and_an_urgent_record_never_does),
        TEST(an_appointment_corrected_in_time_never_leaves),
        TEST(an_appointment_told_again_after_a_correction_is_a_new_record),
        TEST(a_correction_of_what_still_settles_says_what_it_replaces),
        TEST(an_export_that_comes_again_counts_its_appointments_once),
        TEST(what_was_never_told_needs_no_taking_back),
        TEST(what_is_ignored_or_cannot_be_judged_is_counted_and_leaves_no_identity),
        BEFORE(before_governance_everything_is_accepted_and_waits),
        TEST(a_decision_is_spooled_once_for_its_key),
        TEST(a_decision_without_a_reason_or_a_name_is_refused),
        BEFORE(a_decision_needs_a_place_in_the_partnership),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
