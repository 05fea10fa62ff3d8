/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `cairn request`: asks the other agencies for what they hold back about a child that this agency
 * is involved with. From a file or standard input as JSON.
 */
#include "cairn/limits.h"
#include "cli/client.h"
#include "cli/input.h"
#include "cli/show.h"

static enum status request(struct cli *cli, const struct input_options *given)
{
    struct error error = ERROR_NULL;
    char reference[SHOW_TEXT_BYTES];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_API_BODY_MAX_BYTES);
    _cleanup_(json_free) struct json *answer = NULL;

    enum status status = input_read(cli, given->path, &text);
    if (status != STATUS_OK) {
        return status;
    }
    const struct client_post post = {
        .path = CAIRN_PATH_REQUESTS,
        .content_type = CAIRN_MEDIA_JSON,
        .body = buf_slice(&text),
    };
    status = client_post(&given->client, &post, &answer, &error);
    if (status != STATUS_OK) {
        return output_fail(&cli->output, status, &error);
    }
    struct json_view view = json_view(answer, &error);
    show_result(&cli->output, &view);
    show_text(&view, "reference", reference);
    output_line(&cli->output, "asked          %s", reference);
    show_words(&cli->output, "    ", &view, "words");
    return STATUS_OK;
}

enum status command_request(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {CLIENT_OPTION, {0}};
    static const struct command_line line = {
        .options = options,
        .parser = input_option,
        .arguments = "[FILE]",
        .help = "Asks the other agencies for what they hold back about a child that this agency is "
                "involved with: one record, or everything that may be asked for. Each of them "
                "decides. Reads JSON from standard input without FILE or for -.",
    };
    struct input_options given = {.client = client_default()};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;

    return command_parse(cli, &line, call, &given, &status) ? request(cli, &given) : status;
}
