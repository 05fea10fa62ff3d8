/* SPDX-License-Identifier: Apache-2.0 */
/* kinds: the kinds of agency that `cairn init` puts into a directory; there are no others. */
#ifndef CLI_KINDS_H
#define CLI_KINDS_H

#include <stdbool.h>

#define KINDS_TEXT_BYTES 1024

bool kinds_has(const char *id);
/* Their ids: "gp, hospital, ..." */
void kinds_text(char out[KINDS_TEXT_BYTES]);

#endif
