/* SPDX-License-Identifier: Apache-2.0 */
/* What `cairn check` finds by an agent's answer or a broker's counters, and the figures of a broker
 * for Prometheus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/date.h"
#include "broker/counters.h"
#include "cli/check.h"
#include "crypto/crypto.h"
#include "govern/duty.h"
#include "os/files.h"
#include "support/console.h"
#include "support/scratch.h"

#define NOW "2026-11-22T12:00:00.000Z"

struct bench {
    char dir[SCRATCH_BYTES];
    char file[96];
    struct console *console;
    struct counters counters;
    struct clock_fake clock;
};

static int set_up(void **state)
{
    struct bench *bench = base_zalloc(1, sizeof(*bench));
    struct error error = ERROR_NULL;
    int64_t now_ms = 0;

    assert_int_equal(crypto_init(NULL), 0);
    assert_true(instant_parse(slice_of_text(NOW), &now_ms));
    clock_fake_init(&bench->clock, now_ms);
    scratch_make(bench->dir);
    (void)snprintf(bench->file, sizeof(bench->file), "%s/counters", bench->dir);
    assert_int_equal(broker_counters_create(bench->file, &bench->counters, &error), 0);
    bench->console = console_new();
    bench->console->clock = &bench->clock.clock;
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;

    counters_close(&bench->counters);
    console_free(&bench->console);
    scratch_remove(bench->dir);
    base_free(&bench);
    crypto_deinit();
    return 0;
}

/* --- an agent --- */

#define WELL                                                                                       \
    "\"link\":{\"state\":\"connected\",\"clock_ahead_ms\":40},"                                    \
    "\"spool\":{\"urgent\":0,\"normal\":0,\"bulk\":0},\"held\":[],\"duty\":{\"gap\":\"none\"},"    \
    "\"log\":{\"size\":9,\"contradicted\":false},\"unopened\":{\"alerts\":0,\"records\":0},"       \
    "\"store\":{\"used_percent\":3,\"disk_percent\":40}"

struct judged {
    const char *health; /* members instead of, or beside, those of WELL */
    enum check_level level;
    const char *words;
};

static const struct judged rows[] = {
    {"\"x\":1", CHECK_OK, ""},
    {"\"log\":{\"contradicted\":true}", CHECK_CRITICAL, "two logs"},
    {"\"log\":{\"confirmations\":{\"others\":3,\"ever\":3,\"lately\":2,\"missed\":false}}",
     CHECK_OK, ""},
    {"\"log\":{\"confirmations\":{\"others\":5,\"ever\":3,\"lately\":1,\"missed\":true}}",
     CHECK_WARNING, "only 1 of 5 other agencies has confirmed this log lately"},
    {"\"log\":{\"confirmations\":{\"others\":5,\"ever\":3,\"lately\":0,\"missed\":true,"
     "\"at\":\"2026-11-18T11:57:00.000Z\"}}",
     CHECK_WARNING, "no other agency has confirmed this log since 2026-11-18 11:57"},
    {"\"log\":{\"confirmations\":{\"others\":5,\"ever\":0,\"lately\":0,\"missed\":true,"
     "\"since\":\"2026-11-17T11:57:00.000Z\"}}",
     CHECK_WARNING, "no other agency has confirmed this log since 2026-11-17 11:57"},
    {"\"link\":{\"state\":\"connecting\",\"since\":\"2026-11-22T11:57:00.000Z\"}", CHECK_OK, ""},
    {"\"link\":{\"state\":\"connecting\",\"since\":\"2026-11-22T11:50:00.000Z\"}", CHECK_WARNING,
     "not connected"},
    {"\"link\":{\"state\":\"unapproved\",\"since\":\"2026-11-22T11:59:50.000Z\"}", CHECK_WARNING,
     "not approved yet: send request.json to the partnership"},
    {"\"link\":{\"state\":\"unapproved\",\"since\":\"2026-11-22T11:20:00.000Z\"}", CHECK_CRITICAL,
     "not approved yet"},
    {"\"link\":{\"state\":\"stopped\",\"since\":\"2026-11-22T11:00:00.000Z\"}", CHECK_CRITICAL,
     "not connected"},
    {"\"link\":{\"state\":\"connected\",\"clock_ahead_ms\":-70000}", CHECK_WARNING, "by -70 s"},
    {"\"unopened\":{\"alerts\":0,\"records\":2}", CHECK_CRITICAL, "2 urgent"},
    {"\"unopened\":{\"alerts\":1,\"oldest_alert\":\"2026-11-21T13:00:00.000Z\"}", CHECK_OK, ""},
    {"\"unopened\":{\"alerts\":1,\"oldest_alert\":\"2026-11-21T11:00:00.000Z\"}", CHECK_WARNING,
     "since 25 h"},
    {"\"unopened\":{\"alerts\":1,\"oldest_alert\":\"2026-11-18T11:00:00.000Z\"}", CHECK_CRITICAL,
     "1 alert opened by nobody"},
    {"\"spool\":{\"normal\":4,\"oldest\":\"2026-11-22T11:20:00.000Z\"}", CHECK_WARNING,
     "4 not sent, the oldest since 40 min"},
    {"\"spool\":{\"bulk\":4,\"oldest\":\"2026-11-22T07:00:00.000Z\"}", CHECK_CRITICAL, "300 min"},
    {"\"spool\":{\"unsealed\":3,\"oldest\":\"2026-11-22T11:20:00.000Z\"}", CHECK_WARNING,
     "3 not sent, the oldest since 40 min"},
    {"\"spool\":{\"settling\":3}", CHECK_OK, ""},
    {"\"spool\":{\"urgent\":2,\"oldest_urgent\":\"2026-11-22T11:59:30.000Z\"}", CHECK_OK, ""},
    {"\"spool\":{\"urgent\":2,\"oldest_urgent\":\"2026-11-22T11:59:00.000Z\"}", CHECK_WARNING,
     "urgent and not sent since 1 min"},
    {"\"spool\":{\"urgent\":2,\"oldest_urgent\":\"2026-11-22T11:58:00.000Z\"}", CHECK_CRITICAL,
     "urgent and not sent since 2 min: nobody has it; telephone"},
    {"\"link\":{\"state\":\"connecting\",\"since\":\"2026-11-22T11:59:50.000Z\"},"
     "\"spool\":{\"urgent\":2,\"oldest_urgent\":\"2026-11-22T11:59:55.000Z\"}",
     CHECK_WARNING, "urgent and not sent since 0 min"},
    {"\"link\":{\"state\":\"revoked\",\"since\":\"2026-11-22T11:59:50.000Z\"}", CHECK_CRITICAL,
     "was revoked"},
    {"\"linkage\":\"open\"", CHECK_OK, ""},
    {"\"linkage\":\"earlier\"", CHECK_WARNING, "into its folder of keys and restart it"},
    {"\"linkage\":\"closed\"", CHECK_CRITICAL,
     "nothing is sent; put opening-key-N, transport-key-N and signing-key-N of the newest set, "
     "from keys/ of the folder in which cairn agency renew was run or from the safe, into its "
     "folder of keys and restart it"},
    {"\"missing_key\":\"signing-key-2\"", CHECK_WARNING,
     "signing-key-2 is not in the agent's folder of keys"},
    {"\"held\":[{\"aside\":true}]", CHECK_WARNING, "1 held back"},
    {"\"inbox\":{\"missing\":3,\"noticed\":\"2026-11-21T12:00:00.000Z\"}", CHECK_WARNING,
     "3 deliveries never came"},
    {"\"inbox\":{\"missing\":1,\"noticed\":\"2026-11-21T12:00:00.000Z\"}", CHECK_WARNING,
     "1 delivery never came"},
    {"\"inbox\":{\"missing\":3,\"noticed\":\"2026-10-21T12:00:00.000Z\"}", CHECK_OK, ""},
    {"\"returned\":{\"waiting\":2,\"danger\":0}", CHECK_WARNING, "2 refused by the broker"},
    {"\"returned\":{\"waiting\":2,\"danger\":1}", CHECK_CRITICAL, "1 urgent refused by the broker"},
    {"\"reviews_due\":2", CHECK_WARNING, "cairn kept"},
    {"\"duty\":{\"gap\":\"front-door\",\"words\":\"no front door is in the directory\"}",
     CHECK_CRITICAL, "no front door"},
    {"\"duty\":{\"gap\":\"calendar\",\"words\":\"no calendar is in force\"}", CHECK_WARNING,
     "no calendar"},
    {"\"feeds\":[{\"feed\":\"roll\",\"last\":\"2026-11-20T12:00:00.000Z\"}]", CHECK_OK, ""},
    {"\"feeds\":[{\"feed\":\"roll\",\"last\":\"2026-11-10T12:00:00.000Z\"}]", CHECK_WARNING,
     "from roll for 288 h"},
    {"\"feeds\":[{\"feed\":\"roll\"}]", CHECK_WARNING, "nothing has ever come from roll"},
    {"\"feeds\":[{\"feed\":\"interface\"}]", CHECK_OK, ""},
    {"\"feeds\":[{\"feed\":\"roll\",\"last\":\"2026-11-20T12:00:00.000Z\",\"refused\":12,"
     "\"folder\":\"/srv/roll\"}]",
     CHECK_WARNING, "12 refused in /srv/roll/failed: read the reports there"},
    {"\"feeds\":[{\"feed\":\"roll\",\"last\":\"2026-11-20T12:00:00.000Z\",\"set_aside\":2,"
     "\"folder\":\"/srv/roll\"}]",
     CHECK_WARNING, "2 taken but for some rows, in /srv/roll/done"},
    {"\"governance\":{\"agreements\":{\"review_by\":\"2027-03-01\"}}", CHECK_OK, ""},
    {"\"governance\":{\"agreements\":{\"review_by\":\"2026-12-24\"}}", CHECK_WARNING,
     "agreements must be reviewed"},
    {"\"governance\":{\"agreements\":{\"review_by\":\"2026-11-30\"}}", CHECK_CRITICAL,
     "within 9 days"},
    {"\"governance\":{\"agreements\":{\"review_by\":\"2026-11-22\"}}", CHECK_CRITICAL,
     "the agreements must be reviewed within 1 day"},
    {"\"governance\":{\"agreements\":{\"review_by\":\"2026-11-21\"}}", CHECK_CRITICAL,
     "past their review date"},
    {"\"store\":{\"used_percent\":3,\"disk_percent\":85}", CHECK_WARNING, "disk is 85 % full"},
    {"\"store\":{\"used_percent\":91,\"disk_percent\":10}", CHECK_CRITICAL, "store is 91 % full"},
};

/* WELL without the members that the row has. */
static void health_of(const struct judged *row, char *out, size_t bytes)
{
    static const char *const members[] = {"\"link\":", "\"spool\":",    "\"held\":", "\"duty\":",
                                          "\"log\":",  "\"unopened\":", "\"store\":"};
    char well[] = WELL;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (strstr(row->health, members[i]) != NULL) {
            strstr(well, members[i])[1] = '_'; /* of another name: nobody reads it */
        }
    }
    (void)snprintf(out, bytes, "{%s,%s}", well, row->health);
}

static void each_state_of_an_agent_has_its_level_and_its_words(void **state)
{
    const struct bench *bench = *state;
    const struct check_limits limits = check_limits_default();

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[2048];
        struct error error = ERROR_NULL;
        struct check check;
        health_of(&rows[i], text, sizeof(text));
        _cleanup_(json_free) struct json *health = json_parse(slice_of_text(text), &error);
        assert_non_null(health);
        struct json_view view = json_view(health, &error);
        check_init(&check, &limits, bench->clock.real_ms);

        check_agent(&check, &view);

        if (check.worst != rows[i].level) {
            fail_msg("%s: level %d", rows[i].health, (int)check.worst);
        }
        if (strstr(buf_text(&check.words[check.worst]), rows[i].words) == NULL) {
            fail_msg("%s: %s", rows[i].health, buf_text(&check.words[check.worst]));
        }
        check_deinit(&check);
    }
}

/* --- a broker --- */

static void a_broker_that_is_well_is_ok_with_its_figures(void **state)
{
    struct bench *bench = *state;
    count_set(&bench->counters, COUNT_COMMIT_DISK_PERCENT, 41);
    count_set(&bench->counters, COUNT_COMMIT_LOG_SIZE, 12);

    assert_int_equal((int)CONSOLE(bench->console, "check", bench->dir), CHECK_OK);

    assert_string_equal(bench->console->said, "CAIRN BROKER OK - nothing is overdue | "
                                              "disk=41%;80;90;0;100 log=12 undelivered=0 "
                                              "resident=0B\n");
}

static void each_state_of_a_broker_has_its_level(void **state)
{
    static const struct {
        enum broker_counter counter;
        uint64_t value;
        enum check_level level;
        const char *words;
    } states[] = {
        {COUNT_WAITING_RECORDS, 1, CHECK_CRITICAL, "1 urgent"},
        {COUNT_DUTY_GAP, DUTY_GAP_FRONT_DOOR, CHECK_CRITICAL, "`cairn agency approve`"},
        {COUNT_DUTY_GAP, DUTY_GAP_CALENDAR, CHECK_WARNING, "no calendar is in force"},
        {COUNT_DUTY_GAP, DUTY_GAP_DESK, CHECK_WARNING, "no desk of the calendar"},
        {COUNT_DUTY_GAP, 99, CHECK_WARNING, "nobody may be there"},
        {COUNT_WAITING_ALERTS, 1, CHECK_WARNING, "1 alert opened"},
        {COUNT_WAITING_ALERTS, 2, CHECK_WARNING, "2 alerts opened"},
        {COUNT_WAITING_SILENT, 3, CHECK_WARNING, "3 agencies have said nothing of any child"},
        {COUNT_WAITING_SILENT, 1, CHECK_WARNING,
         "1 agency has said nothing of any child for 7 days: gp-elm"},
        {COUNT_COMMIT_CRASHED, 1, CHECK_WARNING, "crash"},
        {COUNT_COMMIT_DEATHS, 2, CHECK_OK, "nothing is overdue"},
        {COUNT_COMMIT_DEATHS, 3, CHECK_WARNING, "died 3 times in a row"},
        {COUNT_COMMIT_CLOCK_FROZEN, 1, CHECK_WARNING, "clock has stepped"},
        {COUNT_COMMIT_DISK_PERCENT, 95, CHECK_CRITICAL, "disk is 95 % full"},
        {COUNT_REVIEW_PATTERNS_MS, 1, CHECK_CRITICAL, "patterns are past"},
    };
    struct bench *bench = *state;
    counters_say(&bench->counters, slice_of_text("gp-elm"));

    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        count_set(&bench->counters, states[i].counter, states[i].value);
        assert_int_equal((int)CONSOLE(bench->console, "check", bench->dir), states[i].level);
        assert_non_null(strstr(bench->console->said, states[i].words));
        count_set(&bench->counters, states[i].counter, 0);
    }
}

static void a_broker_that_has_ended_is_critical_and_a_folder_without_one_unknown(void **state)
{
    struct bench *bench = *state;
    counters_close(&bench->counters);

    assert_int_equal((int)CONSOLE(bench->console, "check", bench->dir), CHECK_CRITICAL);
    assert_non_null(strstr(bench->console->said, "CAIRN BROKER CRITICAL - the broker is not"));

    assert_int_equal((int)CONSOLE(bench->console, "check", "/nowhere/at/all"), CHECK_UNKNOWN);
    assert_int_equal((int)CONSOLE(bench->console, "check", "--disk", "80", "x"), CHECK_UNKNOWN);
}

static void limits_are_the_callers_and_json_says_the_same(void **state)
{
    struct bench *bench = *state;
    count_set(&bench->counters, COUNT_COMMIT_DISK_PERCENT, 50);

    assert_int_equal((int)CONSOLE(bench->console, "--json", "check", "--disk", "50,60", bench->dir),
                     CHECK_WARNING);

    assert_non_null(strstr(bench->console->said, "\"figures\":{\"disk\":50,\"log\":0,"));
    assert_non_null(strstr(bench->console->said, "\"findings\":[{\"level\":\"WARNING\",\"words\":"
                                                 "\"the disk is 50 % full\"}],"));
    assert_non_null(strstr(bench->console->said, "\"state\":\"WARNING\"}\n"));
    assert_int_equal((int)CONSOLE(bench->console, "check", "--disk", "0,0", bench->dir), CHECK_OK);
}

/* --- for Prometheus --- */

static void every_counter_of_the_broker_has_its_metric(void **state)
{
    struct bench *bench = *state;
    struct counters_reading reading;
    for (size_t i = 0; i < N_BROKER_COUNTERS; i++) {
        count_set(&bench->counters, (enum broker_counter)i, 7000000 + i * 1000);
    }
    assert_int_equal(counters_read(bench->file, &reading), 0);

    assert_int_equal(CONSOLE(bench->console, "metrics", bench->dir), STATUS_OK);

    for (size_t i = 0; i < N_BROKER_COUNTERS; i++) {
        char plain[32];
        char thousandth[32];
        char hundredth[32];
        (void)snprintf(plain, sizeof(plain), " %zu\n", (size_t)7000000 + i * 1000);
        (void)snprintf(thousandth, sizeof(thousandth), " %zu.000\n", (size_t)7000 + i);
        (void)snprintf(hundredth, sizeof(hundredth), " %zu.00\n", (size_t)70000 + i * 10);
        if (strstr(bench->console->said, plain) == NULL &&
            strstr(bench->console->said, thousandth) == NULL &&
            strstr(bench->console->said, hundredth) == NULL) {
            fail_msg("no metric for %s", reading.counters[i].name);
        }
    }
    assert_non_null(strstr(bench->console->said, "{verdict=\"OVER_QUOTA\"} 0\n"));
    assert_non_null(strstr(bench->console->said, "{what=\"links_parted\"} 0\n"));
}

static void a_broker_that_has_ended_says_so_and_nothing_else(void **state)
{
    struct bench *bench = *state;
    char path[128];
    struct stat status;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(65536);
    counters_close(&bench->counters);
    (void)snprintf(path, sizeof(path), "%s/cairn.prom", bench->dir);

    assert_int_equal(CONSOLE(bench->console, "metrics", bench->dir, "--textfile", path),
                     STATUS_UNREACHABLE);

    assert_int_equal(file_read(path, &text), 0);
    assert_non_null(strstr(buf_text(&text), "\ncairn_broker_up 0\n"));
    assert_null(strstr(buf_text(&text), "cairn_broker_frames_total"));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
}

#define STORY(story) cmocka_unit_test_setup_teardown(story, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORY(each_state_of_an_agent_has_its_level_and_its_words),
        STORY(a_broker_that_is_well_is_ok_with_its_figures),
        STORY(each_state_of_a_broker_has_its_level),
        STORY(a_broker_that_has_ended_is_critical_and_a_folder_without_one_unknown),
        STORY(limits_are_the_callers_and_json_says_the_same),
        STORY(every_counter_of_the_broker_has_its_metric),
        STORY(a_broker_that_has_ended_says_so_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
