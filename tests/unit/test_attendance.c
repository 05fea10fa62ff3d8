/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agents/school/pupil.h"
#include "agents/school/register.h"
#include "base/date.h"
#include "os/files.h"
#include "os/memory.h"
#include "support/school.h"

#define FILE_MAX_BYTES (64 * 1024 * 1024)
/* An address sanitizer keeps what was freed for a while, and memory says nothing then. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#elif defined(__has_feature)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED false
#endif

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

static int32_t date(int year, int month, int day)
{
    int32_t ret = 0;

    assert_true(date_join(year, month, day, &ret));
    return ret;
}

/* The clock stands at nine o'clock of that day. */
static void set_day(struct school *school, int32_t day)
{
    clock_fake_init(&school->practice->clock, (int64_t)day * DAY_MS + 9 * PRACTICE_HOUR);
}

/* So many sessions of pupil 1 from Tuesday 2026-09-01 on, as "/" and then `code`. */
static void give_marks(struct school *school, unsigned present, const char *code, unsigned absent)
{
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);

    buf_add_text(&text, SCHOOL_REGISTER_HEADER);
    int32_t day = school_add_marks(&text, 1, date(2026, 9, 1), "/", present);
    (void)school_add_marks(&text, 1, day, code, absent);
    assert_int_equal(school_give(school, INTAKE_ATTENDANCE, buf_slice(&text)), 0);
    assert_int_equal(school->report.taken, present + absent);
}

/* The row for row 2 of a register of one row. */
static int give_row(struct school *school, const char *row)
{
    char text[1024];

    (void)snprintf(text, sizeof(text), SCHOOL_REGISTER_HEADER "%s\r\n", row);
    return school_give_text(school, INTAKE_ATTENDANCE, text);
}

/* One summary, whatever had to be taken back for it. */
static void expect_told(struct school *school, enum record_code code)
{
    const struct intake_answer *answer = &school->report.answer;

    assert_int_equal(school->report.told[INTAKE_ACCEPTED], 1);
    assert_int_equal(answer->n, 1);
    struct out_row row = practice_out(school->practice, &answer->items[0].reference);
    assert_int_equal(row.record_kind, RECORD_ABSENCE_SUMMARY);
    assert_int_equal(row.code, code);
}

static void expect_nothing_told(const struct school *school)
{
    assert_int_equal(school->report.answer.n, 0);
}

static void a_tenth_is_told_once_and_settles(void **state)
{
    struct school *school = *state;
    struct out_row row;

    give_marks(school, 18, "I", 2);
    expect_told(school, CODE_PERSISTENT_ABSENCE);
    assert_true(school_newest(school, ENTRY_RECORD, &row));
    assert_int_equal(row.state, OUT_SETTLING);
    assert_int_equal(row.event_day, date(2026, 9, 14));

    give_marks(school, 18, "I", 2);
    expect_nothing_told(school);
    assert_int_equal(practice_rows(school->practice, AT_OUT), 1);
}

static void below_the_threshold_nothing_is_told_and_marks_are_kept(void **state)
{
    struct school *school = *state;

    give_marks(school, 19, "I", 1);

    expect_nothing_told(school);
    assert_int_equal(practice_rows(school->practice, AT_OUT), 0);
    assert_int_equal(practice_rows(school->practice, AT_REGISTER), 1);
}

static void daily_files_add_up(void **state)
{
    struct school *school = *state;
    int32_t day = date(2026, 9, 1);
    unsigned told = 0;

    for (int i = 0; i < 10; i++) {
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(4096);
        while (date_weekday(day) > 4) {
            day++;
        }
        set_day(school, day);
        buf_add_text(&text, SCHOOL_REGISTER_HEADER);
        (void)school_add_marks(&text, 1, day, i == 3 ? "I" : "/", 2);
        assert_int_equal(school_give(school, INTAKE_ATTENDANCE, buf_slice(&text)), 0);
        told += (unsigned)school->report.told[INTAKE_ACCEPTED];
        assert_int_equal(told, i == 9 ? 1 : 0); /* from the twentieth session on */
        day++;
    }
}

static void a_mark_corrected_while_it_settles_means_that_nothing_leaves(void **state)
{
    struct school *school = *state;
    struct out_row row;
    give_marks(school, 18, "N", 2);

    give_marks(school, 18, "/", 2);

    assert_int_equal(school->report.told[INTAKE_WITHDRAWN], 1);
    assert_true(school_newest(school, ENTRY_RECORD, &row));
    assert_int_equal(row.state, OUT_WITHDRAWN);
    assert_int_equal(practice_rows(school->practice, AT_SPOOL), 0);
}

static void a_mark_corrected_later_takes_back_what_was_told(void **state)
{
    struct school *school = *state;
    struct out_row row;
    give_marks(school, 18, "N", 2);
    clock_fake_advance(&school->practice->clock, 25 * PRACTICE_HOUR);
    (void)practice_settle(school->practice);
    assert_true(school_newest(school, ENTRY_RECORD, &row));
    assert_int_equal(row.state, OUT_SPOOLED);

    give_marks(school, 18, "/", 2);

    assert_int_equal(school->report.told[INTAKE_RETRACTED], 1);
    assert_true(school_newest(school, ENTRY_RECORD, &row));
    assert_int_equal(row.record_kind, RECORD_RETRACTION);
}

static void a_reason_that_came_in_takes_back_unexplained(void **state)
{
    struct school *school = *state;

    give_marks(school, 0, "N", 1);
    expect_nothing_told(school);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    buf_add_text(&text, SCHOOL_REGISTER_HEADER);
    (void)school_add_marks(&text, 1, date(2026, 9, 2), "/", 40);
    assert_int_equal(school_give(school, INTAKE_ATTENDANCE, buf_slice(&text)), 0);
    expect_told(school, CODE_UNEXPLAINED_ABSENCE);
    give_marks(school, 0, "M", 1);

    assert_int_equal(school->report.told[INTAKE_WITHDRAWN], 1);
}

static void what_becomes_worse_is_told_at_once_in_place_of_the_first(void **state)
{
    struct school *school = *state;
    give_marks(school, 18, "I", 2);
    clock_fake_advance(&school->practice->clock, 25 * PRACTICE_HOUR);
    (void)practice_settle(school->practice);

    give_marks(school, 18, "I", 10);
    expect_nothing_told(school); /* 10 of 28: still persistent */
    clock_fake_advance(&school->practice->clock, PRACTICE_HOUR);
    give_marks(school, 18, "I", 18);

    expect_told(school, CODE_SEVERE_ABSENCE);
    assert_int_equal(practice_rows(school->practice, AT_OUT), 3); /* and the first's retraction */
}

static void what_goes_on_is_told_again_after_four_weeks(void **state)
{
    struct school *school = *state;
    give_marks(school, 18, "I", 4); /* to 15 September */
    expect_told(school, CODE_PERSISTENT_ABSENCE);
    clock_fake_advance(&school->practice->clock, PRACTICE_HOUR);

    give_marks(school, 18, "I", 4 + 16);
    expect_told(school, CODE_SEVERE_ABSENCE); /* to 25 September */
    clock_fake_advance(&school->practice->clock, PRACTICE_HOUR);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    buf_add_text(&text, SCHOOL_REGISTER_HEADER);
    (void)school_add_marks(&text, 1, date(2026, 9, 28), "I", 38); /* to 22 October */
    assert_int_equal(school_give(school, INTAKE_ATTENDANCE, buf_slice(&text)), 0);
    expect_nothing_told(school);
    buf_reset(&text);
    buf_add_text(&text, SCHOOL_REGISTER_HEADER);
    (void)school_add_marks(&text, 1, date(2026, 10, 23), "I", 2);
    assert_int_equal(school_give(school, INTAKE_ATTENDANCE, buf_slice(&text)), 0);

    expect_told(school, CODE_SEVERE_ABSENCE);
}

static void figures_that_come_back_after_a_correction_are_told_again(void **state)
{
    struct school *school = *state;
    give_marks(school, 18, "I", 2);
    clock_fake_advance(&school->practice->clock, PRACTICE_HOUR);
    give_marks(school, 18, "/", 2);
    clock_fake_advance(&school->practice->clock, PRACTICE_HOUR);

    give_marks(school, 18, "I", 2);

    expect_told(school, CODE_PERSISTENT_ABSENCE);
}

/* Each row is set aside for its reason; the good one beside it is taken. */
static void each_bad_row_is_set_aside_for_its_reason_while_the_others_go(void **state)
{
#define WHO  "X840200126017,Thistledown,Peregrina,14/03/2022,NM7 4QX"
#define MARK "01/09/2026,AM,/"
    static const struct {
        const char *row;
        const char *column;
        const char *what;
    } rows[] = {
        {WHO ",2026-09-01,AM,/", "Date", "dd/mm/yyyy"},
        {WHO ",09/13/2026,AM,/", "Date", "dd/mm/yyyy"},
        {WHO ",31/09/2026,AM,/", "Date", "dd/mm/yyyy"},
        {WHO ",1.9.2026,AM,/", "Date", "dd/mm/yyyy"},
        {WHO ",01/09/26,AM,/", "Date", "dd/mm/yyyy"},
        {WHO ",,AM,/", "Date", "dd/mm/yyyy"},
        {WHO ",23/11/2026,AM,/", "Date", "future"},
        {WHO ",01/06/2026,AM,/", "Date", "has ended"},
        {WHO ",01/09/2026,Morning,/", "Session", "AM nor PM"},
        {WHO ",01/09/2026,,/", "Session", "AM nor PM"},
        {WHO ",01/09/2026,AM,H", "Code", "19 August 2024"},
        {WHO ",01/09/2026,AM,?", "Code", "not an attendance code"},
        {WHO ",01/09/2026,AM,", "Code", "not an attendance code"},
        {WHO ",01/09/2026,AM,=CHAR(47)", "Code", "not an attendance code"},
        {"=X840200126017,Thistledown,Peregrina,14/03/2022,NM7 4QX," MARK, "UPN", "formula"},
        {"X840200126017,@SUM(1),Peregrina,14/03/2022,NM7 4QX," MARK, "Surname", "formula"},
        {"X840200126017,Thistledown,+1,14/03/2022,NM7 4QX," MARK, "Forename", "formula"},
        {"X840200126017,Thistledown,Peregrina,14/03/2027,NM7 4QX," MARK, "DOB", "future"},
        {"X840200126017,Thistledown,Peregrina,14/03/1922,NM7 4QX," MARK, "DOB", "26"},
        {"X840200126017,Thistledown,Peregrina,2022-03-14,NM7 4QX," MARK, "DOB", "dd/mm/yyyy"},
        {"X840200126017,Thistledown,Peregrin\xe9,14/03/2022,NM7 4QX," MARK, "Forename",
         "windows-1252"},
        {"X840200126017,\"Thistle\adown\",Peregrina,14/03/2022,NM7 4QX," MARK, "Surname",
         "control"},
        {"X840200126017,\"Thistle\ndown\",Peregrina,14/03/2022,NM7 4QX," MARK, "Surname",
         "line break"},
        {",Thistledown,Peregrina,14/03/2022,," MARK, "UPN", "which pupil"},
        {",,,,," MARK, "UPN", "which pupil"},
        {"X840200126017,Thistledown,Peregrina,14/03/2022,NM7 4QX NM7 4QX NM7," MARK, "Postcode",
         "longer"},
        {"X840200126017,Thistledown, Peregrina,Anne,14/03/2022,NM7 4QX," MARK, "", "more cells"},
    };
    struct school *school = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[1024];
        (void)snprintf(text, sizeof(text), SCHOOL_REGISTER_HEADER "%s\r\n" WHO "," MARK "\r\n",
                       rows[i].row);
        assert_int_equal(school_give_text(school, INTAKE_ATTENDANCE, text), 0);
        const struct report_finding *finding = school_finding(school, 2);
        assert_non_null(finding);
        assert_int_equal(finding->effect, REPORT_SET_ASIDE);
        assert_string_equal(finding->column, rows[i].column);
        assert_non_null(strstr(finding->what, rows[i].what));
        assert_int_equal(school->report.rows, 2);
        assert_int_equal(school->report.taken, 1);
        assert_int_equal(school->report.set_aside, 1);
    }
}

static void no_finding_shows_a_value(void **state)
{
    struct school *school = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REPORT_TEXT_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf json = BUF_MAX(REPORT_TEXT_MAX_BYTES);
    static const char *const values[] = {"Thistledown", "Peregrina", "X8402",
                                         "NM7",         "2022",      "Elsewhere"};

    assert_int_equal(give_row(school, "X840200126018,Thistledown,Peregrina,14/03/2022,NM7 4QX,"
                                      "01/09/2026,AM,Elsewhere"),
                     0);
    report_text(&school->report, NULL, &text);
    assert_int_equal(report_json(&school->report, NULL, &json), 0);

    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        assert_null(strstr(buf_text(&text), values[i]));
        assert_null(strstr(buf_text(&json), values[i]));
    }
    assert_non_null(strstr(buf_text(&text), "Row 2, column Code: is not an attendance code. The "
                                            "row was not taken."));
    assert_non_null(strstr(buf_text(&json), "\"row\": 2"));
}

static void a_file_that_cannot_be_believed_is_refused_whole(void **state)
{
    static const struct {
        const char *text;
        const char *where;
        const char *what;
    } rows[] = {
        {"", "header", "the file is empty"},
        {"UPN;Surname;Forename;DOB;Postcode;Date;Session;Code\r\n", "header",
         "missing: UPN, Forename, Surname, DOB, Postcode, Date, Session, Code; its separator is "
         "';'"},
        {"UPN,Surname,Forename,DOB,Postcode,Date,Session\r\n" WHO ",01/09/2026,AM\r\n", "header",
         "missing: Code"},
        {"UPN,Surname,Forename,DOB,Postcode,Date,Session,Code,date\r\n", "row 1", "Date twice"},
        {SCHOOL_REGISTER_HEADER WHO "," MARK "\r\n" WHO ",\"01/09/2026,PM,/\r\n", "row 3",
         "quotation mark"},
    };
    struct school *school = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(school_give_text(school, INTAKE_ATTENDANCE, rows[i].text), -EINVAL);
        assert_string_equal(school->error.where, rows[i].where);
        assert_non_null(strstr(school->error.what, rows[i].what));
        assert_int_equal(practice_rows(school->practice, AT_REGISTER), 0);
    }
}

static void a_zero_byte_refuses_the_file(void **state)
{
    static const char text[] =
        SCHOOL_REGISTER_HEADER WHO "," MARK "\r\n" WHO ",02/09/2026\0,AM,/\r\n";
    struct school *school = *state;

    int r = school_give(school, INTAKE_ATTENDANCE, slice_make(text, sizeof(text) - 1));

    assert_int_equal(r, -EINVAL);
    assert_string_equal(school->error.where, "row 3");
    assert_int_equal(practice_rows(school->practice, AT_REGISTER), 0);
}

static void marks_instructions_blanks_and_lines_in_cells_do_no_harm(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf"
        "Export of the register,,,,,,,\r\n"
        "Do not open in a spreadsheet!\r\n"
        "\r\n"
        "Class,upn , surname,FORENAME,DOB,Postcode,Date,Session,Code\r\n"
        "\"4B\r\nblue\", X 840 2001 26017 ,Thistledown,Peregrina, 14/03/2022 ,"
        "NM7 4QX, 1/9/2026 ,am, / \r\n";
    struct school *school = *state;

    assert_int_equal(school_give_text(school, INTAKE_ATTENDANCE, text), 0);

    assert_int_equal(school->report.taken, 1);
    assert_int_equal(school->report.n, 0);
    give_row(school, WHO ",01/09/2026,AM,/");
    assert_int_equal(practice_rows(school->practice, AT_REGISTER), 1); /* the same pupil */
}

/* tests/data/README.md says what must become of each. */
static void the_shared_files_become_what_their_list_says(void **state)
{
    static const struct {
        const char *name;
        int result;
        uint64_t taken;
        uint64_t set_aside;
        uint64_t told;
        size_t findings;
    } rows[] = {
        {"register.csv", 0, 60, 0, 2, 0},        {"instructions-above.csv", 0, 1, 0, 0, 0},
        {"windows-1252.csv", 0, 0, 1, 0, 1},     {"mixed-dates.csv", 0, 1, 2, 0, 2},
        {"formulas.csv", 0, 1, 1, 0, 1},         {"two-children.csv", 0, 1, 2, 0, 2},
        {"old-codes.csv", 0, 1, 1, 0, 1},        {"numbers.csv", 0, 3, 0, 0, 2},
        {"no-code.csv", -EINVAL, 0, 0, 0, 0},    {"twice.csv", -EINVAL, 0, 0, 0, 0},
        {"not-closed.csv", -EINVAL, 0, 0, 0, 0}, {"zero-byte.csv", -EINVAL, 0, 0, 0, 0},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct school *school = school_new("[attendance]\npupil_id = Adno\n");
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
        char path[256];
        (void)snprintf(path, sizeof(path), SOURCE_DIR "/tests/data/school/%s", rows[i].name);
        assert_int_equal(file_read(path, &text), 0);
        assert_int_equal(school_give(school, INTAKE_ATTENDANCE, buf_slice(&text)), rows[i].result);
        assert_int_equal(school->report.taken, rows[i].taken);
        assert_int_equal(school->report.set_aside, rows[i].set_aside);
        assert_int_equal(school->report.told[INTAKE_ACCEPTED], rows[i].told);
        assert_int_equal(school->report.n, rows[i].findings);
        school_free(&school);
    }
}

static void windows_1252_is_read_when_the_configuration_says_so(void **state)
{
    struct school *school = school_new("[school]\nencoding = windows-1252\ndates = yyyy-mm-dd\n");
    (void)state;

    assert_int_equal(give_row(school, "X840200126017,Thistledown,Zo\xeb,2022-03-14,NM7 4QX,"
                                      "2026-09-01,AM,/"),
                     0);

    assert_int_equal(school->report.taken, 1);
    school_free(&school);
}

static void a_number_that_proves_nothing_is_taken_with_a_note(void **state)
{
    static const struct {
        const char *upn;
        const char *what;
        enum report_effect effect;
    } rows[] = {
        {"", "is empty", REPORT_NOTE},
        {"X84020012601H", "temporary", REPORT_NOTE},
        {"X840200126018", "typing error", REPORT_FLAW},
        {"unknown", "no pupil number", REPORT_FLAW},
    };
    struct school *school = *state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
        char row[200];
        (void)snprintf(row, sizeof(row), "%s,Thistledown,Peregrina,14/03/2022,NM7 4QX," MARK,
                       rows[i].upn);
        assert_int_equal(give_row(school, row), 0);
        const struct report_finding *finding = school_finding(school, 2);
        assert_non_null(finding);
        if (strstr(finding->what, rows[i].what) == NULL) {
            fail_msg("%s: %s", rows[i].upn, finding->what);
        }
        assert_int_equal(finding->effect, rows[i].effect);
        assert_int_equal(school->report.taken, 1);
        report_answer(&school->report, &answer);
        assert_int_equal(answer.n, 1);
        assert_int_equal(answer.items[0].outcome, INTAKE_NOTED);
        assert_int_equal(answer.items[0].flawed, rows[i].effect == REPORT_FLAW);
    }
}

static void two_children_with_one_local_number_are_not_counted_as_one(void **state)
{
    struct school *school = school_new("[attendance]\npupil_id = Adno\n");
    static const char text[] = "Adno,UPN,Surname,Forename,DOB,Postcode,Date,Session,Code\r\n"
                               "17,,Thistledown,Peregrina,14/03/2016,NM7 4QX,01/09/2026,AM,O\r\n"
                               "17,,Brackenridge,Fenwick,02/05/2015,NM7 4QX,01/09/2026,PM,O\r\n"
                               "18,,Quillfeather,Odalys,02/05/2015,NM7 4QX,01/09/2026,PM,O\r\n";
    (void)state;

    assert_int_equal(school_give_text(school, INTAKE_ATTENDANCE, text), 0);

    assert_int_equal(school->report.taken, 1);
    assert_int_equal(school->report.set_aside, 2);
    assert_int_equal(practice_rows(school->practice, AT_REGISTER), 1);
    _cleanup_(intake_answer_deinit) struct intake_answer answer = INTAKE_ANSWER_NULL;
    report_answer(&school->report, &answer);
    size_t told_what_to_do = 0;
    for (size_t i = 0; i < answer.n; i++) {
        bool told = strstr(answer.items[i].reason, "Correct it in the school's system") != NULL;
        assert_int_equal(told, answer.items[i].outcome == INTAKE_SET_ASIDE);
        told_what_to_do += told ? 1 : 0;
    }
    assert_int_equal(told_what_to_do, 2);
    school_free(&school);
}

static void one_row_that_restricts_a_pupil_is_enough(void **state)
{
    struct school *school = *state;
    struct identity identity = {.given = "Peregrina",
                                .family = "Thistledown",
                                .local_id = "SP-2291",
                                .postcode = "NM7 4QX",
                                .upn = IDENTIFIER_NULL,
                                .nhs_number = IDENTIFIER_NULL};
    struct pupils pupils = PUPILS_NULL;
    struct pupil_terms terms;
    bool is_new;
    school_terms(school->practice->agent, &terms);

    (void)pupils_add(&pupils, &terms, &identity, &is_new);
    identity_restrict(&identity);
    const struct pupil *pupil = pupils_add(&pupils, &terms, &identity, &is_new);

    assert_false(is_new);
    assert_true(pupil->identity.restricted);
    assert_string_equal(pupil->identity.postcode, "");
    pupils_deinit(&pupils);
}

static void the_register_does_not_lie_open_in_the_store(void **state)
{
    struct school *school = *state;
    struct store_walk walk;
    give_marks(school, 18, "C1", 2);
    _cleanup_(store_end) struct store_txn *txn = store_read(school->practice->agent->store);
    assert_non_null(txn);

    for (walk = store_walk_from(txn, AT_REGISTER, SLICE_NULL); walk.live; store_walk_next(&walk)) {
        assert_null(memmem(walk.value.data, walk.value.len, "C1", 2));
        assert_null(memmem(walk.key.data, walk.key.len, "A8402", 5));
    }
    store_walk_end(&walk);
}

static void marks_go_when_their_period_is_over(void **state)
{
    struct school *school = *state;
    give_marks(school, 18, "/", 2);
    assert_int_equal(practice_rows(school->practice, AT_REGISTER), 1);

    set_day(school, date(2027, 1, 28));
    assert_int_equal(give_row(school, WHO ",27/01/2027,AM,/"), 0);
    assert_int_equal(practice_rows(school->practice, AT_REGISTER), 2);
    set_day(school, date(2027, 1, 29));
    assert_int_equal(give_row(school, WHO ",28/01/2027,AM,/"), 0);

    assert_int_equal(practice_rows(school->practice, AT_REGISTER), 1);
}

/* One class of thirty over three terms: each term everybody is ill for two days, late once, at the
 * dentist once; some weeks are holidays. */
static void a_year_of_an_ordinary_class_tells_nothing(void **state)
{
    struct school *school = *state;
    const struct school_options *options = &school->practice->options.school;
    int32_t last = date(2026, 7, 17);

    for (int32_t week = date(2025, 9, 1); week < last; week += 7) {
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
        buf_add_text(&text, SCHOOL_REGISTER_HEADER);
        for (unsigned pupil = 0; pupil < 30; pupil++) {
            for (int day = 0; day < 5; day++) {
                int in_term = (week - register_period(options, week)) / 7;
                bool holiday = (week - date(2025, 9, 1)) / 7 % 8 == 7;
                bool ill = in_term == 6 + (int)(pupil % 4) && day < 2;
                bool late = in_term == 2 && day == 1;
                bool dentist = in_term == 11 && day == (int)(pupil % 5);
                const char *code = holiday ? "#" : ill ? "I" : late ? "L" : "/";
                school_add_mark(&text, pupil, week + day, 0, code);
                school_add_mark(&text, pupil, week + day, 1, dentist ? "M" : code);
            }
        }
        set_day(school, week + 5);
        assert_int_equal(school_give(school, INTAKE_ATTENDANCE, buf_slice(&text)), 0);
        assert_int_equal(school->report.set_aside, 0);
        expect_nothing_told(school);
    }
    assert_int_equal(practice_rows(school->practice, AT_OUT), 0);
}

static void fifteen_hundred_pupils_go_from_file_to_spool(void **state)
{
    struct school *school = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf today = BUF_MAX(FILE_MAX_BYTES);
    buf_add_text(&text, SCHOOL_REGISTER_HEADER);
    buf_add_text(&today, SCHOOL_REGISTER_HEADER);
    for (unsigned pupil = 0; pupil < 1500; pupil++) {
        bool absent = pupil % 30 == 0; /* fifty of them */
        (void)school_add_marks(&text, pupil, date(2026, 9, 1), absent ? "I" : "/", 18);
        (void)school_add_marks(&today, pupil, date(2026, 9, 14), "/", 2);
    }
    assert_int_equal(school_give(school, INTAKE_ATTENDANCE, buf_slice(&text)), 0);
    expect_nothing_told(school);

    assert_int_equal(school_give(school, INTAKE_ATTENDANCE, buf_slice(&today)), 0);
    clock_fake_advance(&school->practice->clock, 25 * PRACTICE_HOUR);
    (void)practice_settle(school->practice);

    assert_int_equal(school->report.rows, 3000);
    assert_int_equal(school->report.told[INTAKE_ACCEPTED], 50);
    assert_int_equal(practice_rows(school->practice, AT_SPOOL), 100); /* with their statements */
}

static void memory_does_not_grow_with_the_file(void **state)
{
    struct school *school = *state;
    char mark[200];
    uint64_t before;
    uint64_t after;
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fputs(SCHOOL_REGISTER_HEADER, file) < 0, 0);
    (void)snprintf(mark, sizeof(mark), "%s\r\n", WHO "," MARK);
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(fputs(mark, file) < 0, 0);
    }
    assert_int_equal(fflush(file), 0);
    const struct csv_source source = {.fd = fileno(file)};
    assert_int_equal(give_row(school, WHO "," MARK), 0);
    assert_int_equal(memory_resident(&before), 0);

    assert_int_equal(school_give_source(school, INTAKE_ATTENDANCE, &source), 0);

    assert_int_equal(memory_resident(&after), 0);
    assert_int_equal(school->report.taken, 100000);
    if (!SANITIZED) {
        assert_in_range(after, 0, before + 4 * 1024 * 1024); /* the file has eight */
    }
    (void)fclose(file);
}

static void a_register_too_large_for_a_school_is_refused(void **state)
{
    struct school *school = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    buf_add_text(&text, SCHOOL_REGISTER_HEADER);
    for (unsigned pupil = 0; pupil <= PUPILS_MAX; pupil++) {
        school_add_mark(&text, pupil, date(2026, 9, 1), 0, "/");
    }

    assert_int_equal(school_give(school, INTAKE_ATTENDANCE, buf_slice(&text)), -EINVAL);

    assert_non_null(strstr(school->error.what, "more than 6000 pupils"));
    assert_int_equal(practice_rows(school->practice, AT_REGISTER), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_school, close_school)
    const struct CMUnitTest tests[] = {
        TEST(a_tenth_is_told_once_and_settles),
        TEST(below_the_threshold_nothing_is_told_and_marks_are_kept),
        TEST(daily_files_add_up),
        TEST(a_mark_corrected_while_it_settles_means_that_nothing_leaves),
        TEST(a_mark_corrected_later_takes_back_what_was_told),
        TEST(a_reason_that_came_in_takes_back_unexplained),
        TEST(what_becomes_worse_is_told_at_once_in_place_of_the_first),
        TEST(what_goes_on_is_told_again_after_four_weeks),
        TEST(figures_that_come_back_after_a_correction_are_told_again),
        TEST(each_bad_row_is_set_aside_for_its_reason_while_the_others_go),
        TEST(no_finding_shows_a_value),
        TEST(a_file_that_cannot_be_believed_is_refused_whole),
        TEST(a_zero_byte_refuses_the_file),
        TEST(marks_instructions_blanks_and_lines_in_cells_do_no_harm),
        cmocka_unit_test(the_shared_files_become_what_their_list_says),
        cmocka_unit_test(windows_1252_is_read_when_the_configuration_says_so),
        TEST(a_number_that_proves_nothing_is_taken_with_a_note),
        cmocka_unit_test(two_children_with_one_local_number_are_not_counted_as_one),
        TEST(one_row_that_restricts_a_pupil_is_enough),
        TEST(the_register_does_not_lie_open_in_the_store),
        TEST(marks_go_when_their_period_is_over),
        TEST(a_year_of_an_ordinary_class_tells_nothing),
        TEST(fifteen_hundred_pupils_go_from_file_to_spool),
        TEST(memory_does_not_grow_with_the_file),
        TEST(a_register_too_large_for_a_school_is_refused),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
