/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "json/node.h"

#define KEY_SHOWN_MAX_BYTES 48
#define CUT_MARK            "..."

static void path_add(char *path, const char *part)
{
    size_t len = strlen(path);

    if (len + 1 + strlen(part) + sizeof(CUT_MARK) <= JSON_PATH_BYTES) {
        (void)snprintf(path + len, JSON_PATH_BYTES - len, "/%s", part);
    } else if (len < 3 || strcmp(path + len - 3, CUT_MARK) != 0) {
        (void)snprintf(path + len, JSON_PATH_BYTES - len, "%s", CUT_MARK);
    }
}

/* A key comes from the document: only what looks like a field's name is repeated, a name of a
 * person is not. */
void path_add_key(char *path, const char *key)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.$";
    size_t len = strlen(key);
    bool shown = len > 0 && len <= KEY_SHOWN_MAX_BYTES && strspn(key, plain) == len;

    path_add(path, shown ? key : "?");
}

void path_add_index(char *path, size_t index)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%zu", index);
    path_add(path, text);
}
