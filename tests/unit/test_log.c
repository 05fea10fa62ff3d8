/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/log.h"

/* stderr goes into a pipe while a test runs. */
struct capture {
    int pipe[2];
    int real_stderr;
    char text[4096];
};

static int capture_start(void **state)
{
    static struct capture capture;

    if (pipe2(capture.pipe, O_NONBLOCK | O_CLOEXEC) != 0) {
        return -1;
    }
    capture.real_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    log_init("cairn-test", LOG_LEVEL_INFO);
    *state = &capture;
    return dup2(capture.pipe[1], STDERR_FILENO) == STDERR_FILENO ? 0 : -1;
}

static int capture_stop(void **state)
{
    struct capture *capture = *state;

    (void)dup2(capture->real_stderr, STDERR_FILENO);
    (void)close(capture->real_stderr);
    (void)close(capture->pipe[0]);
    return close(capture->pipe[1]);
}

static const char *logged(struct capture *capture)
{
    ssize_t n = read(capture->pipe[0], capture->text, sizeof(capture->text) - 1);

    capture->text[n > 0 ? n : 0] = '\0';
    return capture->text;
}

static void an_event_is_one_line(void **state)
{
    log_event(LOG_LEVEL_INFO, "record_refused", "agency=%d verdict=%s", 3, "bad_signature");

    assert_string_equal(logged(*state),
                        "<6>cairn-test record_refused agency=3 verdict=bad_signature\n");
}

static void an_event_without_pairs_ends_with_its_name(void **state)
{
    log_event(LOG_LEVEL_NOTICE, "started", "%s", "");

    assert_string_equal(logged(*state), "<5>cairn-test started\n");
}

static void what_is_above_the_level_is_not_logged(void **state)
{
    log_event(LOG_LEVEL_DEBUG, "detail", "a=%d", 1);
    assert_string_equal(logged(*state), "");
    log_init("cairn-test", LOG_LEVEL_DEBUG);
    log_event(LOG_LEVEL_DEBUG, "detail", "a=%d", 1);

    assert_string_equal(logged(*state), "<7>cairn-test detail a=1\n");
}

static void nothing_in_a_value_can_start_another_line(void **state)
{
    log_event(LOG_LEVEL_INFO, "event", "a=%s", "x\n<2>forged\r\x1b[31m\xc3\xab");

    assert_string_equal(logged(*state), "<6>cairn-test event a=x?<2>forged??[31m??\n");
}

static void a_long_line_is_cut_and_marked(void **state)
{
    char value[3000];
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';

    log_event(LOG_LEVEL_INFO, "event", "a=%s", value);
    const char *line = logged(*state);

    assert_int_equal(strlen(line), 1024);
    assert_string_equal(line + 1024 - 5, "v...\n");
    assert_memory_equal(line, "<6>cairn-test event a=vvv", 25);
}

static void the_longest_line_that_fits_is_not_marked(void **state)
{
    char value[3000];
    memset(value, 'v', sizeof(value));
    value[1023 - strlen("<6>cairn-test event ") - 1] = '\0';

    log_event(LOG_LEVEL_INFO, "event", "%s", value);
    const char *line = logged(*state);

    assert_in_range(strlen(line), 1022, 1024);
    assert_null(strstr(line, "..."));
}

static size_t lines_in(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++) {
        n += *text == '\n' ? 1 : 0;
    }
    return n;
}

static void flood(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        log_peer_event(LOG_LEVEL_WARNING, "frame_refused", "agency=%u", 3U);
    }
}

static void what_a_peer_causes_is_limited_and_what_was_left_out_is_counted(void **state)
{
    struct clock_fake fake;
    clock_fake_init(&fake, 0);
    log_peer_clock(&fake.clock);

    flood(LOG_PEER_LINES_PER_MIN + 70);
    assert_int_equal(lines_in(logged(*state)), LOG_PEER_LINES_PER_MIN);
    log_peer_event(LOG_LEVEL_WARNING, "bad_frame", "agency=%u", 3U);
    assert_string_equal(logged(*state), "<4>cairn-test bad_frame agency=3\n");

    clock_fake_advance(&fake, 60000);
    flood(1);
    assert_string_equal(logged(*state), "<4>cairn-test frame_refused suppressed=70\n"
                                        "<4>cairn-test frame_refused agency=3\n");
    log_peer_clock(NULL);
}

static void what_was_left_out_is_said_although_nothing_follows(void **state)
{
    struct clock_fake fake;
    clock_fake_init(&fake, 0);
    log_peer_clock(&fake.clock);
    flood(LOG_PEER_LINES_PER_MIN + 1);
    (void)logged(*state);

    log_peer_flush();
    assert_string_equal(logged(*state), "");
    clock_fake_advance(&fake, 60000);
    log_peer_flush();

    assert_string_equal(logged(*state), "<4>cairn-test frame_refused suppressed=1\n");
    log_peer_flush();
    assert_string_equal(logged(*state), "");
    log_peer_clock(NULL);
}

static void a_fault_is_logged_with_its_words_and_returned(void **state)
{
    errno = 7;

    assert_int_equal(log_fault(ENOENT, "open_failed", "what=%s", "store"), -ENOENT);

    assert_int_equal(errno, 7);
    assert_string_equal(
        logged(*state),
        "<3>cairn-test open_failed what=store errno=2 error=\"No such file or directory\"\n");
    assert_int_equal(log_fault(99999, "odd", "%s", ""), -99999);
    assert_string_equal(logged(*state), "<3>cairn-test odd errno=99999 error=\"unknown\"\n");
}

static void escaping_keeps_printable_ascii_and_the_size(void **state)
{
    char out[8];
    (void)state;

    assert_string_equal(log_escape("a b~\n\xff", out, sizeof(out)), "a b~??");
    assert_string_equal(log_escape("a \"b\"", out, sizeof(out)), "a 'b'");
    assert_string_equal(log_escape("0123456789", out, sizeof(out)), "0123456");
    assert_string_equal(log_escape("x", out, 1), "");
}

static void a_fatal_event_ends_the_process_with_74(void **state)
{
    int status;

    pid_t child = fork();
    if (child == 0) {
        log_fatal("commit_failed", "error=%d", 5);
    }
    assert_int_equal(waitpid(child, &status, 0), child);

    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 74);
    assert_string_equal(logged(*state), "<2>cairn-test commit_failed error=5\n");
}

static void the_first_error_is_kept(void **state)
{
    struct error error = ERROR_NULL;
    (void)state;

    assert_int_equal(error_set(&error, "/a", "is %s", "missing"), -EINVAL);
    assert_int_equal(error_set(&error, "/b", "is %s", "wrong"), -EINVAL);

    assert_string_equal(error.where, "/a");
    assert_string_equal(error.what, "is missing");
    assert_int_equal(error_set(NULL, "/a", "is wrong"), -EINVAL);
}

static void an_error_is_one_line_and_cut_to_its_size(void **state)
{
    struct error error = ERROR_NULL;
    char longer[500];
    (void)state;
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';

    (void)error_set(&error, longer, "a\nb%s", longer);

    assert_int_equal(strlen(error.where), sizeof(error.where) - 1);
    assert_int_equal(strlen(error.what), sizeof(error.what) - 1);
    assert_memory_equal(error.what, "a?bx", 4);
    error = ERROR_NULL;
    (void)error_set(&error, NULL, "x");
    assert_string_equal(error.where, "");
}

#define CAPTURED(test) cmocka_unit_test_setup_teardown(test, capture_start, capture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CAPTURED(an_event_is_one_line),
        CAPTURED(an_event_without_pairs_ends_with_its_name),
        CAPTURED(what_is_above_the_level_is_not_logged),
        CAPTURED(nothing_in_a_value_can_start_another_line),
        CAPTURED(a_long_line_is_cut_and_marked),
        CAPTURED(the_longest_line_that_fits_is_not_marked),
        CAPTURED(what_a_peer_causes_is_limited_and_what_was_left_out_is_counted),
        CAPTURED(what_was_left_out_is_said_although_nothing_follows),
        CAPTURED(a_fault_is_logged_with_its_words_and_returned),
        CAPTURED(a_fatal_event_ends_the_process_with_74),
        cmocka_unit_test(escaping_keeps_printable_ascii_and_the_size),
        cmocka_unit_test(the_first_error_is_kept),
        cmocka_unit_test(an_error_is_one_line_and_cut_to_its_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
