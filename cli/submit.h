/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submit: sends a body to the agent and tells what became of each thing in it. `document` is that
 * body, or NULL: what has no reference goes by what its sender calls it. STATUS_LOOK when something
 * was set aside.
 */
#ifndef CLI_SUBMIT_H
#define CLI_SUBMIT_H

#include "cli/client.h"

enum status submit_body(struct cli *cli, const struct client *client,
                        const struct client_post *post, const struct json *document) MUST_USE;

#endif
