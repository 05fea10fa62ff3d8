/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/guard.h"

#define BEFORE      3
#define PATIENCE_MS 10000

static int run(void (*work)(void *data, void *result), int what, int *ret)
{
    *ret = BEFORE;
    return guard_run(work, &what, ret, sizeof(*ret));
}

static void say(void *data, void *result)
{
    *(int *)result = *(const int *)data;
}

static void die(void *data, void *result)
{
    *(int *)result = 1;
    (void)raise(*(const int *)data);
}

NORETURN static void leave(void *data, void *result)
{
    *(int *)result = 1;
    _exit(*(const int *)data);
}

/* What it says goes nowhere. */
static void say_in_vain(void *data, void *result)
{
    (void)close_range(STDERR_FILENO + 1, UINT_MAX, 0);
    say(data, result);
}

static void what_work_that_ended_left_is_handed_back(void **state)
{
    int result;
    (void)state;

    assert_int_equal(run(say, 7, &result), 0);

    assert_int_equal(result, 7);
}

static void work_that_died_of_itself_is_told_from_work_that_was_killed(void **state)
{
    int result;
    (void)state;

    assert_int_equal(run(die, SIGABRT, &result), -EBADMSG);
    assert_int_equal(result, BEFORE);
    assert_int_equal(run(die, SIGKILL, &result), -ECANCELED);
    assert_int_equal(result, BEFORE);
    assert_int_equal(run(die, SIGTERM, &result), -ECANCELED);
    assert_int_equal(result, BEFORE);
}

static void work_that_ends_the_process_by_itself_has_died_of_what_it_read(void **state)
{
    int result;
    (void)state;

    assert_int_equal(run(leave, EXIT_FAILURE, &result), -EBADMSG);

    assert_int_equal(result, BEFORE);
}

static void work_that_lacked_what_it_needs_says_nothing_of_what_it_read(void **state)
{
    int result;
    (void)state;

    assert_int_equal(run(leave, EX_IOERR, &result), -EAGAIN); /* as log_fatal ends it */

    assert_int_equal(result, BEFORE);
}

static void work_that_leaves_without_a_word_is_no_result(void **state)
{
    int result;
    (void)state;

    assert_int_equal(run(leave, EXIT_SUCCESS, &result), -ENODATA);

    assert_int_equal(result, BEFORE);
}

static void work_that_was_done_and_could_not_say_so_says_nothing_of_what_it_read(void **state)
{
    int result;
    (void)state;

    assert_int_equal(run(say_in_vain, 7, &result), -EIO);

    assert_int_equal(result, BEFORE);
}

/* --- work that takes long --- */

struct talk {
    int ends[2];
    unsigned heard;
};

static void wait_for_word(void *data, void *result)
{
    const struct talk *talk = data;
    char word;

    *(int *)result = read(talk->ends[0], &word, 1) == 1 ? 8 : 9;
}

static void say_word(void *data)
{
    struct talk *talk = data;

    talk->heard++;
    assert_int_equal(write(talk->ends[1], "w", 1), 1);
}

static void whoever_waits_is_called_while_the_work_goes_on(void **state)
{
    struct talk talk = {.heard = 0};
    int result = BEFORE;
    (void)state;
    assert_int_equal(pipe(talk.ends), 0);

    assert_int_equal(guard_run_long(wait_for_word, &talk, &result, sizeof(result), say_word), 0);

    assert_int_equal(result, 8); /* it went on once it was told */
    assert_true(talk.heard > 0);
    assert_int_equal(close(talk.ends[0]), 0);
    assert_int_equal(close(talk.ends[1]), 0);
}

NORETURN static void go_on_for_ever(void *data, void *result)
{
    const int *said = data;
    pid_t own = getpid();
    (void)result;

    if (write(*said, &own, sizeof(own)) != (ssize_t)sizeof(own)) {
        _exit(EXIT_FAILURE);
    }
    for (;;) {
        (void)pause();
    }
}

static void work_ends_with_whoever_waits_for_it(void **state)
{
    int ends[2];
    pid_t worker = 0;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t waits = fork();
    if (waits == 0) {
        int result;
        _exit(guard_run(go_on_for_ever, &ends[1], &result, sizeof(result)));
    }
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(read(ends[0], &worker, sizeof(worker)), sizeof(worker));

    assert_int_equal(kill(waits, SIGKILL), 0);
    assert_int_equal(waitpid(waits, NULL, 0), waits);

    struct pollfd held = {.fd = ends[0], .events = POLLIN}; /* by the worker alone */
    bool ended = poll(&held, 1, PATIENCE_MS) == 1;
    if (!ended) {
        (void)kill(worker, SIGKILL);
    }
    assert_true(ended);
    assert_int_equal(close(ends[0]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_work_that_ended_left_is_handed_back),
        cmocka_unit_test(work_that_died_of_itself_is_told_from_work_that_was_killed),
        cmocka_unit_test(work_that_ends_the_process_by_itself_has_died_of_what_it_read),
        cmocka_unit_test(work_that_lacked_what_it_needs_says_nothing_of_what_it_read),
        cmocka_unit_test(work_that_leaves_without_a_word_is_no_result),
        cmocka_unit_test(work_that_was_done_and_could_not_say_so_says_nothing_of_what_it_read),
        cmocka_unit_test(whoever_waits_is_called_while_the_work_goes_on),
        cmocka_unit_test(work_ends_with_whoever_waits_for_it),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
