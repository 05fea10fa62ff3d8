/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox: what a daemon gives up once it has opened what it needs: Linux enforces it from outside
 * of our code, so it holds when the code has a hole. Two walls, entered in this order:
 *
 *   sandbox_paths   Landlock: no file but those below these paths, whoever owns it. It binds the
 *                   calling thread and those that it starts: before the first thread.
 *   sandbox_calls   seccomp: a list of the system calls that this kind of daemon makes; any other
 *                   ends the process at once (SIGSYS). It binds every thread there is: after
 *                   sockets listen and libraries have started theirs.
 *
 * Both are for good, and children inherit them. Nothing of the process may be executed anew. What a
 * daemon newly needs is added to the lists of sandbox_calls.c, with the part that needs it.
 */
#ifndef OS_SANDBOX_H
#define OS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum sandbox_profile {
    SANDBOX_SIGNER,
    SANDBOX_BROKER,
    SANDBOX_AGENT,
};

enum sandbox_access {
    SANDBOX_READ,  /* files and folders */
    SANDBOX_WRITE, /* likewise; write, make, move and remove too */
    SANDBOX_NAMES, /* of a folder: sockets made, anything removed, nothing opened */
};

struct sandbox_path {
    const char *path; /* a folder with all below it, or one file; what is not there is left out */
    enum sandbox_access access;
};

/* *ret_walled is false when this kernel has no Landlock: the process goes on without. */
int sandbox_paths(const struct sandbox_path *paths, size_t n, bool *ret_walled,
                  struct error *error) MUST_USE;
int sandbox_calls(enum sandbox_profile profile, struct error *error) MUST_USE;

#endif
