/* SPDX-License-Identifier: Apache-2.0 */
/* input: what a command is given to read: a file, or standard input for "-" and for nothing. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "cli/client.h"

/* Reads all of it into `out`, whose ceiling it may not exceed; `path` may be NULL. Anything but
 * STATUS_OK was said already. */
enum status input_read(struct cli *cli, const char *path, struct buf *out) MUST_USE;
/* The options of a command that hands one file to the agent, and their parser. */
struct input_options {
    struct client client;
    const char *path; /* NULL: none was given */
};
error_t input_option(int key, char *argument, struct argp_state *state);
/* How that input is called in messages. */
const char *input_name(const char *path);

#endif
