/* SPDX-License-Identifier: Apache-2.0 */
/* input: what a command is given to read: a file, or standard input for "-" and for nothing. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "cli/command.h"

/* Reads all of it into `out`, whose ceiling it may not exceed; `path` may be NULL. Anything but
 * STATUS_OK was said already. */
enum status input_read(struct cli *cli, const char *path, struct buf *out) MUST_USE;
/* How that input is called in messages. */
const char *input_name(const char *path);

#endif
