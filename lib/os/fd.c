/* SPDX-License-Identifier: Apache-2.0 */
#include "os/fd.h"

#include <errno.h>
#include <unistd.h>

void fd_close(int *fd)
{
    int saved_errno = errno;

    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
    errno = saved_errno;
}
