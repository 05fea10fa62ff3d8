/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/listen.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "os/fd.h"

static int bind_for_group(int fd, const struct sockaddr_un *address)
{
    mode_t before = umask(0117);
    int r = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : -errno;
    (void)umask(before);
    return r;
}

/* Only a socket is in the way; another file is somebody's mistake, and bind says so. */
static void clear_place(const char *path)
{
    struct stat status;
    if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode)) {
        (void)unlink(path);
    }
}

int signer_listen(const char *path, int *ret_fd, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        return error_set(error, path, "is too long for the path of a socket");
    }
    memcpy(address.sun_path, path, strlen(path));
    _cleanup_(fd_close) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    clear_place(path);
    int r = fd < 0 ? -errno : bind_for_group(fd, &address);
    if (r == 0 && listen(fd, 1) != 0) {
        r = -errno;
    }
    if (r != 0) {
        (void)error_set(error, path, "cannot be listened on: %s", strerror(-r));
        return r;
    }
    *ret_fd = fd;
    fd = -1;
    return 0;
}

int signer_run(struct service *service, int listening)
{
    for (;;) {
        _cleanup_(fd_close) int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0 && errno != EINTR && errno != ECONNABORTED) {
            return -errno;
        }
        if (fd >= 0) {
            log_event(LOG_LEVEL_NOTICE, "broker_connected", "signed=%" PRIu64, service->last.size);
            service_serve(service, fd);
        }
    }
}
