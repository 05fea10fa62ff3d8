/* SPDX-License-Identifier: Apache-2.0 */
/* A document from a file becomes the next version; and `cairn pattern sign`. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

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
        return output_fail(&cli->output, r == -ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED, &error);
    }
    (void)snprintf(key, sizeof(key), "%s_version", name);
    json_set_integer(output_result(&cli->output), key, (int64_t)version);
    output_line(&cli->output, "The %s are at version %" PRIu64 ", signed.", name, version);
    output_line(&cli->output, "Next: let the broker read them: systemctl reload cairn-broker, or "
                              "kill -HUP its process.");
    return STATUS_OK;
}

/* --- patterns --- */

struct pattern_options {
    const char *dir;
    const char *path;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
    struct pattern_options *given = state->input;

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

enum status command_pattern_sign(struct cli *cli, int argc, char **argv)
{
    static const struct command_line line = {
        .parser = parse_option,
        .arguments = "PARTNERSHIP_DIR FILE",
        .help = "Signs the patterns in FILE as the next version, with the root key. A pattern "
                "that is live names the two people who turned it on.",
    };
    struct pattern_options given = {.dir = NULL};
    const struct command_call call = {argc, argv};
    enum status status = STATUS_OK;

    if (!command_parse(cli, &line, call, &given, &status)) {
        return status;
    }
    return partnership_sign_file(cli, given.dir, given.path, GOVERNANCE_PATTERNS);
}
