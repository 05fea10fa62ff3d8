/* SPDX-License-Identifier: Apache-2.0 */
#include "os/wake.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "os/fd.h"

int wake_open(struct wake *ret)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (fd < 0) {
        return -errno;
    }
    ret->fd = fd;
    return 0;
}

void wake_close(struct wake *wake)
{
    fd_close(&wake->fd);
}

/* EAGAIN means 2^64-2 signals are waiting: it is awake. */
void wake_signal(const struct wake *wake)
{
    int saved_errno = errno;
    const uint64_t one = 1;
    ssize_t n = write(wake->fd, &one, sizeof(one));

    assert(n == (ssize_t)sizeof(one) || errno == EAGAIN);
    errno = saved_errno;
}

void wake_drain(const struct wake *wake)
{
    uint64_t signals;
    ssize_t n = read(wake->fd, &signals, sizeof(signals));

    assert(n == (ssize_t)sizeof(signals) || errno == EAGAIN);
}
