/* SPDX-License-Identifier: Apache-2.0 */
#include "os/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

/* Locks of the open file description: they do not vanish when an unrelated fd of the same file is
 * closed. */
int mapped_lock(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
        return 0;
    }
    return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

bool mapped_is_locked(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int mapped_map(int fd, size_t bytes, void **ret)
{
    int r = posix_fallocate(fd, 0, (off_t)bytes);
    if (r != 0) {
        return -r;
    }
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) {
        return -errno;
    }
    *ret = memory;
    return 0;
}
