/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listing: a list that the local interface hands out in pages, to its end: each item is shown, and
 * all of them stand in the result under "items".
 */
#ifndef CLI_LISTING_H
#define CLI_LISTING_H

#include "cli/client.h"

/* Anything but STATUS_OK was said already; *ret_n is how many items there were. `path` has no
 * query. */
enum status listing_show(struct cli *cli, const struct client *client, const char *path,
                         void (*show)(struct output *output, const struct json_view *item),
                         size_t *ret_n) MUST_USE;

#endif
