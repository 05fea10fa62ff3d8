/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/files.h"
#include "os/marker.h"
#include "support/scratch.h"

static struct marker given_marker(const char *path)
{
    struct marker marker = MARKER_NULL;

    assert_int_equal(marker_open(path, &marker), 0);
    return marker;
}

/* A process that works on each of the marks in turn and is killed while it works on the last. */
static void a_process_dies_in(const char *path, const char *const marks[], size_t n)
{
    int status;

    pid_t child = fork();
    if (child == 0) {
        struct marker marker = given_marker(path);
        for (size_t i = 0; i < n; i++) {
            marker_set(&marker, slice_of_text(marks[i]));
        }
        (void)kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
}

static void dies_in(const char *path, const char *mark)
{
    a_process_dies_in(path, &mark, 1);
}

static uint32_t crashes_of(const char *path, const char *mark)
{
    struct marker marker = given_marker(path);
    uint32_t count = marker_crashes(&marker, slice_of_text(mark));

    marker_close(&marker);
    return count;
}

static void a_new_marker_knows_of_no_crash(void **state)
{
    struct marker marker = given_marker(in_scratch(*state, "marker"));
    struct slice mark;
    uint32_t count;

    assert_false(marker_last(&marker, &mark, &count));
    assert_int_equal(marker_crashes(&marker, slice_of_text("a")), 0);
    marker_close(&marker);
    marker_close(&marker);
}

static void a_cleared_mark_is_no_crash(void **state)
{
    const char *path = in_scratch(*state, "marker");
    struct marker marker = given_marker(path);
    struct slice mark;
    uint32_t count;

    marker_set(&marker, slice_of_text("entry"));
    marker_clear(&marker);
    marker_close(&marker);
    marker = given_marker(path);

    assert_false(marker_last(&marker, &mark, &count));
    marker_close(&marker);
}

static void an_end_that_was_not_over_the_mark_is_no_crash(void **state)
{
    const char *path = in_scratch(*state, "marker");
    dies_in(path, "entry");
    struct marker marker = given_marker(path);
    struct slice mark;
    uint32_t count;

    marker_set(&marker, slice_of_text("entry"));
    marker_excuse(&marker);
    marker_set(&marker, slice_of_text("next"));
    marker_close(&marker);
    marker = given_marker(path);

    assert_false(marker_last(&marker, &mark, &count));
    assert_int_equal(marker_crashes(&marker, slice_of_text("next")), 0);
    marker_close(&marker);
    dies_in(path, "next");
    assert_int_equal(crashes_of(path, "next"), 1); /* excused once is not excused for ever */
}

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

/* As an assert, or somebody from outside. */
static void *send_signal(void *sig)
{
    (void)raise(*(const int *)sig);
    return NULL;
}

/* Not sent, but done: the instruction faults again, so that whoever looks sees where. */
static void *write_there(void *page)
{
    *(volatile int *)page = 1;
    return NULL;
}

struct death {
    int sig;
    void *(*of)(void *data);
    void *data;
    bool on_another; /* thread than the one that works on "entry" */
};

NORETURN static void work_and_die(const char *path, const struct death *death)
{
    const struct rlimit no_core = {0, 0};
    struct marker marker = given_marker(path);
    pthread_t other;

    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)signal(death->sig, SIG_DFL); /* whatever a sanitizer does with it */
    assert_int_equal(marker_watch(&marker), 0);
    marker_set(&marker, slice_of_text("entry"));
    if (!death->on_another) {
        (void)death->of(death->data);
    } else if (pthread_create(&other, NULL, death->of, death->data) == 0) {
        (void)pthread_join(other, NULL);
    }
    _exit(EXIT_SUCCESS);
}

static void a_watched_process_dies(const char *path, const struct death *death)
{
    int status;

    pid_t child = fork();
    if (child == 0) {
        work_and_die(path, death);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), death->sig);
}

static void a_fault_of_the_thread_that_works_is_a_crash_of_its_mark(void **state)
{
    const char *path = in_scratch(*state, "marker");

    for (size_t i = 0; i < ARRAY_LEN(fatal_signals); i++) {
        int sig = fatal_signals[i];
        a_watched_process_dies(path, &(struct death){sig, send_signal, &sig, false});
    }

    assert_int_equal(crashes_of(path, "entry"), ARRAY_LEN(fatal_signals));
}

static void a_fault_of_another_thread_is_no_crash_of_the_mark(void **state)
{
    const char *path = in_scratch(*state, "marker");

    for (size_t i = 0; i < ARRAY_LEN(fatal_signals); i++) {
        int sig = fatal_signals[i];
        a_watched_process_dies(path, &(struct death){sig, send_signal, &sig, true});
        assert_int_equal(crashes_of(path, "entry"), 0);
    }
}

static void an_instruction_that_faults_ends_the_process_where_it_is(void **state)
{
    const char *path = in_scratch(*state, "marker");
    void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(page != MAP_FAILED);

    a_watched_process_dies(path, &(struct death){SIGSEGV, write_there, page, true});
    assert_int_equal(crashes_of(path, "entry"), 0);
    a_watched_process_dies(path, &(struct death){SIGSEGV, write_there, page, false});
    assert_int_equal(crashes_of(path, "entry"), 1);

    assert_int_equal(munmap(page, 4096), 0);
}

static void each_death_under_a_mark_is_counted(void **state)
{
    const char *path = in_scratch(*state, "marker");
    struct slice mark;
    uint32_t count;

    for (uint32_t i = 1; i <= 3; i++) {
        dies_in(path, "entry");
        struct marker marker = given_marker(path);
        assert_true(marker_last(&marker, &mark, &count));
        assert_true(slice_is_text(mark, "entry"));
        assert_int_equal(count, i);
        assert_int_equal(marker_crashes(&marker, slice_of_text("entry")), i);
        marker_close(&marker);
    }
    struct marker marker = given_marker(path);

    assert_false(marker_last(&marker, &mark, &count));
    assert_int_equal(marker_crashes(&marker, slice_of_text("entry")), 3);
    marker_close(&marker);
}

static void two_entries_that_crash_in_turn_are_both_counted(void **state)
{
    const char *path = in_scratch(*state, "marker");

    dies_in(path, "a");
    dies_in(path, "b");
    dies_in(path, "a");
    dies_in(path, "b");

    assert_int_equal(crashes_of(path, "a"), 2);
    assert_int_equal(crashes_of(path, "b"), 2);
    assert_int_equal(crashes_of(path, "c"), 0);
}

static void work_that_ends_well_is_forgotten_and_only_that(void **state)
{
    const char *path = in_scratch(*state, "marker");
    static const char *const by_next[] = {"a", "other"};
    dies_in(path, "a");
    dies_in(path, "b");
    dies_in(path, "c");

    a_process_dies_in(path, by_next, ARRAY_LEN(by_next));
    struct marker marker = given_marker(path);
    marker_set(&marker, slice_of_text("b"));
    marker_clear(&marker);
    marker_close(&marker);

    assert_int_equal(crashes_of(path, "a"), 0);
    assert_int_equal(crashes_of(path, "b"), 0);
    assert_int_equal(crashes_of(path, "c"), 1);
    assert_int_equal(crashes_of(path, "other"), 1);
}

static void setting_the_same_mark_again_does_not_forget_it(void **state)
{
    const char *path = in_scratch(*state, "marker");
    static const char *const twice[] = {"a", "a"};

    dies_in(path, "a");
    a_process_dies_in(path, twice, ARRAY_LEN(twice));

    assert_int_equal(crashes_of(path, "a"), 2);
}

static void the_mark_with_most_crashes_outlives_a_flood_of_others(void **state)
{
    const char *path = in_scratch(*state, "marker");
    char mark[32];
    dies_in(path, "bad");
    dies_in(path, "bad");

    for (int i = 0; i < MARKER_CRASHES + 8; i++) {
        (void)snprintf(mark, sizeof(mark), "other-%d", i);
        dies_in(path, mark);
    }

    assert_int_equal(crashes_of(path, "bad"), 2);
    assert_int_equal(crashes_of(path, mark), 1);
}

static void a_mark_of_the_largest_size_is_kept_whole(void **state)
{
    const char *path = in_scratch(*state, "marker");
    uint8_t bytes[MARKER_MAX_BYTES];
    struct slice mark;
    uint32_t count;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)i;
    }
    struct marker marker = given_marker(path);
    marker_set(&marker, slice_of_text("short"));
    marker_set(&marker, SLICE_OF(bytes));

    marker_close(&marker);
    marker = given_marker(path);

    assert_true(marker_last(&marker, &mark, &count));
    assert_true(slice_equal(mark, SLICE_OF(bytes)));
    marker_close(&marker);
}

static void one_process_at_a_time_has_the_marker(void **state)
{
    const char *path = in_scratch(*state, "marker");
    struct marker first = given_marker(path);
    struct marker second = MARKER_NULL;

    assert_int_equal(marker_open(path, &second), -EBUSY);
    assert_null(second.file);
    marker_close(&first);

    assert_int_equal(marker_open(path, &second), 0);
    marker_close(&second);
}

static void what_is_no_marker_file_is_refused(void **state)
{
    struct scratch *scratch = *state;
    struct marker marker = MARKER_NULL;
    static uint8_t large[4097];
    (void)umask(077);

    assert_int_equal(file_write_atomic(in_scratch(scratch, "text"), slice_of_text("not one"), 0600),
                     0);
    assert_int_equal(marker_open(scratch->path, &marker), -EBADMSG);
    assert_int_equal(file_write_atomic(in_scratch(scratch, "large"), SLICE_OF(large), 0600), 0);
    assert_int_equal(marker_open(scratch->path, &marker), -EBADMSG);
    assert_int_equal(symlink("text", in_scratch(scratch, "link")), 0);
    assert_int_equal(marker_open(scratch->path, &marker), -ELOOP);
    assert_int_equal(marker_open(in_scratch(scratch, "none/marker"), &marker), -ENOENT);

    assert_null(marker.file);
}

static void a_length_beyond_the_limit_is_damage(void **state)
{
    const char *path = in_scratch(*state, "marker");
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(8192);
    struct marker marker = given_marker(path);
    marker_set(&marker, slice_of_text("entry"));
    marker_close(&marker);
    assert_int_equal(file_read(path, &buf), 0);
    assert_int_equal(buf.len, 4096);
    uint32_t too_long = MARKER_MAX_BYTES + 1;

    memcpy(buf.data + 16, &too_long, sizeof(too_long));
    assert_int_equal(file_write_atomic(path, buf_slice(&buf), 0600), 0);

    assert_int_equal(marker_open(path, &marker), -EBADMSG);
}

static uint32_t deaths_of(const char *path)
{
    struct marker marker = given_marker(path);
    uint32_t deaths = marker_deaths(&marker);

    marker_close(&marker);
    return deaths;
}

/* Whoever is to blame for it. */
static void runs_that_died_are_counted_until_one_ends_in_order(void **state)
{
    const char *path = in_scratch(*state, "marker");

    assert_int_equal(deaths_of(path), 0);
    for (int i = 0; i < 3; i++) {
        a_process_dies_in(path, NULL, 0);
    }
    assert_int_equal(deaths_of(path), 3);
    assert_int_equal(deaths_of(path), 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_new_marker_knows_of_no_crash),
        IN_FOLDER(a_cleared_mark_is_no_crash),
        IN_FOLDER(an_end_that_was_not_over_the_mark_is_no_crash),
        IN_FOLDER(a_fault_of_the_thread_that_works_is_a_crash_of_its_mark),
        IN_FOLDER(a_fault_of_another_thread_is_no_crash_of_the_mark),
        IN_FOLDER(an_instruction_that_faults_ends_the_process_where_it_is),
        IN_FOLDER(each_death_under_a_mark_is_counted),
        IN_FOLDER(two_entries_that_crash_in_turn_are_both_counted),
        IN_FOLDER(work_that_ends_well_is_forgotten_and_only_that),
        IN_FOLDER(setting_the_same_mark_again_does_not_forget_it),
        IN_FOLDER(the_mark_with_most_crashes_outlives_a_flood_of_others),
        IN_FOLDER(a_mark_of_the_largest_size_is_kept_whole),
        IN_FOLDER(runs_that_died_are_counted_until_one_ends_in_order),
        IN_FOLDER(one_process_at_a_time_has_the_marker),
        IN_FOLDER(what_is_no_marker_file_is_refused),
        IN_FOLDER(a_length_beyond_the_limit_is_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
