/* SPDX-License-Identifier: Apache-2.0 */
/* `cairn requests`: what other agencies ask of this one and a person must answer; `cairn grant` and
 * `cairn refuse` answer. */
#include <stdio.h>

#include "cairn/ids.h"
#include "cli/client.h"
#include "cli/decide.h"
#include "cli/show.h"

struct requests_options {
    struct client client;
    const char *id;
    struct decide decide;
};

/* --- listing --- */

static error_t parse_list(int key, char *argument, struct argp_state *state)
{
    struct requests_options *given = state->input;

    if (key == ARGP_KEY_ARG) {
        argp_error(state, "there is nothing to say but options: `cairn grant REQUEST` grants one");
        return EINVAL;
    }
    return client_option(&given->client, key, argument);
}

static void show_record(struct output *output, const struct json_view *record)
{
    char id[SHOW_TEXT_BYTES];
    char kind[SHOW_TEXT_BYTES];
    char code[SHOW_TEXT_BYTES];
    char day[SHOW_TEXT_BYTES];

    show_text(record, "record", id);
    show_text(record, "record_kind", kind);
    show_text(record, "code", code);
    show_text(record, "event_date", day);
    output_line(output, "    %s  %s  %s", day, code[0] == '\0' ? kind : code, id);
}

static void show_request(struct output *output, const struct json_view *item)
{
    char id[SHOW_TEXT_BYTES];
    char from[SHOW_TEXT_BYTES];
    char purpose[SHOW_TEXT_BYTES];
    char asked[SHOW_INSTANT_BYTES];
    struct json_view roles = json_opt_array(item, "roles");
    struct json_view records = json_opt_array(item, "records");

    show_text(item, "request", id);
    show_agency(item, "from", from);
    show_text(item, "purpose", purpose);
    show_instant(item, "asked_at", asked);
    output_line(output, "%s  waits since %s", id, asked);
    output_line(output, "    %s asks, for %s", from, purpose);
    for (size_t i = 0; i < json_length(&roles); i++) {
        struct json_view role = json_item(&roles, i);
        struct slice text = json_as_text(&role);
        output_line(output, "    its role  %.*s", (int)text.len, (const char *)text.data);
    }
    for (size_t i = 0; i < json_length(&records); i++) {
        struct json_view record = json_item(&records, i);
        show_record(output, &record);
    }
    show_words(output, "    ", item, "words");
}

static enum status requests(struct cli *cli, const struct client *client)
{
    struct error error = ERROR_NULL;
    _cleanup_(json_free) struct json *answer = NULL;

    enum status status = client_get(client, CAIRN_PATH_REQUESTS, &answer, &error);
    if (status != STATUS_OK) {
        return output_fail(&cli->output, status, &error);
    }
    struct json_view view = json_view(answer, &error);
    struct json_view items = json_get_array(&view, "items");
    if (!json_ok(&view)) {
        return output_fail(&cli->output, STATUS_FAILED, &error);
    }
    show_result(&cli->output, &view);
    for (size_t i = 0; i < json_length(&items); i++) {
        struct json_view item = json_item(&items, i);
        show_request(&cli->output, &item);
    }
    if (json_length(&items) == 0) {
        output_line(&cli->output, "No request waits for a person here.");
    }
    return STATUS_OK;
}

enum status command_requests(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {CLIENT_OPTION, {0}};
    static const struct command_line line = {
        .options = options,
        .parser = parse_list,
        .help = "Lists what other agencies that are involved with a child ask of this one, and a "
                "named person must answer: who asks, what for, and what it would get.",
    };
    struct requests_options given = {.client = client_default()};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;

    return command_parse(cli, &line, call, &given, &status) ? requests(cli, &given.client) : status;
}

/* --- answering --- */

static error_t parse_answer(int key, char *argument, struct argp_state *state)
{
    struct requests_options *given = state->input;
    struct entry_id id;

    switch (key) {
    case ARGP_KEY_ARG:
        if (given->id != NULL || !entry_id_parse(argument, &id)) {
            argp_error(state, "one REQUEST: AGENCY-STREAM-SEQ, as `cairn requests` names it");
            return EINVAL;
        }
        given->id = argument;
        return 0;
    case ARGP_KEY_END:
        if (given->id == NULL) {
            argp_error(state, "REQUEST is needed");
            return EINVAL;
        }
        return 0;
    default: {
        error_t r = decide_option(&given->decide, key, argument, state);
        return r == ARGP_ERR_UNKNOWN ? client_option(&given->client, key, argument) : r;
    }
    }
}

static const struct argp_option answer_options[] = {CLIENT_OPTION, DECIDE_WHO_OPTIONS, {0}};

static enum status answer(struct cli *cli, const struct command_line *line,
                          const struct command_call *call, const char *part)
{
    struct requests_options given = {.client = client_default()};
    enum status status = STATUS_OK;
    char path[CLIENT_PATH_BYTES];

    if (!command_parse(cli, line, *call, &given, &status)) {
        return status;
    }
    (void)snprintf(path, sizeof(path), CAIRN_PATH_REQUESTS "/%s%s", given.id, part);
    return decide_answer(cli, &given.client, path, &given.decide);
}

enum status command_grant(struct cli *cli, int argc, char **argv)
{
    static const struct command_line line = {
        .options = answer_options,
        .parser = parse_answer,
        .arguments = "REQUEST",
        .help = "Grants what another agency asked for, as far as the agreements leave it to this "
                "one: a named person says why. What they do not allow stays closed.",
    };
    const struct command_call call = {argc, argv};

    return answer(cli, &line, &call, CAIRN_PATH_PART_GRANT);
}

enum status command_refuse(struct cli *cli, int argc, char **argv)
{
    static const struct command_line line = {
        .options = answer_options,
        .parser = parse_answer,
        .arguments = "REQUEST",
        .help = "Refuses what another agency asked for: a named person says why. Nothing is "
                "disclosed; whoever asked is told that it was refused, and reads the reason.",
    };
    const struct command_call call = {argc, argv};

    return answer(cli, &line, &call, CAIRN_PATH_PART_REFUSE);
}
