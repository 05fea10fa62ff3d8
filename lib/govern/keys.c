/* SPDX-License-Identifier: Apache-2.0 */
#include "govern/keys.h"

#include <stdio.h>
#include <unistd.h>

#include "crypto/keyfile.h"

#define PATH_BYTES 4096

const char *const key_sort_names[KEY_SORTS] = {
    [KEY_SORT_OPENING] = KEY_OPENING,
    [KEY_SORT_TRANSPORT] = KEY_TRANSPORT,
    [KEY_SORT_SIGNING] = KEY_SIGNING,
};

void key_name(const char *sort, unsigned n, char ret[KEY_NAME_BYTES])
{
    if (n == 1) {
        (void)snprintf(ret, KEY_NAME_BYTES, "%s", sort);
    } else {
        (void)snprintf(ret, KEY_NAME_BYTES, "%s-%u", sort, n);
    }
}

bool key_is_there(const char *dir, const char *name)
{
    char path[PATH_BYTES];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

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

int key_new(const char *dir, const char *name, struct error *error)
{
    _cleanup_(secret_deinit) struct secret key = SECRET_NULL;

    int r = secret_random(&key, KEY_FILE_BYTES);
    if (r < 0) {
        (void)error_set(error, name, "cannot be made");
        return r;
    }
    return key_write(dir, name, &key, error);
}

int key_new_signing(const char *dir, const char *name, struct signer **ret, struct error *error)
{
    _cleanup_(secret_deinit) struct secret seed = SECRET_NULL;
    _cleanup_(signer_free) struct signer *signer = NULL;

    int r = secret_random(&seed, SIGN_SECRET_BYTES);
    r = r < 0 ? r : signer_new(&seed, &signer);
    if (r < 0) {
        (void)error_set(error, name, "cannot be made");
        return r;
    }
    r = key_write(dir, name, &seed, error);
    if (r < 0) {
        return r;
    }
    *ret = signer;
    signer = NULL;
    return 0;
}
