/* SPDX-License-Identifier: Apache-2.0 */
/* log_options: what the commands of `cairn log` take that print heads and proofs, or check them. */
#ifndef CLI_LOG_OPTIONS_H
#define CLI_LOG_OPTIONS_H

#include "cli/client.h"
#include "cli/log_trust.h"

#define LOG_CHECK         0x2001 /* the key of --check */
#define LOG_ARGUMENTS_MAX 3

struct log_options {
    struct client client;
    struct log_trust trust;
    const char *arguments[LOG_ARGUMENTS_MAX];
    int n_arguments;
    int max_arguments;
    bool check; /* LOG_CHECK was given */
};
error_t log_option(int key, char *argument, struct argp_state *state);

/* One of them: what argp is told, and what is done with what was given. */
struct log_command {
    struct command_line line; /* its parser is log_option */
    int max_arguments;        /* at most LOG_ARGUMENTS_MAX */
    enum status (*run)(struct cli *cli, const struct log_options *given);
};
/* Reads the options, and the key and the checkpoint that they name; then runs it. */
enum status log_command_run(struct cli *cli, const struct log_command *command,
                            struct command_call call) MUST_USE;

/* A document in its lines, so that it can be redirected into a file as it is. */
void log_say_document(struct output *output, const char *key, struct buf *text);

#endif
