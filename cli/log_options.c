/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_options.h"

error_t log_option(int key, char *argument, struct argp_state *state)
{
    struct log_options *given = state->input;

    switch (key) {
    case LOG_CHECK:
        given->check = true;
        return 0;
    case ARGP_KEY_ARG:
        if (given->n_arguments == given->max_arguments) {
            argp_error(state, "too many arguments");
            return EINVAL;
        }
        given->arguments[given->n_arguments++] = argument;
        return 0;
    default: {
        error_t r = log_trust_option(&given->trust, key, argument);
        return r == ARGP_ERR_UNKNOWN ? client_option(&given->client, key, argument) : r;
    }
    }
}

enum status log_command_run(struct cli *cli, const struct log_command *command,
                            struct command_call call)
{
    struct log_options given = {.client = client_default(),
                                .trust = LOG_TRUST_NULL,
                                .max_arguments = command->max_arguments};
    enum status status = STATUS_OK;

    assert(command->max_arguments <= LOG_ARGUMENTS_MAX);
    if (!command_parse(cli, &command->line, call, &given, &status)) {
        return status;
    }
    status = log_trust_load(cli, &given.trust);
    status = status == STATUS_OK ? command->run(cli, &given) : status;
    log_trust_deinit(&given.trust);
    return status;
}

void log_say_document(struct output *output, const char *key, struct buf *text)
{
    int r = json_set_text(output_result(output), key, buf_slice(text));

    assert(r == 0); /* client_text takes prose only */
    size_t len = text->len;
    while (len > 0 && text->data[len - 1] == '\n') {
        len--;
    }
    output_line(output, "%.*s", (int)len, buf_text(text));
}
