/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/crypto.h"
#include "signer/highwater.h"
#include "support/scratch.h"

#define SLOT_BYTES 512

struct marks {
    char dir[SCRATCH_BYTES];
    char path[80];
    struct clock_fake clock;
    struct highwater file;
    struct checkpoint mark; /* of the last opening */
};

static int reopen(struct marks *marks, struct error *error)
{
    highwater_close(&marks->file);
    return highwater_open(marks->path, &marks->clock.clock, &marks->file, &marks->mark, error);
}

static int set_up(void **state)
{
    struct marks *marks = base_zalloc(1, sizeof(*marks));
    assert_int_equal(crypto_init(NULL), 0);
    scratch_make(marks->dir);
    (void)snprintf(marks->path, sizeof(marks->path), "%s/mark", marks->dir);
    clock_fake_init(&marks->clock, INT64_C(1795165200000));
    marks->file = HIGHWATER_NULL;
    assert_int_equal(reopen(marks, NULL), 0);
    *state = marks;
    return 0;
}

static int tear_down(void **state)
{
    struct marks *marks = *state;
    highwater_close(&marks->file);
    (void)unlink(marks->path);
    (void)rmdir(marks->dir);
    base_free(&marks);
    crypto_deinit();
    return 0;
}

static struct checkpoint head(uint64_t size)
{
    struct checkpoint checkpoint = {.size = size};
    memset(checkpoint.root.bytes, (int)(size & 0xff), sizeof(checkpoint.root.bytes));
    return checkpoint;
}

static void write_marks(struct marks *marks, uint64_t first, uint64_t last)
{
    for (uint64_t size = first; size <= last; size++) {
        const struct checkpoint checkpoint = head(size);
        assert_int_equal(highwater_write(&marks->file, &checkpoint), 0);
    }
}

static void expect_mark(struct marks *marks, uint64_t size)
{
    const struct checkpoint expected = head(size);
    assert_int_equal(reopen(marks, NULL), 0);
    assert_int_equal(marks->mark.size, size);
    assert_true(size == 0 || hash_equal(&marks->mark.root, &expected.root));
}

static void damage(struct marks *marks, off_t at, const char *bytes, size_t len)
{
    int fd = open(marks->path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, at), (ssize_t)len);
    assert_int_equal(close(fd), 0);
}

static void a_new_file_has_no_mark_and_is_private(void **state)
{
    struct marks *marks = *state;
    struct stat status;

    assert_int_equal(marks->mark.size, 0);
    assert_int_equal(marks->file.shown.size, 0);
    assert_int_equal(stat(marks->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void the_largest_mark_is_found_again(void **state)
{
    struct marks *marks = *state;

    write_marks(marks, 1, 7);
    expect_mark(marks, 7);
    write_marks(marks, 8, 8);
    expect_mark(marks, 8);
}

static void a_torn_write_of_either_slot_loses_one_mark_and_not_both(void **state)
{
    struct marks *marks = *state;

    for (uint64_t last = 4; last <= 5; last++) {
        for (off_t at = 0; at < 88; at++) {
            write_marks(marks, last - 1, last);
            off_t newest = (off_t)((marks->file.writes - 1) % 2) * SLOT_BYTES;
            uint8_t byte = 0;
            int fd = open(marks->path, O_RDONLY);
            assert_int_equal(pread(fd, &byte, 1, newest + at), 1);
            assert_int_equal(close(fd), 0);
            byte ^= 0x40;
            damage(marks, newest + at, (const char *)&byte, 1);
            expect_mark(marks, last - 1);
        }
    }
}

static void a_file_of_something_else_has_no_mark(void **state)
{
    struct marks *marks = *state;
    char rubbish[2 * SLOT_BYTES];
    memset(rubbish, 'x', sizeof(rubbish));

    damage(marks, 0, rubbish, sizeof(rubbish));

    expect_mark(marks, 0);
}

static void the_next_mark_overwrites_the_smaller_one(void **state)
{
    struct marks *marks = *state;
    write_marks(marks, 10, 11);
    assert_int_equal(reopen(marks, NULL), 0);
    write_marks(marks, 12, 12);

    damage(marks, (off_t)((marks->file.writes - 1) % 2) * SLOT_BYTES, "torn", 4);

    expect_mark(marks, 11);
}

static void what_an_agency_showed_outlives_every_later_mark(void **state)
{
    struct marks *marks = *state;
    const struct checkpoint shown = head(99);
    write_marks(marks, 100, 101);

    assert_int_equal(highwater_accuse(marks->path, &shown), 0);
    write_marks(marks, 102, 105);

    expect_mark(marks, 105);
    assert_int_equal(marks->file.shown.size, 99);
    assert_true(hash_equal(&marks->file.shown.root, &shown.root));
}

static void a_mark_that_is_elsewhere_cannot_be_accused(void **state)
{
    struct marks *marks = *state;
    const struct checkpoint shown = head(1);
    assert_int_equal(unlink(marks->path), 0);

    assert_int_equal(highwater_accuse(marks->path, &shown), -ENOENT);
}

static void a_mark_that_cannot_be_written_is_a_fault(void **state)
{
    struct marks *marks = *state;
    const struct checkpoint checkpoint = head(3);
    highwater_close(&marks->file);
    marks->file.fd = open("/dev/full", O_RDWR);
    marks->file.clock = &marks->clock.clock;
    assert_true(marks->file.fd >= 0);

    assert_int_equal(highwater_write(&marks->file, &checkpoint), -ENOSPC);
}

static void a_path_that_is_no_file_of_ours_is_refused_with_its_name(void **state)
{
    struct marks *marks = *state;
    struct error error = ERROR_NULL;
    highwater_close(&marks->file);
    assert_int_equal(unlink(marks->path), 0);
    assert_int_equal(symlink("/etc/hostname", marks->path), 0);

    assert_int_equal(reopen(marks, &error), -ELOOP);

    assert_string_equal(error.where, marks->path);
    assert_true(error.what[0] != '\0');
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_new_file_has_no_mark_and_is_private),
        STORY(the_largest_mark_is_found_again),
        STORY(a_torn_write_of_either_slot_loses_one_mark_and_not_both),
        STORY(a_file_of_something_else_has_no_mark),
        STORY(the_next_mark_overwrites_the_smaller_one),
        STORY(what_an_agency_showed_outlives_every_later_mark),
        STORY(a_mark_that_is_elsewhere_cannot_be_accused),
        STORY(a_mark_that_cannot_be_written_is_a_fault),
        STORY(a_path_that_is_no_file_of_ours_is_refused_with_its_name),
    };
    return cmocka_run_group_tests_name("highwater", tests, NULL, NULL);
}
