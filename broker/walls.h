/* SPDX-License-Identifier: Apache-2.0 */
/* walls: what the broker gives up: files before its first thread, system calls once it listens. */
#ifndef BROKER_WALLS_H
#define BROKER_WALLS_H

#include "broker/options.h"

/* After recovery; what is named by the options and read again at SIGHUP stays within reach, the
 * keys do not. */
int walls_files(const struct options *options, struct error *error) MUST_USE;
/* After the public socket listens. */
int walls_calls(struct error *error) MUST_USE;

#endif
