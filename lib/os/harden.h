/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OS_HARDEN_H
#define OS_HARDEN_H

#include "base/error.h"

/*
 * Once, first thing in main: no core dumps and no attaching debuggers (memory holds keys and opened
 * accounts), no new privileges through exec, files that we create are for us alone (umask 077), and
 * SIGXFSZ is ignored: a write to a file at its limit fails instead of ending the process.
 * 0 or -errno with `error` filled.
 */
int harden_process(struct error *error) MUST_USE;
/* No more open files than this, whatever the system would let the process have: each connection is
 * one, also a stranger's. */
int harden_files(unsigned most, struct error *error) MUST_USE;

#endif
