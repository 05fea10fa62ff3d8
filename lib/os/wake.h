/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wake: one thread tells another, through a file descriptor that can be polled, that there is
 * something to look at. Any number of signals before a drain are one. The owner opens, polls,
 * drains and closes; any thread may signal between.
 */
#ifndef OS_WAKE_H
#define OS_WAKE_H

#include "base/attr.h"

struct wake {
    int fd; /* poll for reading */
};

#define WAKE_NULL ((struct wake){.fd = -1})
int wake_open(struct wake *ret) MUST_USE;
void wake_close(struct wake *wake); /* accepts WAKE_NULL */
/* Never blocks; also safe in a signal handler. */
void wake_signal(const struct wake *wake);
/* Call before looking, not after: what is signalled while looking then wakes again. */
void wake_drain(const struct wake *wake);

#endif
