/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/begun.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "os/files.h"

#define PATH_BYTES 4096

static const char words[] =
    "A store was begun in the folder beside this file. While this file is here, no agent begins\n"
    "another in its place.\n";

static bool ends_in(const char *path, size_t len, const char *end)
{
    size_t n = strlen(end);
    return len >= n && memcmp(path + len - n, end, n) == 0;
}

/* Beside the folder, also when a slash or a dot leads into it. */
static int path_of(const char *dir, char out[PATH_BYTES], struct error *error)
{
    size_t len = strlen(dir);
    while (ends_in(dir, len, "/") || ends_in(dir, len, "/.")) {
        len--;
    }
    if (len == 0 || ends_in(dir, len, "/..")) {
        return error_set(error, dir, "does not end in the name of a folder");
    }
    int n = snprintf(out, PATH_BYTES, "%.*s.begun", (int)len, dir);
    return n > 0 && n < PATH_BYTES ? 0 : error_set(error, dir, "the path is too long");
}

int begun_look(const char *dir, bool *ret, struct error *error)
{
    char path[PATH_BYTES];
    int r = path_of(dir, path, error);
    if (r != 0) {
        return r;
    }
    r = access(path, F_OK) == 0 ? 0 : -errno;
    if (r != 0 && r != -ENOENT) {
        (void)error_set(error, path, "cannot be looked at: %s", strerror(-r));
        return r;
    }
    *ret = r == 0;
    return 0;
}

int begun_write(const char *dir, struct error *error)
{
    char path[PATH_BYTES];
    int r = path_of(dir, path, error);
    if (r != 0) {
        return r;
    }
    r = file_write_atomic(path, slice_of_text(words), 0600);
    if (r != 0) {
        (void)error_set(error, path,
                        "cannot be written: %s; an agent marks there that it has begun its store",
                        strerror(-r));
    }
    return r;
}

int begun_refuse(const char *dir, struct error *error)
{
    char path[PATH_BYTES];
    int r = path_of(dir, path, error);
    return r != 0 ? r
                  : error_set(error, dir,
                              "the store is gone: %s says that one was begun; mount its disk or "
                              "put back the newest copy, or take that file away to begin anew",
                              path);
}
