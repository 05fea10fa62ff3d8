/* SPDX-License-Identifier: Apache-2.0 */
/* A document from a file becomes the next version; `cairn pattern sign` and `calendar sign`. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/input.h"
#include "cli/partnership.h"

static int publish(const char *dir, enum governance_document document, struct slice text,
                   uint64_t *ret_version, struct error *error)
{
    struct partnership partnership = PARTNERSHIP_NULL;

    int r = partnership_open_with_key(dir, &partnership, error);
    if (r < 0) {
        return r;
    }
    r = partnership_publish(&partnership, document, text, error);
    *ret_version = partnership.governance->versions[document];
    partnership_close(&partnership);
    return r;
}

/* The document that was checked is the file that was given: "calendar.json /desks" is a place in
 * it, whatever the file is called. */
static void name_file(const char *path, const char *name, struct error *error)
{
    size_t len = strlen(name);
    struct error inner = *error;

    if (strncmp(inner.where, name, len) == 0) {
        const char *rest = inner.where + len;
        rest += strncmp(rest, ".json", 5) == 0 ? 5 : 0;
        (void)snprintf(error->where, sizeof(error->where), "%.100s%.50s", path, rest);
        (void)snprintf(error->what, sizeof(error->what), "is no %s: %.280s", name, inner.what);
    }
}

enum status partnership_sign_file(struct cli *cli, const char *dir, const char *path,
                                  enum governance_document document)
{
    struct error error = ERROR_NULL;
    uint64_t version = 0;
    char key[64];
    const char *name = governance_document_text(document);
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(CAIRN_GOVERNANCE_DOC_MAX_BYTES);

    enum status status = input_read(cli, path, &text);
    if (status != STATUS_OK) {
        return status;
    }
    int r = publish(dir, document, buf_slice(&text), &version, &error);
    if (r < 0) {
        name_file(path, name, &error);
        return output_fail(&cli->output, r == -ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED, &error);
    }
    (void)snprintf(key, sizeof(key), "%s_version", name);
    json_set_integer(output_result(&cli->output), key, (int64_t)version);
    output_line(&cli->output, "The %s %s at version %" PRIu64 ", signed.", name,
                document == GOVERNANCE_CALENDAR ? "is" : "are", version);
    output_line(&cli->output, "Next: let the broker read them: systemctl reload cairn-broker, or "
                              "kill -HUP its process.");
    return STATUS_OK;
}

/* --- patterns and calendar --- */

struct sign_options {
    const char *dir;
    const char *path;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct sign_options *given = state->input;

    switch (key) {
    case ARGP_KEY_ARG:
        if (given->path != NULL) {
            argp_error(state, "too many arguments");
            return EINVAL;
        }
        *(given->dir == NULL ? &given->dir : &given->path) = argument;
        return 0;
    case ARGP_KEY_END:
        if (given->path == NULL) {
            argp_error(state, "arguments are missing");
            return EINVAL;
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static enum status sign(struct cli *cli, const struct command_call *call, const char *help,
                        enum governance_document document)
{
    const struct command_line line = {
        .parser = parse_option,
        .arguments = "PARTNERSHIP_DIR FILE",
        .help = help,
    };
    struct sign_options given = {.dir = NULL};
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, *call, &given, &status)) {
        return status;
    }
    return partnership_sign_file(cli, given.dir, given.path, document);
}

enum status command_pattern_sign(struct cli *cli, int argc, char **argv)
{
    return sign(cli, &(const struct command_call){argc, argv},
                "Signs the patterns in FILE as the next version, with the root key. A pattern "
                "that is live names the two people who turned it on.",
                GOVERNANCE_PATTERNS);
}

enum status command_calendar_sign(struct cli *cli, int argc, char **argv)
{
    return sign(cli, &(const struct command_call){argc, argv},
                "Signs the calendar in FILE as the next version, with the root key: the desks on "
                "duty and their telephones, for every minute of the week and of holidays.",
                GOVERNANCE_CALENDAR);
}
