/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "os/notify.h"

/* The service manager's end. */
struct manager {
    int fd;
    char name[64]; /* as in $NOTIFY_SOCKET */
    char message[512];
};

static int listen_at(struct manager *manager)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(manager->name);
    socklen_t bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);

    memcpy(address.sun_path, manager->name, len);
    if (manager->name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    manager->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (manager->fd < 0 || setenv("NOTIFY_SOCKET", manager->name, 1) != 0) {
        return -1;
    }
    return bind(manager->fd, (struct sockaddr *)&address, bytes);
}

static int start_at_path(void **state)
{
    static struct manager manager;

    (void)snprintf(manager.name, sizeof(manager.name), "/tmp/cairn-notify-%d", (int)getpid());
    *state = &manager;
    return listen_at(&manager);
}

static int start_abstract(void **state)
{
    static struct manager manager;

    (void)snprintf(manager.name, sizeof(manager.name), "@cairn-notify-%d", (int)getpid());
    *state = &manager;
    return listen_at(&manager);
}

static int stop(void **state)
{
    struct manager *manager = *state;

    (void)unlink(manager->name);
    (void)unsetenv("NOTIFY_SOCKET");
    return close(manager->fd);
}

/* "" when nothing came. */
static const char *told(struct manager *manager)
{
    ssize_t n = recv(manager->fd, manager->message, sizeof(manager->message) - 1, 0);

    manager->message[n > 0 ? n : 0] = '\0';
    return manager->message;
}

static void the_manager_is_told_each_thing(void **state)
{
    struct manager *manager = *state;

    assert_int_equal(notify_ready(), 0);
    assert_string_equal(told(manager), "READY=1");
    assert_int_equal(notify_watchdog(), 0);
    assert_string_equal(told(manager), "WATCHDOG=1");
    assert_int_equal(notify_stopping(), 0);
    assert_string_equal(told(manager), "STOPPING=1");
    assert_int_equal(notify_status("%d agencies", 12), 0);
    assert_string_equal(told(manager), "STATUS=12 agencies");
    assert_string_equal(told(manager), "");
}

static void a_start_that_takes_long_asks_for_more_time(void **state)
{
    assert_int_equal(notify_starting(90500, "%d of\n%d", 1, 2), 0);

    assert_string_equal(told(*state), "EXTEND_TIMEOUT_USEC=90500000\nSTATUS=1 of 2");
}

static void a_status_cannot_smuggle_another_assignment(void **state)
{
    assert_int_equal(notify_status("%s", "line\nMAINPID=1"), 0);

    assert_string_equal(told(*state), "STATUS=line MAINPID=1");
}

static void a_long_status_is_cut(void **state)
{
    char text[1000];
    memset(text, 's', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';

    assert_int_equal(notify_status("%s", text), 0);

    assert_int_equal(strlen(told(*state)), 255);
}

static void without_a_manager_nothing_happens(void **state)
{
    (void)state;

    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
    assert_int_equal(notify_ready(), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", "", 1), 0);
    assert_int_equal(notify_status("%s", "x"), 0);
    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
}

static void a_bad_address_is_an_error(void **state)
{
    char path[200];
    (void)state;
    memset(path, 'p', sizeof(path) - 1);
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';

    assert_int_equal(setenv("NOTIFY_SOCKET", "relative", 1), 0);
    assert_int_equal(notify_ready(), -EINVAL);
    assert_int_equal(setenv("NOTIFY_SOCKET", "@", 1), 0);
    assert_int_equal(notify_ready(), -EINVAL);
    assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
    assert_int_equal(notify_ready(), -EINVAL);
    assert_int_equal(setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1), 0);
    assert_int_equal(notify_ready(), -ENOENT);

    assert_int_equal(unsetenv("NOTIFY_SOCKET"), 0);
}

static void the_watchdog_is_fed_at_half_its_time(void **state)
{
    static const struct {
        const char *usec;
        int64_t every_ms;
    } rows[] = {
        {"30000000", 15000},
        {"2000", 1},
        {"1999", 1},
        {"1", 1},
        {"0", 0},
        {"", 0},
        {"-1", 0},
        {"abc", 0},
        {"99999999999999999999", 0},
    };
    char pid[16];
    (void)state;
    (void)snprintf(pid, sizeof(pid), "%d", (int)getpid());

    assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
    assert_true(notify_watchdog_every_ms() == 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(setenv("WATCHDOG_USEC", rows[i].usec, 1), 0);
        assert_true(notify_watchdog_every_ms() == rows[i].every_ms);
    }
    assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
    assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    assert_true(notify_watchdog_every_ms() == 15000);
    assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
    assert_true(notify_watchdog_every_ms() == 0);
    assert_int_equal(setenv("WATCHDOG_PID", "x", 1), 0);
    assert_true(notify_watchdog_every_ms() == 0);

    assert_int_equal(unsetenv("WATCHDOG_USEC"), 0);
    assert_int_equal(unsetenv("WATCHDOG_PID"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_manager_is_told_each_thing, start_at_path, stop),
        {"the_manager_is_told_at_an_abstract_address", the_manager_is_told_each_thing,
         start_abstract, stop, NULL},
        cmocka_unit_test_setup_teardown(a_start_that_takes_long_asks_for_more_time, start_at_path,
                                        stop),
        cmocka_unit_test_setup_teardown(a_status_cannot_smuggle_another_assignment, start_at_path,
                                        stop),
        cmocka_unit_test_setup_teardown(a_long_status_is_cut, start_at_path, stop),
        cmocka_unit_test(without_a_manager_nothing_happens),
        cmocka_unit_test(a_bad_address_is_an_error),
        cmocka_unit_test(the_watchdog_is_fed_at_half_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
