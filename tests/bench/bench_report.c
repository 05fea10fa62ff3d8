/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bench_report.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/date.h"
#include "json/json.h"

#define JSON_ROOM (64U << 10)

enum section {
    LIMIT,
    ACCEPTED,
    ALERT,
    COST,
    STAGES,
    FULL,
    CORE,
    SCHOOL,
    PEERS,
    MEMORY,
    START,
    N_SECTIONS
};

static const char *const titles[N_SECTIONS] = {
    [LIMIT] = "What this machine allows",
    [ACCEPTED] = "Cairn: accepted, durable records",
    [ALERT] = "Cairn: an alert at low load",
    [COST] = "Cairn: what a record costs",
    [STAGES] = "Cairn: processor time of its stages, a record",
    [FULL] = "Cairn: how full the store is",
    [PEERS] = "Others here: TLS, 2 KiB, eight publishers, 64 in flight; synced unless it says not",
    [CORE] = "Cairn: parts of its core, one thread",
    [SCHOOL] = "Cairn: a school's day, at a real agent",
    [MEMORY] = "Cairn: memory",
    [START] = "Cairn: start-up",
};

struct figure_row {
    const char *name;
    enum section section;
    const char *unit;
    const char *words;
};
static const struct figure_row figure_rows[N_FIGURES] = {
#define X(name, section, unit, words) [FIGURE_##name] = {#name, section, unit, words},
    BENCH_FIGURES(X)
#undef X
};

struct ratio_row {
    const char *name;
    enum bench_figure of;
    enum bench_figure by;
    const char *words;
};
static const struct ratio_row ratio_rows[] = {
#define X(name, of, by, words) {#name, FIGURE_##of, FIGURE_##by, words},
    BENCH_RATIOS(X)
#undef X
};

void report_add(struct report *report, enum bench_figure figure, double value)
{
    samples_add(&report->figures[figure], value);
}

void report_deinit(struct report *report)
{
    for (size_t i = 0; i < N_FIGURES; i++) {
        samples_deinit(&report->figures[i]);
    }
}

/* As many digits as mean something. */
static int decimals(double value)
{
    if (value >= 100) {
        return 0;
    }
    return value >= 10 ? 1 : 2;
}

static double took_s(const struct report *report)
{
    return (double)(clock_boot_ms(clock_system()) - report->begun_ms) / 1000;
}

/* --- the table --- */

static void print_row(FILE *out, const char *words, const char *unit, const struct samples *samples)
{
    struct spread spread = samples_spread(samples);
    int digits = decimals(spread.median);
    (void)fprintf(out, "  %-66s %9.*f %-9s  %.*f to %.*f\n", words, digits, spread.median, unit,
                  digits, spread.least, digits, spread.most);
}

static void print_head(FILE *out, const struct report *report)
{
    char now[INSTANT_TEXT_BYTES];
    const struct machine *machine = &report->machine;
    const struct bench_options *options = report->options;

    instant_format(clock_real_ms(clock_system()), now);
    (void)fprintf(out, "%s   (Cairn " CAIRN_VERSION ", commit %s, %s; took %.0f s)\n",
                  report->command, report->commit, now, took_s(report));
    (void)fprintf(out, "  %s, %ld cores, load %.1f at the start; %s; %s\n", machine->cpu,
                  machine->cores, machine->load, machine->kernel, machine->file_system);
    (void)fprintf(out, "  %s, %s; %s\n", machine->compiler, machine->build, machine->libraries);
    (void)fprintf(out,
                  "  Rounds: %d, of %.3g s each. A line is the median round, and the least to the "
                  "most.\n",
                  options->rounds, options->seconds);
    (void)fprintf(out,
                  "  A record: body %zu bytes, header %zu, %zu grants; alone in a frame %zu. "
                  "Stored at the end: %lu.\n",
                  report->sizes.body, report->sizes.header, report->sizes.grants,
                  report->sizes.frame, (unsigned long)report->stored);
    (void)fprintf(out,
                  "  Broker and agencies share the cores; quotas are lifted; sealing and signing "
                  "are done before.\n");
    if (report->tmpfs) {
        (void)fprintf(out,
                      "  This file system keeps nothing: whatever waits for a sync is meaningless "
                      "here.\n");
    }
}

/* Only what was measured. */
static void print_section(FILE *out, const struct report *report, enum section section)
{
    bool any = false;

    for (size_t i = 0; i < N_FIGURES; i++) {
        if (figure_rows[i].section != section || report->figures[i].n == 0) {
            continue;
        }
        if (!any) {
            (void)fprintf(out, "\n%s\n", titles[section]);
        }
        any = true;
        print_row(out, figure_rows[i].words, figure_rows[i].unit, &report->figures[i]);
    }
}

static void print_ratios(FILE *out, const struct report *report)
{
    bool any = false;

    for (size_t i = 0; i < ARRAY_LEN(ratio_rows); i++) {
        _cleanup_(samples_deinit) struct samples ratio = SAMPLES_NULL;
        samples_divide(&report->figures[ratio_rows[i].of], &report->figures[ratio_rows[i].by],
                       &ratio);
        if (ratio.n == 0) {
            continue;
        }
        if (!any) {
            (void)fprintf(out, "\nRatios, round by round\n");
        }
        any = true;
        print_row(out, ratio_rows[i].words, "", &ratio);
    }
}

static void print_table(FILE *out, const struct report *report)
{
    print_head(out, report);
    for (size_t section = 0; section < N_SECTIONS; section++) {
        print_section(out, report, (enum section)section);
    }
    print_ratios(out, report);
}

/* --- JSON --- */

static void add_row(struct buf *out, const char *name, const char *unit,
                    const struct samples *samples)
{
    if (samples->n == 0) {
        return;
    }
    struct spread spread = samples_spread(samples);
    buf_format(out, "%s\n    \"", out->data[out->len - 1] == '{' ? "" : ",");
    for (const char *at = name; *at != '\0'; at++) {
        buf_format(out, "%c", *at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    }
    buf_format(out, "\": {\"unit\": \"%s\", \"median\": %.6g, \"least\": %.6g, \"most\": %.6g, ",
               unit, spread.median, spread.least, spread.most);
    buf_format(out, "\"rounds\": %zu}", samples->n);
}

static void add_head(struct buf *out, const struct report *report)
{
    char now[INSTANT_TEXT_BYTES];
    const struct machine *machine = &report->machine;

    instant_format(clock_real_ms(clock_system()), now);
    buf_format(out, "{\n  \"format\": \"cairn-bench/v1\", \"version\": \"" CAIRN_VERSION "\",");
    buf_format(out, " \"commit\": \"%s\", \"time\": \"%s\", \"command\": \"%s\",\n", report->commit,
               now, report->command);
    buf_format(out, "  \"machine\": {\"cpu\": \"%s\", \"cores\": %ld, \"load\": %.2f,",
               machine->cpu, machine->cores, machine->load);
    buf_format(out, " \"kernel\": \"%s\", \"file_system\": \"%s\",\n", machine->kernel,
               machine->file_system);
    buf_format(out, "    \"compiler\": \"%s\", \"build\": \"%s\", \"libraries\": \"%s\"},\n",
               machine->compiler, machine->build, machine->libraries);
    buf_format(out, "  \"took\": %.0f, \"seconds\": %.3g, \"rounds\": %d, \"stored\": %lu,\n",
               took_s(report), report->options->seconds, report->options->rounds,
               (unsigned long)report->stored);
    buf_format(out, "  \"record\": {\"body\": %zu, \"header\": %zu, \"grants\": %zu, ",
               report->sizes.body, report->sizes.header, report->sizes.grants);
    buf_format(out, "\"frame\": %zu},\n", report->sizes.frame);
}

static void add_json(struct buf *out, const struct report *report)
{
    _cleanup_(json_free) struct json *parsed = NULL;
    struct error error = ERROR_NULL;

    add_head(out, report);
    buf_add_text(out, "  \"figures\": {");
    for (size_t i = 0; i < N_FIGURES; i++) {
        add_row(out, figure_rows[i].name, figure_rows[i].unit, &report->figures[i]);
    }
    buf_add_text(out, "\n  },\n  \"ratios\": {");
    for (size_t i = 0; i < ARRAY_LEN(ratio_rows); i++) {
        _cleanup_(samples_deinit) struct samples ratio = SAMPLES_NULL;
        samples_divide(&report->figures[ratio_rows[i].of], &report->figures[ratio_rows[i].by],
                       &ratio);
        add_row(out, ratio_rows[i].name, "", &ratio);
    }
    buf_add_text(out, "\n  }\n}\n");
    assert(buf_ok(out));
    parsed = json_parse(buf_slice(out), &error);
    if (parsed == NULL) {
        bench_fail("the report is no JSON: %s: %s", error.where, error.what);
    }
}

/* --- where it goes --- */

static FILE *open_file(const struct report *report, const char *name)
{
    char path[BENCH_PATH];

    bench_path(path, report->options->report, name);
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        bench_must(-errno, path, NULL);
    }
    return file;
}

static void close_file(FILE *file)
{
    if (fclose(file) != 0) {
        bench_must(-errno, "report", NULL);
    }
}

static void write_file(const struct report *report, const char *name, struct buf *text)
{
    FILE *file = open_file(report, name);

    (void)fputs(buf_text(text), file);
    close_file(file);
}

static void write_folder(const struct report *report, struct buf *json)
{
    _cleanup_(buf_deinit) struct buf picture = BUF_MAX(JSON_ROOM);
    FILE *table = open_file(report, "bench.txt");

    print_table(table, report);
    close_file(table);
    write_file(report, "bench.json", json);
    report_draw(report, &picture);
    write_file(report, "bench.svg", &picture);
}

void report_print(const struct report *report)
{
    _cleanup_(buf_deinit) struct buf json = BUF_MAX(JSON_ROOM);

    add_json(&json, report);
    if (report->options->report != NULL) {
        write_folder(report, &json);
    }
    if (report->options->json) {
        (void)fputs(buf_text(&json), stdout);
    } else {
        print_table(stdout, report);
    }
    (void)fflush(stdout);
}

const char *report_words(enum bench_figure figure)
{
    return figure_rows[figure].words;
}
