/* SPDX-License-Identifier: Apache-2.0 */
/* walled: a child process that enters a daemon's walls (system calls) and then does something. */
#ifndef SUPPORT_WALLED_H
#define SUPPORT_WALLED_H

#include "os/sandbox.h"

#define WALLED_SURVIVED 42 /* what such work ends with by convention, being alive still */

/* In the child: a list that cannot be entered ends it with 1. */
void walled_enter(enum sandbox_profile profile);

/* The status with which a child ended that entered the walls and then did `work`; no core. */
int walled_end(enum sandbox_profile profile, int (*work)(const void *data), const void *data);

#endif
