/* SPDX-License-Identifier: Apache-2.0 */
/* Signals as something to poll for. Call signals_open once, before any thread starts, so that all
 * inherit the mask. */
#ifndef OS_SIGNALS_H
#define OS_SIGNALS_H

#include "base/attr.h"

/* Blocks SIGTERM, SIGINT and SIGHUP, ignores SIGPIPE, sets *ret_fd to a non-blocking signalfd that
 * the caller closes. */
int signals_open(int *ret_fd) MUST_USE;
/* The next signal's number; 0 when none is waiting. SIGTERM when that cannot be read: who would not
 * hear that it is to end, ends. */
int signals_take(int fd);

#endif
