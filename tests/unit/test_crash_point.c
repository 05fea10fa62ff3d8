/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crash_point.h"

/* How a process ends that has `armed` in its environment and comes to commit.synced so often. */
static int status_of(const char *armed, int passages)
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(STDERR_FILENO);
        (void)setenv("CAIRN_CRASH_POINT", armed, 1);
        for (int i = 0; i < passages; i++) {
            crash_point_reach(CRASH_ATTEST_REREAD);
            crash_point_reach(CRASH_COMMIT_SYNCED);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_program_dies_at_the_passage_that_was_armed(void **state)
{
    (void)state;

    assert_int_equal(status_of("commit.synced:1", 1), CRASH_POINT_STATUS);
    assert_int_equal(status_of("commit.synced:3", 3), CRASH_POINT_STATUS);
}

static void a_program_lives_past_everything_else(void **state)
{
    (void)state;

    assert_int_equal(status_of("commit.synced:3", 2), 0);
    assert_int_equal(status_of("commit.sync:1", 2), 0);
    assert_int_equal(status_of("commit.synced", 2), 0);
    assert_int_equal(status_of("commit.synced:0", 2), 0);
    assert_int_equal(status_of("", 2), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_dies_at_the_passage_that_was_armed),
        cmocka_unit_test(a_program_lives_past_everything_else),
    };
    return cmocka_run_group_tests_name("crash_point", tests, NULL, NULL);
}
