/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "conf/conf.h"
#include "os/files.h"

#define LONGEST_LINE "governance = /governance/and-room-to-spare"
static_assert(FOLDER_MAX_BYTES + sizeof(LONGEST_LINE) < CONF_LINE_MAX_BYTES,
              "a path below the folder fits a line of an INI file");

void folder_path(const struct folder *folder, const char *name, char out[FOLDER_PATH_BYTES])
{
    int n = snprintf(out, FOLDER_PATH_BYTES, "%s/%s", folder->path, name);

    assert(n > 0 && n < FOLDER_PATH_BYTES);
}

int folder_open(const char *path, struct folder *ret, struct error *error)
{
    size_t len = strlen(path);

    if (len == 0 || len >= sizeof(ret->path)) {
        (void)error_set(error, "", "the folder's full name has 1 to %zu characters",
                        sizeof(ret->path) - 1);
        return -ENAMETOOLONG;
    }
    memcpy(ret->path, path, len + 1);
    return 0;
}

/* Nothing that an INI file reads as the end of a value. */
static bool is_plain(const char *path)
{
    for (const char *at = path; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == ';' || *at == '#') {
            return false;
        }
    }
    return path[strlen(path) - 1] != ' ' && utf8_valid(slice_of_text(path));
}

static enum status name_folder(struct cli *cli, const char *path, struct folder *ret)
{
    struct error error = ERROR_NULL;
    _cleanup_(base_free) char *full = realpath(path, NULL);

    if (full == NULL) {
        return output_refuse(&cli->output, STATUS_FAILED, path, "%s", strerrordesc_np(errno));
    }
    if (!is_plain(full)) {
        return output_refuse(
            &cli->output, STATUS_USAGE, path,
            "the folder's name must be UTF-8 without ';', '#' and control characters");
    }
    if (folder_open(full, ret, &error) < 0) {
        return output_fail(&cli->output, STATUS_USAGE, &error);
    }
    return STATUS_OK;
}

enum status folder_new(struct cli *cli, const char *path, struct folder *ret)
{
    if (mkdir(path, S_IRWXU) != 0) {
        int saved_errno = errno;
        return saved_errno == EEXIST ? output_refuse(&cli->output, STATUS_CONFLICT, path,
                                                     "is there already: choose a new folder")
                                     : output_refuse(&cli->output, STATUS_FAILED, path, "%s",
                                                     strerrordesc_np(saved_errno));
    }
    enum status status = name_folder(cli, path, ret);
    if (status != STATUS_OK) {
        (void)rmdir(path);
    }
    return status;
}

int folder_make(const struct folder *folder, const char *name, struct error *error)
{
    char path[FOLDER_PATH_BYTES];

    folder_path(folder, name, path);
    return dir_create(path, error);
}

int folder_write(const struct folder *folder, const char *name, const struct buf *text, mode_t mode,
                 struct error *error)
{
    char path[FOLDER_PATH_BYTES];

    folder_path(folder, name, path);
    int r = buf_ok(text) ? file_write_new(path, buf_slice(text), mode) : -EFBIG;
    if (r < 0) {
        (void)error_set(error, path, "%s", strerrordesc_np(-r));
    }
    return r;
}
