/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn pattern preview`: how much each pattern raises, and what one in shadow would raise, so
 * that two people can say whether to turn it on. Read from a broker's folder, beside the broker
 * that writes it or from a copy: figures of weeks and quarters, and nothing about anybody.
 */
#include <errno.h>
#include <inttypes.h>

#include "base/date.h"
#include "cli/command.h"
#include "cli/log_store.h"
#include "ledger/tally.h"

struct preview_options {
    const char *dir;
};

struct preview {
    struct cli *cli;
    const char *dir;
    int32_t today;
    struct json *items;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct preview_options *given = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        return command_argument(&given->dir, "folder", argument, state);
    case ARGP_KEY_END:
        if (given->dir == NULL) {
            argp_error(state, "DIR is needed");
            return EINVAL;
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void set_figures(struct json *object, const struct tally *tally)
{
    json_set_integer(object, "this_week", tally->week);
    json_set_integer(object, "last_week", tally->last_week);
    json_set_integer(object, "this_quarter", tally->quarter);
    json_set_integer(object, "last_quarter", tally->last_quarter);
}

static void show_pattern(struct preview *preview, struct store_txn *txn,
                         const struct pattern *pattern)
{
    struct output *output = &preview->cli->output;
    struct json *object = json_object_new();
    struct tally tally;
    struct tally listed;

    tally_get(txn, pattern->shadow ? TALLY_SHADOW : TALLY_RAISED, pattern->id, preview->today,
              &tally);
    tally_get(txn, TALLY_LISTED, pattern->id, preview->today, &listed);
    json_set_word(object, "pattern", pattern->id);
    json_set_word(object, "state", pattern->shadow ? "shadow" : "live");
    json_set_word(object, "owner", pattern->owner);
    json_set_integer(object, "weekly_budget", pattern->weekly_budget);
    set_figures(object, &tally);
    json_set_integer(object, "listed_this_quarter", listed.quarter);
    output_line(output, "%s  %s, of %s", pattern->id, pattern->shadow ? "in shadow" : "live",
                pattern->owner);
    output_line(
        output,
        "    %s %u this week and %u last week, of a budget of %u; %u this quarter and %u last",
        pattern->shadow ? "would have raised" : "has raised", tally.week, tally.last_week,
        pattern->weekly_budget, tally.quarter, tally.last_quarter);
    if (listed.quarter > 0) {
        output_line(output, "    listed %u for review this quarter, from before it was turned on",
                    listed.quarter);
    }
    (void)json_append_node(preview->items, &object);
}

static int preview_store(struct preview *preview, struct error *error)
{
    struct log_store log = LOG_STORE_NULL;
    int r = log_store_open(preview->dir, &log, error);
    size_t n = r == 0 && log.governance != NULL ? log.governance->patterns.n : 0;

    if (r == 0 && n == 0) {
        r = error_set(error, preview->dir,
                      "the broker holds no patterns yet: it takes them when it first runs");
    }
    for (size_t i = 0; i < n; i++) {
        show_pattern(preview, log.txn, &log.governance->patterns.items[i]);
    }
    log_store_close(&log);
    return r;
}

enum status command_pattern_preview(struct cli *cli, int argc, char **argv)
{
    static const struct command_line line = {
        .parser = parse_option,
        .arguments = "DIR",
        .help =
            "Says of each pattern how many alerts it has raised this week and quarter, and of one "
            "in shadow how many it would have raised: from a broker's folder, running or "
            "copied. It names nobody.",
    };
    struct preview_options given = {.dir = NULL};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;
    struct error error = ERROR_NULL;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    struct json *list = json_array_new();
    struct preview preview = {
        .cli = cli,
        .dir = given.dir,
        .today = instant_london_day(clock_real_ms(cli->clock)),
        .items = json_set_node(output_result(&cli->output), "patterns", &list),
    };
    int r = preview_store(&preview, &error);
    if (r == 0) {
        return STATUS_OK;
    }
    return output_fail(&cli->output, r == -ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED, &error);
}
