/* SPDX-License-Identifier: Apache-2.0 */
/* submit: sends a body to the agent and tells what became of each thing in it. */
#ifndef CLI_SUBMIT_H
#define CLI_SUBMIT_H

#include "cli/client.h"

enum status submit_body(struct cli *cli, const struct client *client,
                        const struct client_post *post) MUST_USE;

#endif
