/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agents/school/absence.h"
#include "agents/school/summary.h"
#include "base/date.h"

#define MINIMUM   20
#define MARKS_MAX 400

/* Codes of sessions one after the other, from Tuesday 2026-09-01 on, weekends left out. */
struct marks {
    size_t n;
    struct absence_mark items[MARKS_MAX];
};

static int32_t first_day(void)
{
    int32_t day = 0;

    assert_true(date_join(2026, 9, 1, &day));
    return day;
}

static void marks_add(struct marks *marks, const char *code, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        assert_true(marks->n < MARKS_MAX);
        struct absence_mark *mark = &marks->items[marks->n];
        mark->day = marks->n == 0 ? first_day() : marks->items[marks->n - 1].day;
        mark->session = marks->n % 2;
        if (mark->session == 0 && marks->n > 0) {
            mark->day += date_weekday(mark->day) == 4 ? 3 : 1;
        }
        size_t len = strlen(code);
        assert_true(len <= ATTENDANCE_CODE_MAX_BYTES);
        memcpy(mark->code, code, len + 1);
        marks->n++;
    }
}

/* "/ 18, I 2": eighteen of one, two of the other. */
static struct absence count_until(const char *story, int32_t until)
{
    struct marks marks = {.n = 0};
    struct absence absence;

    while (*story != '\0') {
        char code[ATTENDANCE_CODE_MAX_BYTES + 1] = "";
        unsigned times = 0;
        size_t len = strcspn(story, " ");
        assert_true(len <= ATTENDANCE_CODE_MAX_BYTES);
        memcpy(code, story, len);
        for (story += len + 1; *story >= '0' && *story <= '9'; story++) {
            times = 10 * times + (unsigned)(*story - '0');
        }
        marks_add(&marks, code, times);
        story += strspn(story, ", ");
    }
    absence_count(marks.items, marks.n, MINIMUM, until, &absence);
    return absence;
}

static struct absence count(const char *story)
{
    return count_until(story, INT32_MAX);
}

static void every_code_is_counted_as_the_regulations_say(void **state)
{
    static const struct {
        const char *codes;
        enum attendance_class class;
    } rows[] = {
        {"/ \\ L K V P W B ", ATTENDANCE_PRESENT},
        {"C1 M J1 S C2 C T R I E ", ATTENDANCE_AUTHORISED},
        {"G N O U ", ATTENDANCE_UNAUTHORISED},
        {"D X Q Y1 Y2 Y3 Y4 Y5 Y6 Y7 ", ATTENDANCE_NOT_POSSIBLE},
        {"Z # ", ATTENDANCE_ADMINISTRATIVE},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (const char *at = rows[i].codes; *at != '\0'; at += strcspn(at, " ") + 1) {
            struct slice text = slice_make(at, strcspn(at, " "));
            const struct attendance_code *code = attendance_code_find(text, first_day());
            assert_non_null(code);
            assert_int_equal(code->class, rows[i].class);
        }
    }
}

static void which_codes_there_are_depends_on_the_day_of_the_session(void **state)
{
    static const struct {
        const char *code;
        bool before;
        bool since;
    } rows[] = {{"H", true, false},  {"J", true, false},   {"Y", true, false},  {"-", true, false},
                {"J1", false, true}, {"C2", false, true},  {"Y7", false, true}, {"Q", false, true},
                {"K", false, true},  {"/", true, true},    {"n", true, true},   {"F", false, false},
                {"", false, false},  {"//", false, false}, {"Y8", false, false}};
    int32_t change = 0;
    (void)state;
    assert_true(date_join(2024, 8, 19, &change));

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct slice text = slice_of_text(rows[i].code);
        assert_int_equal(attendance_code_find(text, change - 1) != NULL, rows[i].before);
        assert_int_equal(attendance_code_find(text, change) != NULL, rows[i].since);
        assert_int_equal(attendance_code_other_day(text, change), rows[i].before);
    }
}

static void shares_are_exact_at_their_thresholds(void **state)
{
    static const struct {
        const char *story;
        enum record_code code;
    } rows[] = {
        {"/ 18, I 2", CODE_PERSISTENT_ABSENCE}, /* exactly a tenth */
        {"/ 181, I 20", CODE_NOT_SAID},         /* a little less */
        {"/ 17, I 2", CODE_NOT_SAID},           /* a session too few */
        {"I 19", CODE_NOT_SAID},                /* however bad */
        {"/ 10, I 10", CODE_SEVERE_ABSENCE},    /* exactly half */
        {"/ 11, I 10", CODE_PERSISTENT_ABSENCE},
        {"I 30", CODE_SEVERE_ABSENCE},
        {"/ 18, U 2", CODE_PERSISTENT_ABSENCE}, /* with and without permission alike */
        {"/ 18, L 20", CODE_NOT_SAID},          /* late is present */
        {"", CODE_NOT_SAID},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(count(rows[i].story).code, rows[i].code);
    }
}

static void what_was_not_possible_counts_neither_above_nor_below(void **state)
{
    static const char *const nothing[] = {"X", "Q", "D", "Z", "#", "Y1", "Y4", "Y7"};
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(nothing); i++) {
        struct marks marks = {.n = 0};
        struct absence absence;
        marks_add(&marks, "/", 19);
        marks_add(&marks, nothing[i], 60);
        marks_add(&marks, "I", 2);
        absence_count(marks.items, marks.n, MINIMUM, INT32_MAX, &absence);
        assert_int_equal(absence.possible, 21);
        assert_int_equal(absence.authorised, 2);
        assert_int_equal(absence.code, CODE_NOT_SAID);
    }
}

static void an_agreed_part_time_timetable_alone_tells_nothing(void **state)
{
    (void)state;

    struct absence agreed = count("/ 20, C2 60");
    struct absence more = count("/ 60, C2 10, I 8");

    assert_int_equal(agreed.code, CODE_NOT_SAID);
    assert_int_equal(agreed.authorised, 60);
    assert_int_equal(agreed.part_time, 60);
    assert_int_equal(more.code, CODE_PERSISTENT_ABSENCE); /* 8 of 78 */
}

static void a_missing_reason_is_told_after_more_than_five_school_days(void **state)
{
    (void)state;

    assert_int_equal(count("N 2, / 12").unresolved, 2);
    assert_int_equal(count("N 1, / 11").unresolved, 0); /* five later days */
    assert_int_equal(count("N 1, / 13, N 2").unresolved, 1);
    assert_int_equal(count("N 1, / 13").code, CODE_UNEXPLAINED_ABSENCE);
    assert_int_equal(count("I 1, / 13").code, CODE_NOT_SAID);
}

static void days_on_which_the_school_is_shut_cost_no_time_to_give_a_reason(void **state)
{
    (void)state;

    assert_int_equal(count("N 2, # 40, / 4").unresolved, 0);
    assert_int_equal(count("N 2, # 40, / 12").unresolved, 2);
}

static void ten_sessions_without_permission_one_after_the_other_are_told(void **state)
{
    (void)state;

    assert_int_equal(count("/ 200, O 10").code, CODE_UNEXPLAINED_ABSENCE);
    assert_int_equal(count("/ 200, O 9").code, CODE_NOT_SAID);
    assert_int_equal(count("/ 200, O 5, / 1, O 5").code, CODE_NOT_SAID);
    assert_int_equal(count("/ 200, O 5, # 4, O 5").code, CODE_UNEXPLAINED_ABSENCE);
    assert_int_equal(count("/ 200, G 10").code, CODE_NOT_SAID); /* a holiday is explained */
}

static void the_worst_word_is_the_one_that_is_told(void **state)
{
    (void)state;

    assert_int_equal(count("N 2, / 20, O 10").code, CODE_PERSISTENT_ABSENCE);
    assert_int_equal(count("N 2, / 12, O 20").code, CODE_SEVERE_ABSENCE);
    assert_true(absence_compare(CODE_SEVERE_ABSENCE, CODE_PERSISTENT_ABSENCE) > 0);
    assert_true(absence_compare(CODE_PERSISTENT_ABSENCE, CODE_UNEXPLAINED_ABSENCE) > 0);
    assert_true(absence_compare(CODE_UNEXPLAINED_ABSENCE, CODE_NOT_SAID) > 0);
}

static void nothing_after_the_day_asked_for_is_counted(void **state)
{
    (void)state;

    struct absence absence = count_until("/ 18, I 2, / 100", first_day() + 13);

    assert_int_equal(absence.code, CODE_PERSISTENT_ABSENCE);
    assert_int_equal(absence.possible, 20);
    assert_int_equal(absence.first_day, first_day());
    assert_int_equal(absence.last_day, first_day() + 13);
}

/* What the account says. */
static void expect_account(const char *story, const char *const words[], size_t n)
{
    _cleanup_(event_deinit) struct event event = EVENT_NULL;
    const struct event_terms terms = {.now_ms = INT64_C(1795338000000)};
    const struct register_key key = {.period = first_day()};
    struct absence absence = count(story);

    summary_event(&terms, &key, &absence, &event);

    assert_int_equal(event.kind, RECORD_ABSENCE_SUMMARY);
    assert_int_equal(event.code, absence.code);
    assert_true(event.settles);
    for (size_t i = 0; i < n; i++) {
        assert_non_null(strstr(buf_text(&event.account), words[i]));
    }
}

static void the_account_says_figures_in_words_and_no_mark(void **state)
{
    static const char *const persistent[] = {
        "Absent from 4 of 30 possible sessions", "from 1 September 2026 to 21 September 2026",
        "3 with permission, 1 without", "a tenth of them or more", "without a person looking"};
    static const char *const unexplained[] = {
        "not explained", "For 1 the school has had no reason for more than 5 school days"};
    static const char *const part_time[] = {"2 are of an agreed part-time timetable"};
    (void)state;

    expect_account("/ 26, I 3, U 1", persistent, ARRAY_LEN(persistent));
    expect_account("N 1, / 99", unexplained, ARRAY_LEN(unexplained));
    expect_account("/ 50, I 10, C2 2", part_time, ARRAY_LEN(part_time));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_is_counted_as_the_regulations_say),
        cmocka_unit_test(which_codes_there_are_depends_on_the_day_of_the_session),
        cmocka_unit_test(shares_are_exact_at_their_thresholds),
        cmocka_unit_test(what_was_not_possible_counts_neither_above_nor_below),
        cmocka_unit_test(an_agreed_part_time_timetable_alone_tells_nothing),
        cmocka_unit_test(a_missing_reason_is_told_after_more_than_five_school_days),
        cmocka_unit_test(days_on_which_the_school_is_shut_cost_no_time_to_give_a_reason),
        cmocka_unit_test(ten_sessions_without_permission_one_after_the_other_are_told),
        cmocka_unit_test(the_worst_word_is_the_one_that_is_told),
        cmocka_unit_test(nothing_after_the_day_asked_for_is_counted),
        cmocka_unit_test(the_account_says_figures_in_words_and_no_mark),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
