/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_socket: the Unix socket of the local interface: in a folder where nobody else can put one in
 * its place, and for this user and its group only.
 */
#ifndef AGENTS_API_SOCKET_H
#define AGENTS_API_SOCKET_H

#include <sys/un.h>

#include "base/error.h"

#define SOCKET_PATH_BYTES sizeof(((struct sockaddr_un *)0)->sun_path)

/* The folder keeps others from putting their own socket in our place; made when it is not there. */
int api_socket_folder(const char *socket_path, struct error *error) MUST_USE;
/* *ret listens, does not block, and is the caller's to close. Makes the folder when it is not
 * there, and removes what an agent that ended badly left; the error says what else stands in the
 * way. */
int api_socket_listen(const char *path, int *ret, struct error *error) MUST_USE;

#endif
