/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/options.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cairn/limits.h"

#define DEFAULT_CONFIG "/etc/cairn/agent.ini"
#define UID_TEXT_BYTES 16 /* ten digits, and room to see that there are more */

static const struct conf_option table[] = {
    {"agent", "dir", NULL,
     "Where the store lies: a folder of this user's own, mode 0700, on ext4 or xfs.", CONF_PATH, 0,
     0},
    {"agent", "keys", NULL,
     "signing-key, opening-key, transport-key and store-key. Under systemd: the credentials "
     "folder.",
     CONF_PATH, 0, 0},
    {"agent", "joining", NULL, "The file that the partnership gave this agency.", CONF_PATH, 0, 0},
    {"agent", "socket", NULL, "Unix socket of the local interface.", CONF_PATH, 0, 0},
    {"agent", "settle", "24h",
     "How long an event that may be a clerical error waits before it leaves. Never applied to "
     "what is urgent.",
     CONF_SECONDS, 0, CAIRN_SETTLE_MAX_S},
    {"agent", "standing_decision", "",
     "Title and date of the decision that automatic feeds rest on, as the record shows it: who "
     "decided that missed appointments are relevant, and when. Never pretend that a person looked.",
     CONF_TEXT, 0, 0},
    {"agent", "submit_uid", "",
     "User ids of the systems that feed the agent: 1001,1002. They may hand in, ask what became of "
     "what they handed in, and ask how the agent does.",
     CONF_TEXT, 0, 0},
    {"agent", "allow_uid", "",
     "User ids, besides the agent's own, that may do everything: read what others share, open it "
     "in a person's name, decide about alerts.",
     CONF_TEXT, 0, 0},
    {"agent", "duty_telephone", "",
     "The duty desk's number, told with what is urgent until the partnership's calendar is here.",
     CONF_TEXT, 0, 0},
    {"watch", "attendance", "",
     "Folder for registers (attendance CSV): this user's own, mode 0700, with in/, done/ and "
     "failed/ in it. Nothing: none is watched.",
     CONF_PATH, 0, 0},
    {"watch", "roll", "", "Likewise for rolls (CSV).", CONF_PATH, 0, 0},
    {"watch", "records", "", "Likewise for records in Cairn's own JSON, one a file.", CONF_PATH, 0,
     0},
    {"watch", "appointments", "", "Likewise for FHIR appointments.", CONF_PATH, 0, 0},
    {"watch", "quiet", "10s",
     "A file that was written in place, not moved in, is taken when it has not changed for so "
     "long.",
     CONF_SECONDS, 0, 3600},
    SCHOOL_CONF_OPTIONS,
};

struct arguments {
    const char *config;
    bool print;
    bool example;
    bool clear_fork;
    bool allow_tmpfs;
};

enum {
    KEY_PRINT = 256,
    KEY_EXAMPLE,
    KEY_CLEAR_FORK,
    KEY_ALLOW_TMPFS
};

static const struct argp_option argp_options[] = {
    {"config", 'c', "FILE", 0, "Configuration (agent.ini; drop-ins in agent.d/)", 0},
    {"print-config", KEY_PRINT, NULL, 0, "Print every value in force and where it was said", 0},
    {"example-config", KEY_EXAMPLE, NULL, 0, "Print a commented configuration to start from", 0},
    {"clear-fork", KEY_CLEAR_FORK, NULL, 0,
     "After a person has looked into why the broker showed another log than before: talk to it "
     "again, then exit",
     0},
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
    case KEY_CLEAR_FORK:
        arguments->clear_fork = true;
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

static int add_user(struct agent_options *options, uid_t uid, enum user_role role,
                    const char *where, struct error *error)
{
    for (size_t i = 0; i < options->n_users; i++) {
        if (options->users[i].uid == uid) {
            return error_set(error, where, "%u stands twice in submit_uid and allow_uid",
                             (unsigned)uid);
        }
    }
    if (options->n_users == OPTIONS_USERS_MAX) {
        return error_set(error, where, "submit_uid and allow_uid have more than %d user ids",
                         OPTIONS_USERS_MAX);
    }
    options->users[options->n_users++] = (struct local_user){.uid = uid, .role = role};
    return 0;
}

/* "1001,1002" */
static int read_uids(const char *key, enum user_role role, struct agent_options *ret,
                     struct error *error)
{
    const char *text = conf_text(ret->conf, "agent", key);
    char where[32];
    (void)snprintf(where, sizeof(where), "agent.%s", key);
    while (*text != '\0') {
        char one[UID_TEXT_BYTES];
        uint64_t number = 0;
        size_t len = strcspn(text, ",");
        if (!text_copy(one, sizeof(one), slice_make(text, len)) ||
            !u64_parse(one, UINT32_MAX - 1, &number)) {
            return error_set(error, where, "is not a list of user ids with commas between them");
        }
        int r = add_user(ret, (uid_t)number, role, where, error);
        if (r != 0) {
            return r;
        }
        text += len + (text[len] == ',' ? 1 : 0);
    }
    return 0;
}

/* A number that a person can dial: digits, with blanks and the like between them. */
static int read_telephone(struct agent_options *ret, struct error *error)
{
    ret->duty_telephone = conf_text(ret->conf, "agent", "duty_telephone");
    size_t len = strlen(ret->duty_telephone);
    if (len == 0) {
        return 0;
    }
    if (len >= CAIRN_PHONE_MAX_BYTES || strspn(ret->duty_telephone, "0123456789+-() x") != len ||
        strpbrk(ret->duty_telephone, "0123456789") == NULL) {
        return error_set(error, "agent.duty_telephone",
                         "is not a telephone number of at most %d characters: 01632 960100",
                         CAIRN_PHONE_MAX_BYTES - 1);
    }
    return 0;
}

int agent_options_load(const char *path, struct agent_options *ret, struct error *error)
{
    struct agent_options options = AGENT_OPTIONS_NULL;
    int r = conf_load(path, table, ARRAY_LEN(table), &options.conf, error);
    if (r != 0) {
        return r;
    }
    options.dir = conf_text(options.conf, "agent", "dir");
    options.keys = conf_text(options.conf, "agent", "keys");
    options.joining = conf_text(options.conf, "agent", "joining");
    options.socket = conf_text(options.conf, "agent", "socket");
    options.standing_decision = conf_text(options.conf, "agent", "standing_decision");
    options.settle_ms = conf_integer(options.conf, "agent", "settle") * 1000;
    options.watch.attendance = conf_text(options.conf, "watch", "attendance");
    options.watch.roll = conf_text(options.conf, "watch", "roll");
    options.watch.records = conf_text(options.conf, "watch", "records");
    options.watch.appointments = conf_text(options.conf, "watch", "appointments");
    options.watch.quiet_ms = conf_integer(options.conf, "watch", "quiet") * 1000;
    r = read_uids("submit_uid", USER_SUBMITTER, &options, error);
    if (r == 0) {
        r = read_uids("allow_uid", USER_PRACTITIONER, &options, error);
    }
    if (r == 0) {
        r = read_telephone(&options, error);
    }
    if (r == 0) {
        r = school_options_read(options.conf, &options.school, error);
    }
    if (r != 0) {
        agent_options_deinit(&options);
        return r;
    }
    *ret = options;
    return 0;
}

enum user_role agent_options_role(const struct agent_options *options, uid_t uid)
{
    for (size_t i = 0; i < options->n_users; i++) {
        if (options->users[i].uid == uid) {
            return options->users[i].role;
        }
    }
    return uid == geteuid() ? USER_PRACTITIONER : USER_NOBODY;
}

void agent_options_deinit(struct agent_options *options)
{
    conf_free(&options->conf);
    *options = AGENT_OPTIONS_NULL;
}

static void put(struct buf *text)
{
    ssize_t n = write(STDOUT_FILENO, text->data, text->len);
    (void)n; /* whoever closed the pipe has seen enough */
    buf_deinit(text);
}

enum agent_options_then agent_options_read(int argc, char **argv, struct agent_options *ret)
{
    static const struct argp argp = {
        .options = argp_options,
        .parser = parse,
        .doc = "An agency's agent of a Cairn partnership: seals what the agency's systems tell, "
               "sends it through the broker, and hands over what others share with it.",
    };
    struct arguments arguments = {.config = DEFAULT_CONFIG};
    struct error error = ERROR_NULL;
    struct buf text = BUF_MAX(CONF_FILE_MAX_BYTES);
    argp_program_version = "cairn-agent " CAIRN_VERSION;
    if (argp_parse(&argp, argc, argv, 0, NULL, &arguments) != 0) {
        return AGENT_OPTIONS_FAILED;
    }
    if (arguments.example) {
        conf_example(table, ARRAY_LEN(table), &text);
        put(&text);
        return AGENT_OPTIONS_DONE;
    }
    if (agent_options_load(arguments.config, ret, &error) != 0) {
        (void)dprintf(STDERR_FILENO, "cairn-agent: %s: %s\n", error.where, error.what);
        return AGENT_OPTIONS_FAILED;
    }
    if (arguments.print) {
        conf_print(ret->conf, &text);
        put(&text);
        agent_options_deinit(ret);
        return AGENT_OPTIONS_DONE;
    }
    ret->allow_tmpfs = arguments.allow_tmpfs;
    return arguments.clear_fork ? AGENT_OPTIONS_CLEAR_FORK : AGENT_OPTIONS_RUN;
}
