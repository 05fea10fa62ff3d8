/* SPDX-License-Identifier: Apache-2.0 */
/* `cairn agreement check` and `sign`. What check finds wrong is not signed. */
#include "cli/agreement.h"
#include "cli/input.h"

static enum status refuse_problems(struct cli *cli, const char *path, size_t problems)
{
    if (cli->output.json && output_finish(&cli->output) != STATUS_OK) {
        return STATUS_FAILED;
    }
    return output_refuse(&cli->output, STATUS_FAILED, path,
                         problems == 1 ? "%zu problem to be mended" : "%zu problems to be mended",
                         problems);
}

static const char *name_of(const struct agreement_options *given)
{
    if (given->n_files > 0) {
        return input_name(given->files[given->n_files - 1]);
    }
    return given->dir != NULL ? given->dir : "what the agent holds";
}

static enum status check(struct cli *cli, const struct agreement_options *given,
                         const struct agreement_desk *desk)
{
    size_t problems = 0;
    enum status status = agreement_report(cli, desk->looked_at[0], desk, &problems);

    json_set_bool(output_result(&cli->output), "in_order", status == STATUS_OK && problems == 0);
    if (status != STATUS_OK) {
        return status;
    }
    if (problems > 0) {
        return refuse_problems(cli, name_of(given), problems);
    }
    output_line(&cli->output, "In order: %s.", name_of(given));
    return STATUS_OK;
}

enum status command_agreement_check(struct cli *cli, int argc, char **argv)
{
    static const struct argp_option options[] = {CLIENT_OPTION, {0}};
    static const struct command_line line = {
        .options = options,
        .parser = agreement_option,
        .arguments = "[DIR [FILE]]",
        .help = "Says what is wrong with the agreements in FILE, or with those in force: what "
                "cannot be read, rules that contradict each other or never decide, what may not "
                "be kept waiting, review dates. Without DIR: in what the agent holds.",
    };
    struct agreement_options given = {.client = client_default(), .max_files = 1};
    const struct command_call call = {argc, argv};
    struct agreement_desk desk;
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    status = agreement_desk_open(cli, &given, 1, &desk);
    if (status == STATUS_OK) {
        status = check(cli, &given, &desk);
        agreement_desk_close(&desk);
    }
    return status;
}

/* --- sign --- */

static enum status check_and_publish(struct cli *cli, const struct agreement_options *given)
{
    struct agreement_desk desk;
    size_t problems = 0;
    enum status status = agreement_desk_open(cli, given, 1, &desk);

    if (status != STATUS_OK) {
        return status;
    }
    status = agreement_report(cli, desk.looked_at[0], &desk, &problems);
    agreement_desk_close(&desk);
    if (status == STATUS_OK && problems > 0) {
        status = refuse_problems(cli, input_name(given->files[0]), problems);
    }
    return status == STATUS_OK
               ? partnership_sign_file(cli, given->dir, given->files[0], GOVERNANCE_AGREEMENTS)
               : status;
}

enum status command_agreement_sign(struct cli *cli, int argc, char **argv)
{
    static const struct command_line line = {
        .parser = agreement_option,
        .arguments = "PARTNERSHIP_DIR FILE",
        .help = "Checks the agreements in FILE and signs them as the next version, with the root "
                "key. Look at `cairn agreement diff` first.",
    };
    struct agreement_options given = {.min_files = 1, .max_files = 1};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    return check_and_publish(cli, &given);
}
