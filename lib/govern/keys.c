/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/keys.h"

#include <stdio.h>

#include "crypto/keyfile.h"

#define PATH_BYTES 4096

int key_read(const char *dir, const char *name, struct secret *ret, struct error *error)
{
    char path[PATH_BYTES];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return keyfile_read(path, name, KEY_FILE_BYTES, ret, error);
}

int key_write(const char *dir, const char *name, const struct secret *key, struct error *error)
{
    char path[PATH_BYTES];

    assert(key->len == KEY_FILE_BYTES);
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return keyfile_write(path, name, key, error);
}
