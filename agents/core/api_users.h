/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_users: who is connected to the local interface, so that nobody can shut out anybody else.
 * Every user that the configuration names, the agent's own, and all strangers together have an
 * equal share of the connections; at most half of a share may wait in long polls; a large body
 * needs one of few places; and whoever takes too long over asking, or over reading the answer, is
 * cut off.
 *
 * Any thread; all functions but users_large return at once.
 */
#ifndef AGENTS_API_USERS_H
#define AGENTS_API_USERS_H

#include "agents/core/options.h"
#include "base/clock.h"

struct api_users;
struct api_user; /* one connection's place */

struct api_users *users_new(const struct agent_options *options, const struct clock *clock);
/* Every connection that was heard has left: the library has stopped. Accepts NULL. */
void users_free(struct api_users **users);
/* Connections that one user may have. */
size_t users_share(const struct agent_options *options);

/* A new connection of that user. NULL when its share is used up: close it. `fd` may be closed
 * before it is heard, and holds no place then; -1: of none. */
struct api_user *users_enter(struct api_users *users, uid_t uid, int fd) MUST_USE;
/* The library has taken a connection that entered; whose it is. From now on `fd` stays open until
 * users_leave. */
struct api_user *users_hear(struct api_users *users, int fd);
void users_leave(struct api_users *users, struct api_user *user);
uid_t user_uid(const struct api_user *user);
enum user_role user_role(const struct api_user *user);

/* The connection is in our hands (an answer is made), or in the caller's again, whose time
 * begins. */
void users_ours(struct api_users *users, struct api_user *user);
void users_theirs(struct api_users *users, struct api_user *user);
/* Shuts the connections that have been in their callers' hands for longer than
 * CAIRN_API_TURN_MAX_S. Call it every few seconds. */
void users_shed(struct api_users *users);

/* A long poll: false when half of that user's share waits already. End each that began. */
bool users_wait(struct api_users *users, struct api_user *user) MUST_USE;
void users_wait_end(struct api_users *users, struct api_user *user);

/* A place for a body beyond CAIRN_API_SMALL_BODY_BYTES: false when none came free within
 * CAIRN_API_LARGE_WAIT_MS. Blocks that long. End each that began. */
bool users_large(struct api_users *users) MUST_USE;
void users_large_end(struct api_users *users);

#endif
