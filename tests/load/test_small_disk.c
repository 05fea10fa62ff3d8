/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real broker on a small disk of its own that fills up: what waits at which fullness, what is
 * taken to the last, and that the broker goes on when nothing fits any more. The disk is a tmpfs in
 * a mount namespace of this test; where the kernel gives no such namespace, there is no test.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/net.h"
#include "os/files.h"
#include "support/crypto.h"
#include "support/load_internal.h"

#define PATIENCE_MS 60000
#define TO_THE_LAST 20 /* urgent records that the reserve takes at least */

struct scene {
    struct estate estate;
    struct process broker;
    struct load *gp;
    char data[ESTATE_PATH];
    char ballast[ESTATE_PATH];
};

static struct scene scene;
static bool has_disks; /* we may mount */

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)!write(fd, text, strlen(text));
        (void)close(fd);
    }
}

/* Before any thread is there. As root of a user namespace when we are not root. */
static bool own_mounts(void)
{
    char map[64];
    unsigned user = getuid();
    if (unshare(CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER)) != 0) {
        return false;
    }
    if (user != 0) {
        (void)snprintf(map, sizeof(map), "0 %u 1\n", user);
        write_file("/proc/self/uid_map", map);
    }
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static int set_up(void **state)
{
    (void)state;
    scene = (struct scene){.broker = PROCESS_NULL};
    if (!has_disks) {
        return 0;
    }
    log_init("test", LOG_LEVEL_ERROR);
    estate_make(&scene.estate);
    estate_add_agency(&scene.estate, "gp-elm", "gp");
    estate_add_agency(&scene.estate, "mash", "mash");
    estate_path(&scene.estate, "north/broker/data", scene.data);
    estate_path(&scene.estate, "north/broker/data/ballast", scene.ballast);
    scene.gp = load_new(&scene.estate, "gp-elm");
    return mount("cairn-test", scene.data, "tmpfs", 0, "size=64m,mode=0700");
}

static int tear_down(void **state)
{
    (void)state;
    load_free(&scene.gp);
    process_deinit(&scene.broker);
    if (has_disks) {
        (void)umount2(scene.data, MNT_DETACH);
        estate_remove(&scene.estate);
    }
    return 0;
}

/* With a file of our own; percent above what is used already. */
static void fill_to(int percent)
{
    struct statvfs status;
    struct stat file = {.st_size = 0};
    assert_int_equal(statvfs(scene.data, &status), 0);
    (void)stat(scene.ballast, &file);
    uint64_t used = (status.f_blocks - status.f_bfree) * status.f_frsize;
    uint64_t wanted = status.f_blocks * status.f_frsize / 100 * (uint64_t)percent;
    int fd = open(scene.ballast, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && wanted > used);
    assert_int_equal(posix_fallocate(fd, 0, (off_t)((uint64_t)file.st_size + wanted - used)), 0);
    assert_int_equal(close(fd), 0);
}

/* To the last page, whatever the store takes for itself meanwhile. */
static void fill_up(void)
{
    static const uint8_t page[4096] = {1};
    int fd = open(scene.ballast, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_true(fd >= 0);
    while (write(fd, page, sizeof(page)) > 0) {
    }
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(close(fd), 0);
}

static bool is_answered(size_t unanswered_before)
{
    return load_unanswered(scene.gp) <= unanswered_before;
}

/* One record; what the broker said of it: VERDICT_STORED, or why it has to wait. */
static enum verdict say(enum lane lane)
{
    int64_t until = clock_boot_ms(clock_system()) + PATIENCE_MS;
    size_t before = load_unanswered(scene.gp);
    load_in_lane(scene.gp, lane);
    load_submit(scene.gp, 1);
    while (!is_answered(before) && load_refusal(scene.gp) == VERDICT_STORED) {
        assert_true(clock_boot_ms(clock_system()) < until);
        assert_false(process_has_ended(&scene.broker));
        (void)load_receive(scene.gp, 20);
    }
    return load_refusal(scene.gp);
}

/* The broker looks at the disk once a second. */
static void say_until(enum lane lane, enum verdict wanted)
{
    int64_t until = clock_boot_ms(clock_system()) + PATIENCE_MS;
    while (say(lane) != wanted) {
        assert_true(clock_boot_ms(clock_system()) < until);
        (void)load_receive(scene.gp, 50);
    }
}

static void start(void)
{
    const struct process_options options = {.argument = "--allow-tmpfs"};
    broker_start_with(&scene.estate, &options, &scene.broker);
    assert_true(process_ready(&scene.broker));
    load_reconnect(scene.gp);
    load_settle(scene.gp);
}

static void a_filling_disk_lets_bulk_wait_then_normal_and_takes_urgent_to_the_last(void **state)
{
    int last = 0;
    (void)state;
    if (!has_disks) {
        skip();
    }
    start();
    fill_to(74);
    for (enum lane lane = LANE_URGENT; lane <= LANE_BULK; lane++) {
        assert_int_equal(say(lane), VERDICT_STORED);
    }

    fill_to(82);
    say_until(LANE_BULK, VERDICT_DISK_FULL);
    assert_int_equal(say(LANE_NORMAL), VERDICT_STORED);
    assert_int_equal(say(LANE_URGENT), VERDICT_STORED);

    fill_to(92);
    say_until(LANE_NORMAL, VERDICT_DISK_FULL);
    assert_int_equal(say(LANE_BULK), VERDICT_DISK_FULL);
    assert_int_equal(say(LANE_URGENT), VERDICT_STORED);

    fill_up();
    while (last < 10 * TO_THE_LAST && say(LANE_URGENT) == VERDICT_STORED) {
        last++;
    }

    assert_true(last >= TO_THE_LAST);
    load_reconnect(scene.gp);
    load_greet(scene.gp); /* it goes on answering */
    assert_false(process_has_ended(&scene.broker));
}

static void what_had_to_wait_is_taken_when_there_is_room_and_nothing_is_missing(void **state)
{
    (void)state;
    if (!has_disks) {
        skip();
    }
    start();
    fill_to(85);
    fill_up();
    int urgent = 0;
    while (urgent < 1000 && say(LANE_URGENT) == VERDICT_STORED) {
        urgent++;
    }
    assert_int_equal(load_refusal(scene.gp), VERDICT_DISK_FULL);
    assert_true(load_unanswered(scene.gp) > 0);

    assert_int_equal(unlink(scene.ballast), 0);
    load_settle(scene.gp);

    assert_int_equal(load_unanswered(scene.gp), 0);
    process_stop(&scene.broker);
    load_expect_store(scene.gp, &scene.estate);
}

int main(void)
{
#define STORY(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        STORY(a_filling_disk_lets_bulk_wait_then_normal_and_takes_urgent_to_the_last),
        STORY(what_had_to_wait_is_taken_when_there_is_room_and_nothing_is_missing),
    };
    has_disks = own_mounts();
    return cmocka_run_group_tests_name("small disk", tests, net_set_up, net_tear_down);
}
