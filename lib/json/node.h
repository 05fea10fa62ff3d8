/* SPDX-License-Identifier: Apache-2.0 */
/* Inside this folder: our values are jansson's under another name, and how paths are written. */
#ifndef JSON_NODE_H
#define JSON_NODE_H

#include <jansson.h>

#include "json/json.h"

/* jansson takes non-const pointers even to read; nothing is changed through this. */
static inline json_t *node_of(const struct json *json)
{
    union {
        const struct json *ours;
        json_t *theirs;
    } pointer = {.ours = json};

    return pointer.theirs;
}

static inline struct json *json_of(json_t *node)
{
    return (struct json *)node;
}

/* Appends "/key" or "/index" to a path of JSON_PATH_BYTES. A key that is no plain field name is
 * written as "?". */
void path_add_key(char *path, const char *key);
void path_add_index(char *path, size_t index);

#endif
