/* SPDX-License-Identifier: Apache-2.0 */
#include "os/guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define STATUS_UNTOLD 75 /* of a child that was done and could not say so */
#define TICK_MS       50

static bool write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        data += n;
        len -= (size_t)n;
    }
    return true;
}

/* Until it has said something, or is no more. */
static void wait_aloud(int fd, void (*waiting)(void *data), void *data)
{
    struct pollfd said = {.fd = fd, .events = POLLIN};
    int n = 0;

    while (n == 0 || (n < 0 && errno == EINTR)) {
        n = poll(&said, 1, TICK_MS);
        if (n == 0) {
            waiting(data);
        }
    }
}

static int read_all(int fd, uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = read(fd, data, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? -errno : -ENODATA;
        }
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Work that takes minutes is not to go on for nobody. */
static void end_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(STATUS_UNTOLD);
    }
}

NORETURN static void child(int fd, void (*work)(void *, void *), void *data, void *result,
                           size_t result_bytes)
{
    const struct rlimit no_core = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &no_core);
    work(data, result);
    _exit(write_all(fd, result, result_bytes) ? EXIT_SUCCESS : STATUS_UNTOLD);
}

static int wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -errno;
        }
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) {
        return 0;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_UNTOLD) {
        return -EIO;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EX_IOERR) {
        return -EAGAIN; /* log_fatal: it had no memory, say */
    }
    bool killed =
        WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM);
    /* A sanitizer ends it by a status of its own. */
    return killed ? -ECANCELED : -EBADMSG;
}

int guard_run_long(void (*work)(void *data, void *result), void *data, void *result,
                   size_t result_bytes, void (*waiting)(void *data))
{
    int ends[2];

    if (pipe(ends) != 0) {
        return -errno;
    }
    pid_t own = getpid();
    pid_t pid = fork();
    int r = pid < 0 ? -errno : 0;
    if (pid == 0) {
        (void)close(ends[0]);
        end_with(own);
        child(ends[1], work, data, result, result_bytes);
    }
    (void)close(ends[1]);
    _cleanup_(base_free) uint8_t *copy = base_zalloc(1, result_bytes);
    if (r == 0 && waiting != NULL) {
        wait_aloud(ends[0], waiting, data);
    }
    if (r == 0) {
        r = read_all(ends[0], copy, result_bytes);
    }
    (void)close(ends[0]);
    int ended = pid > 0 ? wait_for(pid) : 0;
    if (ended != 0 && (r == 0 || r == -ENODATA)) { /* else it may have ended because of us */
        r = ended;
    }
    if (r == 0) {
        memcpy(result, copy, result_bytes);
    }
    return r;
}

int guard_run(void (*work)(void *data, void *result), void *data, void *result, size_t result_bytes)
{
    return guard_run_long(work, data, result, result_bytes, NULL);
}
