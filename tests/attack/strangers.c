/* SPDX-License-Identifier: Apache-2.0 */
#include "attack/strangers.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "sim/chance.h"
#include "support/setting.h"

#define HELD_MAX    60000
#define OWN_FILES   200 /* of a process, beside connections */
#define WAIT_S      1
#define NS_PER_S    1000000000ULL
#define DRAIN_BYTES 4096
#define LOWEST      19

/* --- for what they do --- */

int stranger_connect(struct stranger *stranger)
{
    const struct timeval timeout = {.tv_sec = WAIT_S};
    const int at_once = 1;
    const struct sockaddr *address = (const struct sockaddr *)stranger->address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        atomic_fetch_add(&stranger->tally->refused, 1);
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
    if (connect(fd, address, sizeof(*stranger->address)) != 0) {
        atomic_fetch_add(&stranger->tally->refused, 1);
        (void)close(fd);
        return -1;
    }
    return fd;
}

void stranger_say(int fd, const void *bytes, size_t len)
{
    if (fd >= 0) {
        (void)!send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

static void let_go(struct stranger *stranger, int fd)
{
    static uint8_t bytes[DRAIN_BYTES];
    ssize_t n;
    do {
        n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    } while (n > 0);
    bool open = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    atomic_fetch_add(open ? &stranger->tally->left : &stranger->tally->turned, 1);
    (void)close(fd);
}

void stranger_hold(struct stranger *stranger, int fd, size_t at_most)
{
    if (fd < 0) {
        return;
    }
    if (stranger->n_held >= at_most || stranger->n_held >= stranger->held_max) {
        let_go(stranger, stranger->held[0]);
        stranger->n_held--;
        memmove(stranger->held, stranger->held + 1, stranger->n_held * sizeof(stranger->held[0]));
    }
    stranger->held[stranger->n_held++] = fd;
    if (stranger->n_held > atomic_load(&stranger->tally->held)) {
        atomic_store(&stranger->tally->held, stranger->n_held);
    }
}

/* --- their processes --- */

static size_t files_we_may_have(void)
{
    struct rlimit limit = {.rlim_cur = 0};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    size_t files = limit.rlim_cur < HELD_MAX ? (size_t)limit.rlim_cur : HELD_MAX;
    return files > 2 * OWN_FILES ? files - OWN_FILES : OWN_FILES;
}

/* The nth case's time. */
static void wait_for_turn(const struct timespec *began, uint64_t rate, uint64_t n)
{
    if (rate == 0) {
        return;
    }
    uint64_t ns = (uint64_t)began->tv_nsec + n % rate * NS_PER_S / rate;
    const struct timespec when = {.tv_sec = began->tv_sec + (time_t)(n / rate + ns / NS_PER_S),
                                  .tv_nsec = (long)(ns % NS_PER_S)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR) {
    }
}

static void be_strangers(const struct strangers_options *options, struct stranger_tally *tally,
                         unsigned number)
{
    const struct sched_param none = {.sched_priority = 0};
    struct stranger stranger = {.address = options->address, .tally = tally, .data = options->data};
    struct timespec began;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setpriority(PRIO_PROCESS, 0, LOWEST);
    (void)sched_setscheduler(0, SCHED_IDLE, &none);
    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    chance_start(setting("CAIRN_ATTACK_SEED", 1) * STRANGERS_MAX + number);
    stranger.held_max = files_we_may_have();
    stranger.held = base_zalloc(stranger.held_max, sizeof(stranger.held[0]));
    for (;;) {
        uint64_t n = atomic_fetch_add(&tally->begun, 1);
        if (n >= options->cases) {
            break;
        }
        wait_for_turn(&began, options->rate, n);
        options->act(&stranger);
        atomic_fetch_add(&tally->made, 1);
    }
    for (;;) {
        (void)pause();
    }
}

/* --- from outside --- */

void strangers_begin(struct strangers *strangers, const struct strangers_options *options)
{
    assert(strangers->n == 0 && options->processes <= STRANGERS_MAX);
    if (strangers->tally == NULL) {
        strangers->tally = mmap(NULL, sizeof(*strangers->tally), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        assert(strangers->tally != MAP_FAILED);
    }
    memset(strangers->tally, 0, sizeof(*strangers->tally));
    for (unsigned i = 0; i < options->processes; i++) {
        pid_t pid = fork();
        assert(pid >= 0);
        if (pid == 0) {
            be_strangers(options, strangers->tally, i);
        }
        strangers->pids[strangers->n++] = pid;
    }
}

void strangers_end(struct strangers *strangers)
{
    for (; strangers->n > 0; strangers->n--) {
        (void)kill(strangers->pids[strangers->n - 1], SIGKILL);
        (void)waitpid(strangers->pids[strangers->n - 1], NULL, 0);
    }
}

void strangers_deinit(struct strangers *strangers)
{
    strangers_end(strangers);
    if (strangers->tally != NULL) {
        (void)munmap(strangers->tally, sizeof(*strangers->tally));
        strangers->tally = NULL;
    }
}
