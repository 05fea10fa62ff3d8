/* SPDX-License-Identifier: Apache-2.0 */
#include "os/signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"

int signals_open(int *ret_fd)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    int r = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (r != 0) {
        return -r;
    }
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
        return -errno;
    }
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) {
        return -errno;
    }
    *ret_fd = fd;
    return 0;
}

int signals_take(int fd)
{
    struct signalfd_siginfo info;
    ssize_t n = read(fd, &info, sizeof(info));

    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        log_event(LOG_LEVEL_ERROR, "signals_unreadable", "error=\"%s\"", strerror(errno));
        return SIGTERM;
    }
    return n == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}
