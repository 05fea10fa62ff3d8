/* SPDX-License-Identifier: Apache-2.0 */
#include "agents/core/api_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cairn/limits.h"
#include "os/fd.h"

#define SOCKET_MODE 0660

int api_socket_folder(const char *socket_path, struct error *error)
{
    char path[SOCKET_PATH_BYTES];
    struct stat status;
    const char *slash = strrchr(socket_path, '/');
    if (slash == NULL || slash == socket_path) {
        return error_set(error, "agent.socket", "is not a path with a folder of its own");
    }
    if (!text_copy(path, sizeof(path), slice_make(socket_path, (size_t)(slash - socket_path)))) {
        return error_set(error, "agent.socket", "is longer than a socket's path may be");
    }
    if (mkdir(path, 0750) != 0 && errno != EEXIST) {
        return error_set(error, path, "the folder of the socket cannot be made: %s",
                         strerror(errno));
    }
    if (stat(path, &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid() ||
        (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return error_set(error, path,
                         "the folder of the socket must be this user's, and no one else may write "
                         "to it: chmod 0750");
    }
    return 0;
}

/* What an agent that ended badly left behind is removed; one that runs is not. */
static int clear_path(const struct sockaddr_un *address, struct error *error)
{
    _cleanup_(fd_close) int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct stat status;
    if (lstat(address->sun_path, &status) != 0) {
        return 0;
    }
    if (!S_ISSOCK(status.st_mode)) {
        return error_set(error, address->sun_path, "is there already, and is not a socket");
    }
    if (probe < 0 || connect(probe, (const struct sockaddr *)address, sizeof(*address)) == 0) {
        return error_set(error, address->sun_path, "another agent is listening there");
    }
    return unlink(address->sun_path) == 0
               ? 0
               : error_set(error, address->sun_path, "cannot be removed: %s", strerror(errno));
}

int api_socket_listen(const char *path, int *ret, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    _cleanup_(fd_close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (!text_copy(address.sun_path, sizeof(address.sun_path), slice_of_text(path))) {
        return error_set(error, "agent.socket", "is longer than a socket's path may be");
    }
    int r = api_socket_folder(path, error);
    r = r == 0 ? clear_path(&address, error) : r;
    if (r != 0) {
        return r;
    }
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(path, SOCKET_MODE) != 0 || listen(fd, CAIRN_API_CONNECTIONS_MAX) != 0) {
        return error_set(error, path, "cannot be listened to: %s", strerror(errno));
    }
    *ret = fd;
    fd = -1;
    return 0;
}
