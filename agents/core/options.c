/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "base/text.h"
#include "cairn/limits.h"
#include "govern/phone.h"

#define UID_TEXT_BYTES 16 /* ten digits, and room to see that there are more */

static const struct conf_option table[] = {
    {"agent", "dir", NULL,
     "Where the store lies: a folder of this user's own, mode 0700, on ext4 or xfs. Beside it lies "
     "the mark that it was begun, DIR.begun: the agent should be able to write to the folder "
     "above.",
     CONF_PATH, 0, 0},
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
    {"agent", "review_after", "30",
     "After how many days a person is to look again at a record that nobody has seen: `cairn kept` "
     "lists them.",
     CONF_INTEGER, 1, 365},
    {"agent", "standing_decision", "",
     "Title and date of the decision that automatic feeds rest on, as the record shows it: who "
     "decided that missed appointments are relevant, and when. Never pretend that a person looked.",
     CONF_TEXT, 0, 0},
    {"agent", "health_uid", "",
     "User ids of what watches the agent (cairn check, cairn metrics): 998. They may ask how it "
     "does, and nothing else.",
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
    {"watch", "incidents", "", "Likewise for police incidents, one a file.", CONF_PATH, 0, 0},
    {"watch", "plans", "", "Likewise for children's plans, one a file.", CONF_PATH, 0, 0},
    {"watch", "adults", "", "Likewise for what an adults' service says, one a file.", CONF_PATH, 0,
     0},
    {"watch", "quiet", "10s",
     "A file that was written in place, not moved in, is taken when it has not changed for so "
     "long.",
     CONF_SECONDS, 0, 3600},
    SCHOOL_CONF_OPTIONS,
};

static int add_user(struct agent_options *options, uid_t uid, enum user_role role,
                    const char *where, struct error *error)
{
    for (size_t i = 0; i < options->n_users; i++) {
        if (options->users[i].uid == uid) {
            return error_set(error, where,
                             "%u stands twice in health_uid, submit_uid and allow_uid",
                             (unsigned)uid);
        }
    }
    if (options->n_users == OPTIONS_USERS_MAX) {
        return error_set(error, where,
                         "health_uid, submit_uid and allow_uid have more than %d user ids",
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
    if (ret->duty_telephone[0] != '\0' && !phone_is(ret->duty_telephone)) {
        return error_set(error, "agent.duty_telephone",
                         "is not a telephone number of at most %d characters: 01632 960100",
                         CAIRN_PHONE_MAX_BYTES - 1);
    }
    return 0;
}

/* From what the configuration says. */
static int read_options(struct agent_options *options, struct error *error)
{
    const struct conf *conf = options->conf;
    options->dir = conf_text(conf, "agent", "dir");
    options->keys = conf_text(conf, "agent", "keys");
    options->joining = conf_text(conf, "agent", "joining");
    options->socket = conf_text(conf, "agent", "socket");
    options->standing_decision = conf_text(conf, "agent", "standing_decision");
    options->settle_ms = conf_integer(conf, "agent", "settle") * 1000;
    options->review_after_ms = conf_integer(conf, "agent", "review_after") * DAY_MS;
    options->watch.attendance = conf_text(conf, "watch", "attendance");
    options->watch.roll = conf_text(conf, "watch", "roll");
    options->watch.records = conf_text(conf, "watch", "records");
    options->watch.appointments = conf_text(conf, "watch", "appointments");
    options->watch.incidents = conf_text(conf, "watch", "incidents");
    options->watch.plans = conf_text(conf, "watch", "plans");
    options->watch.adults = conf_text(conf, "watch", "adults");
    options->watch.quiet_ms = conf_integer(conf, "watch", "quiet") * 1000;
    int r = read_uids("health_uid", USER_WATCHER, options, error);
    if (r == 0) {
        r = read_uids("submit_uid", USER_SUBMITTER, options, error);
    }
    if (r == 0) {
        r = read_uids("allow_uid", USER_PRACTITIONER, options, error);
    }
    if (r == 0) {
        r = school_options_read(conf, &options->school, error);
    }
    return r != 0 ? r : read_telephone(options, error);
}

int agent_options_load(const char *path, struct agent_options *ret, struct error *error)
{
    struct agent_options options = AGENT_OPTIONS_NULL;
    int r = conf_load(path, table, ARRAY_LEN(table), &options.conf, error);
    if (r == 0) {
        r = read_options(&options, error);
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

enum conf_then agent_options_read(int argc, char **argv, struct agent_options *ret)
{
    struct agent_options options = AGENT_OPTIONS_NULL;
    struct error error = ERROR_NULL;
    const struct conf_flag flags[] = {
        {"check",
         "Read the configuration, say what memory the agent can come to use and may have, then end",
         &options.check},
        {"clear-fork",
         "After a person has looked into why the broker showed two logs: talk to it again, then "
         "end",
         &options.clear_fork},
        {"allow-tmpfs",
         "For trials only: a store on tmpfs, which is memory: it is lost when the machine stops",
         &options.allow_tmpfs},
    };
    const struct conf_program program = {
        .name = "cairn-agent",
        .version = "cairn-agent " CAIRN_VERSION,
        .help = "An agency's agent of a Cairn partnership: seals what the agency's systems tell, "
                "sends it through the broker, and hands over what others share with it.",
        .file = "/etc/cairn/agent.ini",
        .options = table,
        .n_options = ARRAY_LEN(table),
        .flags = flags,
        .n_flags = ARRAY_LEN(flags),
    };
    enum conf_then then = conf_command(&program, argc, argv, &options.conf);
    if (then != CONF_RUN) {
        return then;
    }
    if (read_options(&options, &error) != 0) {
        (void)dprintf(STDERR_FILENO, "cairn-agent: %s: %s\n", error.where, error.what);
        agent_options_deinit(&options);
        return CONF_FAILED;
    }
    *ret = options;
    return CONF_RUN;
}
