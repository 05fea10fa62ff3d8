/* SPDX-License-Identifier: Apache-2.0 */
/*
 * received: another agency's record, as a practitioner reads it: from whom, what and how urgent,
 * then which child and what is said, and at the end what its sender said about the sending.
 */
#ifndef CLI_RECEIVED_H
#define CLI_RECEIVED_H

#include "cli/output.h"
#include "json/json.h"

/* `record` is what the agent answers of a delivered record (CAIRN_PATH_RECEIVED). */
void received_show(struct output *output, const struct json_view *record);

#endif
