/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/options.h"

#include "cairn/limits.h"

static const struct conf_option table[] = {
    {"broker", "dir", NULL,
     "Where the store lies: a folder of this user's own, mode 0700, on ext4 or xfs.", CONF_PATH, 0,
     0},
    {"broker", "governance", NULL,
     "The partnership's signed documents, read at start and on SIGHUP.", CONF_PATH, 0, 0},
    {"broker", "keys", NULL,
     "transport-key and pepper; and checkpoint-key, when there is no other signer. Under systemd: "
     "the credentials folder.",
     CONF_PATH, 0, 0},
    {"broker", "endpoint", "tcp://127.0.0.1:7440", "Where agencies connect.", CONF_TEXT, 0, 0},
    {"broker", "highwater", NULL,
     "A small file that remembers the largest signed log head. Put it on another disk than dir.",
     CONF_PATH, 0, 0},
    {"broker", "signer", "",
     "The socket of a cairn-signer. Without one, the broker starts a signer as a child of its own "
     "before it opens anything else.",
     CONF_PATH, 0, 0},
    {"broker", "signed", "",
     "The file in which the signer that the broker starts keeps the last head that it signed.",
     CONF_PATH, 0, 0},
    {"broker", "workers", "2", "Threads that check signatures.", CONF_INTEGER, 1,
     CAIRN_VERIFY_WORKERS_MAX},
    {"broker", "quota_records", "30000",
     "Records a minute from one agency; urgent ones are exempt.", CONF_INTEGER, 1, 100000000},
    {"broker", "quota_bytes", "64M", "Bytes a minute from one agency; urgent ones are exempt.",
     CONF_SIZE, CAIRN_FRAME_MAX_BYTES, INT64_MAX},
    {"broker", "memory_limit", "0",
     "Refuse to start when the worst case needs more; 0 takes the limit that the system sets.",
     CONF_SIZE, 0, INT64_MAX},
};

/* From what the configuration says. */
static void take_options(struct options *options)
{
    const struct conf *conf = options->conf;
    options->dir = conf_text(conf, "broker", "dir");
    options->governance = conf_text(conf, "broker", "governance");
    options->keys = conf_text(conf, "broker", "keys");
    options->endpoint = conf_text(conf, "broker", "endpoint");
    options->highwater = conf_text(conf, "broker", "highwater");
    options->signer = conf_text(conf, "broker", "signer");
    options->signed_head = conf_text(conf, "broker", "signed");
    options->workers = (int)conf_integer(conf, "broker", "workers");
    options->quota_records = (uint64_t)conf_integer(conf, "broker", "quota_records");
    options->quota_bytes = (uint64_t)conf_integer(conf, "broker", "quota_bytes");
    options->memory_limit_bytes = (uint64_t)conf_integer(conf, "broker", "memory_limit");
}

enum conf_then options_read(int argc, char **argv, struct options *ret)
{
    struct options options = OPTIONS_NULL;
    const struct conf_flag flags[] = {
        {"accept-clock", "Start in spite of a clock that looks absurd", &options.accept_clock},
        {"allow-tmpfs",
         "For trials only: a store on tmpfs, which is memory: it is lost when the machine stops",
         &options.allow_tmpfs},
    };
    const struct conf_instead replay = {
        .name = "replay",
        .value = "DIR",
        .help = "Do not run: see whether everything in a broker's folder, or in a copy of it, "
                "follows from its journal",
        .given = &options.replay,
    };
    const struct conf_program program = {
        .name = "cairn-broker",
        .version = "cairn-broker " CAIRN_VERSION,
        .help = "The broker of a Cairn partnership: takes sealed, signed records from agencies, "
                "keeps the log, notices patterns, tells those who must act.",
        .file = "/etc/cairn/broker.ini",
        .options = table,
        .n_options = ARRAY_LEN(table),
        .flags = flags,
        .n_flags = ARRAY_LEN(flags),
        .instead = &replay,
    };
    enum conf_then then = conf_command(&program, argc, argv, &options.conf);
    if (then == CONF_RUN) {
        take_options(&options);
    }
    *ret = options;
    return then;
}

void options_deinit(struct options *options)
{
    conf_free(&options->conf);
    *options = OPTIONS_NULL;
}
