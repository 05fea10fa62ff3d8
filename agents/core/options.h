/* SPDX-License-Identifier: Apache-2.0 */
/*
 * options: what an agency's agent.ini says, checked. Immutable once loaded; any thread may read.
 *
 *   [agent] dir        the store; a folder of its own, 0700
 *           keys       folder of the agency's four keys (govern/keys.h)
 *           joining    the partnership's joining file
 *           socket     Unix socket of the local interface
 *           settle     how long an event that may be a clerical error waits before it leaves
 *           allow_uid  user ids, besides our own, that may use the local interface: "1001,1002"
 */
#ifndef AGENTS_OPTIONS_H
#define AGENTS_OPTIONS_H

#include <sys/types.h>

#include "base/error.h"
#include "conf/conf.h"

#define OPTIONS_UIDS_MAX 16

struct agent_options {
    struct conf *conf; /* owns the texts below */
    const char *dir;
    const char *keys;
    const char *joining;
    const char *socket;
    int64_t settle_ms;
    const char *standing_decision; /* that automatic feeds rest on; empty: none is named */
    size_t n_uids;
    uid_t uids[OPTIONS_UIDS_MAX];
    bool allow_tmpfs; /* --allow-tmpfs: for trials and tests */
};

/* What the command line asks for. */
enum agent_options_then {
    AGENT_OPTIONS_RUN,
    AGENT_OPTIONS_CLEAR_FORK, /* --clear-fork: the operator has looked; go on talking to the broker
                               */
    AGENT_OPTIONS_DONE,       /* --print-config, --example-config: it was done */
    AGENT_OPTIONS_FAILED      /* and why was said on stderr */
};

#define AGENT_OPTIONS_NULL ((struct agent_options){.conf = NULL})
/* Command line and agent.ini. *ret is filled for RUN and CLEAR_FORK. */
enum agent_options_then agent_options_read(int argc, char **argv, struct agent_options *ret);
/* agent.ini alone. -EINVAL or what the system says, with the error; *ret untouched then. */
int agent_options_load(const char *path, struct agent_options *ret, struct error *error) MUST_USE;
void agent_options_deinit(struct agent_options *options);

#endif
