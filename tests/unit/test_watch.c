/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/core/feeds.h"
#include "agents/core/report.h"
#include "agents/core/watch.h"
#include "base/date.h"
#include "os/files.h"
#include "support/school.h"
#include "support/scratch.h"

#define FILE_MAX_BYTES (1024 * 1024)
#define QUIET_HOUR_MS  (3600 * 1000)

/* One agent with all folders watched. */
struct drop {
    struct school *school;
    char dir[SCRATCH_BYTES];
    char folders[7][2 * SCRATCH_BYTES];
    struct watch *watch;
};

static struct watch *open_watch(struct drop *drop)
{
    struct error error = ERROR_NULL;
    struct watch *watch = NULL;

    assert_int_equal(watch_open(drop->school->practice->agent, &watch, &error), 0);
    assert_non_null(watch);
    return watch;
}

static int open_drop(void **state)
{
    static const char *const names[] = {"attendance", "roll",  "records", "appointments",
                                        "incidents",  "plans", "adults"};
    struct drop *drop = base_zalloc(1, sizeof(*drop));
    drop->school = school_new("");
    scratch_make(drop->dir);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)snprintf(drop->folders[i], sizeof(drop->folders[i]), "%s/%s", drop->dir, names[i]);
        assert_int_equal(mkdir(drop->folders[i], 0700), 0);
    }
    struct agent_options *options = &drop->school->practice->options;
    options->watch.attendance = drop->folders[0];
    options->watch.roll = drop->folders[1];
    options->watch.records = drop->folders[2];
    options->watch.appointments = drop->folders[3];
    options->watch.incidents = drop->folders[4];
    options->watch.plans = drop->folders[5];
    options->watch.adults = drop->folders[6];
    options->watch.quiet_ms = 0;
    drop->watch = open_watch(drop);
    *state = drop;
    return 0;
}

static int close_drop(void **state)
{
    struct drop *drop = *state;

    watch_close(&drop->watch);
    scratch_remove(drop->dir);
    school_free(&drop->school);
    base_free(&drop);
    return 0;
}

/* --- verbs --- */

static const char *path_of(const struct drop *drop, const char *name)
{
    static char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", drop->dir, name);
    return path;
}

static void put(const struct drop *drop, const char *name, const char *text)
{
    assert_int_equal(file_write_new(path_of(drop, name), slice_of_text(text), 0600), 0);
}

static bool there(const struct drop *drop, const char *name)
{
    struct stat status;

    return lstat(path_of(drop, name), &status) == 0;
}

/* The inode: the number that the file keeps when it is moved. */
static unsigned long long number_of(const struct drop *drop, const char *name)
{
    struct stat status;

    assert_int_equal(lstat(path_of(drop, name), &status), 0);
    return (unsigned long long)status.st_ino;
}

/* What lies in done/ or failed/ under the number: name and report, with `ending`. */
static bool left(const struct drop *drop, const char *folder, unsigned long long number,
                 const char *ending)
{
    char name[256];

    (void)snprintf(name, sizeof(name), "%s/%llu-%s", folder, number, ending);
    return there(drop, name);
}

static void read_report(const struct drop *drop, const char *folder, unsigned long long number,
                        const char *ending, struct buf *out)
{
    char name[256];

    (void)snprintf(name, sizeof(name), "%s/%llu-%s", folder, number, ending);
    assert_int_equal(file_read(path_of(drop, name), out), 0);
}

/* A register of one pupil with eighteen sessions and two absences. */
static const char *told_register(struct buf *text)
{
    int32_t day = 0;

    assert_true(date_join(2026, 9, 1, &day));
    buf_add_text(text, SCHOOL_REGISTER_HEADER);
    day = school_add_marks(text, 1, day, "/", 18);
    (void)school_add_marks(text, 1, day, "I", 2);
    return buf_text(text);
}

static uint64_t n_out(const struct drop *drop)
{
    return practice_rows(drop->school->practice, AT_OUT);
}

/* --- stories --- */

static void a_register_is_taken_with_a_report_beside_it(void **state)
{
    struct drop *drop = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf report = BUF_MAX(FILE_MAX_BYTES);
    (void)told_register(&text);
    buf_add_text(&text, "X840200126017,Thistledown,Peregrina,14/03/2016,NM7 4QX,2026-09-01,AM,/\n");
    put(drop, "attendance/in/week 37 (a).csv", buf_text(&text));
    unsigned long long number = number_of(drop, "attendance/in/week 37 (a).csv");

    (void)watch_turn(drop->watch);

    assert_false(there(drop, "attendance/in/week 37 (a).csv"));
    assert_true(left(drop, "attendance/done", number, "week 37 (a).csv"));
    assert_int_equal(n_out(drop), 1);
    read_report(drop, "attendance/done", number, "week 37 (a).csv.set-aside.txt", &report);
    assert_non_null(strstr(buf_text(&report), "21 rows, of which 20 were taken and 1 was not"));
    assert_non_null(strstr(buf_text(&report), "Row 22, column Date: is not a date"));
    assert_null(strstr(buf_text(&report), "Thistledown"));
    read_report(drop, "attendance/done", number, "week 37 (a).csv.report.json", &report);
    assert_non_null(strstr(buf_text(&report), "\"row\": 22"));
    assert_non_null(strstr(buf_text(&report), "\"result\": \"taken\""));
    assert_null(strstr(buf_text(&report), "Thistledown"));
}

static void a_roll_records_and_appointments_have_folders_of_their_own(void **state)
{
    struct drop *drop = *state;
    practice_become(drop->school->practice, "gp");
    _cleanup_(buf_deinit) struct buf concern = BUF_MAX(FILE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf day = BUF_MAX(FILE_MAX_BYTES);
    practice_concern_text("", &concern);
    assert_int_equal(file_read(SOURCE_DIR "/tests/data/demo/gp-noshow-1.json", &day), 0);
    put(drop, "roll/in/roll.csv",
        SCHOOL_ROLL_HEADER "X840200126017,Thistledown,Peregrina,14/03/2016,NM7 4QX\n");
    put(drop, "records/in/concern.json", buf_text(&concern));
    put(drop, "appointments/in/day.json", buf_text(&day));

    (void)watch_turn(drop->watch);

    assert_int_equal(practice_rows(drop->school->practice, AT_ROLL), 1);
    assert_int_equal(n_out(drop), 3);
    assert_false(there(drop, "records/in/concern.json"));
    assert_false(there(drop, "appointments/in/day.json"));
}

static void what_is_odd_about_a_record_in_a_folder_is_in_its_report(void **state)
{
    struct drop *drop = *state;
    _cleanup_(buf_deinit) struct buf concern = BUF_MAX(FILE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf report = BUF_MAX(FILE_MAX_BYTES);
    practice_concern_text("", &concern);
    text_replace(&concern, "999 411 7025", "999 411 7026");
    put(drop, "records/in/concern.json", buf_text(&concern));
    unsigned long long number = number_of(drop, "records/in/concern.json");

    (void)watch_turn(drop->watch);

    assert_int_equal(n_out(drop), 1);
    read_report(drop, "records/done", number, "concern.json.report.txt", &report);
    assert_non_null(strstr(buf_text(&report), "Row 1: the child's NHS number has a typing error, "
                                              "so nobody finds the child by it"));
    assert_non_null(strstr(buf_text(&report), "or leave it out. The row was taken."));
    assert_null(strstr(buf_text(&report), "7026"));
}

static void rows_that_were_taken_leave_room_for_those_that_were_not(void **state)
{
    (void)state;
    struct report report = {.rows = REPORT_FINDINGS_MAX + 1};
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REPORT_TEXT_MAX_BYTES);

    for (uint64_t row = 1; row <= REPORT_FINDINGS_MAX; row++) {
        report_find(&report, REPORT_FLAW, row, "", "is odd");
    }
    report_find(&report, REPORT_SET_ASIDE, report.rows, "", "has no birth date");
    report_text(&report, NULL, &text);

    assert_non_null(
        strstr(buf_text(&text), "Row 201: has no birth date. The row was not taken.\n"));
    assert_non_null(strstr(buf_text(&text), "And 100 more like these.\n"));
    report_deinit(&report);
}

static void as_many_reasons_as_there_may_be_are_reported_whole(void **state)
{
    (void)state;
    struct report report = {.rows = REPORT_FINDINGS_MAX};
    struct intake_item item = {.outcome = INTAKE_SET_ASIDE};
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REPORT_TEXT_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf json = BUF_MAX(REPORT_TEXT_MAX_BYTES);
    memset(item.reason, 'x', sizeof(item.reason) - 5);
    memcpy(item.reason + sizeof(item.reason) - 5, " end", 5);

    for (unsigned i = 0; i < REPORT_FINDINGS_MAX; i++) {
        report_tell(&report, &item);
    }
    report_text(&report, NULL, &text);

    assert_false(text.failed);
    assert_int_equal(report_json(&report, NULL, &json), 0);
    assert_non_null(strstr(buf_text(&text), "x end. The row was not taken.\n"));
    report_deinit(&report);
}

static void who_has_no_number_to_ring_reads_it_first_of_all(void **state)
{
    struct error error = ERROR_NULL;
    struct report report = {.rows = 1, .taken = 1};
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(REPORT_TEXT_MAX_BYTES);
    const struct intake_item item = {.outcome = INTAKE_ACCEPTED, .danger = true};
    (void)state;
    report_tell(&report, &item);
    report.urgent =
        json_parse(slice_of_text("[{\"outcome\": \"accepted\", \"telephone\": {}}]"), &error);

    report_text(&report, NULL, &text);

    assert_ptr_equal(strstr(buf_text(&text), "TELEPHONE THE DUTY DESK NOW: this computer does not "
                                             "know its number yet.\nRow 1 is immediate"),
                     buf_text(&text));
    report_deinit(&report);
}

static void incidents_plans_and_adults_have_folders_of_their_own(void **state)
{
    struct drop *drop = *state;
    static const char *const files[][3] = {
        {"plans/in/plan.json", "childrens_services/plan.json", "childrens-services"},
        {"adults/in/adult.json", "adult_services/adult.json", "adult-services"},
        {"incidents/in/incident.json", "police/incident.json", "police"},
        {"incidents/in/bad.json", "police/malformed-named-for-school.json", "police"},
    };
    unsigned long long bad = 0;
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
        char path[512];
        (void)snprintf(path, sizeof(path), SOURCE_DIR "/tests/data/%s", files[i][1]);
        assert_int_equal(file_read(path, &text), 0);
        practice_become(drop->school->practice, files[i][2]);
        put(drop, files[i][0], buf_text(&text));
        bad = number_of(drop, files[i][0]);

        (void)watch_turn(drop->watch);
    }

    assert_int_equal(n_out(drop), 3 + 3 + 1 + 2 + 2); /* records and involvements of each */
    assert_true(left(drop, "incidents/failed", bad, "bad.json"));
}

static void the_same_file_again_makes_no_second_record(void **state)
{
    struct drop *drop = *state;
    _cleanup_(buf_deinit) struct buf concern = BUF_MAX(FILE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    practice_concern_text("", &concern);
    (void)told_register(&text);

    for (int i = 0; i < 3; i++) {
        put(drop, "records/in/concern.json", buf_text(&concern));
        put(drop, "attendance/in/register.csv", buf_text(&text));
        (void)watch_turn(drop->watch);
    }

    assert_int_equal(n_out(drop), 2);
}

/* As if the agent had ended after the report was written and before the file was moved: what it
 * said is on disk, and the file is still there. */
static void after_a_crash_before_the_move_the_file_is_taken_to_its_end(void **state)
{
    struct drop *drop = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    char done[256];
    put(drop, "attendance/in/register.csv", told_register(&text));
    unsigned long long number = number_of(drop, "attendance/in/register.csv");
    (void)watch_turn(drop->watch);
    (void)snprintf(done, sizeof(done), "%s/attendance/done/%llu-register.csv", drop->dir, number);
    assert_int_equal(rename(done, path_of(drop, "attendance/in/register.csv")), 0);
    watch_close(&drop->watch);
    practice_reopen(drop->school->practice);

    drop->watch = open_watch(drop);
    (void)watch_turn(drop->watch);

    assert_true(left(drop, "attendance/done", number, "register.csv"));
    assert_int_equal(n_out(drop), 1);
}

static void a_wrong_header_refuses_the_file_with_its_reason(void **state)
{
    struct drop *drop = *state;
    _cleanup_(buf_deinit) struct buf report = BUF_MAX(FILE_MAX_BYTES);
    put(drop, "attendance/in/register.csv", "Name,Day\nPeregrina,Monday\n");
    unsigned long long number = number_of(drop, "attendance/in/register.csv");

    (void)watch_turn(drop->watch);

    assert_true(left(drop, "attendance/failed", number, "register.csv"));
    read_report(drop, "attendance/failed", number, "register.csv.report.txt", &report);
    assert_non_null(strstr(buf_text(&report), "refused, and nothing of it was taken"));
    assert_non_null(strstr(buf_text(&report), "missing: UPN, Forename, Surname"));
    assert_null(strstr(buf_text(&report), "Peregrina"));
    read_report(drop, "attendance/failed", number, "register.csv.report.json", &report);
    assert_non_null(strstr(buf_text(&report), "\"result\": \"refused\""));
}

static void a_spreadsheet_is_refused_with_how_to_save_it(void **state)
{
    static const uint8_t zip[] = {'P', 'K', 3, 4, 20, 0, 6, 0, 8, 0, 0, 0, '!', 0, '[', 'C'};
    struct drop *drop = *state;
    _cleanup_(buf_deinit) struct buf report = BUF_MAX(FILE_MAX_BYTES);
    assert_int_equal(
        file_write_new(path_of(drop, "attendance/in/register.xlsx"), SLICE_OF(zip), 0600), 0);
    unsigned long long number = number_of(drop, "attendance/in/register.xlsx");

    (void)watch_turn(drop->watch);

    assert_true(left(drop, "attendance/failed", number, "register.xlsx"));
    read_report(drop, "attendance/failed", number, "register.xlsx.report.txt", &report);
    assert_non_null(strstr(buf_text(&report), "refused, and nothing of it was taken"));
    assert_non_null(strstr(buf_text(&report), "save the file as \"CSV UTF-8\", not as a "
                                              "spreadsheet (.xlsx)"));
}

static void a_record_that_says_nothing_we_may_keep_is_refused(void **state)
{
    struct drop *drop = *state;
    put(drop, "records/in/concern.json", "{\"kind\":\"gossip\"}");
    unsigned long long number = number_of(drop, "records/in/concern.json");

    (void)watch_turn(drop->watch);

    assert_true(left(drop, "records/failed", number, "concern.json"));
    assert_int_equal(n_out(drop), 0);
}

static void what_is_being_written_is_left_alone(void **state)
{
    struct drop *drop = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    drop->school->practice->options.watch.quiet_ms = QUIET_HOUR_MS;
    put(drop, "attendance/in/register.csv.part", told_register(&text));
    put(drop, "attendance/in/register.tmp", buf_text(&text));
    put(drop, "attendance/in/.register.csv", buf_text(&text));
    int fd = open(path_of(drop, "attendance/in/register.csv"), O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_true(write(fd, "UPN", 3) == 3);
    (void)close(fd);

    assert_true(watch_turn(drop->watch) <= QUIET_HOUR_MS);

    assert_true(there(drop, "attendance/in/register.csv.part"));
    assert_true(there(drop, "attendance/in/register.tmp"));
    assert_true(there(drop, "attendance/in/.register.csv"));
    assert_true(there(drop, "attendance/in/register.csv")); /* it is not quiet for long enough */
    assert_int_equal(n_out(drop), 0);
}

static void what_is_moved_in_is_taken_at_once(void **state)
{
    struct drop *drop = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    char from[256];
    drop->school->practice->options.watch.quiet_ms = QUIET_HOUR_MS;
    put(drop, "attendance/in/register.part", told_register(&text));
    (void)snprintf(from, sizeof(from), "%s/attendance/in/register.part", drop->dir);
    assert_int_equal(rename(from, path_of(drop, "attendance/in/register.csv")), 0);

    (void)watch_turn(drop->watch);

    assert_false(there(drop, "attendance/in/register.csv"));
    assert_int_equal(n_out(drop), 1);
}

static void the_oldest_file_comes_first(void **state)
{
    struct drop *drop = *state;
    struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    put(drop, "attendance/in/b.csv",
        told_register(&text)); /* the older one, in spite of its name */
    assert_int_equal(utimensat(AT_FDCWD, path_of(drop, "attendance/in/b.csv"), old, 0), 0);
    buf_reset(&text);
    buf_add_text(&text, SCHOOL_REGISTER_HEADER);
    (void)school_add_marks(&text, 1, 20697, "/", 20); /* from 2026-09-01: all of it corrected */
    put(drop, "attendance/in/a.csv", buf_text(&text));

    (void)watch_turn(drop->watch);

    assert_int_equal(practice_count(drop->school->practice, "withdrawn"), 1);
}

static void links_devices_and_other_peoples_files_are_never_read(void **state)
{
    struct drop *drop = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf report = BUF_MAX(FILE_MAX_BYTES);
    char other[256];
    (void)told_register(&text);
    put(drop, "elsewhere", buf_text(&text));
    (void)snprintf(other, sizeof(other), "%s/elsewhere", drop->dir);
    assert_int_equal(symlink(other, path_of(drop, "attendance/in/symbolic.csv")), 0);
    assert_int_equal(link(other, path_of(drop, "attendance/in/hard.csv")), 0);
    assert_int_equal(mkfifo(path_of(drop, "attendance/in/fifo.csv"), 0600), 0);
    assert_int_equal(mkdir(path_of(drop, "attendance/in/folder.csv"), 0700), 0);
    put(drop, "attendance/in/open.csv", buf_text(&text));
    assert_int_equal(chmod(path_of(drop, "attendance/in/open.csv"), 0620), 0);
    static const char *const names[] = {"symbolic.csv", "hard.csv", "fifo.csv", "folder.csv",
                                        "open.csv"};
    static const char *const words[] = {"no regular file", "hard link", "no regular file",
                                        "no regular file", "chmod go-w"};
    unsigned long long numbers[ARRAY_LEN(names)];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char name[256];
        (void)snprintf(name, sizeof(name), "attendance/in/%s", names[i]);
        numbers[i] = number_of(drop, name);
    }

    put(drop, "attendance/in/theirs.csv", buf_text(&text)); /* behind them, and in nobody's way */
    (void)watch_turn(drop->watch);

    assert_false(there(drop, "attendance/in/theirs.csv"));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        char name[256];
        bool file = i == 1 || i == 4;
        assert_int_equal(left(drop, "attendance/failed", numbers[i], names[i]), file);
        (void)snprintf(name, sizeof(name), "attendance/in/%s", names[i]);
        assert_int_equal(there(drop, name), !file);
        (void)snprintf(name, sizeof(name), "%s.report.txt", names[i]);
        read_report(drop, "attendance/failed", numbers[i], name, &report);
        assert_non_null(strstr(buf_text(&report), words[i]));
    }
    assert_int_equal(n_out(drop), 1); /* of theirs.csv alone */
}

static void a_link_is_told_of_once(void **state)
{
    struct drop *drop = *state;
    char name[256];
    assert_int_equal(symlink("/etc/passwd", path_of(drop, "attendance/in/link.csv")), 0);
    (void)snprintf(name, sizeof(name), "attendance/failed/%llu-link.csv.report.json",
                   number_of(drop, "attendance/in/link.csv"));
    (void)watch_turn(drop->watch);
    unsigned long long first = number_of(drop, name);

    (void)watch_turn(drop->watch);

    assert_true(there(drop, "attendance/in/link.csv"));
    assert_int_equal(number_of(drop, name), first);
}

static struct feed registers(const struct drop *drop)
{
    struct feed feeds[FEEDS_MAX];
    _cleanup_(store_end) struct store_txn *txn = store_read(drop->school->practice->agent->store);
    (void)feeds_list(txn, &drop->school->practice->options, feeds);
    assert_string_equal(feeds[0].name, "attendance");
    return feeds[0];
}

static size_t refused_registers(const struct drop *drop)
{
    return registers(drop).refused;
}

static void rows_set_aside_count_until_somebody_takes_the_report_away(void **state)
{
    struct drop *drop = *state;
    char report[256];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    (void)told_register(&text);
    put(drop, "attendance/in/whole.csv", buf_text(&text));
    (void)watch_turn(drop->watch);
    assert_int_equal(registers(drop).set_aside, 0);
    buf_add_text(&text, "X840200126017,Thistledown,Peregrina,14/03/2016,NM7 4QX,2026-09-01,AM,/\n");
    put(drop, "attendance/in/most.csv", buf_text(&text));
    (void)snprintf(report, sizeof(report), "attendance/done/%llu-most.csv" WATCH_SET_ASIDE,
                   number_of(drop, "attendance/in/most.csv"));

    (void)watch_turn(drop->watch);

    assert_int_equal(registers(drop).set_aside, 1);
    assert_int_equal(registers(drop).refused, 0);
    assert_int_equal(unlink(path_of(drop, report)), 0);
    assert_int_equal(registers(drop).set_aside, 0);
}

static void what_was_refused_counts_until_somebody_takes_it_away(void **state)
{
    struct drop *drop = *state;
    char failed[256];
    put(drop, "attendance/in/register.csv", "Name,Day\nPeregrina,Monday\n");
    (void)snprintf(failed, sizeof(failed), "attendance/failed/%llu-register.csv",
                   number_of(drop, "attendance/in/register.csv"));
    assert_int_equal(symlink("/etc/passwd", path_of(drop, "attendance/in/link.csv")), 0);
    assert_int_equal(refused_registers(drop), 1);

    (void)watch_turn(drop->watch);

    assert_int_equal(refused_registers(drop), 2);
    assert_int_equal(unlink(path_of(drop, "attendance/in/link.csv")), 0);
    assert_int_equal(unlink(path_of(drop, failed)), 0);
    assert_int_equal(refused_registers(drop), 0);
}

static void what_is_urgent_is_reported_with_whom_to_telephone(void **state)
{
    struct drop *drop = *state;
    _cleanup_(buf_deinit) struct buf concern = BUF_MAX(FILE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf report = BUF_MAX(FILE_MAX_BYTES);
    practice_concern_text("\"urgency\":\"immediate\",", &concern);
    put(drop, "records/in/concern.json", buf_text(&concern));
    unsigned long long number = number_of(drop, "records/in/concern.json");

    (void)watch_turn(drop->watch);

    read_report(drop, "records/done", number, "concern.json.report.txt", &report);
    assert_non_null(strstr(buf_text(&report), "TELEPHONE NOW: "));
    assert_non_null(strstr(buf_text(&report), "accepted, reference "));
    assert_null(strstr(buf_text(&report), "Peregrina"));
    read_report(drop, "records/done", number, "concern.json.report.json", &report);
    assert_non_null(strstr(buf_text(&report), "\"urgent\": ["));
    assert_non_null(strstr(buf_text(&report), "\"phone\": "));
    assert_non_null(strstr(buf_text(&report), "\"reference\": "));
}

static void a_file_of_which_every_row_was_set_aside_was_not_taken(void **state)
{
    struct drop *drop = *state;
    _cleanup_(buf_deinit) struct buf report = BUF_MAX(FILE_MAX_BYTES);
    put(drop, "attendance/in/register.csv",
        SCHOOL_REGISTER_HEADER
        "X840200126017,Thistledown,Zo\xeb,14/03/2016,NM7 4QX,01/09/2026,AM,/\n");
    unsigned long long number = number_of(drop, "attendance/in/register.csv");

    (void)watch_turn(drop->watch);

    assert_true(left(drop, "attendance/failed", number, "register.csv"));
    read_report(drop, "attendance/failed", number, "register.csv.report.txt", &report);
    assert_non_null(strstr(buf_text(&report), "every row was set aside"));
    assert_non_null(strstr(buf_text(&report), "Row 2"));
}

static void a_hostile_name_is_neither_used_nor_repeated(void **state)
{
    struct drop *drop = *state;
    static const char *const names[] = {"attendance/in/-rf", "attendance/in/a\nb.csv",
                                        "attendance/in/\x1b[2J.csv", "attendance/in/Zo\xc3\xab.csv",
                                        "attendance/in/$(x).csv"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        put(drop, names[i], SCHOOL_REGISTER_HEADER);
        unsigned long long number = number_of(drop, names[i]);

        (void)watch_turn(drop->watch);

        assert_false(there(drop, names[i]));
        assert_true(left(drop, "attendance/failed", number, "unnamed"));
        assert_true(left(drop, "attendance/failed", number, "unnamed.report.json"));
    }
}

static void a_folder_that_others_can_reach_is_refused(void **state)
{
    struct drop *drop = *state;
    struct error error = ERROR_NULL;
    struct watch *watch = NULL;
    assert_int_equal(chmod(drop->folders[1], 0770), 0);

    assert_int_equal(watch_open(drop->school->practice->agent, &watch, &error), -EPERM);
    assert_null(watch);
    assert_string_equal(error.where, drop->folders[1]);
    assert_non_null(strstr(error.what, "chmod 0700"));

    error = ERROR_NULL;
    assert_int_equal(chmod(drop->folders[1], 0700), 0);
    assert_int_equal(chmod(path_of(drop, "attendance/in"), 0722), 0);
    assert_int_equal(watch_open(drop->school->practice->agent, &watch, &error), -EPERM);

    error = ERROR_NULL;
    drop->school->practice->options.watch.attendance = path_of(drop, "nowhere");
    assert_int_equal(watch_open(drop->school->practice->agent, &watch, &error), -ENOENT);
}

/* No file may grow beyond what the store's has now. */
static void fill_disk(const struct drop *drop, bool full)
{
    char path[256];
    struct stat status;
    struct rlimit limit;
    (void)snprintf(path, sizeof(path), "%s/data.mdb", drop->school->practice->store);
    assert_int_equal(stat(path, &status), 0);
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = full ? (rlim_t)status.st_size : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void on_a_full_disk_a_file_stays_where_it_is(void **state)
{
    struct drop *drop = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    put(drop, "attendance/in/register.csv", told_register(&text));
    fill_disk(drop, true);

    int wait_ms = watch_turn(drop->watch);
    bool stays = there(drop, "attendance/in/register.csv");
    fill_disk(drop, false);
    (void)watch_turn(drop->watch);

    assert_true(stays);
    assert_in_range(wait_ms, 1, 10000);
    assert_false(there(drop, "attendance/in/register.csv"));
    assert_int_equal(n_out(drop), 1);
}

static void without_folders_nothing_is_watched(void **state)
{
    struct practice *practice = practice_new();
    struct error error = ERROR_NULL;
    struct watch_thread *thread = NULL;
    (void)state;

    assert_int_equal(watch_start(practice->agent, &thread, &error), 0);

    assert_null(thread);
    watch_stop(&thread);
    practice_free(&practice);
}

static void the_thread_takes_what_comes_and_stops_when_asked(void **state)
{
    struct drop *drop = *state;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(FILE_MAX_BYTES);
    struct error error = ERROR_NULL;
    struct watch_thread *thread = NULL;
    struct practice *practice = drop->school->practice;
    watch_close(&drop->watch);
    uint64_t seen = news_count(&practice->agent->news);

    assert_int_equal(watch_start(practice->agent, &thread, &error), 0);
    put(drop, "attendance/in/register.csv", told_register(&text));
    bool told = news_wait(&practice->agent->news, seen, 30000);
    watch_stop(&thread);

    assert_true(told);
    assert_int_equal(n_out(drop), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_drop, close_drop)
    const struct CMUnitTest tests[] = {
        TEST(a_register_is_taken_with_a_report_beside_it),
        TEST(a_roll_records_and_appointments_have_folders_of_their_own),
        TEST(what_is_odd_about_a_record_in_a_folder_is_in_its_report),
        cmocka_unit_test(rows_that_were_taken_leave_room_for_those_that_were_not),
        cmocka_unit_test(as_many_reasons_as_there_may_be_are_reported_whole),
        cmocka_unit_test(who_has_no_number_to_ring_reads_it_first_of_all),
        TEST(incidents_plans_and_adults_have_folders_of_their_own),
        TEST(the_same_file_again_makes_no_second_record),
        TEST(after_a_crash_before_the_move_the_file_is_taken_to_its_end),
        TEST(a_wrong_header_refuses_the_file_with_its_reason),
        TEST(a_spreadsheet_is_refused_with_how_to_save_it),
        TEST(a_record_that_says_nothing_we_may_keep_is_refused),
        TEST(what_is_being_written_is_left_alone),
        TEST(what_is_moved_in_is_taken_at_once),
        TEST(the_oldest_file_comes_first),
        TEST(links_devices_and_other_peoples_files_are_never_read),
        TEST(a_link_is_told_of_once),
        TEST(rows_set_aside_count_until_somebody_takes_the_report_away),
        TEST(what_was_refused_counts_until_somebody_takes_it_away),
        TEST(what_is_urgent_is_reported_with_whom_to_telephone),
        TEST(a_file_of_which_every_row_was_set_aside_was_not_taken),
        TEST(a_hostile_name_is_neither_used_nor_repeated),
        TEST(a_folder_that_others_can_reach_is_refused),
        TEST(on_a_full_disk_a_file_stays_where_it_is),
        cmocka_unit_test(without_folders_nothing_is_watched),
        TEST(the_thread_takes_what_comes_and_stops_when_asked),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
