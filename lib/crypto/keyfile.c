/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keyfile.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "os/files.h"

#define TAG               "cairn-key/v1 "
#define PURPOSE_MAX_BYTES 32
#define MODE_WRITTEN      0400
#define MODE_WIDEST       0600

static_assert(sizeof(TAG) + PURPOSE_MAX_BYTES + 1 + BASE64_BYTES(SECRET_MAX_BYTES) + 1 <=
                  KEYFILE_MAX_BYTES,
              "every key file fits");

static bool purpose_is_valid(struct slice purpose)
{
    for (size_t i = 0; i < purpose.len; i++) {
        const uint8_t c = purpose.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-') {
            return false;
        }
    }
    return purpose.len >= 1 && purpose.len <= PURPOSE_MAX_BYTES;
}

/* Cuts *rest after the first blank and returns what stood before it; false when there is none. */
static bool cut_word(struct slice *rest, struct slice *ret_word)
{
    const uint8_t *blank = rest->len > 0 ? memchr(rest->data, ' ', rest->len) : NULL;
    size_t len;

    if (!blank) {
        return false;
    }
    len = (size_t)(blank - rest->data);
    *ret_word = (struct slice){rest->data, len};
    *rest = (struct slice){blank + 1, rest->len - len - 1};
    return true;
}

/* The folder of `path` into out; false when it does not fit. */
static bool folder_of(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;

    if (!slash) {
        memcpy(out, ".", sizeof("."));
        return true;
    }
    if (len == 0) {
        len = 1; /* "/name" lies in "/" */
    }
    if (len >= PATH_MAX) {
        return false;
    }
    memcpy(out, path, len);
    out[len] = '\0';
    return true;
}

/* systemd makes its credential folder as it sees fit: owned by root, opened to us alone. */
static bool is_credential_folder(const char *folder)
{
    const char *credentials = secure_getenv("CREDENTIALS_DIRECTORY");

    return credentials && strcmp(folder, credentials) == 0;
}

static int check_folder(const char *path, struct error *error)
{
    char folder[PATH_MAX];

    if (!folder_of(path, folder)) {
        (void)error_set(error, path, "the path is too long");
        return -ENAMETOOLONG;
    }
    return is_credential_folder(folder) ? 0 : dir_check_private(folder, error);
}

int keyfile_parse(struct slice contents, const char *where, const char *purpose, size_t len,
                  struct secret *ret, struct error *error)
{
    _cleanup_(secret_deinit) struct secret secret = SECRET_NULL;
    struct reader reader = reader_over(contents);
    struct slice found;
    struct slice rest;

    assert(len <= SECRET_MAX_BYTES && purpose_is_valid(slice_of_text(purpose)));
    if (!slice_is_text(read_bytes(&reader, sizeof(TAG) - 1), TAG)) {
        return error_set(error, where, "this is not a Cairn key file");
    }
    rest = read_bytes(&reader, reader.left);
    if (!cut_word(&rest, &found) || !purpose_is_valid(found)) {
        return error_set(error, where, "the key file is damaged: restore it from its backup");
    }
    if (!slice_is_text(found, purpose)) {
        return error_set(error, where, "this is the key for '%.*s', where the one for '%s' belongs",
                         (int)found.len, (const char *)found.data, purpose);
    }
    if (rest.len > 0 && rest.data[rest.len - 1] == '\n') {
        rest.len--;
    }
    if (!base64_decode(rest, secret.bytes, sizeof(secret.bytes), &secret.len) ||
        secret.len != len) {
        return error_set(error, where, "the key file is damaged: restore it from its backup");
    }
    secret_set(ret, secret.bytes, secret.len);
    return 0;
}

int keyfile_read(const char *path, const char *purpose, size_t len, struct secret *ret,
                 struct error *error)
{
    _cleanup_(buf_deinit) struct buf contents = BUF_MAX(KEYFILE_MAX_BYTES);
    int r;

    r = check_folder(path, error);
    if (r < 0) {
        return r;
    }
    r = file_read_private(path, MODE_WIDEST, &contents, error);
    if (r < 0) {
        return r;
    }
    return keyfile_parse(buf_slice(&contents), path, purpose, len, ret, error);
}

int keyfile_write(const char *path, const char *purpose, const struct secret *secret,
                  struct error *error)
{
    _cleanup_(buf_deinit) struct buf contents = BUF_MAX(KEYFILE_MAX_BYTES);
    char text[BASE64_BYTES(SECRET_MAX_BYTES)];
    int r;

    assert(secret->len > 0 && purpose_is_valid(slice_of_text(purpose)));
    r = check_folder(path, error);
    if (r < 0) {
        return r;
    }
    base64_encode(secret_slice(secret), text);
    buf_add_text(&contents, TAG);
    buf_add_text(&contents, purpose);
    buf_add_text(&contents, " ");
    buf_add_text(&contents, text);
    buf_add_text(&contents, "\n");
    bytes_wipe(text, sizeof(text));
    assert(buf_ok(&contents));
    r = file_write_new(path, buf_slice(&contents), MODE_WRITTEN);
    if (r == -EEXIST) {
        (void)error_set(error, path,
                        "a key file is there already and is never replaced: move it away");
    } else if (r < 0) {
        (void)error_set(error, path, "cannot write the key file: %s", strerror(-r));
    }
    return r;
}
