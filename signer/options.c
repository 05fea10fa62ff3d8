/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/options.h"

static const struct conf_option table[] = {
    {"signer", "keys", NULL, "checkpoint-key. Under systemd: the credentials folder.", CONF_PATH, 0,
     0},
    {"signer", "governance", NULL,
     "The partnership's signed documents; the root document names the log's origin.", CONF_PATH, 0,
     0},
    {"signer", "signed", NULL,
     "The file that keeps the last head that was signed. Put it on another disk than the broker's "
     "store.",
     CONF_PATH, 0, 0},
    {"signer", "socket", "/run/cairn-signer/signer.sock",
     "Where the broker asks. Whoever may connect may have the log go on: the socket is open to the "
     "group that the signer runs as.",
     CONF_PATH, 0, 0},
};

enum conf_then signer_options_read(int argc, char **argv, struct signer_options *ret)
{
    struct signer_options options = SIGNER_OPTIONS_NULL;
    const struct conf_program program = {
        .name = "cairn-signer",
        .version = "cairn-signer " CAIRN_VERSION,
        .help =
            "The signer of a Cairn broker: holds the checkpoint key and signs a head of the log "
            "only when it goes on from the last one.",
        .file = "/etc/cairn/signer.ini",
        .options = table,
        .n_options = ARRAY_LEN(table),
    };
    enum conf_then then = conf_command(&program, argc, argv, &options.conf);
    if (then == CONF_RUN) {
        options.service.keys = conf_text(options.conf, "signer", "keys");
        options.service.governance = conf_text(options.conf, "signer", "governance");
        options.service.signed_head = conf_text(options.conf, "signer", "signed");
        options.socket = conf_text(options.conf, "signer", "socket");
        *ret = options;
    }
    return then;
}

void signer_options_deinit(struct signer_options *options)
{
    conf_free(&options->conf);
    *options = SIGNER_OPTIONS_NULL;
}
