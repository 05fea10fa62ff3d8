/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn metrics`: the figures of a broker, from the counters in its folder, or of the agency's
 * agent, from itself, as Prometheus text: to standard output, or into a file of the node exporter's
 * textfile collector. What does not live says so: its only figure is "up 0", and the exit code 3.
 */
#include <string.h>

#include "base/exposition.h"
#include "cli/broker_counters.h"
#include "cli/client.h"
#include "os/files.h"

#define KEY_TEXTFILE  0x4001
#define TEXTFILE_MODE 0644 /* the collector is another user; there is nothing in it to hide */
#define ANSWERS       "answers_"
#define APPLY         "apply_"

struct metrics_options {
    struct client client;
    const char *dir;
    const char *textfile; /* NULL: standard output */
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct metrics_options *given = state->input;

    switch (key) {
    case KEY_TEXTFILE:
        given->textfile = argument;
        return 0;
    case ARGP_KEY_ARG:
        return command_argument(&given->dir, "folder", argument, state);
    default:
        return client_option(&given->client, key, argument);
    }
}

/* --- a broker --- */

static const struct place {
    const char *counter;
    enum cairn_metric metric;
    const char *label;
    enum cairn_unit unit;
} places[] = {
#define X(id, name, of, label, counted) {name, METRIC_##of, label, UNIT_##counted},
    CAIRN_BROKER_COUNTERS(X)
#undef X
};

static bool has_prefix(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* False for a counter of another version, which has no metric here. */
static bool place_of(const char *name, struct place *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (strcmp(places[i].counter, name) == 0) {
            *ret = places[i];
            return true;
        }
    }
    bool answers = has_prefix(name, ANSWERS);
    *ret = (struct place){
        .metric = answers ? METRIC_BROKER_ANSWERS : METRIC_BROKER_APPLIED,
        .label = name + (answers ? strlen(ANSWERS) : strlen(APPLY)),
        .unit = UNIT_ONE,
    };
    return answers || has_prefix(name, APPLY);
}

static void add_metric(struct buf *out, enum cairn_metric metric,
                       const struct counters_reading *reading)
{
    exposition_head(out, metric);
    for (size_t i = 0; i < reading->count; i++) {
        struct place place;
        if (place_of(reading->counters[i].name, &place) && place.metric == metric) {
            exposition_sample(out, metric, place.label, reading->counters[i].value, place.unit);
        }
    }
}

/* Numbers of one that has ended would look like those of one that does nothing. */
static void add_broker(struct buf *out, const struct counters_reading *reading)
{
    exposition_one(out, METRIC_BROKER_UP, reading->alive ? 1 : 0, UNIT_ONE);
    if (!reading->alive) {
        return;
    }
    exposition_one(out, METRIC_BROKER_START, (uint64_t)reading->start_ms, UNIT_TIME);
    for (enum cairn_metric metric = METRIC_BROKER_START + 1; metric <= METRIC_BROKER_REVIEW;
         metric++) {
        add_metric(out, metric, reading);
    }
}

static enum status broker_metrics(const char *dir, struct buf *out, struct error *error)
{
    struct counters_reading reading = {.alive = false};

    enum status status = broker_counters_find(dir, &reading, error);
    add_broker(out, &reading);
    if (status == STATUS_OK && !reading.alive) {
        (void)error_set(error, dir, "the broker is not running");
        return STATUS_UNREACHABLE;
    }
    return status;
}

/* --- an agent --- */

static enum status agent_metrics(const struct client *client, struct buf *out, struct error *error)
{
    enum status status = client_text(client, CAIRN_PATH_METRICS, out, error);
    if (status != STATUS_OK) {
        buf_reset(out);
        exposition_one(out, METRIC_AGENT_UP, 0, UNIT_ONE);
    }
    return status;
}

/* --- saying it --- */

static enum status say(struct cli *cli, const char *textfile, struct buf *text)
{
    struct slice body = buf_slice(text);

    json_set_word(output_result(&cli->output), "text", buf_text(text));
    if (textfile == NULL) {
        output_line(&cli->output, "%.*s", (int)body.len - 1,
                    buf_text(text)); /* ends in a newline */
        return STATUS_OK;
    }
    int r = file_write_atomic(textfile, body, TEXTFILE_MODE);
    return r == 0 ? STATUS_OK
                  : output_refuse(&cli->output, STATUS_FAILED, textfile, "cannot be written: %s",
                                  strerrordesc_np(-r));
}

enum status command_metrics(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        CLIENT_OPTION,
        {"textfile", KEY_TEXTFILE, "PATH", 0,
         "write into this file, whole or not at all, for the node exporter's textfile collector",
         0},
        {0},
    };
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "[DIR]",
        .help =
            "The figures of a broker, from its folder DIR, or without DIR of the agency's agent, "
            "as Prometheus text. docs/operations.md says what each means.",
    };
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_API_ANSWER_MAX_BYTES);
    struct metrics_options given = {.client = client_default()};
    const struct command_call call = {argc, argv};
    struct error error = ERROR_NULL;
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    status = given.dir != NULL ? broker_metrics(given.dir, &text, &error)
                               : agent_metrics(&given.client, &text, &error);
    enum status said = say(cli, given.textfile, &text);
    if (said != STATUS_OK || status == STATUS_OK) {
        return said;
    }
    return output_finish(&cli->output) == STATUS_OK ? output_fail(&cli->output, status, &error)
                                                    : STATUS_FAILED;
}
