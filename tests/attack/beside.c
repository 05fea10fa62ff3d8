/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/beside.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/text.h"
#include "cairn/limits.h"
#include "os/counters.h"
#include "os/files.h"

#define CASES        3000
#define CASES_MAX    1000000
#define KIND_MS      2500              /* of the short form: a flood ends then */
#define KIND_MAX_MS  (120 * 60 * 1000) /* of the long one */
#define CALM_ANSWERS 500               /* before each flood, in the long form */
#define GROWTH_MAX   (32ULL << 20)     /* of the broker's own memory, beside connections */
#define SLACK_FILES  16
#define RECOVERY_MS  (4 * CAIRN_HANDSHAKE_MAX_MS)
#define TURN_MS      20
#define LOOK_MS      250  /* apart, at memory and files: 4,096 files take milliseconds */
#define SILENCE_MS   2000 /* an answer was dropped, or the parcel was */

/* --- the broker, from outside --- */

/* What it holds itself, and all with what it maps of its store. */
struct held {
    uint64_t own;
    uint64_t all;
};

static struct held memory_of(const struct beside *beside)
{
    char path[64];
    struct held held;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(256);
    (void)snprintf(path, sizeof(path), "/proc/%d/statm", (int)beside->broker.pid);
    assert_int_equal(file_read(path, &text), 0);
    const char *resident = strchr(buf_text(&text), ' ');
    assert_non_null(resident);
    const char *shared = strchr(resident + 1, ' ');
    assert_non_null(shared);
    held.all = number_in(resident) * (uint64_t)sysconf(_SC_PAGESIZE);
    held.own = held.all - number_in(shared) * (uint64_t)sysconf(_SC_PAGESIZE);
    return held;
}

static size_t open_files(const struct beside *beside)
{
    char path[64];
    size_t n = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)beside->broker.pid);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        n++;
    }
    (void)closedir(dir);
    return n;
}

static void look(struct beside *beside)
{
    struct held now = memory_of(beside);
    size_t files = open_files(beside);
    assert_false(process_has_ended(&beside->broker));
    beside->looked_ms = load_now_ms();
    beside->largest = now.all > beside->largest ? now.all : beside->largest;
    beside->largest_own = now.own > beside->largest_own ? now.own : beside->largest_own;
    beside->most_files = files > beside->most_files ? files : beside->most_files;
    assert_true(files <= CAIRN_BROKER_FILES_MAX + 3); /* "." and ".." */
    assert_true(CAIRN_SANITIZED ||
                now.own < beside->rest + GROWTH_MAX + beside->most_files * CAIRN_STRANGER_BYTES);
}

uint64_t beside_counter(const struct beside *beside, const char *name)
{
    static struct counters_reading reading;
    char path[ESTATE_PATH];
    estate_path(&beside->estate, "north/broker/data/counters", path);
    assert_int_equal(counters_read(path, &reading), 0);
    for (size_t i = 0; i < reading.count; i++) {
        if (strcmp(reading.counters[i].name, name) == 0) {
            return reading.counters[i].value;
        }
    }
    fail_msg("the broker does not count %s", name);
    return 0;
}

/* --- set-up --- */

static void read_cases(struct beside *beside)
{
    const char *text = getenv("CAIRN_ATTACK_CASES");
    beside->cases = CASES;
    beside->told = text != NULL;
    if (text != NULL && !u64_parse(text, CASES_MAX, &beside->cases)) {
        fail_msg("CAIRN_ATTACK_CASES is a number up to %d", CASES_MAX);
    }
}

void beside_start(struct beside *beside, double pace_ms)
{
    *beside = (struct beside){.broker = PROCESS_NULL, .pace_ms = pace_ms};
    log_init("test", LOG_LEVEL_ERROR);
    read_cases(beside);
    estate_make(&beside->estate);
    estate_add_agency(&beside->estate, "gp-elm", "gp");
    estate_add_agency(&beside->estate, "mash", "mash");
    estate_add_agency(&beside->estate, "gp-oak", "gp");
    estate_configure(&beside->estate, "quota_records", "100000000");
    estate_configure(&beside->estate, "quota_bytes", "1024G");
    beside->address = (struct sockaddr_in){.sin_family = AF_INET,
                                           .sin_port = htons(beside->estate.port),
                                           .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    broker_start(&beside->estate, &beside->broker);
    beside->agency = load_new(&beside->estate, "gp-elm");
    load_submit(beside->agency, 4);
    load_settle(beside->agency);
    beside->rest = memory_of(beside).own;
    beside->files = open_files(beside);
}

void beside_stop(struct beside *beside)
{
    strangers_deinit(&beside->strangers);
    samples_deinit(&beside->calm);
    samples_deinit(&beside->waits);
    load_free(&beside->agency);
    process_deinit(&beside->broker);
    estate_remove(&beside->estate);
}

/* --- the agency --- */

static void go_on(struct beside *beside, struct samples *waits)
{
    double now = load_now_ms();
    bool waiting = load_unanswered(beside->agency) > 0;
    if (!waiting && now >= beside->next_ms) {
        load_submit(beside->agency, 2);
        beside->next_ms = now + beside->pace_ms;
        beside->again_ms = now + SILENCE_MS;
    } else if (waiting && now >= beside->again_ms) {
        load_resend(beside->agency);
        beside->again_ms = now + SILENCE_MS;
    }
    if (load_receive(beside->agency, TURN_MS) > 0) {
        samples_add(waits, load_waited_ms(beside->agency));
    }
}

static void forget(struct samples *samples)
{
    samples_deinit(samples);
    *samples = SAMPLES_NULL;
}

static void wait_beside_nobody(struct beside *beside)
{
    forget(&beside->calm);
    while (beside->told && beside->calm.n < CALM_ANSWERS) {
        go_on(beside, &beside->calm);
    }
}

/* --- floods --- */

static void print_waits(const char *when, const struct samples *waits, const struct samples *calm)
{
    double median = samples_percentile(waits, 50);
    double p99 = samples_percentile(waits, 99);
    printf("  %s: %zu answers, median %.1f ms (%.2f times), p99 %.1f ms (%.2f times), "
           "longest %.1f ms\n",
           when, waits->n, median, median / samples_percentile(calm, 50), p99,
           p99 / samples_percentile(calm, 99), samples_percentile(waits, 100));
}

static unsigned long long tallied(const atomic_uint_least64_t *number)
{
    return (unsigned long long)atomic_load(number);
}

static void print_flood(const struct beside *beside, const char *name)
{
    const struct stranger_tally *tally = beside->strangers.tally;
    printf("%s: %llu cases in %.1f s, %.0f a second\n"
           "  %llu not connected, %llu held at most by one process; %llu ended by the broker, %llu "
           "by us; %llu frames came back\n"
           "  the broker: %llu MiB (%llu with its store's pages) and %zu files at most\n",
           name, tallied(&tally->made), beside->took_ms / 1000,
           (double)tallied(&tally->made) * 1000 / beside->took_ms, tallied(&tally->refused),
           tallied(&tally->held), tallied(&tally->turned), tallied(&tally->left),
           tallied(&tally->answers), (unsigned long long)(beside->largest_own >> 20),
           (unsigned long long)(beside->largest >> 20), beside->most_files);
    print_waits("before", &beside->calm, &beside->calm);
    print_waits("beside", &beside->waits, &beside->calm);
    (void)fflush(stdout); /* a flood may take an hour */
}

void beside_flood(struct beside *beside, const struct beside_flood *flood)
{
    const struct strangers_options options = {.address = &beside->address,
                                              .act = flood->act,
                                              .data = flood->data,
                                              .cases = beside->cases,
                                              .rate = flood->rate,
                                              .processes = flood->processes};
    size_t acknowledged = load_acknowledged(beside->agency);
    wait_beside_nobody(beside);
    forget(&beside->waits);
    beside->largest = 0;
    beside->largest_own = 0;
    beside->began_ms = load_now_ms();
    double ends = beside->began_ms + (beside->told ? KIND_MAX_MS : KIND_MS);
    strangers_begin(&beside->strangers, &options);
    while (tallied(&beside->strangers.tally->made) < beside->cases && load_now_ms() < ends) {
        go_on(beside, &beside->waits);
        if (load_unanswered(beside->agency) == 0 && load_now_ms() > beside->looked_ms + LOOK_MS) {
            look(beside);
        }
    }
    beside->took_ms = load_now_ms() - beside->began_ms;
    load_settle(beside->agency); /* while all that is held is there */
    look(beside);
    assert_true(load_acknowledged(beside->agency) > acknowledged);
    assert_true(tallied(&beside->strangers.tally->made) > 10);
    assert_int_equal(tallied(&beside->strangers.tally->amiss), 0);
    if (beside->told) {
        print_flood(beside, flood->name);
    }
}

void beside_calm(struct beside *beside)
{
    double began = load_now_ms();
    strangers_end(&beside->strangers);
    load_reconnect(beside->agency);
    load_submit(beside->agency, 2);
    load_settle(beside->agency);
    double answered = load_now_ms() - began;
    while (open_files(beside) > beside->files + SLACK_FILES) {
        assert_true(load_now_ms() < began + RECOVERY_MS);
        (void)load_receive(beside->agency, 1);
    }
    if (beside->told) {
        printf("  afterwards: who dials anew is answered after %.2f s, as few files as before "
               "after %.2f s\n",
               answered / 1000, (load_now_ms() - began) / 1000);
    }
}

void beside_expect_records(struct beside *beside)
{
    load_expect_same_answers(beside->agency);
    load_expect_proofs(beside->agency);
    process_stop(&beside->broker);
    load_expect_store(beside->agency, &beside->estate);
}
