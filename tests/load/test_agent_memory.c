/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's memory plan, attacked: every connection of the local interface at once with a body as
 * long as it may be, the most large bodies with the most values, the largest submission that there
 * is, and a mailbox that comes over the link meanwhile. What the process has by then, as the kernel
 * counts it, is within the plan.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "agents/core/memory_plan.h"
#include "base/log.h"
#include "load/rig.h"
#include "net/net.h"
#include "os/fd.h"
#include "support/crypto.h"
#include "support/load_internal.h"

/* Less than one user's share of the connections leaves for the other attacks. */
#define CALLERS      17
#define APPOINTMENTS (CAIRN_BUNDLE_ENTRIES_MAX - 10)
#define DELIVERED    640
#define PATIENCE_S   60

struct scene {
    struct estate estate;
    struct process broker;
    struct process agent;
    struct process practice; /* a second one: appointments are a health agency's to send */
    struct load *gp;
    uint64_t plan[N_AGENT_MEMORY_ROWS];
    uint64_t rest;
    int callers[CALLERS];
    int large[CAIRN_API_LARGE_BODIES_MAX];
};

static struct scene scene;

static int set_up(void **state)
{
    struct process_options agent = {
        .program = "cairn-agent", .config = "mash/agent.ini", .argument = "--allow-tmpfs"};
    (void)state;
    scene = (struct scene){.broker = PROCESS_NULL, .agent = PROCESS_NULL, .practice = PROCESS_NULL};
    log_init("test", LOG_LEVEL_ERROR);
    estate_make(&scene.estate);
    estate_add_agency(&scene.estate, "gp-elm", "gp");
    estate_add_agency(&scene.estate, "gp-oak", "gp");
    estate_add_agency(&scene.estate, "mash", "mash");
    broker_start(&scene.estate, &scene.broker);
    scene.gp = load_new(&scene.estate, "gp-elm");
    agent_memory_plan_rows(scene.plan);
    process_start(&scene.estate, &agent, &scene.agent);
    assert_true(process_ready(&scene.agent));
    agent.config = "gp-oak/agent.ini";
    process_start(&scene.estate, &agent, &scene.practice);
    assert_true(process_ready(&scene.practice));
    scene.rest = rig_settled_bytes(scene.agent.pid);
    for (size_t i = 0; i < CALLERS; i++) {
        scene.callers[i] = -1;
    }
    for (size_t i = 0; i < CAIRN_API_LARGE_BODIES_MAX; i++) {
        scene.large[i] = -1;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < CALLERS; i++) {
        fd_close(&scene.callers[i]);
    }
    for (size_t i = 0; i < CAIRN_API_LARGE_BODIES_MAX; i++) {
        fd_close(&scene.large[i]);
    }
    load_free(&scene.gp);
    process_deinit(&scene.agent);
    process_deinit(&scene.practice);
    process_deinit(&scene.broker);
    estate_remove(&scene.estate);
    return 0;
}

/* --- callers --- */

static int dial(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    char path[ESTATE_PATH];
    estate_path(&scene.estate, name, path);
    assert_true(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
    return fd;
}

/* False when it was refused meanwhile: its answer says why. */
static bool say(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t n = send(fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (n <= 0) {
            return false;
        }
        bytes = slice_make(bytes.data + n, bytes.len - (size_t)n);
    }
    return true;
}

static bool say_head(int fd, const char *media, size_t body)
{
    char head[256];
    int n = snprintf(head, sizeof(head),
                     "POST /v1/submissions HTTP/1.1\r\nHost: agent\r\nContent-Type: %s\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     media, body);
    return say(fd, slice_make(head, (size_t)n));
}

/* The number of the answer; 0: the connection was closed without one. */
static int answer(int fd)
{
    char text[4096];
    int status = 0;
    ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
    if (n > 0) {
        text[n] = '\0';
        const char *after = strchr(text, ' '); /* HTTP/1.1 */
        status = after == NULL ? 0 : (int)number_in(after);
    }
    return status;
}

/* As many values as a text of that size can have. */
static void fill_values(struct buf *out, size_t bytes)
{
    buf_format(out, "[1");
    while (out->len + 3 < bytes) {
        buf_add(out, ",1", 2);
    }
    while (out->len + 1 < bytes) {
        buf_add(out, " ", 1);
    }
    buf_add(out, "]", 1);
    assert_true(buf_ok(out));
}

/* --- a row each --- */

static void attack_base(void)
{
    rig_assert_at_most(scene.rest, scene.plan[AGENT_MEMORY_BASE]);
}

/* Each has all of its body there but the last byte. */
static void attack_connections(void)
{
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(CAIRN_API_SMALL_BODY_BYTES);
    fill_values(&body, CAIRN_API_SMALL_BODY_BYTES);
    for (size_t i = 0; i < CALLERS; i++) {
        scene.callers[i] = dial("mash/agent.sock");
        (void)(say_head(scene.callers[i], "application/fhir+json", body.len) &&
               say(scene.callers[i], slice_make(body.data, body.len - 1)));
    }
}

static void attack_large(void)
{
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(CAIRN_API_BODY_MAX_BYTES);
    fill_values(&body, CAIRN_API_BODY_MAX_BYTES);
    for (size_t i = 0; i < CAIRN_API_LARGE_BODIES_MAX; i++) {
        scene.large[i] = dial("mash/agent.sock");
        (void)(say_head(scene.large[i], "application/fhir+json", body.len) &&
               say(scene.large[i], slice_make(body.data, body.len - 1)));
    }
    (void)rig_settled_bytes(scene.agent.pid);
    for (size_t i = 0; i < CAIRN_API_LARGE_BODIES_MAX; i++) { /* parsed at the same time */
        (void)say(scene.large[i], slice_of_text("]"));
    }
    for (size_t i = 0; i < CAIRN_API_LARGE_BODIES_MAX; i++) {
        int status = answer(scene.large[i]);
        rig_print("  a body of the most values: %d\n", status);
        assert_true(status == 0 || status / 100 == 4 || status == 503);
    }
}

static void make_bundle(struct buf *out)
{
    buf_format(out, "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
                    "{\"fullUrl\":\"https://fhir.example/Patient/1\",\"resource\":{"
                    "\"resourceType\":\"Patient\",\"id\":\"1\",\"identifier\":[{\"system\":"
                    "\"https://fhir.nhs.uk/Id/nhs-number\",\"value\":\"9994117025\"}],"
                    "\"name\":[{\"use\":\"official\",\"family\":\"Thistledown\",\"given\":"
                    "[\"Peregrina\"]}],\"birthDate\":\"2022-03-14\"}}");
    for (int i = 0; i < APPOINTMENTS; i++) {
        buf_format(out,
                   ",{\"fullUrl\":\"https://fhir.example/Appointment/a%d\",\"resource\":{"
                   "\"resourceType\":\"Appointment\",\"id\":\"a%d\",\"meta\":{\"versionId\":\"1\","
                   "\"lastUpdated\":\"2026-11-10T18:00:00+00:00\"},\"status\":\"noshow\","
                   "\"start\":\"2026-11-10T01:00:00+00:00\",\"end\":\"2026-11-10T01:20:00+00:00\","
                   "\"participant\":[{\"actor\":{\"reference\":\"Patient/1\"},\"status\":"
                   "\"accepted\"}]}}",
                   i, i);
    }
    buf_format(out, "]}");
    assert_true(buf_ok(out));
}

/* One transaction with as many appointments as a Bundle may have. */
static void attack_pages(void)
{
    _cleanup_(buf_deinit) struct buf body = BUF_MAX(CAIRN_API_BODY_MAX_BYTES);
    make_bundle(&body);
    int fd = dial("gp-oak/agent.sock");
    assert_true(say_head(fd, "application/fhir+json", body.len) && say(fd, buf_slice(&body)));
    int status = answer(fd);
    uint64_t taken = rig_settled_bytes(scene.practice.pid);
    rig_print("  %d appointments at once: %d, %.1f MiB\n", APPOINTMENTS, status,
              (double)taken / RIG_MIB);
    assert_int_equal(status / 100, 2);
    rig_assert_at_most(taken, agent_memory_plan_bytes());
    fd_close(&fd);
}

/* Records for it, as fast as the broker tells of them. */
static void attack_link(void)
{
    load_greet(scene.gp);
    for (size_t n = 0; n < DELIVERED; n += CAIRN_PARCEL_ENTRIES_MAX) {
        load_submit(scene.gp, CAIRN_PARCEL_ENTRIES_MAX);
    }
    load_settle(scene.gp);
}

static void (*const attacks[])(void) = {
    [AGENT_MEMORY_BASE] = attack_base,   [AGENT_MEMORY_CONNECTIONS] = attack_connections,
    [AGENT_MEMORY_LARGE] = attack_large, [AGENT_MEMORY_PAGES] = attack_pages,
    [AGENT_MEMORY_LINK] = attack_link,
};

static void every_row_of_the_plan_has_an_attack(void **state)
{
    (void)state;

    assert_int_equal(ARRAY_LEN(attacks), N_AGENT_MEMORY_ROWS);
    for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
        if (attacks[i] == NULL) {
            fail_msg("nothing attacks: %s", agent_memory_row_names[i]);
        }
    }
}

static void all_that_callers_and_the_broker_can_send_stays_within_the_plan(void **state)
{
    struct rig_sampler sampler;
    uint64_t plan = agent_memory_plan_bytes();
    (void)state;
    rig_sampler_start(&sampler, scene.agent.pid);

    for (size_t i = 0; i < N_AGENT_MEMORY_ROWS; i++) {
        attacks[i]();
        rig_print("  %6.1f MiB, of %6.1f, after: %s\n",
                  (double)rig_settled_bytes(scene.agent.pid) / RIG_MIB,
                  (double)scene.plan[i] / RIG_MIB, agent_memory_row_names[i]);
    }

    uint64_t most = rig_sampler_stop(&sampler);
    rig_print("  at rest %.1f, at most %.1f, plan %.1f MiB\n", (double)scene.rest / RIG_MIB,
              (double)most / RIG_MIB, (double)plan / RIG_MIB);
    assert_false(process_has_ended(&scene.agent));
    assert_true(most > 2 * scene.rest); /* or it was no attack */
    rig_assert_at_most(most, plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_plan_has_an_attack),
        cmocka_unit_test_setup_teardown(
            all_that_callers_and_the_broker_can_send_stays_within_the_plan, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("agent memory", tests, net_set_up, net_tear_down);
}
