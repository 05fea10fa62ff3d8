/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strangers without a key flood the door of a real broker, from a process of their own at the
 * lowest priority, while an agency goes on with its work: they connect and say nothing, greet and
 * stop, talk nonsense, declare giants and messages without end, and offer handshakes that do not
 * hold. The agency's records go through during each flood, the broker's memory stays bounded, and
 * in the end it has as many files open as before.
 *
 * CAIRN_ATTACK_CASES: connections of each kind (3,000 unless told); what happened is printed then.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
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
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/text.h"
#include "bench/bench_figures.h"
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
#define LOWEST         19
#define LOOK_MS        20  /* apart, at memory and files */
#define PACE_MS        100 /* at most so often the agency says something */
#define BASELINE       100 /* answers, in the long form */

/* What the strangers' process says of itself. */
struct tally {
    atomic_uint_least64_t made;
    atomic_uint_least64_t refused; /* connections that the kernel or the broker did not take */
    atomic_uint_least64_t held;    /* at most, at a time */
};

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
    struct tally *tally;
    pid_t strangers;
    struct samples waits; /* of the agency, for each answer */
    double waiting_since_ms;
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
    flood.tally =
        mmap(NULL, sizeof(*flood.tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(flood.tally != MAP_FAILED);
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

static void end_strangers(void)
{
    if (flood.strangers > 0) {
        (void)kill(flood.strangers, SIGKILL);
        (void)waitpid(flood.strangers, NULL, 0);
        flood.strangers = 0;
    }
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < flood.n_held; i++) {
        (void)close(flood.held[i]);
    }
    end_strangers();
    samples_deinit(&flood.waits);
    (void)munmap(flood.tally, sizeof(*flood.tally));
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
        atomic_fetch_add(&flood.tally->refused, 1);
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    if (connect(fd, (const struct sockaddr *)&flood.address, sizeof(flood.address)) != 0) {
        atomic_fetch_add(&flood.tally->refused, 1);
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
    if (flood.n_held > atomic_load(&flood.tally->held)) {
        atomic_store(&flood.tally->held, flood.n_held);
    }
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

/* Until all are made; what it holds it goes on holding. */
static void be_strangers(void (*stranger)(void))
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setpriority(PRIO_PROCESS, 0, LOWEST);
    while (atomic_load(&flood.tally->made) < flood.cases) {
        stranger();
        atomic_fetch_add(&flood.tally->made, 1);
    }
    for (;;) {
        (void)pause();
    }
}

static void begin_strangers(void (*stranger)(void))
{
    atomic_store(&flood.tally->made, 0);
    atomic_store(&flood.tally->refused, 0);
    atomic_store(&flood.tally->held, 0);
    flood.strangers = fork();
    assert_true(flood.strangers >= 0);
    if (flood.strangers == 0) {
        be_strangers(stranger);
    }
}

/* --- the agency --- */

static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static void go_on(void)
{
    if (load_unanswered(flood.gp) == 0 && now_ms() > flood.waiting_since_ms + PACE_MS) {
        load_submit(flood.gp, 2);
        flood.waiting_since_ms = now_ms();
    }
    if (load_receive(flood.gp, LOOK_MS) > 0) {
        samples_add(&flood.waits, now_ms() - flood.waiting_since_ms);
    }
}

static void forget_waits(void)
{
    samples_deinit(&flood.waits);
    flood.waits = SAMPLES_NULL;
}

static void print_waits(void)
{
    printf("  the agency: %zu answers, median %.1f ms, p99 %.1f ms, longest %.1f ms\n",
           flood.waits.n, samples_percentile(&flood.waits, 50),
           samples_percentile(&flood.waits, 99), samples_percentile(&flood.waits, 100));
}

/* What it waits beside nobody. */
static void look_at_baseline(void)
{
    while (flood.told && flood.waits.n < BASELINE) {
        go_on();
    }
    if (flood.told) {
        print_waits();
    }
    forget_waits();
}

static double recovery_ms(void)
{
    double began = now_ms();
    while (open_files() > flood.files + SLACK_FDS) {
        assert_true(now_ms() < began + RECOVERY_MS);
        (void)load_receive(flood.gp, 1);
    }
    return now_ms() - began;
}

static void print_flood(const char *name, double took_ms, double recovered_ms)
{
    const struct tally *tally = flood.tally;
    uint64_t made = atomic_load(&tally->made);
    printf("%s: %llu connections (%llu not made) in %.1f s, %.0f a second, %llu held at most\n"
           "  the broker: %llu MiB, %zu files; as many files as before after %.1f s\n",
           name, (unsigned long long)made, (unsigned long long)atomic_load(&tally->refused),
           took_ms / 1000, (double)made * 1000 / took_ms,
           (unsigned long long)atomic_load(&tally->held), (unsigned long long)(flood.largest >> 20),
           flood.most_files, recovered_ms / 1000);
    print_waits();
}

static void flood_with(const char *name, void (*stranger)(void))
{
    size_t acknowledged = load_acknowledged(flood.gp);
    double began = now_ms();
    double ends = began + (flood.told ? KIND_MAX_MS : KIND_MS);
    double looked = 0;
    flood.largest = 0;
    begin_strangers(stranger);
    while (atomic_load(&flood.tally->made) < flood.cases && now_ms() < ends) {
        go_on();
        if (now_ms() > looked + LOOK_MS) {
            looked = now_ms();
            look();
        }
    }
    double took = now_ms() - began;
    load_settle(flood.gp); /* while all that is held is there */
    look();
    end_strangers();
    double recovered = recovery_ms();
    assert_true(load_acknowledged(flood.gp) > acknowledged);
    assert_true(atomic_load(&flood.tally->made) > 10);
    if (flood.told) {
        print_flood(name, took, recovered);
    }
    forget_waits();
}

static void the_agencys_records_go_through_whoever_floods_the_door(void **state)
{
    (void)state;
    look_at_baseline();

    flood_with("says nothing", says_nothing);
    flood_with("half a greeting", half_a_greeting);
    flood_with("greets and stops", greets_and_stops);
    flood_with("talks nonsense", talks_nonsense);
    flood_with("declares a giant", declares_a_giant);
    flood_with("never ends a message", never_ends_a_message);
    flood_with("offers a false handshake", offers_a_false_handshake);

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

    (void)recovery_ms();

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
