/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn check`: a broker, from its folder, or the agency's agent, from itself, for Nagios, Icinga,
 * Checkmk and whatever else runs monitoring plugins. Exit codes 0 OK, 1 WARNING, 2 CRITICAL, 3
 * UNKNOWN: a wrong command line and a caller who may not ask are unknown, a daemon that does not
 * answer is critical.
 */
#include "cli/check.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "cli/broker_counters.h"
#include "cli/client.h"

#define KEY_LIMIT  0x5001 /* and those that follow, in the order of CHECK_LIMITS */
#define LIMIT_MAX  1000000
#define LIMIT_TEXT 16

struct check_options {
    struct client client;
    const char *dir;
    struct check_limits limits;
};

/* "80,90" */
static bool read_limit(const char *text, int64_t *ret_warning, int64_t *ret_critical)
{
    char first[LIMIT_TEXT];
    uint64_t warning = 0;
    uint64_t critical = 0;
    size_t len = strcspn(text, ",");
    if (text[len] != ',' || !text_copy(first, sizeof(first), slice_make(text, len)) ||
        !u64_parse(first, LIMIT_MAX, &warning) ||
        !u64_parse(text + len + 1, LIMIT_MAX, &critical)) {
        return false;
    }
    *ret_warning = (int64_t)warning;
    *ret_critical = (int64_t)critical;
    return true;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct check_options *given = state->input;

    if (key >= KEY_LIMIT && key < KEY_LIMIT + N_CHECK_LIMITS) {
        int limit = key - KEY_LIMIT;
        if (!read_limit(argument, &given->limits.of[limit].warning,
                        &given->limits.of[limit].critical)) {
            argp_error(state, "a limit is two whole numbers: WARNING,CRITICAL");
            return EINVAL;
        }
        return 0;
    }
    if (key != ARGP_KEY_ARG) {
        return client_option(&given->client, key, argument);
    }
    return command_argument(&given->dir, "folder", argument, state);
}

static void look_at_broker(struct check *check, const char *dir)
{
    struct counters_reading reading;
    struct error error = ERROR_NULL;
    if (broker_counters_find(dir, &reading, &error) != STATUS_OK) {
        check_find(check, CHECK_UNKNOWN, "%.200s: %s", error.where, error.what);
        return;
    }
    check_broker(check, &reading);
}

static void look_at_agent(struct check *check, const struct client *client)
{
    _cleanup_(json_free) struct json *answer = NULL;
    struct error error = ERROR_NULL;
    enum status status = client_get(client, CAIRN_PATH_HEALTH, &answer, &error);
    if (status != STATUS_OK) {
        bool away = status == STATUS_UNREACHABLE;
        check_find(check, away ? CHECK_CRITICAL : CHECK_UNKNOWN, "%.200s", error.what);
        return;
    }
    struct json_view view = json_view(answer, &error);
    check_agent(check, &view);
}

/* UNKNOWN ranks above all else in a code, and below CRITICAL for people: it is said alone, because
 * nothing else was looked at then. */
static enum status say(struct cli *cli, const char *what, struct check *check)
{
    struct json *result = output_result(&cli->output);
    struct buf all = BUF_MAX(16 * 1024);
    const enum check_level order[] = {CHECK_UNKNOWN, CHECK_CRITICAL, CHECK_WARNING};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        struct buf *words = &check->words[order[i]];
        if (words->len > 0) {
            buf_format(&all, "%s%s", all.len > 0 ? "; " : "", buf_text(words));
        }
    }
    json_set_word(result, "state", check_level_text(check->worst));
    (void)json_set_node(result, "figures", &check->values);
    (void)json_set_node(result, "findings", &check->findings);
    output_line(&cli->output, "CAIRN %s %s - %s%s%s", what, check_level_text(check->worst),
                all.len > 0 ? buf_text(&all) : "nothing is overdue",
                check->figures.len > 0 ? " |" : "", buf_text(&check->figures));
    buf_deinit(&all);
    if (check->worst == CHECK_OK) {
        return STATUS_OK; /* whoever called finishes the output */
    }
    bool said = output_finish(&cli->output) == STATUS_OK;
    return (enum status)(said ? check->worst : CHECK_UNKNOWN);
}

enum status command_check(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {
        CLIENT_OPTION,
#define X(id, option, unit, warned, worse, help)                                                   \
    {option, KEY_LIMIT + LIMIT_##id, "W,C", 0, help ", in " unit " (" #warned "," #worse ")", 0},
        CHECK_LIMITS(X)
#undef X
            {0},
    };
    static const struct command_line line = {
        .options = options,
        .parser = parse_option,
        .arguments = "[DIR]",
        .help = "Whether somebody has to do something about a broker, from its folder DIR, or "
                "without DIR about the agency's agent, as a monitoring plugin: exit codes 0 OK, 1 "
                "WARNING, 2 CRITICAL, 3 UNKNOWN. It says what it finds, and what to do about it. "
                "A limit of 0 is not judged.",
    };
    struct check_options given = {.client = client_default(), .limits = check_limits_default()};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;
    struct check check;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status == STATUS_OK ? status : (enum status)CHECK_UNKNOWN;
    }
    check_init(&check, &given.limits, clock_real_ms(cli->clock));
    if (given.dir != NULL) {
        look_at_broker(&check, given.dir);
    } else {
        look_at_agent(&check, &given.client);
    }
    status = say(cli, given.dir != NULL ? "BROKER" : "AGENT", &check);
    check_deinit(&check);
    return status;
}
