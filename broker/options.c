/* SPDX-License-Identifier: Apache-2.0 */
#include "broker/options.h"

#include <argp.h>
#include <stdio.h>
#include <unistd.h>

#include "cairn/limits.h"

static const struct conf_option table[] = {
    {"broker", "dir", NULL,
     "Where the store lies: a folder of this user's own, mode 0700, on ext4 or xfs.", CONF_PATH, 0,
     0},
    {"broker", "governance", NULL,
     "The partnership's signed documents, read at start and on SIGHUP.", CONF_PATH, 0, 0},
    {"broker", "keys", NULL,
     "transport-key, checkpoint-key and pepper. Under systemd: the credentials folder.", CONF_PATH,
     0, 0},
    {"broker", "endpoint", "tcp://127.0.0.1:7440", "Where agencies connect.", CONF_TEXT, 0, 0},
    {"broker", "highwater", NULL,
     "A small file that remembers the largest signed log head. Put it on another disk than dir.",
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

struct arguments {
    const char *config;
    bool print;
    bool example;
    bool accept_clock;
    bool allow_tmpfs;
};

enum {
    KEY_PRINT = 256,
    KEY_EXAMPLE,
    KEY_ACCEPT_CLOCK,
    KEY_ALLOW_TMPFS
};

static const struct argp_option argp_options[] = {
    {"config", 'c', "FILE", 0, "Configuration (broker.ini; drop-ins in broker.d/)", 0},
    {"print-config", KEY_PRINT, NULL, 0, "Print every value in force and where it was said", 0},
    {"example-config", KEY_EXAMPLE, NULL, 0, "Print a commented configuration to start from", 0},
    {"accept-clock", KEY_ACCEPT_CLOCK, NULL, 0, "Start in spite of a clock that looks absurd", 0},
    {"allow-tmpfs", KEY_ALLOW_TMPFS, NULL, 0,
     "For trials only: a store on a file system that does not keep what it syncs", 0},
    {0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case 'c':
        arguments->config = arg;
        return 0;
    case KEY_PRINT:
        arguments->print = true;
        return 0;
    case KEY_EXAMPLE:
        arguments->example = true;
        return 0;
    case KEY_ACCEPT_CLOCK:
        arguments->accept_clock = true;
        return 0;
    case KEY_ALLOW_TMPFS:
        arguments->allow_tmpfs = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "there is nothing to say but options");
        return EINVAL;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void put(struct buf *text)
{
    ssize_t put = write(STDOUT_FILENO, text->data, text->len);
    (void)put;
    buf_deinit(text);
}

static void fill(const struct arguments *arguments, struct conf *conf, struct options *ret)
{
    *ret = (struct options){
        .conf = conf,
        .dir = conf_text(conf, "broker", "dir"),
        .governance = conf_text(conf, "broker", "governance"),
        .keys = conf_text(conf, "broker", "keys"),
        .endpoint = conf_text(conf, "broker", "endpoint"),
        .highwater = conf_text(conf, "broker", "highwater"),
        .workers = (int)conf_integer(conf, "broker", "workers"),
        .quota_records = (uint64_t)conf_integer(conf, "broker", "quota_records"),
        .quota_bytes = (uint64_t)conf_integer(conf, "broker", "quota_bytes"),
        .memory_limit_bytes = (uint64_t)conf_integer(conf, "broker", "memory_limit"),
        .accept_clock = arguments->accept_clock,
        .allow_tmpfs = arguments->allow_tmpfs,
    };
}

enum options_then options_read(int argc, char **argv, struct options *ret)
{
    static const struct argp argp = {
        .options = argp_options,
        .parser = parse,
        .doc = "The broker of a Cairn partnership: takes sealed, signed records from agencies, "
               "keeps the log, notices "
               "patterns, tells those who must act.",
    };
    struct arguments arguments = {.config = "/etc/cairn/broker.ini"};
    struct error error = ERROR_NULL;
    struct conf *conf = NULL;
    struct buf text = BUF_MAX(CONF_FILE_MAX_BYTES);
    argp_program_version = "cairn-broker " CAIRN_VERSION;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return OPTIONS_FAILED;
    }
    if (arguments.example) {
        conf_example(table, ARRAY_LEN(table), &text);
        put(&text);
        return OPTIONS_DONE;
    }
    if (conf_load(arguments.config, table, ARRAY_LEN(table), &conf, &error) != 0) {
        (void)dprintf(STDERR_FILENO, "cairn-broker: %s: %s\n", error.where, error.what);
        return OPTIONS_FAILED;
    }
    if (arguments.print) {
        conf_print(conf, &text);
        put(&text);
        conf_free(&conf);
        return OPTIONS_DONE;
    }
    fill(&arguments, conf, ret);
    return OPTIONS_RUN;
}

void options_deinit(struct options *options)
{
    conf_free(&options->conf);
}
