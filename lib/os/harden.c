/* SPDX-License-Identifier: Apache-2.0 */
#include "os/harden.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static int refused(struct error *error, const char *what)
{
    int saved_errno = errno;

    (void)error_set(error, "", "the system does not let this process %s: %s", what,
                    strerrordesc_np(saved_errno));
    return -saved_errno;
}

int harden_process(struct error *error)
{
    const struct rlimit no_core = {.rlim_cur = 0, .rlim_max = 0};

    (void)umask(077);
    if (setrlimit(RLIMIT_CORE, &no_core) != 0) {
        return refused(error, "forgo core dumps");
    }
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
        return refused(error, "shut out debuggers");
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return refused(error, "forgo new privileges");
    }
    /* A file that may not grow is a fault of the write, said and handled like a full disk. */
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR) {
        return refused(error, "outlive a file at its limit");
    }
    return 0;
}

int harden_files(unsigned most, struct error *error)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return refused(error, "see how many files it may open");
    }
    limit.rlim_max = limit.rlim_max < most ? limit.rlim_max : most;
    limit.rlim_cur = limit.rlim_max; /* what lies below may be a shell's own modest default */
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return refused(error, "limit how many files it opens");
    }
    return 0;
}
