/* SPDX-License-Identifier: Apache-2.0 */
#include "support/store_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "os/fd.h"
#include "store/internal.h"

int store_copy(struct store *store, const char *dir)
{
    char path[PATH_MAX];

    int len = snprintf(path, sizeof(path), "%s/%s", dir, STORE_DATA_FILE);
    if (len < 0 || (size_t)len >= sizeof(path)) {
        return -ENAMETOOLONG;
    }
    if (mkdir(dir, 0700) < 0) {
        return -errno;
    }
    _cleanup_(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : store_errno(mdb_env_copyfd2(store->env, fd, 0));
}
