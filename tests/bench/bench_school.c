/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_school.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/core/state.h"
#include "base/clock.h"
#include "base/date.h"
#include "os/files.h"

#define ABSENT_EVERY   30
#define EARLIER_DAYS   9
#define SATURDAY       5
#define LOOK_MS        2
#define WAIT_S         120
#define FILE_MAX_BYTES (16U << 20)

/* --- the file --- */

static void add_pupil_day(struct buf *out, size_t pupil, int32_t day, bool absent)
{
    int year;
    int month;
    int of_month;
    char birth[16];

    date_split(day, &year, &month, &of_month);
    (void)snprintf(birth, sizeof(birth), "%02zu/%02zu/%zu", pupil % 28 + 1, pupil % 12 + 1,
                   2012 + pupil % 5);
    for (size_t session = 0; session < 2; session++) {
        buf_format(out, "A%zu,Brackenridge%zu,Fenwick,%s,NM7 4QX,", pupil, pupil, birth);
        buf_format(out, "%02d/%02d/%d,%s,%s\r\n", of_month, month, year, session == 0 ? "AM" : "PM",
                   absent ? "I" : "/");
    }
}

/* The nth school day before today, or today's when it is one. */
static int32_t school_day(size_t n)
{
    int32_t day = instant_london_day(clock_real_ms(clock_system()));

    while (date_weekday(day) >= SATURDAY || n > 0) {
        n -= date_weekday(day) >= SATURDAY ? 0 : 1;
        day--;
    }
    return day;
}

static void make_register(struct buf *out, const struct school_bench *school, size_t pupils,
                          bool newest)
{
    buf_add_text(out, "Adno,Surname,Forename,DOB,Postcode,Date,Session,Code\r\n");
    for (size_t back = newest ? 0 : EARLIER_DAYS; back > 0 || newest; back--) {
        for (size_t i = 1; i <= pupils; i++) {
            add_pupil_day(out, school->pupils + i, school_day(back),
                          !newest && i % ABSENT_EVERY == 0);
        }
        if (newest) {
            break;
        }
    }
    assert(buf_ok(out));
}

/* --- the agent --- */

static uint64_t rows(const struct school_bench *school, enum agent_table table)
{
    uint64_t counted[STORE_TABLES_MAX];

    bench_must(store_rows(school->store, counted), "the agent's store", NULL);
    return counted[table];
}

/* Once, with the name that the agent will give it when it is done. */
static void drop(struct school_bench *school, const struct buf *text, char ret_done[BENCH_PATH])
{
    char part[BENCH_PATH];
    char in[BENCH_PATH];
    char name[64];
    struct stat status;

    (void)snprintf(name, sizeof(name), "in/%zu.csv", ++school->files);
    bench_path(part, school->partnership->school.watched, "new.part");
    bench_path(in, school->partnership->school.watched, name);
    bench_must(file_write_new(part, buf_slice(text), 0600), part, NULL);
    if (stat(part, &status) != 0 || rename(part, in) != 0) {
        bench_must(-errno, in, NULL);
    }
    (void)snprintf(name, sizeof(name), "done/%" PRIu64 "-%zu.csv", (uint64_t)status.st_ino,
                   school->files);
    bench_path(ret_done, school->partnership->school.watched, name);
}

/* Everything that the file told is stored at the broker, and the agent has that on disk. */
static bool is_through(const struct school_bench *school, const char *done)
{
    return access(done, F_OK) == 0 && rows(school, AT_SPOOL) == 0 && rows(school, AT_SETTLING) == 0;
}

static void wait_through(const struct school_bench *school, const char *done,
                         struct school_day *ret)
{
    double until_s = bench_now_s() + WAIT_S;
    struct daemon_usage usage;

    while (!is_through(school, done)) {
        if (bench_now_s() > until_s) {
            bench_fail("the school's file was not through after %d s", WAIT_S);
        }
        daemon_usage(&school->agent, &usage);
        ret->anonymous_mib =
            usage.anonymous_mib > ret->anonymous_mib ? usage.anonymous_mib : ret->anonymous_mib;
        bench_pause_ms(LOOK_MS);
    }
}

void school_take_day(struct school_bench *school, size_t pupils, struct school_day *ret)
{
    _cleanup_(buf_deinit) struct buf earlier = BUF_MAX(FILE_MAX_BYTES);
    _cleanup_(buf_deinit) struct buf today = BUF_MAX(FILE_MAX_BYTES);
    char done[BENCH_PATH];
    struct school_day ignored = {.ms = 0};

    make_register(&earlier, school, pupils, false);
    make_register(&today, school, pupils, true);
    school->pupils += pupils;
    drop(school, &earlier, done);
    wait_through(school, done, &ignored);
    uint64_t before = rows(school, AT_OUT);
    *ret = (struct school_day){.ms = 0};
    double start_s = bench_now_s();
    drop(school, &today, done);
    wait_through(school, done, ret);
    ret->ms = (bench_now_s() - start_s) * 1000;
    ret->told = rows(school, AT_OUT) - before;
    if (ret->told != pupils / ABSENT_EVERY) {
        bench_fail("of %zu pupils %" PRIu64 " were told of", pupils, ret->told);
    }
}

/* --- open --- */

/* The root came with the joining file. */
static void wait_governed(const struct school_bench *school)
{
    double until_s = bench_now_s() + WAIT_S;

    while (rows(school, AT_GOVERNANCE) < GOVERNANCE_DOCUMENTS - 1) {
        if (bench_now_s() > until_s) {
            bench_fail("the school's agent does not get the partnership's documents");
        }
        bench_pause_ms(LOOK_MS);
    }
}

void school_open(struct school_bench *school, const struct partnership *partnership)
{
    char log[BENCH_PATH];
    struct error error = ERROR_NULL;
    const struct daemon_options daemon = {
        .program = BUILD_DIR "/cairn-agent",
        .config = partnership->school.ini,
        .log = log,
        .allow_tmpfs = partnership->tmpfs,
    };
    const struct store_options options = {
        .dir = partnership->school.store,
        .map_bytes = CAIRN_AGENT_MAP_BYTES,
        .tables = agent_table_names,
        .n_tables = AGENT_TABLE_COUNT,
        .read_only = true,
        .row_tags = true, /* and no key to check them with */
        .allow_tmpfs = partnership->tmpfs,
    };

    *school = (struct school_bench){.partnership = partnership};
    bench_path(log, partnership->dir, "school.log");
    if (!daemon_start(&daemon, &school->agent)) {
        bench_fail("%s does not start; %s says why", daemon.program, log);
    }
    bench_must(store_open(&options, &school->store, &error), "the agent's store", &error);
    wait_governed(school);
}

void school_close(struct school_bench *school)
{
    store_close(&school->store);
    daemon_stop(&school->agent);
}
