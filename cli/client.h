/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client: the agent's local interface (cairn/client.h) as commands use it: which socket, a request,
 * its answer as JSON, and its refusal as an exit code with the agent's own words.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include <argp.h>

#include "cairn/client.h"
#include "cli/command.h"
#include "cli/http.h"

#define CLIENT_SOCKET_DEFAULT "/run/cairn/agent.sock"
#define CLIENT_SOCKET_NAME    "CAIRN_AGENT" /* in the environment */
#define CLIENT_PATH_BYTES     512

struct client {
    const char *socket; /* NULL: none was named, see client_find */
};
/* By the environment, until --agent says otherwise. */
struct client client_default(void);
/*
 * Where an agent listens when nobody says: CLIENT_SOCKET_DEFAULT, or else the one agent that runs
 * as a unit: FOLDER/NAME/agent.sock. False and the error when there are several, which it names;
 * CLIENT_SOCKET_DEFAULT when there is none.
 */
bool client_find(const char *folder, char out[HTTP_SOCKET_BYTES], struct error *error) MUST_USE;
#define CLIENT_UNITS_FOLDER "/run/cairn-agent"

/* --agent, for a command's own list of options, and for the end of its parser's switch. */
#define CLIENT_KEY 0x3001
#define CLIENT_OPTION                                                                              \
    {                                                                                              \
        "agent", CLIENT_KEY, "SOCKET", 0,                                                          \
            "the agent's local interface (else $" CLIENT_SOCKET_NAME ", " CLIENT_SOCKET_DEFAULT    \
            ", or the only one under " CLIENT_UNITS_FOLDER ")",                                    \
            0                                                                                      \
    }
error_t client_option(struct client *client, int key, char *argument);

/* All of these fill the error and leave *ret alone when the status is not STATUS_OK. Paths are
 * built by the caller from what was checked: ids, whole numbers, names of applications. */
enum status client_get(const struct client *client, const char *path, struct json **ret,
                       struct error *error) MUST_USE;
/* The same, where the agent was asked to wait that long for something to tell. */
enum status client_get_waiting(const struct client *client, const char *path, int wait_s,
                               struct json **ret, struct error *error) MUST_USE;
/* An answer that is text: a note or a proof. `ret` is empty before. */
enum status client_text(const struct client *client, const char *path, struct buf *ret,
                        struct error *error) MUST_USE;
struct client_post {
    const char *path;
    const char *content_type;
    struct slice body;
    const char *idempotency_key; /* NULL: none */
};
enum status client_post(const struct client *client, const struct client_post *post,
                        struct json **ret, struct error *error) MUST_USE;
enum status client_post_json(const struct client *client, const char *path, const struct json *body,
                             struct json **ret, struct error *error) MUST_USE;

/* What may stand in a path. */
bool client_is_record(const char *text);      /* a reference or an entry id */
bool client_is_application(const char *text); /* a to z, 0 to 9 and "-", at most 32 */
bool client_is_key(const char *text);         /* of idempotency */

#endif
