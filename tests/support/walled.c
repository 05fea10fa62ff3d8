/* SPDX-License-Identifier: Apache-2.0 */
#include "support/walled.h"

#define PATIENCE_S 60 /* what was to end the child may have it wait for ever instead */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

void walled_enter(enum sandbox_profile profile)
{
    const struct rlimit no_core = {0, 0};
    struct error error = ERROR_NULL;
    if (setrlimit(RLIMIT_CORE, &no_core) != 0 || sandbox_calls(profile, &error) != 0) {
        (void)dprintf(STDERR_FILENO, "%s: %s\n", error.where, error.what);
        _exit(1);
    }
}

int walled_end(enum sandbox_profile profile, int (*work)(const void *data), const void *data)
{
    int status = -1;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)alarm(PATIENCE_S);
        walled_enter(profile);
        _exit(work(data));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}
