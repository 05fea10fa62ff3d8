/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/log_trust.h"

#include <errno.h>
#include <string.h>

#include "os/files.h"

void log_trust_deinit(struct log_trust *trust)
{
    buf_deinit(&trust->note);
    governance_unref(&trust->documents);
}

error_t log_trust_option(struct log_trust *trust, int key, char *argument)
{
    switch (key) {
    case LOG_TRUST_KEY:
        trust->vkey_text = argument;
        return 0;
    case LOG_TRUST_GOVERNANCE:
        trust->governance = argument;
        return 0;
    case LOG_TRUST_CHECKPOINT:
        trust->head_path = argument;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static enum status load_key(struct cli *cli, struct log_trust *trust)
{
    struct error error = ERROR_NULL;

    if (trust->vkey_text != NULL) {
        trust->has_key = note_vkey_parse(trust->vkey_text, &trust->key);
        return trust->has_key ? STATUS_OK
                              : output_refuse(&cli->output, STATUS_USAGE, "--key",
                                              "is not of the form NAME+ID+KEY");
    }
    if (trust->governance == NULL) {
        return STATUS_OK;
    }
    int r = governance_load(trust->governance, &trust->documents, &error);
    if (r < 0) {
        return output_fail(&cli->output, r == -ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED, &error);
    }
    if (trust->documents->versions[GOVERNANCE_DIRECTORY] == 0) {
        return output_refuse(&cli->output, STATUS_NOT_FOUND, trust->governance,
                             "holds no directory, which would name the key");
    }
    trust->key = trust->documents->directory.checkpoint_key;
    trust->has_key = true;
    return STATUS_OK;
}

enum status log_trust_load(struct cli *cli, struct log_trust *trust)
{
    enum status status = load_key(cli, trust);

    if (status != STATUS_OK || trust->head_path == NULL) {
        return status;
    }
    int r = file_read(trust->head_path, &trust->note);
    if (r < 0) {
        return output_refuse(&cli->output, r == -ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED,
                             trust->head_path, "cannot be read: %s", strerrordesc_np(-r));
    }
    return STATUS_OK;
}
