/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strangers without a key flood the door of a real broker, while an agency goes on with its work:
 * they connect and say nothing, greet and stop, talk nonsense, declare giants and messages without
 * end, and offer handshakes that do not hold. The agency's records go through during each flood,
 * the broker's memory stays bounded, and in the end it has as many files open as before.
 *
 * CAIRN_ATTACK_CASES: connections of each kind (3,000 unless told); what happened is printed then.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "cairn/limits.h"
#include "net/net.h"
#include "os/files.h"
#include "support/crypto.h"
#include "support/load.h"

#define CASES          3000
#define CASES_MAX      1000000
#define KIND_MS        2500             /* of the short form: a flood of one kind ends then */
#define KIND_MAX_MS    (30 * 60 * 1000) /* of the long one */
#define GROWTH_MAX     (32ULL << 20)    /* of the broker's resident memory, beside connections */
#define SLACK_FDS      16
#define RECOVERY_MS    (4 * CAIRN_HANDSHAKE_MAX_MS)
#define HELD_MAX       60000
#define OWN_FDS        200
#define SEND_TIMEOUT_S 1

struct flood {
    struct estate estate;
    struct process broker;
    struct load *gp;
    struct sockaddr_in address;
    uint64_t cases;
    bool told; /* somebody asked for the long form */
    uint64_t baseline;
    uint64_t largest;
    size_t files;
    size_t most_files; /* of all floods: what they took, the process keeps for the next */
    size_t n_held;
    size_t held_max;
    int held[HELD_MAX];
    uint32_t random;
    uint64_t refused_here; /* connections that the kernel or the broker did not take */
    int64_t worst_ms;      /* that the agency waited for an answer */
};

static struct flood flood;

/* --- the broker, from outside --- */

static uint64_t resident(void)
{
    char path[64];
    _cleanup_(buf_deinit) struct buf text = BUF_MAX(256);
    (void)snprintf(path, sizeof(path), "/proc/%d/statm", (int)flood.broker.pid);
    assert_int_equal(file_read(path, &text), 0);
    const char *second = strchr(buf_text(&text), ' ');
    assert_non_null(second);
    return number_in(second) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static size_t open_files(void)
{
    char path[64];
    size_t n = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)flood.broker.pid);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        n++;
    }
    (void)closedir(dir);
    return n;
}

static void look(void)
{
    uint64_t now = resident();
    assert_false(process_has_ended(&flood.broker));
    size_t files = open_files();
    flood.largest = now > flood.largest ? now : flood.largest;
    flood.most_files = files > flood.most_files ? files : flood.most_files;
    assert_true(files <= CAIRN_BROKER_FILES_MAX + 3); /* "." and ".." */
    assert_true(CAIRN_SANITIZED ||
                now < flood.baseline + GROWTH_MAX + flood.most_files * CAIRN_STRANGER_BYTES);
}

/* --- setup --- */

static void raise_limit(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < HELD_MAX ? limit.rlim_max : HELD_MAX;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    flood.held_max = (size_t)limit.rlim_cur - OWN_FDS;
    if (flood.held_max > CAIRN_BROKER_FILES_MAX + CAIRN_BACKLOG_CONNECTIONS / 2) {
        flood.held_max = CAIRN_BROKER_FILES_MAX + CAIRN_BACKLOG_CONNECTIONS / 2;
    }
}

static void read_cases(void)
{
    const char *text = getenv("CAIRN_ATTACK_CASES");
    flood.cases = CASES;
    flood.told = text != NULL;
    if (text != NULL && !u64_parse(text, CASES_MAX, &flood.cases)) {
        fail_msg("CAIRN_ATTACK_CASES is a number up to %d", CASES_MAX);
    }
}

static void read_address(void)
{
    flood.address = (struct sockaddr_in){.sin_family = AF_INET,
                                         .sin_port = htons(flood.estate.port),
                                         .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
}

static int set_up(void **state)
{
    (void)state;
    flood = (struct flood){.broker = PROCESS_NULL, .random = 1};
    log_init("test", LOG_LEVEL_ERROR);
    read_cases();
    raise_limit();
    estate_make(&flood.estate);
    estate_add_agency(&flood.estate, "gp-elm", "gp");
    estate_add_agency(&flood.estate, "mash", "mash");
    read_address();
    broker_start(&flood.estate, &flood.broker);
    flood.gp = load_new(&flood.estate, "gp-elm");
    load_submit(flood.gp, 4);
    load_settle(flood.gp);
    flood.baseline = resident();
    flood.files = open_files();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < flood.n_held; i++) {
        (void)close(flood.held[i]);
    }
    load_free(&flood.gp);
    process_deinit(&flood.broker);
    estate_remove(&flood.estate);
    return 0;
}

/* --- strangers --- */

static uint8_t byte(void)
{
    flood.random = flood.random * 1664525U + 1013904223U;
    return (uint8_t)(flood.random >> 24);
}

/* A connection; the oldest makes room. -1 when none was made. */
static int connect_one(void)
{
    const struct timeval timeout = {.tv_sec = SEND_TIMEOUT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        flood.refused_here++;
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    if (connect(fd, (const struct sockaddr *)&flood.address, sizeof(flood.address)) != 0) {
        flood.refused_here++;
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void hold(int fd, size_t at_most)
{
    if (fd < 0) {
        return;
    }
    if (flood.n_held >= at_most) {
        (void)close(flood.held[0]);
        flood.n_held--;
        memmove(flood.held, flood.held + 1, flood.n_held * sizeof(flood.held[0]));
    }
    flood.held[flood.n_held++] = fd;
}

static void let_go(void)
{
    for (size_t i = 0; i < flood.n_held; i++) {
        (void)close(flood.held[i]);
    }
    flood.n_held = 0;
}

/* What it does not take is no matter. */
static void say(int fd, const void *bytes, size_t len)
{
    if (fd >= 0) {
        (void)!send(fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

/* ZMTP 3.1: signature, version, mechanism, not a server, filler. */
static void greet(int fd)
{
    uint8_t greeting[64] = {0xff, [9] = 0x7f, 3, 1, 'C', 'U', 'R', 'V', 'E'};
    say(fd, greeting, sizeof(greeting));
}

#define FEW 256 /* connections at a time, of those that are closed by what they say */

static void says_nothing(void)
{
    hold(connect_one(), flood.held_max);
}

static void greets_and_stops(void)
{
    int fd = connect_one();
    greet(fd);
    hold(fd, flood.held_max);
}

static void half_a_greeting(void)
{
    static const uint8_t half[] = {0xff, 0, 0, 0};
    int fd = connect_one();
    say(fd, half, sizeof(half));
    hold(fd, flood.held_max);
}

static void talks_nonsense(void)
{
    uint8_t bytes[512];
    int fd = connect_one();
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = byte();
    }
    say(fd, bytes, 1 + (size_t)byte() * 2);
    hold(fd, FEW);
}

/* A frame of 2^62 bytes, of which a few come. */
static void declares_a_giant(void)
{
    uint8_t frame[512] = {(uint8_t)(byte() % 8 / 4 * 4 + 2 + byte() % 2), 0x40};
    int fd = connect_one();
    greet(fd);
    say(fd, frame, sizeof(frame));
    hold(fd, FEW);
}

/* Part after part, each with more to come. */
static void never_ends_a_message(void)
{
    uint8_t parts[256 * 4];
    int fd = connect_one();
    for (size_t i = 0; i < sizeof(parts); i += 4) {
        parts[i] = 0x01;
        parts[i + 1] = 2;
        parts[i + 2] = byte();
        parts[i + 3] = byte();
    }
    greet(fd);
    for (int i = 0; i < 16; i++) {
        say(fd, parts, sizeof(parts));
    }
    hold(fd, FEW);
}

/* HELLO and INITIATE of CURVE, of the right length and with nothing behind it. */
static void offers_a_false_handshake(void)
{
    uint8_t hello[202] = {0x04, 200, 5, 'H', 'E', 'L', 'L', 'O', 1, 0};
    uint8_t initiate[260] = {0x06, [8] = 251, 8, 'I', 'N', 'I', 'T', 'I', 'A', 'T', 'E'};
    int fd = connect_one();
    for (size_t i = 82; i < sizeof(hello); i++) {
        hello[i] = byte();
    }
    for (size_t i = 18; i < sizeof(initiate); i++) {
        initiate[i] = byte();
    }
    greet(fd);
    say(fd, byte() % 2 == 0 ? hello : initiate, byte() % 2 == 0 ? sizeof(hello) : 202);
    hold(fd, FEW);
}

/* --- the agency --- */

static int64_t now_ms(void)
{
    return clock_boot_ms(clock_system());
}

static void go_on(int64_t *waiting_since)
{
    if (load_unanswered(flood.gp) == 0) {
        load_submit(flood.gp, 2);
        *waiting_since = now_ms();
    }
    if (load_receive(flood.gp, 0) > 0) {
        int64_t waited = now_ms() - *waiting_since;
        flood.worst_ms = waited > flood.worst_ms ? waited : flood.worst_ms;
    }
}

static void flood_with(const char *name, void (*stranger)(void))
{
    size_t acknowledged = load_acknowledged(flood.gp);
    int64_t began = now_ms();
    int64_t ends = began + (flood.told ? KIND_MAX_MS : KIND_MS);
    int64_t waiting_since = began;
    uint64_t made = 0;
    flood.worst_ms = 0;
    flood.largest = 0;
    flood.refused_here = 0;
    for (; made < flood.cases && now_ms() < ends; made++) {
        stranger();
        if (made % 8 == 0) {
            go_on(&waiting_since);
        }
        if (made % 64 == 0) {
            look();
        }
    }
    load_settle(flood.gp); /* while all that is held is there */
    look();
    assert_true(load_acknowledged(flood.gp) > acknowledged);
    assert_true(made > 10);
    if (flood.told) {
        printf("%-26s %8llu connections (%llu not made) in %6lld ms; broker %4llu MiB, %zu files; "
               "agency %zu records, worst wait %lld ms\n",
               name, (unsigned long long)made, (unsigned long long)flood.refused_here,
               (long long)(now_ms() - began), (unsigned long long)(flood.largest >> 20),
               flood.most_files, load_acknowledged(flood.gp) - acknowledged,
               (long long)flood.worst_ms);
    }
    let_go();
}

static void the_agencys_records_go_through_whoever_floods_the_door(void **state)
{
    (void)state;

    flood_with("says nothing", says_nothing);
    flood_with("half a greeting", half_a_greeting);
    flood_with("greets and stops", greets_and_stops);
    flood_with("talks nonsense", talks_nonsense);
    flood_with("declares a giant", declares_a_giant);
    flood_with("never ends a message", never_ends_a_message);
    flood_with("offers a false handshake", offers_a_false_handshake);

    int64_t until = now_ms() + RECOVERY_MS;
    while (open_files() > flood.files + SLACK_FDS) {
        assert_true(now_ms() < until);
        (void)load_receive(flood.gp, 100);
    }
    load_reconnect(flood.gp); /* and the door is open */
    load_submit(flood.gp, 8);
    load_settle(flood.gp);
    load_expect_same_answers(flood.gp);
    load_expect_proofs(flood.gp);
    process_stop(&flood.broker);
    load_expect_store(flood.gp, &flood.estate);
}

/* Those that hang are cut off by the broker itself, and do not have to go. */
static void who_does_not_finish_its_handshake_is_cut_off(void **state)
{
    enum {
        STALLED = 64
    };
    (void)state;
    for (int i = 0; i < STALLED; i++) {
        greets_and_stops();
    }
    assert_true(flood.n_held == STALLED);

    int64_t until = now_ms() + RECOVERY_MS;
    while (open_files() > flood.files + SLACK_FDS) {
        assert_true(now_ms() < until);
        (void)load_receive(flood.gp, 100);
    }

    load_submit(flood.gp, 2);
    load_settle(flood.gp);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(the_agencys_records_go_through_whoever_floods_the_door, set_up,
                                    tear_down),
    cmocka_unit_test_setup_teardown(who_does_not_finish_its_handshake_is_cut_off, set_up,
                                    tear_down),
};

int main(void)
{
    return cmocka_run_group_tests(tests, net_set_up, net_tear_down);
}
