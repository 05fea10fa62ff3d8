/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options: what an agency's agent.ini says, checked. Immutable once loaded; any thread may read.
 *
 *   [agent] dir        the store; a folder of its own, 0700
 *           keys       folder of the agency's four keys (govern/keys.h)
 *           joining    the partnership's joining file
 *           socket     Unix socket of the local interface
 *           settle     how long an event that may be a clerical error waits before it leaves
 *           review_after  how many days a record that nobody has seen is kept before a person is to
 *                      look at it again
 *           health_uid  user ids that may ask for health and metrics, and nothing else
 *           submit_uid  user ids that may hand in and ask what became of it: "1001,1002"
 *           allow_uid   user ids, besides our own, that may do all that the local interface offers
 *           duty_telephone  the desk's number until the partnership's calendar is held
 *   [watch] folders that are watched for files, by what the files hold (watch.h)
 *   [school] [attendance] [roll]  a school's files (agents/school/options.h)
 */
#ifndef AGENTS_OPTIONS_H
#define AGENTS_OPTIONS_H

#include <sys/types.h>

#include "agents/school/options.h"
#include "base/error.h"
#include "conf/command.h"

#define OPTIONS_USERS_MAX 16

/* What a user of this machine may do: each role includes those before it. */
enum user_role {
    USER_NOBODY,
    USER_WATCHER,     /* health_uid: asks for health and metrics, and nothing else */
    USER_SUBMITTER,   /* submit_uid: a feed. Hands in, sees what became of that, asks for health */
    USER_PRACTITIONER /* allow_uid, and the agent's own user: everything */
};

struct local_user {
    uid_t uid;
    enum user_role role;
};

struct agent_options {
    struct conf *conf; /* owns the texts below */
    const char *dir;
    const char *keys;
    const char *joining;
    const char *socket;
    int64_t settle_ms;
    int64_t review_after_ms;
    const char *standing_decision; /* that automatic feeds rest on; empty: none is named */
    const char *duty_telephone;    /* empty: none */
    size_t n_users;
    struct local_user users[OPTIONS_USERS_MAX];
    struct {
        const char *attendance; /* folders; empty: none, likewise the others */
        const char *roll;
        const char *records;
        const char *appointments;
        const char *incidents;
        const char *plans;
        const char *adults;
        int64_t quiet_ms; /* a file that was not moved in is complete when unchanged for so long */
    } watch;
    struct school_options school;
    bool check;       /* --check: the configuration and the memory, and no more */
    bool clear_fork;  /* --clear-fork: the operator has looked; go on talking to the broker */
    bool allow_tmpfs; /* --allow-tmpfs: for trials and tests */
};

#define AGENT_OPTIONS_NULL ((struct agent_options){.conf = NULL})
/* Command line and agent.ini; *ret is filled for CONF_RUN. */
enum conf_then agent_options_read(int argc, char **argv, struct agent_options *ret);
/* agent.ini alone. -EINVAL or what the system says, with the error; *ret untouched then. */
int agent_options_load(const char *path, struct agent_options *ret, struct error *error) MUST_USE;
enum user_role agent_options_role(const struct agent_options *options, uid_t uid);
void agent_options_deinit(struct agent_options *options);

#endif
