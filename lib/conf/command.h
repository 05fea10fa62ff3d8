/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command: the command line of a daemon: which configuration, print it, print an example of it, and
 * flags of its own. Both daemons answer alike, because it is said here once.
 */
#ifndef CONF_COMMAND_H
#define CONF_COMMAND_H

#include "conf/conf.h"

#define CONF_FLAGS_MAX  8
#define CONF_EXIT_USAGE 2 /* as of `cairn`: a wrong command line */

struct conf_flag {
    const char *name; /* "allow-tmpfs" for --allow-tmpfs */
    const char *help;
    bool *given; /* set to true when it is there */
};

/* Something else to do than to run, without a configuration. */
struct conf_instead {
    const char *name;
    const char *value; /* what its value is called, in capitals */
    const char *help;
    const char **given; /* its value, when it is there */
};

struct conf_program {
    const char *name;    /* "cairn-broker" */
    const char *version; /* for --version, with the name */
    const char *help;    /* what it is, for --help */
    const char *file;    /* the configuration without --config: an absolute path */
    const struct conf_option *options;
    size_t n_options;
    const struct conf_flag *flags;
    size_t n_flags;                     /* at most CONF_FLAGS_MAX */
    const struct conf_instead *instead; /* NULL: nothing */
};

enum conf_then {
    CONF_RUN,
    CONF_INSTEAD, /* that was asked for; *ret is as it was */
    CONF_DONE,    /* --print-config, --example-config: it was done */
    CONF_FAILED   /* and why was said on standard error */
};

/* *ret is filled for CONF_RUN; the program's tables are borrowed for as long as it lives. What argp
 * itself answers (--help; with CONF_EXIT_USAGE a word that is no option) ends the process. */
enum conf_then conf_command(const struct conf_program *program, int argc, char **argv,
                            struct conf **ret);

#endif
