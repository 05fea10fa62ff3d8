/* SPDX-License-Identifier: Apache-2.0 */
/*
 * argp is kept from ending the process (ARGP_NO_EXIT), so that whoever calls a command gets its
 * status back. With --json it is kept from printing too, and says only that the line is wrong.
 */
#include "cli/command.h"

#include <errno.h>
#include <string.h>

#define COMMAND_NAME_BYTES 64
#define GROUP_BYTES        128 /* the second words of one group */
#define KEY_JSON           0x1001
#define KEY_QUIET          0x1002
#define KEY_VERSION        0x1003
#define KEY_USAGE          0x1004
#define KEY_HELP           '?'
#define KEY_HELP_SHORT     'h'

struct command {
    const char *name;
    enum status (*run)(struct cli *cli, int argc, char **argv);
    const char *group;
    const char *help;
};

static const struct command commands[] = {
#define X(name, function, group, help) {name, command_##function, group, help},
    CAIRN_COMMANDS(X)
#undef X
};

/* --- a command's own line --- */

struct shared_input {
    struct cli *cli;
    void *input;
    bool answered; /* --help or --version: nothing more to do */
};

static const struct argp_option shared_options[] = {
    {"json", KEY_JSON, NULL, 0, "print one JSON object instead of text", -1},
    {"quiet", KEY_QUIET, NULL, 0, "print nothing but problems", -1},
    {"help", KEY_HELP, NULL, 0, "print this help", -1},
    {NULL, KEY_HELP_SHORT, NULL, OPTION_ALIAS, NULL, -1},
    {"usage", KEY_USAGE, NULL, 0, "print the usage in short", -1},
    {"version", KEY_VERSION, NULL, 0, "print the version", -1},
    {0},
};

static error_t parse_shared(int key, char *argument, struct argp_state *state)
{
    struct shared_input *shared = state->input;

    (void)argument;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = shared->input;
        state->out_stream = shared->cli->output.out;
        state->err_stream = shared->cli->output.err;
        return 0;
    case KEY_JSON:
        shared->cli->output.json = true;
        return 0;
    case KEY_QUIET:
        shared->cli->output.quiet = true;
        return 0;
    case KEY_HELP:
    case KEY_HELP_SHORT:
        argp_state_help(state, shared->cli->output.out,
                        ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC);
        shared->answered = true;
        return ECANCELED;
    case KEY_USAGE:
        argp_state_help(state, shared->cli->output.out, ARGP_HELP_USAGE);
        shared->answered = true;
        return ECANCELED;
    case KEY_VERSION:
        (void)fprintf(shared->cli->output.out, "cairn " CAIRN_VERSION "\n");
        shared->answered = true;
        return ECANCELED;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* Known before the options are read, because it decides how their mistakes are told. */
static bool wants_json(const struct cli *cli, struct command_call call)
{
    bool wanted = cli->output.json;

    for (int i = 1; i < call.argc && strcmp(call.argv[i], "--") != 0; i++) {
        wanted = wanted || strcmp(call.argv[i], "--json") == 0;
    }
    return wanted;
}

error_t command_argument(const char **at, const char *what, char *argument,
                         struct argp_state *state)
{
    if (*at != NULL) {
        argp_error(state, "one %s at a time", what);
        return EINVAL;
    }
    *at = argument;
    return 0;
}

bool command_parse(struct cli *cli, const struct command_line *line, struct command_call call,
                   void *input, enum status *ret)
{
    const struct argp own = {.options = line->options, .parser = line->parser};
    const struct argp_child children[] = {{&own, 0, NULL, 0}, {0}};
    const struct argp argp = {
        .options = shared_options,
        .parser = parse_shared,
        .args_doc = line->arguments,
        .doc = line->help,
        .children = children,
    };
    struct shared_input shared = {.cli = cli, .input = input};
    bool json = wants_json(cli, call);

    cli->output.json = json;
    error_t r = argp_parse(&argp, call.argc, call.argv,
                           ARGP_NO_HELP | ARGP_NO_EXIT | (json ? ARGP_NO_ERRS : 0U), NULL, &shared);
    if (r == 0) {
        return true;
    }
    *ret = shared.answered ? STATUS_OK : STATUS_USAGE;
    if (!shared.answered && json) {
        *ret = output_refuse(&cli->output, STATUS_USAGE, call.argv[0],
                             "the command line is not right: see %s --help", call.argv[0]);
    }
    return false;
}

/* --- the program's line: global options, then a command --- */

static void print_help(FILE *stream)
{
    const char *group = "";

    (void)fprintf(stream, "Usage: cairn [--json] [--quiet] COMMAND [OPTION...]\n"
                          "Share what one agency sees about a child with those who must act.\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (strcmp(group, commands[i].group) != 0) {
            group = commands[i].group;
            (void)fprintf(stream, "\n%s\n", group);
        }
        (void)fprintf(stream, "  %-17s  %s\n", commands[i].name, commands[i].help);
    }
    (void)fprintf(
        stream,
        "\n`cairn COMMAND --help` says more. Commands about an agency speak to its agent, on its "
        "machine:\n--agent SOCKET or $CAIRN_AGENT says which.\n"
        "Exit codes: 0 done, 1 failed, 2 wrong command line, 3 no answer, 4 not allowed, "
        "5 not found, 6 conflict, 7 done, but a person must look.\n");
}

/* The commands that begin with this word: 0 when there are none. */
static size_t list_group(FILE *stream, const char *word)
{
    size_t len = strlen(word);
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (strncmp(commands[i].name, word, len) == 0 && commands[i].name[len] == ' ') {
            n++;
            if (stream != NULL) {
                (void)fprintf(stream, "  %-17s  %s\n", commands[i].name, commands[i].help);
            }
        }
    }
    return n;
}

static bool asks_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0 ||
           strcmp(argument, "-?") == 0 || strcmp(argument, "help") == 0;
}

/* `cairn agency --help`: the line, then its commands. */
static bool help_group(struct cli *cli, int argc, char **argv)
{
    if (argc < 2 || !asks_help(argv[1]) || list_group(NULL, argv[0]) == 0) {
        return false;
    }
    (void)fprintf(cli->output.out, "Usage: cairn %s COMMAND [OPTION...]\n\n", argv[0]);
    (void)list_group(cli->output.out, argv[0]);
    (void)fprintf(cli->output.out, "\n`cairn %s COMMAND --help` says more.\n", argv[0]);
    return true;
}

/* True for an option of the program's own; *ret_done when it was also an answer. */
static bool take_global(struct cli *cli, const char *argument, bool *ret_done)
{
    if (strcmp(argument, "--json") == 0) {
        cli->output.json = true;
    } else if (strcmp(argument, "--quiet") == 0) {
        cli->output.quiet = true;
    } else if (strcmp(argument, "--version") == 0) {
        (void)fprintf(cli->output.out, "cairn " CAIRN_VERSION "\n");
        *ret_done = true;
    } else if (asks_help(argument)) {
        print_help(cli->output.out);
        *ret_done = true;
    } else {
        return false;
    }
    return true;
}

/* The command of the longest name that the arguments begin with; *ret_words how many they are. */
static const struct command *find(int argc, char **argv, int *ret_words)
{
    for (int words = argc < 2 ? argc : 2; words > 0; words--) {
        char name[COMMAND_NAME_BYTES];
        (void)snprintf(name, sizeof(name), "%s%s%s", argv[0], words == 2 ? " " : "",
                       words == 2 ? argv[1] : "");
        for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
            if (strcmp(commands[i].name, name) == 0) {
                *ret_words = words;
                return &commands[i];
            }
        }
    }
    return NULL;
}

/* "agency approve, agency revoke": what could have been meant. */
static void name_group(const char *word, char *out, size_t bytes)
{
    struct writer writer = writer_over(out, bytes - 1);
    const char *between = "";

    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        size_t len = strlen(word);
        if (strncmp(commands[i].name, word, len) == 0 && commands[i].name[len] == ' ') {
            write_format(&writer, "%s%s", between, commands[i].name + len + 1);
            between = ", ";
        }
    }
    out[writer_slice(&writer).len] = '\0';
}

static enum status refuse_unknown(struct cli *cli, int argc, char **argv)
{
    char known[GROUP_BYTES] = "";

    if (list_group(NULL, argv[0]) == 0) {
        return output_refuse(&cli->output, STATUS_USAGE, "",
                             "there is no such command: `cairn --help` lists them");
    }
    name_group(argv[0], known, sizeof(known));
    return output_refuse(&cli->output, STATUS_USAGE, argv[0],
                         argc < 2 || argv[1][0] == '-' ? "needs a second word, one of: %s"
                                                       : "has no such command; it has: %s",
                         known);
}

static enum status run(struct cli *cli, const struct command *command, int argc, char **argv)
{
    char name[COMMAND_NAME_BYTES];
    char *first = argv[0];

    (void)snprintf(name, sizeof(name), "cairn %s", command->name);
    argv[0] = name;
    enum status status = command->run(cli, argc, argv);
    argv[0] = first;
    return status == STATUS_OK && cli->output.result != NULL ? output_finish(&cli->output) : status;
}

enum status command_main(struct cli *cli, int argc, char **argv)
{
    int at = 1;
    int words = 0;
    bool done = false;

    while (at < argc && !done && take_global(cli, argv[at], &done)) {
        at++;
    }
    if (done) {
        return STATUS_OK;
    }
    if (at == argc) {
        print_help(cli->output.err);
        return STATUS_USAGE;
    }
    const struct command *command = find(argc - at, argv + at, &words);
    if (command == NULL && help_group(cli, argc - at, argv + at)) {
        return STATUS_OK;
    }
    if (command == NULL) {
        return refuse_unknown(cli, argc - at, argv + at);
    }
    return run(cli, command, argc - at - words + 1, argv + at + words - 1);
}
