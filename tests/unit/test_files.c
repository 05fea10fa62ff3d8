/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
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

struct world {
    char folder[64];
    char path[128];
};

/* "NAME" in the test's own folder; valid until the next call. */
static const char *in_folder(struct world *world, const char *name)
{
    (void)snprintf(world->path, sizeof(world->path), "%s/%s", world->folder, name);
    return world->path;
}

static int setup(void **state)
{
    static struct world world;

    (void)snprintf(world.folder, sizeof(world.folder), "/tmp/cairn-test-XXXXXX");
    *state = &world;
    return mkdtemp(world.folder) != NULL ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

static int teardown(void **state)
{
    struct world *world = *state;

    return nftw(world->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

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

static int count_entries(const char *folder)
{
    struct stat status;
    int entries = 0;
    char command[128];

    (void)snprintf(command, sizeof(command), "ls -A %s | wc -l", folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%d", &entries), 1);
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(stat(folder, &status), 0);
    return entries;
}

static void what_is_written_is_read(void **state)
{
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(100);
    const char *path = in_folder(world, "file");
    (void)umask(077);

    assert_int_equal(file_write_atomic(path, slice_of_text("first contents"), 0640), 0);
    assert_int_equal(file_write_atomic(path, slice_of_text("second"), 0644), 0);

    assert_int_equal(file_read(path, &buf), 0);
    assert_string_equal(buf_text(&buf), "second");
    assert_int_equal(mode_of(path), 0644);
    assert_int_equal(count_entries(world->folder), 1);
}

static void a_file_as_large_as_the_limit_is_read_and_a_larger_one_is_not(void **state)
{
    const char *path = in_folder(*state, "file");
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
    const char *path = in_folder(*state, "file");
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
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(100);
    given_file(in_folder(world, "file"), "x", 0600);
    assert_int_equal(symlink("file", in_folder(world, "link")), 0);
    assert_int_equal(mkfifo(in_folder(world, "fifo"), 0600), 0);

    assert_int_equal(file_read(in_folder(world, "none"), &buf), -ENOENT);
    assert_int_equal(file_read(in_folder(world, "link"), &buf), -ELOOP);
    assert_int_equal(file_read(in_folder(world, "fifo"), &buf), -EINVAL);
    assert_int_equal(file_read(world->folder, &buf), -EISDIR);
    assert_int_equal(file_read("/dev/null", &buf), -EINVAL);
}

static void writing_replaces_a_link_and_not_what_it_points_to(void **state)
{
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(100);
    given_file(in_folder(world, "target"), "untouched", 0600);
    assert_int_equal(symlink("target", in_folder(world, "link")), 0);

    given_file(in_folder(world, "link"), "new", 0600);

    assert_int_equal(file_read(in_folder(world, "link"), &buf), 0);
    assert_string_equal(buf_text(&buf), "new");
    assert_int_equal(file_read(in_folder(world, "target"), &buf), 0);
    assert_string_equal(buf_text(&buf), "untouched");
}

static void a_new_file_does_not_replace(void **state)
{
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(100);
    const char *path = in_folder(world, "key");

    assert_int_equal(file_write_new(path, slice_of_text("first"), 0400), 0);
    assert_int_equal(file_write_new(path, slice_of_text("second"), 0400), -EEXIST);

    assert_int_equal(file_read(path, &buf), 0);
    assert_string_equal(buf_text(&buf), "first");
    assert_int_equal(mode_of(path), 0400);
    assert_int_equal(count_entries(world->folder), 1);
}

static void writing_fails_without_leaving_anything(void **state)
{
    struct world *world = *state;
    char name[300];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';

    assert_int_equal(file_write_atomic(in_folder(world, "none/file"), SLICE_NULL, 0600), -ENOENT);
    assert_int_equal(file_write_atomic(in_folder(world, ""), SLICE_NULL, 0600), -EINVAL);
    assert_int_equal(file_write_atomic(in_folder(world, ".."), SLICE_NULL, 0600), -EINVAL);
    assert_int_equal(file_write_atomic(name, SLICE_NULL, 0600), -ENAMETOOLONG);
    assert_int_equal(mkdir(in_folder(world, "folder"), 0700), 0);
    assert_int_equal(file_write_atomic(world->path, SLICE_NULL, 0600), -EISDIR);

    assert_int_equal(count_entries(world->folder), 1);
}

static void a_path_without_a_folder_is_in_the_present_one(void **state)
{
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(100);
    assert_int_equal(chdir(world->folder), 0);

    assert_int_equal(file_write_atomic("plain", slice_of_text("here"), 0600), 0);
    assert_int_equal(chdir("/"), 0);

    assert_int_equal(file_read(in_folder(world, "plain"), &buf), 0);
    assert_string_equal(buf_text(&buf), "here");
}

static void a_private_file_is_ours_alone(void **state)
{
    const char *path = in_folder(*state, "key");
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
    const char *path = in_folder(*state, "key");
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
    struct world *world = *state;
    _cleanup_(buf_deinit) struct buf buf = BUF_MAX(8);
    struct error error = ERROR_NULL;
    given_file(in_folder(world, "key"), "12345678", 0400);
    given_file(in_folder(world, "long"), "123456789", 0400);
    assert_int_equal(symlink("key", in_folder(world, "link")), 0);

    assert_int_equal(file_read_private(in_folder(world, "key"), 0600, &buf, &error), 0);
    assert_string_equal(buf_text(&buf), "12345678");
    assert_int_equal(file_read_private(in_folder(world, "long"), 0600, &buf, &error), -EFBIG);
    assert_non_null(strstr(error.what, "cannot be read"));
    error = ERROR_NULL;
    assert_int_equal(file_read_private(in_folder(world, "link"), 0600, &buf, &error), -ELOOP);
    assert_int_equal(file_read_private(in_folder(world, "none"), 0600, &buf, NULL), -ENOENT);
    assert_int_equal(file_check_private(in_folder(world, "link"), 0600, NULL), -EINVAL);
    assert_int_equal(file_check_private(world->folder, 0600, NULL), -EINVAL);
    assert_int_equal(file_check_private(in_folder(world, "none"), 0600, NULL), -ENOENT);
}

static void a_file_of_somebody_else_is_refused(void **state)
{
    const char *path = in_folder(*state, "key");
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
    struct world *world = *state;
    struct error error = ERROR_NULL;
    given_file(in_folder(world, "pepper"), "x", 0440);
    bool ours_is_root = geteuid() == 0;

    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", world->folder, 1), 0);
    int inside = file_check_private(in_folder(world, "pepper"), 0600, &error);
    assert_int_equal(chmod(world->path, 0444), 0);
    int open_to_all = file_check_private(world->path, 0600, &error);
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", "/run/credentials/other", 1), 0);
    assert_int_equal(chmod(world->path, 0440), 0);
    int outside = file_check_private(world->path, 0600, &error);
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);

    assert_int_equal(inside, ours_is_root ? 0 : -EPERM);
    assert_int_equal(open_to_all, -EPERM);
    assert_int_equal(outside, -EPERM);
}

static void a_folder_is_created_private_and_checked(void **state)
{
    struct world *world = *state;
    struct error error = ERROR_NULL;
    const char *path = in_folder(world, "store");
    (void)umask(0);

    assert_int_equal(dir_create(path, &error), 0);
    assert_int_equal(mode_of(path), 0700);
    assert_int_equal(dir_create(path, &error), 0);
    assert_int_equal(chmod(path, 0750), 0);

    assert_int_equal(dir_create(path, &error), -EPERM);
    assert_non_null(strstr(error.what, "chmod 700 "));
    given_file(in_folder(world, "file"), "", 0600);
    assert_int_equal(dir_create(world->path, NULL), -ENOTDIR);
    assert_int_equal(dir_create(in_folder(world, "none/store"), NULL), -ENOENT);
    assert_int_equal(dir_check_private(in_folder(world, "none"), NULL), -ENOENT);
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
    }
    assert_int_equal(file_system_check("/nowhere/at/all", true, NULL), -ENOENT);
}

static void disk_use_is_a_percentage(void **state)
{
    struct world *world = *state;
    int percent = -1;

    assert_int_equal(disk_used_percent(world->folder, &percent), 0);

    assert_in_range(percent, 0, 100);
    percent = -1;
    assert_int_equal(disk_used_percent("/nowhere/at/all", &percent), -ENOENT);
    assert_int_equal(percent, -1);
}

static void a_file_that_is_open_is_found_by_any_name(void **state)
{
    struct world *world = *state;
    bool open_now = true;
    char other[128];
    given_file(in_folder(world, "other"), "x", 0600);
    (void)snprintf(other, sizeof(other), "%s", world->path);
    given_file(in_folder(world, "data"), "x", 0600);

    assert_int_equal(file_is_open(world->path, &open_now), 0);
    assert_false(open_now);
    _cleanup_(fd_close) int fd = open(world->path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(file_is_open(world->path, &open_now), 0);
    assert_true(open_now);
    assert_int_equal(file_is_open(other, &open_now), 0);
    assert_false(open_now);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(link(world->path, other), 0);
    assert_int_equal(file_is_open(other, &open_now), 0);
    assert_true(open_now);
    assert_int_equal(file_is_open(in_folder(world, "none"), &open_now), 0);

    assert_false(open_now);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

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
