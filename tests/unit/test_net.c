/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "net/net.h"
#include "os/fd.h"
#include "support/crypto.h"

#define TIMES 20

static double now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static int listen_somewhere(struct sockaddr_in *ret)
{
    socklen_t len = sizeof(*ret);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    *ret = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(bind(fd, (struct sockaddr *)ret, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)ret, &len), 0);
    return fd;
}

/* As a library finds it, which is how libzmq does. */
static void who_waits_at_the_door_while_no_file_is_left_costs_no_processor(void **state)
{
    __typeof__(accept4) *as_found = NULL;
    struct sockaddr_in address;
    struct rlimit before;
    _cleanup_(fd_close) int door = listen_somewhere(&address);
    _cleanup_(fd_close) int caller = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)state;
    *(void **)&as_found = dlsym(RTLD_DEFAULT, "accept4");
    assert_non_null(as_found);
    assert_int_equal(connect(caller, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit none = {.rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    double began = now_ms();

    for (int i = 0; i < TIMES; i++) {
        assert_int_equal(as_found(door, NULL, NULL, SOCK_CLOEXEC), -1);
        assert_int_equal(errno, EMFILE);
    }

    double took = now_ms() - began;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(took >= TIMES);
    _cleanup_(fd_close) int accepted = as_found(door, NULL, NULL, SOCK_CLOEXEC);
    assert_true(accepted >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_at_the_door_while_no_file_is_left_costs_no_processor),
    };

    return cmocka_run_group_tests_name("net", tests, net_set_up, net_tear_down);
}
