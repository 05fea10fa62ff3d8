/* SPDX-License-Identifier: Apache-2.0 */
/* status: what `cairn status` says of a broker; of an agent it is in status.c. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include "cli/command.h"

/* From the counters in its folder. */
enum status status_broker(struct cli *cli, const char *dir) MUST_USE;

#endif
