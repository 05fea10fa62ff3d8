/* SPDX-License-Identifier: Apache-2.0 */
#include "os/guard.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

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

static bool read_all(int fd, uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = read(fd, data, len);
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

NORETURN static void child(int fd, void (*work)(void *, void *), void *data, void *result,
                           size_t result_bytes)
{
    const struct rlimit no_core = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &no_core);
    work(data, result);
    _exit(write_all(fd, result, result_bytes) ? EXIT_SUCCESS : EXIT_FAILURE);
}

static bool wait_for(pid_t pid)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

bool guard_run(void (*work)(void *data, void *result), void *data, void *result,
               size_t result_bytes)
{
    int ends[2];

    if (pipe(ends) != 0) {
        return false;
    }
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        child(ends[1], work, data, result, result_bytes);
    }
    (void)close(ends[1]);
    _cleanup_(base_free) uint8_t *copy = base_zalloc(1, result_bytes);
    bool whole = pid > 0 && read_all(ends[0], copy, result_bytes);
    (void)close(ends[0]);
    bool good = pid > 0 && wait_for(pid) && whole;
    if (good) {
        memcpy(result, copy, result_bytes);
    }
    return good;
}
