/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users of the machine against the agent's local interface, from a process of their own: strangers,
 * and one that the configuration names, open as many connections as there are, and more, say most
 * of a body and then a byte at a time, and dial again whenever they are cut off. The agent's own
 * user and another that is named are answered all the while, within the memory plan; when it is
 * over, a stranger is answered again. CAIRN_LOAD_SENT sets how many questions are timed. With
 * CAIRN_LOAD_LONG the attack lasts until the slow ones were cut off.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/core/memory_plan.h"
#include "base/log.h"
#include "bench/bench.h"
#include "load/rig.h"
#include "net/net.h"
#include "os/fd.h"
#include "os/files.h"
#include "support/crypto.h"
#include "support/load_internal.h"
#include "support/setting.h"

#define NAMED         60001 /* may submit */
#define BAD           60002 /* likewise, and attacks */
#define STRANGERS     61000 /* and more: whom nobody named */
#define PLACES        (3 * CAIRN_API_CONNECTIONS_MAX)
#define BODY_BYTES    (CAIRN_API_SMALL_BODY_BYTES - 512)
#define PATIENCE_S    30
#define SENT_DEFAULT  30
#define SENT_MAX      100000
#define ANSWER_MAX_MS 3000.0 /* for a busy machine of few cores; what it really is, is printed */

/* What the attackers' process says of itself. */
struct attack {
    atomic_uint_least64_t dialled;
    atomic_uint_least64_t cut_off; /* by the agent */
};

struct scene {
    struct estate estate;
    struct process broker;
    struct process agent;
    char path[ESTATE_PATH];
    struct attack *attack;
    pid_t attackers;
    size_t sent;
    bool lasts; /* until the slow ones were cut off */
};

static struct scene scene;

/* --- a machine with users --- */

static void name_users(void)
{
    static const char section[] = "[agent]\n";
    char path[ESTATE_PATH];
    _cleanup_(buf_deinit) struct buf old = BUF_MAX(64 * 1024);
    _cleanup_(buf_deinit) struct buf new = BUF_MAX(64 * 1024);
    estate_path(&scene.estate, "mash/agent.ini", path);
    assert_int_equal(file_read(path, &old), 0);
    const char *text = buf_text(&old);
    const char *at = strstr(text, section);
    assert_non_null(at);
    at += strlen(section);
    buf_add(&new, text, (size_t)(at - text));
    buf_format(&new, "submit_uid = %d,%d\n%s", NAMED, BAD, at);
    assert_int_equal(file_write_atomic(path, buf_slice(&new), 0600), 0);
}

/* In life the socket's group is what lets a user in. */
static void let_everybody_in(void)
{
    char path[ESTATE_PATH];
    assert_int_equal(chmod(scene.estate.dir, 0755), 0);
    estate_path(&scene.estate, "mash", path);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(chmod(scene.path, 0666), 0);
}

static int set_up(void **state)
{
    const struct process_options agent = {
        .program = "cairn-agent", .config = "mash/agent.ini", .argument = "--allow-tmpfs"};
    (void)state;
    scene = (struct scene){.broker = PROCESS_NULL, .agent = PROCESS_NULL};
    log_init("test", LOG_LEVEL_ERROR);
    scene.lasts = getenv("CAIRN_LOAD_LONG") != NULL;
    scene.sent = setting_count("CAIRN_LOAD_SENT", SENT_DEFAULT, SENT_MAX);
    estate_make(&scene.estate);
    estate_add_agency(&scene.estate, "mash", "mash");
    name_users();
    broker_start(&scene.estate, &scene.broker);
    process_start(&scene.estate, &agent, &scene.agent);
    assert_true(process_ready(&scene.agent));
    estate_path(&scene.estate, "mash/agent.sock", scene.path);
    scene.attack = mmap(NULL, sizeof(*scene.attack), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(scene.attack != MAP_FAILED);
    return 0;
}

static void end_attack(void)
{
    if (scene.attackers > 0) {
        (void)kill(scene.attackers, SIGKILL);
        (void)waitpid(scene.attackers, NULL, 0);
        scene.attackers = 0;
    }
}

static int tear_down(void **state)
{
    (void)state;
    end_attack();
    process_deinit(&scene.agent);
    process_deinit(&scene.broker);
    estate_remove(&scene.estate);
    (void)munmap(scene.attack, sizeof(*scene.attack));
    return 0;
}

/* -1 when there is no room even in the kernel's queue. */
static int dial_as(uid_t uid, int flags)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    assert_true(fd >= 0 && strlen(scene.path) < sizeof(address.sun_path));
    memcpy(address.sun_path, scene.path, strlen(scene.path) + 1);
    assert_int_equal(seteuid(uid), 0);
    int r = connect(fd, (const struct sockaddr *)&address, sizeof(address));
    assert_int_equal(seteuid(0), 0);
    if (r != 0) {
        fd_close(&fd);
    }
    return fd;
}

/* --- the attackers --- */

static uid_t attacker(size_t place)
{
    return place % 2 == 0 ? BAD : (uid_t)(STRANGERS + place);
}

static int dial_and_say_most(size_t place)
{
    static char request[BODY_BYTES + 512];
    if (request[0] == '\0') {
        memset(request, ' ', sizeof(request));
        int n = snprintf(request, sizeof(request),
                         "POST /v1/submissions HTTP/1.1\r\nHost: agent\r\nContent-Type: "
                         "application/fhir+json\r\nContent-Length: %d\r\n\r\n[1",
                         CAIRN_API_SMALL_BODY_BYTES);
        request[n] = ' ';
    }
    int fd = dial_as(attacker(place), SOCK_NONBLOCK);
    if (fd >= 0) {
        atomic_fetch_add(&scene.attack->dialled, 1);
        (void)!send(fd, request, sizeof(request), MSG_NOSIGNAL);
    }
    return fd;
}

/* False when the agent has cut it off, or answered. */
static bool say_a_byte(int fd)
{
    char answer[64];
    bool lives = send(fd, " ", 1, MSG_NOSIGNAL) == 1 || errno == EAGAIN;
    return lives && recv(fd, answer, sizeof(answer), 0) < 0 && errno == EAGAIN;
}

static void be_attackers(void)
{
    static int places[PLACES];
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (size_t i = 0; i < PLACES; i++) {
        places[i] = -1;
    }
    for (size_t i = 0;; i = (i + 1) % PLACES) {
        if (places[i] < 0) {
            places[i] = dial_and_say_most(i);
        } else if (!say_a_byte(places[i])) {
            atomic_fetch_add(&scene.attack->cut_off, 1);
            fd_close(&places[i]);
        }
    }
}

static void begin_attack(void)
{
    scene.attackers = fork();
    assert_true(scene.attackers >= 0);
    if (scene.attackers == 0) {
        be_attackers();
        _exit(EXIT_FAILURE);
    }
    double until = bench_now_s() + PATIENCE_S;
    while (atomic_load(&scene.attack->cut_off) < PLACES) { /* whatever has room is taken */
        assert_true(bench_now_s() < until);
        (void)usleep(1000);
    }
}

/* --- the others --- */

/* How long until an answer; its number, 0 when the connection was closed without one. */
static double ask(uid_t uid, int *ret_status)
{
    static const char question[] = "GET /v1/health HTTP/1.1\r\nHost: agent\r\n\r\n";
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    char text[512];
    double began = bench_now_s();
    _cleanup_(fd_close) int fd = dial_as(uid, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    (void)send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL);
    ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
    double took = bench_now_s() - began;
    const char *after = NULL;
    if (n > 0) {
        text[n] = '\0';
        after = strchr(text, ' '); /* HTTP/1.1 */
    }
    *ret_status = after == NULL ? 0 : (int)number_in(after);
    return took * 1000;
}

static void ask_often(uid_t uid, struct samples *ret)
{
    for (size_t i = 0; i < scene.sent; i++) {
        int status = 0;
        samples_add(ret, ask(uid, &status));
        assert_int_equal(status, 200);
    }
}

static void print_asked(const char *who, const struct samples *beside, const struct samples *before)
{
    rig_print("  %s: median %.2f ms, p99 %.2f ms; before %.2f, %.2f\n", who,
              samples_percentile(beside, 50), samples_percentile(beside, 99),
              samples_percentile(before, 50), samples_percentile(before, 99));
}

/* --- the story --- */

/* What was asked while they attack. */
static double ask_beside(struct samples *own, struct samples *named)
{
    begin_attack();
    double began = bench_now_s();
    do {
        ask_often(0, own);
        ask_often(NAMED, named);
    } while (scene.lasts && bench_now_s() - began < CAIRN_API_TURN_MAX_S + PATIENCE_S / 2);
    double took = bench_now_s() - began;
    end_attack();
    return took;
}

/* The door is open to strangers, who may ask for nothing. */
static void expect_a_stranger_is_answered(void)
{
    double until = bench_now_s() + PATIENCE_S;
    int status = 0;
    while (status != 403) {
        assert_true(bench_now_s() < until);
        (void)ask(STRANGERS, &status);
    }
}

static void whoever_opens_all_connections_and_speaks_slowly_shuts_out_nobody_else(void **state)
{
    _cleanup_(samples_deinit) struct samples before = SAMPLES_NULL;
    _cleanup_(samples_deinit) struct samples own = SAMPLES_NULL;
    _cleanup_(samples_deinit) struct samples named = SAMPLES_NULL;
    struct rig_sampler sampler;
    uint64_t plan = agent_memory_plan_bytes();
    (void)state;
    if (geteuid() != 0) {
        skip(); /* nobody else can be tried out */
    }
    let_everybody_in();
    ask_often(0, &before);
    uint64_t rest = rig_settled_bytes(scene.agent.pid);
    rig_sampler_start(&sampler, scene.agent.pid);

    double took = ask_beside(&own, &named);

    uint64_t most = rig_sampler_stop(&sampler);
    expect_a_stranger_is_answered();
    rig_print("  %llu connections in %.0f s, %llu cut off; %.1f MiB at rest, %.1f at most, "
              "plan %.1f\n",
              (unsigned long long)atomic_load(&scene.attack->dialled), took,
              (unsigned long long)atomic_load(&scene.attack->cut_off), (double)rest / RIG_MIB,
              (double)most / RIG_MIB, (double)plan / RIG_MIB);
    print_asked("the agent's own user", &own, &before);
    print_asked("another that is named", &named, &before);
    assert_true(CAIRN_SANITIZED || samples_percentile(&own, 95) < ANSWER_MAX_MS);
    assert_true(CAIRN_SANITIZED || samples_percentile(&named, 95) < ANSWER_MAX_MS);
    rig_assert_at_most(most, plan);
    assert_false(process_has_ended(&scene.agent));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            whoever_opens_all_connections_and_speaks_slowly_shuts_out_nobody_else, set_up,
            tear_down),
    };
    return cmocka_run_group_tests_name("callers", tests, net_set_up, net_tear_down);
}
