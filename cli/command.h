/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command: the subcommands of `cairn`. A new one is a line in CAIRN_COMMANDS and a file with the
 * function that the line names:
 *
 *     enum status command_submit(struct cli *cli, int argc, char **argv);
 *
 * argv[0] is the command's full name ("cairn submit"), for its messages. The function reads its
 * options with command_parse, does its work, says what it did through cli->output (text and JSON
 * both) and returns a status; it prints nothing itself, reads nothing about a person from argv
 * (cli/prompt.h), never exits, and leaves output_finish to its caller. A name of two words ("agency
 * approve") is a command of its own.
 *
 * Columns: name, function, group in the help, one line of help.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <argp.h>
#include <stdio.h>

#include "base/clock.h"
#include "cli/output.h"

/* clang-format off */
#define CAIRN_COMMANDS(X)                                                                                              \
    X("init",           init,           "The partnership", "make a new partnership: root, documents, the broker's keys") \
    X("agency approve", agency_approve, "The partnership", "take an agency into the directory, by its request file")   \
    X("agency revoke",  agency_revoke,  "The partnership", "revoke an agency: nothing of it is accepted any more")     \
    X("agency retire",  agency_retire,  "The partnership", "end the use of an agency's keys before its newest")        \
    X("agency duty",    agency_duty,    "The partnership", "change whom others telephone at an agency")                \
    X("agency list",    agency_list,    "The partnership", "list the agencies of the directory")                       \
    X("broker renew",   broker_renew,   "The partnership", "make the broker's next transport key, and announce it")  \
    X("broker switch",  broker_switch,  "The partnership", "from now on the broker has the key that was announced")  \
    X("agreement check",   agreement_check,   "The partnership", "what is wrong with agreements, before anybody signs")   \
    X("agreement explain", agreement_explain, "The partnership", "why an agency may or may not see a record")             \
    X("agreement compile", agreement_compile, "The partnership", "who gets what under agreements")                        \
    X("agreement diff",    agreement_diff,    "The partnership", "what changes for whom between two agreements")          \
    X("agreement sign",    agreement_sign,    "The partnership", "sign the next version of the agreements")               \
    X("pattern sign",      pattern_sign,      "The partnership", "sign the next version of the patterns")                 \
    X("pattern preview",   pattern_preview,   "The partnership", "how much patterns raise, or would raise")                \
    X("calendar sign",     calendar_sign,     "The partnership", "sign the next version of the calendar")                 \
    X("agency request", agency_request, "An agency",       "make an agency's keys and its request to join")     \
    X("agency renew",   agency_renew,   "An agency",       "make new keys, and the request to use them")               \
    X("submit",         submit,         "An agency",       "hand records or appointments to the agency's agent")       \
    X("involve",        involve,        "An agency",       "say that this agency has a relationship with a child")     \
    X("request",        request,        "An agency",       "ask the others for what they hold back about a child")     \
    X("requests",       requests,       "An agency",       "what others ask of this agency, and a person must answer") \
    X("grant",          grant,          "An agency",       "grant what another agency asked for")                      \
    X("refuse",         refuse,         "An agency",       "refuse what another agency asked for")                     \
    X("kept",           kept,           "An agency",       "what is kept and nobody has seen; when to look at it again") \
    X("returned",       returned,       "An agency",       "what the broker refused for good, so that nobody has it")  \
    X("record",         record,         "An agency",       "what became of a record, who has seen it, what it says")   \
    X("inbox",          inbox,          "An agency",       "what others have told this agency")                        \
    X("review",         review,         "An agency",       "what patterns found before they were on, and beyond their week") \
    X("alerts",         alerts,         "An agency",       "what was noticed")                                         \
    X("alert",          alert,          "An agency",       "one alert: see it, open it, close it")                     \
    X("picture",        picture,        "An agency",       "what this agency may see of a child, and who is involved") \
    X("log head",       log_head,       "The log",         "the signed head of the log")                               \
    X("log prove",      log_prove,      "The log",         "the proof that a record is in the log; or check one")      \
    X("log verify",     log_verify,     "The log",         "check a broker's log, a copy of it, or an export, offline") \
    X("log evidence",   log_evidence,   "The log",         "what the agent kept when the broker showed another log")    \
    X("log compare",    log_compare,    "The log",         "whether two signed heads are of one log, offline")          \
    X("log export",     log_export,     "The log",         "write a log into a file that needs no database")           \
    X("status",         status,         "Running it",      "how a broker or an agent does")                            \
    X("check",          check,          "Running it",      "whether somebody has to do something: a monitoring plugin") \
    X("metrics",        metrics,        "Running it",      "the figures of a broker or an agent, for Prometheus")
/* clang-format on */

struct cli {
    struct output output;
    FILE *in;
    const struct clock *clock;
};

#define X(name, function, group, help)                                                             \
    enum status command_##function(struct cli *cli, int argc, char **argv);
CAIRN_COMMANDS(X)
#undef X

/*
 * Reads options and arguments by glibc's argp, beside the options that all commands share: --json,
 * --quiet, --help and --version. False when there is nothing more to do: the command returns *ret
 * then.
 *
 *     const struct command_call call = {argc, argv};
 *     if (!command_parse(cli, &line, call, &mine, &status)) {
 *         return status;
 *     }
 *
 * The parser gets `input` as state->input and returns 0, ARGP_ERR_UNKNOWN, or EINVAL after
 * argp_error.
 */
struct command_line {
    const struct argp_option *options;
    argp_parser_t parser;
    const char *arguments; /* as in the usage line */
    const char *help;      /* what it does, for --help */
};
struct command_call {
    int argc;
    char **argv;
};
bool command_parse(struct cli *cli, const struct command_line *line, struct command_call call,
                   void *input, enum status *ret) MUST_USE;

/* At ARGP_KEY_ARG of a command with one argument: keeps it in *at, and refuses a second one, which
 * `what` names. */
error_t command_argument(const char **at, const char *what, char *argument,
                         struct argp_state *state);

/* All of the program: finds the command and runs it. The exit code. */
enum status command_main(struct cli *cli, int argc, char **argv);

#endif
