/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interface: a member's local interface as its callers meet it: a real socket, spoken to byte by
 * byte. All functions fail the test that calls them.
 */
#ifndef SUPPORT_INTERFACE_H
#define SUPPORT_INTERFACE_H

#include "agents/core/api.h"
#include "support/member.h"

#define NOBODY 65534 /* a user of this machine that is not the agent's */

struct story {
    struct world *world;
    struct member *member;
    struct api *api;
};

struct story *set_up_as(uint32_t agency);
int set_up_mash(void **state);
int set_up_school(void **state);
int tear_down(void **state);
void start_api(struct story *story);
/* The whole agent, over the same store. */
void restart(struct story *story);
/* The local interface alone, by other options. */
void restart_api(struct story *story);

/* --- a caller --- */

struct reply {
    int status;
    struct buf text; /* whole */
    const char *head;
    const char *body;
};
void reply_deinit(struct reply *reply);

int dial(const struct story *story);
/* As NOBODY; the test runs as root. */
int dial_as_nobody(struct story *story);
/* False when the other end has hung up. */
bool put(int fd, const void *bytes, size_t len);
/* Everything until the other end hangs up. */
struct reply take(int fd);

struct ask {
    const char *method;
    const char *path;
    const char *type; /* NULL: none */
    const char *key;  /* likewise */
    const char *body; /* likewise */
};
struct reply ask(const struct story *story, const struct ask *ask);
/* Over a connection that is made already. */
struct reply ask_over(int fd, const struct ask *ask);
struct reply get(const struct story *story, const char *path);
struct reply post(const struct story *story, const char *path, const char *type, const char *body);

void expect(const struct reply *reply, int status, const char *in_body);
/* The text member `key` of the JSON body's first object that has it. */
void pick(const struct reply *reply, const char *key, char *out, size_t bytes);
/* A file of tests/data/demo. */
void demo(const char *name, struct buf *out);

#define EXPECT_GET(story, path, status, in_body)                                                   \
    do {                                                                                           \
        _cleanup_(reply_deinit) struct reply reply_ = get(story, path);                            \
        expect(&reply_, status, in_body);                                                          \
    } while (0)
#define EXPECT_POST(story, path, type, body, status, in_body)                                      \
    do {                                                                                           \
        _cleanup_(reply_deinit) struct reply reply_ = post(story, path, type, body);               \
        expect(&reply_, status, in_body);                                                          \
    } while (0)

#endif
