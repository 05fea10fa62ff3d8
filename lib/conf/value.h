/* SPDX-License-Identifier: Apache-2.0 */
/* Inside this folder: what an option's value may be. */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/conf.h"

#define CONF_ALLOWED_BYTES 160

/* The number meant by the text (0 for text and paths); false when the option does not allow it. */
bool value_parse(const struct conf_option *option, const char *text, int64_t *ret) MUST_USE;
/* "a whole number from 1 to 16": completes "must be". */
void value_allowed(const struct conf_option *option, char out[CONF_ALLOWED_BYTES]);
/* An option as our tables must have them. */
bool option_is_sound(const struct conf_option *option);

#endif
