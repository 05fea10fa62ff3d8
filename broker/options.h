/* SPDX-License-Identifier: Apache-2.0 */
/* options: what an operator can set, from the command line and broker.ini. Immutable once read. */
#ifndef BROKER_OPTIONS_H
#define BROKER_OPTIONS_H

#include "conf/command.h"

struct options {
    struct conf *conf;      /* owns the texts below */
    const char *dir;        /* the store, counters and crash marker; 0700 */
    const char *governance; /* signed documents, read at start and on SIGHUP */
    const char *keys;       /* transport-key, pepper; checkpoint-key for a signer of our own */
    const char *endpoint;
    const char *highwater; /* a file, on another disk than dir where there is one */
    const char *signer;    /* socket of a cairn-signer; "": a child of our own, with the file: */
    const char *signed_head;
    int workers;
    uint64_t quota_records; /* a minute and agency */
    uint64_t quota_bytes;
    uint64_t memory_limit_bytes; /* 0: the limit that the system sets */
    bool accept_clock;           /* --accept-clock */
    bool allow_tmpfs;            /* --allow-tmpfs: for trials; what is acknowledged may be lost */
    const char *replay;          /* --replay: of CONF_INSTEAD */
};

#define OPTIONS_NULL ((struct options){.conf = NULL})
/* Command line and broker.ini; *ret is filled for CONF_RUN, and its `replay` for
 * CONF_INSTEAD. */
enum conf_then options_read(int argc, char **argv, struct options *ret);
void options_deinit(struct options *options);

#endif
