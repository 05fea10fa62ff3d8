/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/command.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum {
    KEY_PRINT = 256,
    KEY_EXAMPLE,
    KEY_INSTEAD,
    KEY_FLAGS /* and on: one for each flag of the program */
};

#define SHARED_OPTIONS 3

struct arguments {
    const struct conf_program *program;
    const char *file;
    bool print;
    bool example;
    bool instead;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    size_t flag = key >= KEY_FLAGS ? (size_t)(key - KEY_FLAGS) : CONF_FLAGS_MAX;
    switch (key) {
    case 'c':
        arguments->file = arg;
        return 0;
    case KEY_PRINT:
        arguments->print = true;
        return 0;
    case KEY_EXAMPLE:
        arguments->example = true;
        return 0;
    case KEY_INSTEAD:
        *arguments->program->instead->given = arg;
        arguments->instead = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "there is nothing to say but options");
        return EINVAL;
    default:
        if (flag >= arguments->program->n_flags) {
            return ARGP_ERR_UNKNOWN;
        }
        *arguments->program->flags[flag].given = true;
        return 0;
    }
}

static int read_arguments(const struct conf_program *program, int argc, char **argv,
                          struct arguments *ret)
{
    struct argp_option options[SHARED_OPTIONS + CONF_FLAGS_MAX + 2] = {
        {"config", 'c', "FILE", 0, "Configuration; files *.ini in the folder FILE.d come after it",
         0},
        {"print-config", KEY_PRINT, NULL, 0, "Print every value in force and where it was said", 0},
        {"example-config", KEY_EXAMPLE, NULL, 0, "Print a commented configuration to start from",
         0},
    };
    const struct argp argp = {.options = options, .parser = parse, .doc = program->help};
    assert(program->n_flags <= CONF_FLAGS_MAX);
    for (size_t i = 0; i < program->n_flags; i++) {
        options[SHARED_OPTIONS + i] = (struct argp_option){.name = program->flags[i].name,
                                                           .key = KEY_FLAGS + (int)i,
                                                           .doc = program->flags[i].help};
    }
    if (program->instead != NULL) {
        options[SHARED_OPTIONS + program->n_flags] =
            (struct argp_option){.name = program->instead->name,
                                 .key = KEY_INSTEAD,
                                 .arg = program->instead->value,
                                 .doc = program->instead->help};
    }
    argp_program_version = program->version;
    argp_err_exit_status = CONF_EXIT_USAGE;
    *ret = (struct arguments){.program = program, .file = program->file};
    return argp_parse(&argp, argc, argv, 0, NULL, ret);
}

static void put(const struct buf *text)
{
    ssize_t n = write(STDOUT_FILENO, text->data, text->len);
    (void)n; /* whoever closed the pipe has seen enough */
}

enum conf_then conf_command(const struct conf_program *program, int argc, char **argv,
                            struct conf **ret)
{
    _cleanup_(conf_free) struct conf *conf = NULL;
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CONF_FILE_MAX_BYTES);
    struct arguments arguments;
    struct error error = ERROR_NULL;
    if (read_arguments(program, argc, argv, &arguments) != 0) {
        return CONF_FAILED;
    }
    if (arguments.example) {
        conf_example(program->options, program->n_options, &text);
        put(&text);
        return CONF_DONE;
    }
    if (arguments.instead) {
        return CONF_INSTEAD;
    }
    if (conf_load(arguments.file, program->options, program->n_options, &conf, &error) != 0) {
        (void)dprintf(STDERR_FILENO, "%s: %s: %s\n", program->name, error.where, error.what);
        return CONF_FAILED;
    }
    if (arguments.print) {
        conf_print(conf, &text);
        put(&text);
        return CONF_DONE;
    }
    *ret = conf;
    conf = NULL;
    return CONF_RUN;
}
