/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agents/core/subjects.h"
#include "support/school.h"

#define FILE_MAX_BYTES (4 * 1024 * 1024)

static int open_school(void **state)
{
    *state = school_new("");
    return 0;
}

static int close_school(void **state)
{
    struct school *school = *state;

    school_free(&school);
    return 0;
}

/* Pupils from `first` to before `end`. */
static int give_pupils(struct school *school, unsigned first, unsigned end)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);

    buf_add_text(&text, SCHOOL_ROLL_HEADER);
    for (unsigned i = first; i < end; i++) {
        school_add_pupil(&text, i);
        buf_add_text(&text, "\r\n");
    }
    return school_give(school, INTAKE_ROLL, buf_slice(&text));
}

static void expect_told(const struct school *school, unsigned n)
{
    assert_int_equal(school->report.told[INTAKE_ACCEPTED], n);
}

static void each_pupil_becomes_an_involvement_and_no_record(void **state)
{
    struct school *school = *state;
    struct out_row row;

    assert_int_equal(give_pupils(school, 0, 100), 0);

    expect_told(school, 100);
    assert_int_equal(practice_rows(school->practice, AT_OUT), 100);
    assert_int_equal(practice_rows(school->practice, AT_ROLL), 100);
    assert_false(school_newest(school, ENTRY_RECORD, &row));
    assert_true(school_newest(school, ENTRY_INVOLVEMENT, &row));
    assert_int_equal(row.state, OUT_SPOOLED);
}

static size_t n_flawed(const struct school *school)
{
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    size_t n = 0;

    report_answer(&school->report, &answer);
    for (size_t i = 0; i < answer.n; i++) {
        n += answer.items[i].flawed ? 1 : 0;
    }
    return n;
}

static void a_wrong_number_is_told_once_and_not_of_a_pupil_who_left(void **state)
{
    static const char wrong[] =
        SCHOOL_ROLL_HEADER "X840200126018,Thistledown,Peregrina,14/03/2016,NM7 4QX\n"
                           "X840200126017,Brackenridge,Fenwick,02/05/2015,NM7 4QX\n";
    static const char sound[] =
        SCHOOL_ROLL_HEADER "X840200126017,Brackenridge,Fenwick,02/05/2015,NM7 4QX\n";
    struct school *school = *state;

    assert_int_equal(school_give_text(school, INTAKE_ROLL, wrong), 0);
    assert_int_equal(n_flawed(school), 1);
    clock_fake_advance(&school->practice->clock, 48 * PRACTICE_HOUR);
    assert_int_equal(school_give_text(school, INTAKE_ROLL, sound), 0);

    assert_int_equal(n_flawed(school), 0);
}

static void the_same_roll_again_says_nothing(void **state)
{
    struct school *school = *state;
    assert_int_equal(give_pupils(school, 0, 40), 0);

    practice_reopen(school->practice);
    clock_fake_advance(&school->practice->clock, 48 * PRACTICE_HOUR);
    assert_int_equal(give_pupils(school, 0, 40), 0);

    expect_told(school, 0);
    assert_int_equal(practice_rows(school->practice, AT_OUT), 40);
}

static void whoever_left_is_no_longer_involved_and_whoever_came_is(void **state)
{
    struct school *school = *state;
    assert_int_equal(give_pupils(school, 0, 40), 0);

    clock_fake_advance(&school->practice->clock, 48 * PRACTICE_HOUR);
    assert_int_equal(give_pupils(school, 3, 41), 0);

    expect_told(school, 3 + 1);
    assert_int_equal(practice_rows(school->practice, AT_ROLL), 38);
    assert_int_equal(practice_rows(school->practice, AT_HANDLE),
                     41); /* an end is of the child known
                                                                         already */
}

static void whoever_grew_too_old_for_a_school_while_on_its_roll_leaves_it(void **state)
{
    struct school *school = *state;
    static const char with[] =
        SCHOOL_ROLL_HEADER "X840200126017,Thistledown,Peregrina,24/11/2000,NM7 4QX\n";
    assert_int_equal(school_give_text(school, INTAKE_ROLL, with), 0);
    clock_fake_advance(&school->practice->clock, 72 * PRACTICE_HOUR);

    assert_int_equal(give_pupils(school, 0, 1), 0);

    expect_told(school, 1 + 1);
    assert_int_equal(practice_rows(school->practice, AT_ROLL), 1);
}

static void a_changed_name_is_said_of_the_pupil_known_already(void **state)
{
    struct school *school = *state;
    static const char before[] =
        SCHOOL_ROLL_HEADER "X840200126017,Thistledown,Peregrina,14/03/2016,NM7 4QX\n";
    static const char after[] =
        SCHOOL_ROLL_HEADER "X840200126017,Quillfeather,Peregrina,14/03/2016,NM7 4QZ\n";
    assert_int_equal(school_give_text(school, INTAKE_ROLL, before), 0);

    assert_int_equal(school_give_text(school, INTAKE_ROLL, after), 0);

    expect_told(school, 1);
    assert_int_equal(practice_rows(school->practice, AT_HANDLE), 1);
}

static void one_bad_row_refuses_the_whole_roll(void **state)
{
    static const struct {
        const char *row;
        const char *column;
        const char *what;
    } rows[] = {
        {"X840200126017,Thistledown,Peregrina,2016-03-14,NM7 4QX", "DOB", "dd/mm/yyyy"},
        {"X840200126017,Thistledown,Peregrina,14/03/2116,NM7 4QX", "DOB", "future"},
        {"X840200126017,Thistledown,Peregrina,14/03/1999,NM7 4QX", "DOB", "26 or older"},
        {"=1+1,Thistledown,Peregrina,14/03/2016,NM7 4QX", "UPN", "formula"},
        {",Thistledown,,,", "UPN", "which pupil"},
        {"X840200126017,Thistledown,Peregrina,14/03/2016,NM7 4QX,x", "", "more cells"},
    };
    struct school *school = *state;
    assert_int_equal(give_pupils(school, 0, 20), 0);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
        buf_add_text(&text, SCHOOL_ROLL_HEADER);
        school_add_pupil(&text, 500);
        buf_format(&text, "\r\n%s\r\n", rows[i].row);
        assert_int_equal(school_give(school, INTAKE_ROLL, buf_slice(&text)), -EINVAL);
        assert_non_null(strstr(school->error.where, "row 3"));
        assert_non_null(strstr(school->error.what, "as a whole, or not at all"));
        const struct report_finding *finding = school_finding(school, 3);
        assert_non_null(finding);
        assert_string_equal(finding->column, rows[i].column);
        assert_non_null(strstr(finding->what, rows[i].what));
    }
    assert_int_equal(practice_rows(school->practice, AT_ROLL), 20);
    assert_int_equal(practice_rows(school->practice, AT_OUT), 20);
}

static void a_pupil_who_is_there_twice_refuses_the_roll(void **state)
{
    struct school *school = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    buf_add_text(&text, SCHOOL_ROLL_HEADER);
    for (int i = 0; i < 2; i++) {
        school_add_pupil(&text, 1);
        buf_add_text(&text, "\n");
    }

    assert_int_equal(school_give(school, INTAKE_ROLL, buf_slice(&text)), -EINVAL);

    assert_non_null(strstr(school_finding(school, 3)->what, "in the file already"));
    assert_int_equal(practice_rows(school->practice, AT_ROLL), 0);
}

static void a_roll_that_was_cut_short_ends_nothing(void **state)
{
    struct school *school = *state;
    assert_int_equal(give_pupils(school, 0, 20), 0);

    assert_int_equal(give_pupils(school, 0, 11), -EINVAL); /* nine of twenty would leave */
    assert_non_null(strstr(school->error.what, "9 of 20"));
    assert_int_equal(school_give_text(school, INTAKE_ROLL, SCHOOL_ROLL_HEADER), -EINVAL);
    assert_string_equal(school->error.what, "has no pupil");
    assert_int_equal(school_give_text(school, INTAKE_ROLL, "UPN,Surname\r\n"), -EINVAL);
    assert_non_null(strstr(school->error.what, "missing: Forename, DOB, Postcode"));
    assert_int_equal(practice_rows(school->practice, AT_ROLL), 20);

    assert_int_equal(give_pupils(school, 0, 12), 0); /* eight of twenty may */
    assert_int_equal(practice_rows(school->practice, AT_ROLL), 12);
}

static void where_a_restricted_pupil_lives_is_not_kept(void **state)
{
    struct school *school = school_new("[roll]\nrestricted = Restricted\n");
    static const char text[] = "UPN,Surname,Forename,DOB,Postcode,Restricted\n"
                               "X840200126017,Thistledown,Peregrina,14/03/2016,NM7 4QX,Yes\n";
    static const char unclear[] = "UPN,Surname,Forename,DOB,Postcode,Restricted\n"
                                  "X840200126017,Thistledown,Peregrina,14/03/2016,NM7 4QX,maybe\n";
    struct identity identity = IDENTITY_NULL;
    struct out_row row;
    (void)state;

    assert_int_equal(school_give_text(school, INTAKE_ROLL, text), 0);
    assert_true(school_newest(school, ENTRY_INVOLVEMENT, &row));
    struct store_txn *txn = store_read(school->practice->agent->store);
    assert_true(
        subjects_identity(txn, &school->practice->agent->keys.store, row.handle, &identity));
    store_end(&txn);

    assert_true(identity.restricted);
    assert_string_equal(identity.postcode, "");
    assert_int_equal(school_give_text(school, INTAKE_ROLL, unclear), -EINVAL);
    identity_deinit(&identity);
    school_free(&school);
}

static void a_roll_waits_until_the_partnership_is_known(void **state)
{
    struct school *school = *state;
    struct practice *governed = school->practice;
    school->practice = practice_new();
    school->practice->options.school = governed->options.school;
    practice_free(&governed);

    assert_int_equal(give_pupils(school, 0, 20), 0);
    assert_int_equal(practice_rows(school->practice, AT_SPOOL), 0);
    practice_govern(school->practice);
    (void)practice_settle(school->practice);

    assert_int_equal(practice_rows(school->practice, AT_SPOOL), 40);
}

static void wrong_settings_name_their_key(void **state)
{
    static const struct conf_option table[] = {SCHOOL_CONF_OPTIONS};
    static const struct {
        const char *ini;
        const char *where;
    } rows[] = {
        {"[school]\nencoding = latin1\n", "encoding"},
        {"[school]\ndates = mm/dd/yyyy\n", "dates"},
        {"[school]\nperiods = 09-01 01-01\n", "school.periods"},
        {"[school]\nperiods = 02-29\n", "school.periods"},
        {"[school]\nperiods = 13-01\n", "school.periods"},
        {"[school]\nperiods = 1-1\n", "school.periods"},
        {"[school]\nperiods =\n", "school.periods"},
        {"[attendance]\ncode =\n", "attendance"},
        {"[attendance]\npupil_upn =\nfamily_name =\n", "attendance"},
        {"[roll]\npupil_upn =\nbirth_date =\n", "roll"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct school_options options = {.n_periods = 0};
        struct error error = ERROR_NULL;
        struct conf *conf = conf_new(table, ARRAY_LEN(table));
        assert_int_equal(conf_add(conf, slice_of_text(rows[i].ini), "x", &error), 0);
        assert_int_equal(school_options_read(conf, &options, &error), -EINVAL);
        assert_string_equal(error.where, rows[i].where);
        conf_free(&conf);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_school, close_school)
    const struct CMUnitTest tests[] = {
        TEST(each_pupil_becomes_an_involvement_and_no_record),
        TEST(a_wrong_number_is_told_once_and_not_of_a_pupil_who_left),
        TEST(the_same_roll_again_says_nothing),
        TEST(whoever_left_is_no_longer_involved_and_whoever_came_is),
        TEST(whoever_grew_too_old_for_a_school_while_on_its_roll_leaves_it),
        TEST(a_changed_name_is_said_of_the_pupil_known_already),
        TEST(one_bad_row_refuses_the_whole_roll),
        TEST(a_pupil_who_is_there_twice_refuses_the_roll),
        TEST(a_roll_that_was_cut_short_ends_nothing),
        cmocka_unit_test(where_a_restricted_pupil_lives_is_not_kept),
        TEST(a_roll_waits_until_the_partnership_is_known),
        cmocka_unit_test(wrong_settings_name_their_key),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
