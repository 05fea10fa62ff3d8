/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
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

#include "os/fd.h"
#include "os/files.h"
#include "support/scratch.h"

static void given_file(const char *path, const char *contents, mode_t mode)
{
    assert_int_equal(file_write_atomic(path, slice_of_text(contents), mode), 0);
}

static mode_t mode_of(const char *path)
{
    struct stat status;

    assert_int_equal(lstat(path, &status), 0);
    return status.st_mode & 07777;
}

static size_t count_entries(const char *folder)
{
    struct dirent **entries = NULL;
    int n = scandir(folder, &entries, NULL, NULL);
    assert_true(n >= 2); /* itself and the folder above */
    for (int i = 0; i < n; i++) {
        free(entries[i]);
    }
    free(entries);
    return (size_t)n - 2;
}

static void what_is_written_is_read(void **state)
{
    struct scratch *scratch = *state;
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(100);
    const char *path = in_scratch(scratch, "file");
    (void)umask(077);

    assert_int_equal(file_write_atomic(path, slice_of_text("first contents"), 0640), 0);
    assert_int_equal(file_write_atomic(path, slice_of_text("second"), 0644), 0);

    assert_int_equal(file_read(path, &buf), 0);
    assert_string_equal(buf_text(&buf), "second");
    assert_int_equal(mode_of(path), 0644);
    assert_int_equal(count_entries(scratch->dir), 1);
}

static void a_file_as_large_as_the_limit_is_read_and_a_larger_one_is_not(void **state)
{
    const char *path = in_scratch(*state, "file");
    _cleanup_(buf_deinit) struct buf exact = BUF_MAX(10);
    _cleanup_(buf_deinit) struct buf small = BUF_MAX(9);
    _cleanup_(buf_deinit) struct buf none = BUF_MAX(0);
    given_file(path, "0123456789", 0600);

    assert_int_equal(file_read(path, &exact), 0);
    assert_string_equal(buf_text(&exact), "0123456789");
    assert_int_equal(file_read(path, &small), -EFBIG);
    assert_int_equal(small.len, 0);
    assert_true(buf_ok(&small));
    assert_int_equal(file_read(path, &none), -EFBIG);
}

static void a_file_of_many_reads_is_read_whole(void **state)
{
    const char *path = in_scratch(*state, "file");
    size_t bytes = 300001;
    _cleanup_(base_free) uint8_t *data = base_alloc(bytes);
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(1 << 20);
    for (size_t i = 0; i < bytes; i++) {
        data[i] = (uint8_t)(i * 31);
    }

    assert_int_equal(file_write_atomic(path, slice_make(data, bytes), 0600), 0);

    assert_int_equal(file_read(path, &buf), 0);
    assert_true(slice_equal(buf_slice(&buf), slice_make(data, bytes)));
}

static void what_is_no_plain_file_is_not_read(void **state)
{
    struct scratch *scratch = *state;
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(100);
    given_file(in_scratch(scratch, "file"), "x", 0600);
    assert_int_equal(symlink("file", in_scratch(scratch, "link")), 0);
    assert_int_equal(mkfifo(in_scratch(scratch, "fifo"), 0600), 0);

    assert_int_equal(file_read(in_scratch(scratch, "none"), &buf), -ENOENT);
    assert_int_equal(file_read(in_scratch(scratch, "link"), &buf), -ELOOP);
    assert_int_equal(file_read(in_scratch(scratch, "fifo"), &buf), -EINVAL);
    assert_int_equal(file_read(scratch->dir, &buf), -EISDIR);
    assert_int_equal(file_read("/dev/null", &buf), -EINVAL);
}

static void writing_replaces_a_link_and_not_what_it_points_to(void **state)
{
    struct scratch *scratch = *state;
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(100);
    given_file(in_scratch(scratch, "target"), "untouched", 0600);
    assert_int_equal(symlink("target", in_scratch(scratch, "link")), 0);

    given_file(in_scratch(scratch, "link"), "new", 0600);

    assert_int_equal(file_read(in_scratch(scratch, "link"), &buf), 0);
    assert_string_equal(buf_text(&buf), "new");
    assert_int_equal(file_read(in_scratch(scratch, "target"), &buf), 0);
    assert_string_equal(buf_text(&buf), "untouched");
}

static void a_new_file_does_not_replace(void **state)
{
    struct scratch *scratch = *state;
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(100);
    const char *path = in_scratch(scratch, "key");

    assert_int_equal(file_write_new(path, slice_of_text("first"), 0400), 0);
    assert_int_equal(file_write_new(path, slice_of_text("second"), 0400), -EEXIST);

    assert_int_equal(file_read(path, &buf), 0);
    assert_string_equal(buf_text(&buf), "first");
    assert_int_equal(mode_of(path), 0400);
    assert_int_equal(count_entries(scratch->dir), 1);
}

static void writing_fails_without_leaving_anything(void **state)
{
    struct scratch *scratch = *state;
    char name[300];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';

    assert_int_equal(file_write_atomic(in_scratch(scratch, "none/file"), SLICE_NULL, 0600),
                     -ENOENT);
    assert_int_equal(file_write_atomic(in_scratch(scratch, ""), SLICE_NULL, 0600), -EINVAL);
    assert_int_equal(file_write_atomic(in_scratch(scratch, ".."), SLICE_NULL, 0600), -EINVAL);
    assert_int_equal(file_write_atomic(name, SLICE_NULL, 0600), -ENAMETOOLONG);
    assert_int_equal(mkdir(in_scratch(scratch, "folder"), 0700), 0);
    assert_int_equal(file_write_atomic(scratch->path, SLICE_NULL, 0600), -EISDIR);

    assert_int_equal(count_entries(scratch->dir), 1);
}

static void a_path_without_a_folder_is_in_the_present_one(void **state)
{
    struct scratch *scratch = *state;
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(100);
    assert_int_equal(chdir(scratch->dir), 0);

    assert_int_equal(file_write_atomic("plain", slice_of_text("here"), 0600), 0);
    assert_int_equal(chdir("/"), 0);

    assert_int_equal(file_read(in_scratch(scratch, "plain"), &buf), 0);
    assert_string_equal(buf_text(&buf), "here");
}

static void a_private_file_is_ours_alone(void **state)
{
    const char *path = in_scratch(*state, "key");
    struct error error = ERROR_NULL;
    given_file(path, "key", 0600);

    assert_int_equal(file_check_private(path, 0600, &error), 0);
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(file_check_private(path, 0600, &error), 0);
    assert_int_equal(file_check_private(path, 0400, &error), 0);
    assert_string_equal(error.what, "");
}

static void a_file_open_to_others_is_refused_with_the_command_that_helps(void **state)
{
    static const struct {
        mode_t mode;
        mode_t widest;
        const char *command;
    } rows[] = {
        {0640, 0600, "chmod 600 "},  {0604, 0600, "chmod 600 "},  {0660, 0600, "chmod 600 "},
        {0700, 0600, "chmod 600 "},  {0444, 0600, "chmod 400 "},  {0600, 0400, "chmod 400 "},
        {04600, 0600, "chmod 600 "}, {02400, 0600, "chmod 400 "},
    };
    const char *path = in_scratch(*state, "key");
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(100);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct error error = ERROR_NULL;
        given_file(path, "secret", rows[i].mode);
        assert_int_equal(file_check_private(path, rows[i].widest, &error), -EPERM);
        assert_string_equal(error.where, path);
        assert_non_null(strstr(error.what, rows[i].command));
        assert_non_null(strstr(error.what, path));
        error = ERROR_NULL;
        assert_int_equal(file_read_private(path, rows[i].widest, &buf, &error), -EPERM);
        assert_int_equal(buf.len, 0);
        assert_non_null(strstr(error.what, rows[i].command));
    }
}

static void a_private_file_is_read_through_the_check(void **state)
{
    struct scratch *scratch = *state;
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(8);
    struct error error = ERROR_NULL;
    given_file(in_scratch(scratch, "key"), "12345678", 0400);
    given_file(in_scratch(scratch, "long"), "123456789", 0400);
    assert_int_equal(symlink("key", in_scratch(scratch, "link")), 0);

    assert_int_equal(file_read_private(in_scratch(scratch, "key"), 0600, &buf, &error), 0);
    assert_string_equal(buf_text(&buf), "12345678");
    assert_int_equal(file_read_private(in_scratch(scratch, "long"), 0600, &buf, &error), -EFBIG);
    assert_non_null(strstr(error.what, "cannot be read"));
    error = ERROR_NULL;
    assert_int_equal(file_read_private(in_scratch(scratch, "link"), 0600, &buf, &error), -ELOOP);
    assert_int_equal(file_read_private(in_scratch(scratch, "none"), 0600, &buf, NULL), -ENOENT);
    assert_int_equal(file_check_private(in_scratch(scratch, "link"), 0600, NULL), -EINVAL);
    assert_int_equal(file_check_private(scratch->dir, 0600, NULL), -EINVAL);
    assert_int_equal(file_check_private(in_scratch(scratch, "none"), 0600, NULL), -ENOENT);
}

static void a_file_of_somebody_else_is_refused(void **state)
{
    const char *path = in_scratch(*state, "key");
    struct error error = ERROR_NULL;
    given_file(path, "key", 0600);
    if (chown(path, 4242, (gid_t)-1) != 0) {
        skip(); /* only root can give files away */
    }

    assert_int_equal(file_check_private(path, 0600, &error), -EPERM);

    assert_non_null(strstr(error.what, "belongs to another user"));
}

static void a_credential_of_the_service_manager_may_show_a_group_bit(void **state)
{
    struct scratch *scratch = *state;
    struct error error = ERROR_NULL;
    given_file(in_scratch(scratch, "pepper"), "x", 0440);
    bool ours_is_root = geteuid() == 0;

    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", scratch->dir, 1), 0);
    int inside = file_check_private(in_scratch(scratch, "pepper"), 0600, &error);
    assert_int_equal(chmod(scratch->path, 0444), 0);
    int open_to_all = file_check_private(scratch->path, 0600, &error);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/run/credentials/other", 1), 0);
    assert_int_equal(chmod(scratch->path, 0440), 0);
    int outside = file_check_private(scratch->path, 0600, &error);
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);

    assert_int_equal(inside, ours_is_root ? 0 : -EPERM);
    assert_int_equal(open_to_all, -EPERM);
    assert_int_equal(outside, -EPERM);
}

static void a_folder_is_created_private_and_checked(void **state)
{
    struct scratch *scratch = *state;
    struct error error = ERROR_NULL;
    const char *path = in_scratch(scratch, "store");
    (void)umask(0);

    assert_int_equal(dir_create(path, &error), 0);
    assert_int_equal(mode_of(path), 0700);
    assert_int_equal(dir_create(path, &error), 0);
    assert_int_equal(chmod(path, 0750), 0);

    assert_int_equal(dir_create(path, &error), -EPERM);
    assert_non_null(strstr(error.what, "chmod 700 "));
    given_file(in_scratch(scratch, "file"), "", 0600);
    assert_int_equal(dir_create(scratch->path, NULL), -ENOTDIR);
    assert_int_equal(dir_create(in_scratch(scratch, "none/store"), NULL), -ENOENT);
    assert_int_equal(dir_create(in_scratch(scratch, "ends-in-a-slash//"), NULL), 0);
    assert_int_equal(dir_check_private(in_scratch(scratch, "none"), NULL), -ENOENT);
}

static void a_store_may_live_on_some_file_systems_only(void **state)
{
    struct error error = ERROR_NULL;
    (void)state;

    assert_int_equal(file_system_check("/proc", true, &error), -EINVAL);
    assert_non_null(strstr(error.what, "0x9fa0"));
    error = ERROR_NULL;
    if (access("/dev/shm", W_OK) == 0 && file_system_check("/dev/shm", true, NULL) == 0) {
        assert_int_equal(file_system_check("/dev/shm", false, &error), -EINVAL);
        assert_non_null(strstr(error.what, "--allow-tmpfs: all that was acknowledged is lost"));
    }
    assert_int_equal(file_system_check("/nowhere/at/all", true, NULL), -ENOENT);
}

static void disk_use_is_a_percentage(void **state)
{
    struct scratch *scratch = *state;
    int percent = -1;

    assert_int_equal(disk_used_percent(scratch->dir, &percent), 0);

    assert_in_range(percent, 0, 100);
    percent = -1;
    assert_int_equal(disk_used_percent("/nowhere/at/all", &percent), -ENOENT);
    assert_int_equal(percent, -1);
}

static void a_file_that_is_open_is_found_by_any_name(void **state)
{
    struct scratch *scratch = *state;
    bool open_now = true;
    char other[128];
    given_file(in_scratch(scratch, "other"), "x", 0600);
    (void)snprintf(other, sizeof(other), "%s", scratch->path);
    given_file(in_scratch(scratch, "data"), "x", 0600);

    assert_int_equal(file_is_open(scratch->path, &open_now), 0);
    assert_false(open_now);
    _cleanup_(fd_close) int fd = open(scratch->path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(file_is_open(scratch->path, &open_now), 0);
    assert_true(open_now);
    assert_int_equal(file_is_open(other, &open_now), 0);
    assert_false(open_now);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(link(scratch->path, other), 0);
    assert_int_equal(file_is_open(other, &open_now), 0);
    assert_true(open_now);
    assert_int_equal(file_is_open(in_scratch(scratch, "none"), &open_now), 0);

    assert_false(open_now);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, scratch_set_up, scratch_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_is_written_is_read),
        IN_FOLDER(a_file_as_large_as_the_limit_is_read_and_a_larger_one_is_not),
        IN_FOLDER(a_file_of_many_reads_is_read_whole),
        IN_FOLDER(what_is_no_plain_file_is_not_read),
        IN_FOLDER(writing_replaces_a_link_and_not_what_it_points_to),
        IN_FOLDER(a_new_file_does_not_replace),
        IN_FOLDER(writing_fails_without_leaving_anything),
        IN_FOLDER(a_path_without_a_folder_is_in_the_present_one),
        IN_FOLDER(a_private_file_is_ours_alone),
        IN_FOLDER(a_file_open_to_others_is_refused_with_the_command_that_helps),
        IN_FOLDER(a_private_file_is_read_through_the_check),
        IN_FOLDER(a_file_of_somebody_else_is_refused),
        IN_FOLDER(a_credential_of_the_service_manager_may_show_a_group_bit),
        IN_FOLDER(a_folder_is_created_private_and_checked),
        IN_FOLDER(a_store_may_live_on_some_file_systems_only),
        IN_FOLDER(disk_use_is_a_percentage),
        IN_FOLDER(a_file_that_is_open_is_found_by_any_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
