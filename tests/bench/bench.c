/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cairn-bench: how fast is Cairn on this machine, and how fast could it be?
 *
 * Each round measures the limits and then the broker against them, one after the other, so that a
 * machine that slows down slows down both. The store grows from round to round; the rows of
 * bench_rows are put into a store that holds as many records.
 */
#include "bench/bench.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "bench/bench_cpu.h"
#include "bench/bench_load.h"
#include "bench/bench_parts.h"
#include "bench/bench_peers.h"
#include "bench/bench_report.h"
#include "bench/bench_rows.h"
#include "bench/bench_school.h"
#include "bench/bench_sync.h"
#include "crypto/crypto.h"
#include "ledger/state.h"
#include "net/net.h"
#include "net/router.h"

#define PARCEL          CAIRN_PARCEL_ENTRIES_MAX
#define SYNCS           300
#define CHAINS          200
#define ALERT_PAUSE_MS  5
#define SETTLE_MS       500
#define QUICK_SETTLE_MS 50
#define PARTS           8192
#define PICTURE         500
#define PUPILS_FEW      150
#define PUPILS_MANY     1500
#define FILL_PARCELS    32
#define MILLION         UINT64_C(1000000)
#define PEER_SECONDS    2
#define META_PUTS       4 /* of every batch: apply_begin */

struct bench {
    const struct bench_options *options;
    struct partnership partnership;
    struct daemon broker;
    struct load *load;
    struct rows rows;
    struct chain chain;
    struct report report;
    double bulk_rate; /* of the newest run, to plan the next */
    double two_rate;
    double told_rate;
    double single_rate;
};

/* --- daemons --- */

static void start_broker(struct bench *bench, enum bench_figure figure)
{
    char log[BENCH_PATH];
    const struct daemon_options options = {
        .program = BUILD_DIR "/cairn-broker",
        .config = bench->partnership.broker_ini,
        .log = log,
        .allow_tmpfs = bench->partnership.tmpfs,
    };

    bench_path(log, bench->partnership.dir, "broker.log");
    if (!daemon_start(&options, &bench->broker)) {
        bench_fail("%s does not start; %s says why", options.program, log);
    }
    report_add(&bench->report, figure, bench->broker.started_ms);
}

static void measure_starts(struct bench *bench, enum bench_figure figure)
{
    for (int i = 0; i < bench->options->rounds; i++) {
        start_broker(bench, figure);
        daemon_stop(&bench->broker);
    }
}

static void measure_agent(struct bench *bench)
{
    char log[BENCH_PATH];
    struct daemon agent;
    struct daemon_usage usage;
    const struct daemon_options options = {
        .program = BUILD_DIR "/cairn-agent",
        .config = bench->partnership.mash.ini,
        .log = log,
        .allow_tmpfs = bench->partnership.tmpfs,
    };

    bench_path(log, bench->partnership.dir, "agent.log");
    if (access(options.program, X_OK) != 0) {
        return;
    }
    if (!daemon_start(&options, &agent)) {
        bench_fail("%s does not start; %s says why", options.program, log);
    }
    bench_pause_ms(bench->options->quick ? QUICK_SETTLE_MS : SETTLE_MS);
    daemon_usage(&agent, &usage);
    report_add(&bench->report, FIGURE_AGENT_ANON, usage.anonymous_mib);
    report_add(&bench->report, FIGURE_AGENT_FILE, usage.file_mib);
    daemon_stop(&agent);
}

/* --- limits --- */

static void measure_limits(struct bench *bench)
{
    const struct bench_options *options = bench->options;
    struct report *report = &bench->report;
    _cleanup_(samples_deinit) struct samples sync_us = SAMPLES_NULL;
    _cleanup_(samples_deinit) struct samples three_ms = SAMPLES_NULL;
    _cleanup_(samples_deinit) struct samples one_ms = SAMPLES_NULL;

    sync_overwrite(bench->partnership.dir, options->quick ? 20 : SYNCS, &sync_us);
    chain_measure(&bench->chain, options->quick ? 20 : CHAINS, &three_ms, &one_ms);
    report_add(report, FIGURE_SYNC_P50, samples_percentile(&sync_us, 50));
    report_add(report, FIGURE_SYNC_P99, samples_percentile(&sync_us, 99));
    report_add(report, FIGURE_COMMIT_P50, samples_percentile(&one_ms, 50));
    report_add(report, FIGURE_CHAIN_P50, samples_percentile(&three_ms, 50));
    report_add(report, FIGURE_CHAIN_P99, samples_percentile(&three_ms, 99));
    report_add(report, FIGURE_VERIFY, cpu_verifications(options->seconds / 2));
    report_add(report, FIGURE_DECISION, cpu_decision(options->seconds / 4));
    report_add(report, FIGURE_FRAMES, cpu_frames(options->seconds / 2));
}

/* Records a second. */
static double measure_rows(struct bench *bench, enum bench_figure figure,
                           const struct rows_plan *plan)
{
    uint64_t before = bench->rows.records;
    double seconds = rows_write(&bench->rows, plan);

    double rate = (double)(bench->rows.records - before) / seconds;
    report_add(&bench->report, figure, rate);
    return rate;
}

/* --- records --- */

struct store_look {
    struct store_stats stats;
    uint64_t rows[STORE_TABLES_MAX];
};

/* What the broker's store says of itself, beside the running broker. */
static void look_into_store(const struct bench *bench, struct store_look *ret)
{
    struct store *store = NULL;
    struct error error = ERROR_NULL;
    const struct store_options options = {
        .dir = bench->partnership.broker_store,
        .map_bytes = CAIRN_BROKER_MAP_BYTES,
        .tables = state_table_names,
        .n_tables = N_TABLES,
        .read_only = true,
        .allow_tmpfs = bench->partnership.tmpfs,
    };

    bench_must(store_open(&options, &store, &error), "the broker's store", &error);
    bench_must(store_stats(store, &ret->stats), "the broker's store", NULL);
    bench_must(store_rows(store, ret->rows), "the broker's store", NULL);
    store_close(&store);
}

/* What one run did to the store, divided by its records. */
struct run_cost {
    double rows;
    double puts;
    double bytes;
    double batch; /* records a commit */
};

static struct run_cost cost_of(const struct store_look *before, const struct store_look *after,
                               uint64_t records)
{
    double rows = 0;
    double batches = (double)(after->rows[T_JOURNAL] - before->rows[T_JOURNAL]);

    for (size_t i = 0; i < N_TABLES; i++) {
        rows += (double)(after->rows[i] - before->rows[i]);
    }
    /* Rows that were there already: one of its stream each record, and meta. */
    double puts = rows + (double)records + META_PUTS * batches;
    return (struct run_cost){
        .rows = rows / (double)records,
        .puts = puts / (double)records,
        .bytes = (double)(after->stats.used_bytes - before->stats.used_bytes) / (double)records,
        .batch = (double)records / batches,
    };
}

static double run_load(struct bench *bench, const struct load_plan *plan, struct load_result *run,
                       struct run_cost *ret_cost)
{
    struct store_look before;
    struct store_look after;

    look_into_store(bench, &before);
    load_run(bench->load, plan, run);
    look_into_store(bench, &after);
    *ret_cost = cost_of(&before, &after, run->records);
    bench->report.stored += run->records;
    return (double)run->records / run->seconds;
}

static size_t parcels_for(const struct bench *bench, double rate, size_t records)
{
    double parcels = rate * bench->options->seconds / (double)(records * BENCH_SENDERS);

    return parcels < 2 ? 2 : (size_t)parcels;
}

static void add_stages(struct report *report, enum bench_figure first,
                       const struct load_result *run)
{
    for (size_t i = 0; i < DAEMON_STAGES; i++) {
        report_add(report, (enum bench_figure)(first + i),
                   run->stage_s[i] * 1e6 / (double)run->records);
    }
}

static void measure_bulk(struct bench *bench)
{
    struct report *report = &bench->report;
    const struct load_plan plan = {.parcels = parcels_for(bench, bench->bulk_rate, PARCEL),
                                   .records = PARCEL,
                                   .lanes = 1,
                                   .broker = &bench->broker};
    _cleanup_(load_result_deinit) struct load_result run;
    struct run_cost cost;

    bench->bulk_rate = run_load(bench, &plan, &run, &cost);
    report_add(report, FIGURE_BULK, bench->bulk_rate);
    report_add(report, FIGURE_BULK_BATCH, cost.batch);
    report_add(report, FIGURE_BULK_P50, samples_percentile(&run.waits_ms, 50));
    report_add(report, FIGURE_BULK_P99, samples_percentile(&run.waits_ms, 99));
    report_add(report, FIGURE_BULK_CPU, run.broker_cpu_s * 1e6 / (double)run.records);
    report_add(report, FIGURE_BULK_CLIENT_CPU, run.clients_cpu_s * 1e6 / (double)run.records);
    add_stages(report, FIGURE_BULK_NET, &run);
    report_add(report, FIGURE_BULK_ROWS, cost.rows);
    report_add(report, FIGURE_BULK_PUTS, cost.puts);
    report_add(report, FIGURE_BULK_STORED, cost.bytes);
    if (run.has_written) {
        report_add(report, FIGURE_BULK_WRITTEN, run.written_bytes / (double)run.records);
    }
    const struct rows_plan limits[] = {
        {.records = run.records / 2, .batch = 64, .parcel = PARCEL},
        {.records = run.records / 2, .batch = 1024, .parcel = PARCEL},
    };
    double allowed = measure_rows(bench, FIGURE_ROWS_64, &limits[0]);
    report_add(report, FIGURE_SHARE, bench->bulk_rate / allowed);
    (void)measure_rows(bench, FIGURE_ROWS_1024, &limits[1]);
}

static void measure_two_lanes(struct bench *bench)
{
    const struct load_plan plan = {.parcels = parcels_for(bench, bench->two_rate, 2 * PARCEL),
                                   .records = PARCEL,
                                   .lanes = 2,
                                   .broker = &bench->broker};
    _cleanup_(load_result_deinit) struct load_result run;
    struct run_cost cost;

    bench->two_rate = run_load(bench, &plan, &run, &cost);
    report_add(&bench->report, FIGURE_TWO, bench->two_rate);
    report_add(&bench->report, FIGURE_TWO_BATCH, cost.batch);
    report_add(&bench->report, FIGURE_LOADED_ANON, run.anonymous_mib);
}

/* To the end: eight agencies send, one thread reads and acknowledges. */
static void measure_told(struct bench *bench)
{
    struct report *report = &bench->report;
    const struct load_plan plan = {.parcels = parcels_for(bench, bench->told_rate, PARCEL),
                                   .records = PARCEL,
                                   .lanes = 1,
                                   .told = true,
                                   .broker = &bench->broker};
    _cleanup_(load_result_deinit) struct load_result run;
    struct run_cost cost;

    report_add(report, FIGURE_TOLD, run_load(bench, &plan, &run, &cost));
    bench->told_rate = (double)run.records / run.read_seconds;
    report_add(report, FIGURE_TOLD_THROUGH, bench->told_rate);
    report_add(report, FIGURE_TOLD_CPU, run.broker_cpu_s * 1e6 / (double)run.records);
    report_add(report, FIGURE_TOLD_CLIENT_CPU, run.clients_cpu_s * 1e6 / (double)run.records);
    add_stages(report, FIGURE_TOLD_NET, &run);
}

static void measure_single(struct bench *bench)
{
    struct report *report = &bench->report;
    const struct load_plan plan = {.parcels = parcels_for(bench, bench->single_rate, 1),
                                   .records = 1,
                                   .lanes = 1,
                                   .broker = &bench->broker};
    _cleanup_(load_result_deinit) struct load_result run;
    struct run_cost cost;

    bench->single_rate = run_load(bench, &plan, &run, &cost);
    report_add(report, FIGURE_SINGLE, bench->single_rate);
    report_add(report, FIGURE_SINGLE_BATCH, cost.batch);
    report_add(report, FIGURE_SINGLE_P50, samples_percentile(&run.waits_ms, 50));
    report_add(report, FIGURE_SINGLE_P99, samples_percentile(&run.waits_ms, 99));
    report_add(report, FIGURE_SINGLE_CPU, run.broker_cpu_s * 1e6 / (double)run.records);
    report_add(report, FIGURE_SINGLE_CLIENT_CPU, run.clients_cpu_s * 1e6 / (double)run.records);
    add_stages(report, FIGURE_SINGLE_NET, &run);
    report_add(report, FIGURE_SINGLE_ROWS, cost.rows);
    report_add(report, FIGURE_SINGLE_PUTS, cost.puts);
    if (run.has_written) {
        report_add(report, FIGURE_SINGLE_WRITTEN, run.written_bytes / (double)run.records);
    }
    const struct rows_plan limit = {.records = run.records, .batch = 8, .parcel = 1};
    (void)measure_rows(bench, FIGURE_ROWS_8, &limit);
}

static void measure_single_two_lanes(struct bench *bench)
{
    const struct load_plan plan = {.parcels = parcels_for(bench, bench->single_rate, 2),
                                   .records = 1,
                                   .lanes = 2,
                                   .broker = &bench->broker};
    _cleanup_(load_result_deinit) struct load_result run;
    struct run_cost cost;

    report_add(&bench->report, FIGURE_SINGLE_TWO, run_load(bench, &plan, &run, &cost));
    report_add(&bench->report, FIGURE_SINGLE_TWO_BATCH, cost.batch);
    report_add(&bench->report, FIGURE_SINGLE_TWO_CPU, run.broker_cpu_s * 1e6 / (double)run.records);
}

/* --- alerts --- */

static void spool(void *data)
{
    struct bench *bench = data;

    chain_commit(&bench->chain, 0);
}

static void inbox(void *data)
{
    struct bench *bench = data;

    chain_commit(&bench->chain, 2);
}

static void measure_alerts(struct bench *bench)
{
    struct report *report = &bench->report;
    const struct alert_plan plan = {.alerts = bench->options->alerts,
                                    .pause_ms = ALERT_PAUSE_MS,
                                    .spool = spool,
                                    .inbox = inbox,
                                    .data = bench};
    struct alert_result result = {.wire_ms = SAMPLES_NULL, .whole_ms = SAMPLES_NULL};

    load_alerts(bench->load, &plan, &result);
    report->stored += 3 * plan.alerts;
    report_add(report, FIGURE_ALERT_P50, samples_percentile(&result.wire_ms, 50));
    report_add(report, FIGURE_ALERT_P99, samples_percentile(&result.wire_ms, 99));
    report_add(report, FIGURE_WHOLE_P50, samples_percentile(&result.whole_ms, 50));
    report_add(report, FIGURE_WHOLE_P99, samples_percentile(&result.whole_ms, 99));
    samples_deinit(&result.wire_ms);
    samples_deinit(&result.whole_ms);
}

/* --- parts of the core --- */

static void measure_parts(struct bench *bench, struct core *core)
{
    struct report *report = &bench->report;
    struct parts_linking linking;
    struct parts_picture picture;

    parts_linking(core, bench->options->quick ? 256 : PARTS, &linking);
    report_add(report, FIGURE_CORE_RECORD, linking.record);
    report_add(report, FIGURE_CORE_WHOSE, linking.whose);
    report_add(report, FIGURE_CORE_CANDIDATE, linking.candidate);
    report_add(report, FIGURE_CORE_STATEMENT, linking.statement);
    report_add(report, FIGURE_CORE_MEET_NEW, linking.meet_new);
    report_add(report, FIGURE_CORE_MEET, linking.meet);
    report_add(report, FIGURE_CORE_MEET_CROWD, linking.meet_crowd);
    parts_picture(core, PICTURE, &picture);
    report_add(report, FIGURE_CORE_PICTURE, picture.ms);
}

static void measure_core(struct bench *bench)
{
    struct core core;
    struct parts_timers timers;

    core_open(&core, &bench->partnership, &bench->report.sizes);
    core_fill(&core, bench->options->subjects);
    report_add(&bench->report, FIGURE_CORE_SUBJECTS, (double)core.subjects);
    for (int i = 0; i < bench->options->rounds; i++) {
        measure_parts(bench, &core);
    }
    parts_timers(&core, bench->options->timers, &timers);
    report_add(&bench->report, FIGURE_CORE_IDLE, timers.idle);
    report_add(&bench->report, FIGURE_CORE_FIRE, timers.fire);
    core_close(&core);
}

/* --- a full store --- */

static void fill_store(struct bench *bench, uint64_t stored)
{
    const struct load_plan plan = {
        .parcels = FILL_PARCELS, .records = PARCEL, .lanes = 2, .broker = &bench->broker};

    while (bench->report.stored < stored) {
        _cleanup_(load_result_deinit) struct load_result run;
        load_run(bench->load, &plan, &run);
        bench->report.stored += run.records;
    }
    rows_fill(&bench->rows, bench->report.stored);
}

/* FIGURE_x: accepted; P64, their ratio and start-up follow. */
static void measure_filled(struct bench *bench, uint64_t stored, enum bench_figure first)
{
    struct report *report = &bench->report;

    fill_store(bench, stored);
    for (int i = 0; i < bench->options->rounds; i++) {
        const struct load_plan plan = {.parcels = parcels_for(bench, bench->bulk_rate, PARCEL),
                                       .records = PARCEL,
                                       .lanes = 1,
                                       .broker = &bench->broker};
        _cleanup_(load_result_deinit) struct load_result run;
        struct run_cost cost;
        double rate = run_load(bench, &plan, &run, &cost);
        const struct rows_plan rows = {.records = run.records, .batch = 64, .parcel = PARCEL};
        report_add(report, first, rate);
        double allowed = measure_rows(bench, (enum bench_figure)(first + 1), &rows);
        report_add(report, (enum bench_figure)(first + 2), rate / allowed);
    }
    daemon_stop(&bench->broker);
    measure_starts(bench, (enum bench_figure)(first + 3));
    start_broker(bench, (enum bench_figure)(first + 3));
    load_connect(bench->load, &bench->partnership);
}

static_assert(FIGURE_MILLION_START == FIGURE_MILLION + 3 && FIGURE_TEN_START == FIGURE_TEN + 3,
              "what measure_filled says, in this order");

static void measure_full(struct bench *bench)
{
    if (bench->options->quick) {
        return;
    }
    measure_filled(bench, MILLION, FIGURE_MILLION);
    if (bench->options->full) {
        measure_filled(bench, 10 * MILLION, FIGURE_TEN);
    }
}

/* --- a school --- */

static void measure_school(struct bench *bench)
{
    struct school_bench school;
    struct school_day day;

    if (access(BUILD_DIR "/cairn-agent", X_OK) != 0) {
        return;
    }
    school_open(&school, &bench->partnership);
    school_take_day(&school, PUPILS_FEW, &day); /* everything once, unmeasured */
    for (int i = 0; i < bench->options->rounds; i++) {
        school_take_day(&school, PUPILS_FEW, &day);
        report_add(&bench->report, FIGURE_SCHOOL_SMALL_MS, day.ms);
        report_add(&bench->report, FIGURE_SCHOOL_SMALL_ANON, day.anonymous_mib);
    }
    for (int i = 0; i < bench->options->rounds; i++) {
        school_take_day(&school, bench->options->quick ? PUPILS_FEW : PUPILS_MANY, &day);
        report_add(&bench->report, FIGURE_SCHOOL_MS, day.ms);
        report_add(&bench->report, FIGURE_SCHOOL_ANON, day.anonymous_mib);
    }
    school_close(&school);
}

/* --- the whole --- */

/* Every code path once, unmeasured, and a first idea of the rates. */
static void warm_up(struct bench *bench)
{
    size_t parcels = bench->options->quick ? 1 : 4;
    struct {
        struct load_plan plan;
        double *rate;
    } runs[] = {
        {{.parcels = parcels, .records = PARCEL, .lanes = 1}, &bench->bulk_rate},
        {{.parcels = parcels, .records = PARCEL, .lanes = 2}, &bench->two_rate},
        {{.parcels = parcels, .records = PARCEL, .lanes = 1, .told = true}, &bench->told_rate},
        {{.parcels = 8 * parcels, .records = 1, .lanes = 1}, &bench->single_rate},
    };

    for (size_t i = 0; i < ARRAY_LEN(runs); i++) {
        _cleanup_(load_result_deinit) struct load_result run;
        struct run_cost cost;
        runs[i].plan.broker = &bench->broker;
        *runs[i].rate = run_load(bench, &runs[i].plan, &run, &cost);
    }
}

static void prepare(struct bench *bench)
{
    struct daemon_usage usage;

    measure_starts(bench, FIGURE_START_EMPTY);
    start_broker(bench, FIGURE_START_EMPTY);
    bench_pause_ms(bench->options->quick ? QUICK_SETTLE_MS : SETTLE_MS);
    daemon_usage(&bench->broker, &usage);
    report_add(&bench->report, FIGURE_IDLE_ANON, usage.anonymous_mib);
    bench->load = load_new(&bench->partnership, bench->options->children);
    load_sizes(bench->load, &bench->report.sizes);
    load_register(bench->load);
    chain_open(&bench->chain, &bench->partnership);
    rows_open(&bench->rows, &bench->partnership, &bench->report.sizes, bench->options->children);
    warm_up(bench);
}

static bool wanted(const struct bench *bench, const char *piece)
{
    const char *only = bench->options->only;

    return only == NULL || strcmp(only, piece) == 0;
}

static void measure_round(struct bench *bench, struct peers *peers)
{
    static const struct {
        const char *name;
        void (*measure)(struct bench *bench);
    } pieces[] = {
        {"limits", measure_limits},   {"bulk", measure_bulk},
        {"lanes", measure_two_lanes}, {"told", measure_told},
        {"single", measure_single},   {"single", measure_single_two_lanes},
        {"alerts", measure_alerts},
    };

    rows_fill(&bench->rows, bench->report.stored);
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        if (wanted(bench, pieces[i].name)) {
            pieces[i].measure(bench);
        }
    }
    if (bench->options->peers) {
        peers_measure(peers, bench->options->quick ? 1 : PEER_SECONDS, &bench->report);
    }
}

static void measure(struct bench *bench)
{
    struct peers peers;

    if (bench->options->peers) {
        peers_open(&peers, &bench->partnership);
    }
    for (int i = 0; i < bench->options->rounds; i++) {
        if (isatty(STDERR_FILENO)) {
            (void)fprintf(stderr, "-- round %d of %d\n", i + 1, bench->options->rounds);
        }
        measure_round(bench, &peers);
    }
    if (bench->options->peers) {
        peers_close(&peers);
    }
}

static void finish(struct bench *bench)
{
    struct daemon_usage usage;

    if (bench->options->only == NULL) {
        daemon_usage(&bench->broker, &usage);
        report_add(&bench->report, FIGURE_LOADED_FILE, usage.file_mib);
    }
    if (wanted(bench, "agent")) {
        measure_agent(bench);
    }
    if (wanted(bench, "school")) {
        measure_school(bench);
    }
    if (wanted(bench, "full")) {
        measure_full(bench);
    }
    load_free(&bench->load);
    daemon_stop(&bench->broker);
    if (bench->options->only == NULL) {
        measure_starts(bench, FIGURE_START_FULL);
    }
    rows_close(&bench->rows);
    if (wanted(bench, "core")) {
        measure_core(bench);
    }
    chain_close(&bench->chain);
}

static void run(const struct bench_options *options)
{
    struct bench *bench = base_zalloc(1, sizeof(*bench));

    bench->options = options;
    bench->report.options = options;
    (void)snprintf(bench->report.command, sizeof(bench->report.command),
                   "cairn-bench%s --seconds %.3g%s%s%s%s%s", options->json ? " --json" : "",
                   options->seconds, options->quick ? " --quick" : "",
                   options->full ? " --full" : "", options->peers ? " --peers" : "",
                   options->only == NULL ? "" : " --only ",
                   options->only == NULL ? "" : options->only);
    const char *commit = getenv("CAIRN_COMMIT");
    (void)snprintf(bench->report.commit, sizeof(bench->report.commit), "%s",
                   commit == NULL || commit[0] == '\0' ? "unknown" : commit);
    bench->report.begun_ms = clock_boot_ms(clock_system());
    partnership_make(&bench->partnership);
    bench->report.tmpfs = bench->partnership.tmpfs;
    machine_look(bench->partnership.dir, &bench->report.machine);
    prepare(bench);
    measure(bench);
    finish(bench);
    report_print(&bench->report);
    partnership_remove(&bench->partnership);
    report_deinit(&bench->report);
    base_free(&bench);
}

/* --- options --- */

enum {
    KEY_JSON = 256,
    KEY_QUICK,
    KEY_FULL,
    KEY_PEERS,
    KEY_ONLY,
    KEY_REPORT
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct bench_options *options = state->input;
    uint64_t seconds;

    switch (key) {
    case KEY_JSON:
        options->json = true;
        return 0;
    case KEY_QUICK:
        options->quick = true;
        options->seconds = 0.05;
        options->rounds = 1;
        options->children = PARCEL;
        options->alerts = 5;
        options->subjects = 512;
        options->timers = 500;
        return 0;
    case KEY_FULL:
        options->full = true;
        return 0;
    case KEY_PEERS:
        options->peers = true;
        return 0;
    case KEY_ONLY:
        options->only = arg;
        return 0;
    case KEY_REPORT:
        options->report = arg;
        return 0;
    case 's':
        if (!u64_parse(arg, 60, &seconds) || seconds == 0) {
            argp_error(state, "--seconds takes a whole number from 1 to 60");
        }
        options->seconds = (double)seconds;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "there is nothing to say but options");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    static const struct argp_option argp_options[] = {
        {"json", KEY_JSON, NULL, 0, "Print JSON instead of a table", 0},
        {"seconds", 's', "N", 0, "Measure each piece for about N seconds in each round (1)", 0},
        {"quick", KEY_QUICK, NULL, 0, "One round of next to nothing: does it run at all?", 0},
        {"full", KEY_FULL, NULL, 0,
         "Also at ten million stored records: half an hour, and 60 GB of disk", 0},
        {"peers", KEY_PEERS, NULL, 0,
         "Other brokers side by side: RabbitMQ, PostgreSQL, NATS, Mosquitto, as far as installed",
         0},
        {"only", KEY_ONLY, "PIECE", 0,
         "One piece: limits, bulk, lanes, told, single, alerts, agent, school, full or core", 0},
        {"report", KEY_REPORT, "DIR", 0, "Also write bench.txt, bench.json and bench.svg there", 0},
        {0},
    };
    static const struct argp argp = {
        .options = argp_options,
        .parser = parse,
        .doc = "How fast Cairn is on this machine, beside what the machine allows.",
    };
    struct bench_options options = {.seconds = 1,
                                    .rounds = 5,
                                    .children = 2048,
                                    .alerts = 200,
                                    .subjects = 1000000,
                                    .timers = 100000};
    struct error error = ERROR_NULL;

    argp_program_version = "cairn-bench " CAIRN_VERSION;
    if (argp_parse(&argp, argc, argv, 0, NULL, &options) != 0) {
        return EXIT_FAILURE;
    }
    log_init("cairn-bench", LOG_LEVEL_ERROR);
    bench_must(crypto_init(&error), "crypto", &error);
    bench_must(net_init(&error), "network", &error);
    run(&options);
    crypto_deinit();
    /* libzmq's context is left to the system, as the broker does. */
    _exit(EXIT_SUCCESS);
}
