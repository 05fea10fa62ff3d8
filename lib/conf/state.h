/* SPDX-License-Identifier: Apache-2.0 */
/* Inside this folder: what a conf consists of. */
#ifndef CONF_STATE_H
#define CONF_STATE_H

#include "conf/conf.h"

struct conf_value {
    char *text; /* as it was written; NULL: not set */
    int64_t number;
    char *file; /* NULL: the default */
    int line;
    int file_index; /* which of the texts added: twice in one is an error */
};

struct conf {
    const struct conf_option *options;
    size_t count;
    int files; /* texts added so far */
    struct conf_value *values;
};

#endif
