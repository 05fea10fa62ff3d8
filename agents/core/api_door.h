/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_door: takes the connections of the local interface as they come, on a thread of its own, and
 * says whose each is. What is turned away there has cost no more than that: neither memory nor one
 * of the HTTP library's places, so that whoever dials without end takes nothing from others.
 */
#ifndef AGENTS_API_DOOR_H
#define AGENTS_API_DOOR_H

#include <sys/types.h>

#include "base/attr.h"

struct api_door;

/* `listens` is the door's from now on, also when it cannot be opened. `enter` is called on the
 * door's thread for each connection, which does not block, and takes it. */
int door_open(int listens, void (*enter)(void *data, int fd, uid_t uid), void *data,
              struct api_door **ret) MUST_USE;
/* Nobody is let in any more: waits for the thread, closes the socket. Accepts NULL. */
void door_close(struct api_door **door);

#endif
