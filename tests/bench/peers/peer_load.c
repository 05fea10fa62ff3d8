/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/slice.h"
#include "base/text.h"
#include "bench/bench_figures.h"
#include "bench/peers/peer.h"

#define SLOW_PAUSE_MS 5 /* 200 a second */
#define DRAIN_MAX_S   30.0

struct run {
    const struct peer_address *address;
    double until_s;
    double last_s; /* when the newest message arrived */
    atomic_ulong confirmed;
    atomic_ulong arrived;
    atomic_bool over;
    struct samples waits_ms; /* the reader's */
};

void peer_fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench-peer: %s: %s\n", what, why);
    _exit(EXIT_FAILURE);
}

static double clock_s(clockid_t clock)
{
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double now_s(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

/* --- publishers --- */

static void publish(struct peer_connection *connection)
{
    uint8_t body[PEER_BODY_BYTES];
    double now = now_s();

    memset(body, 'a', sizeof(body));
    memcpy(body, &now, sizeof(now));
    peer_publish(connection, body);
}

static void *publisher(void *data)
{
    struct run *run = data;
    struct peer_connection *connection = peer_open(run->address, false);
    size_t flying = 0;

    while (now_s() < run->until_s || flying > 0) {
        while (flying < PEER_IN_FLIGHT && now_s() < run->until_s) {
            publish(connection);
            flying++;
        }
        if (flying > 0) {
            size_t confirmed = peer_confirmed(connection);
            flying -= confirmed;
            atomic_fetch_add(&run->confirmed, confirmed);
        }
    }
    peer_close(connection);
    return NULL;
}

static void *slow_publisher(void *data)
{
    struct run *run = data;
    struct peer_connection *connection = peer_open(run->address, false);

    while (now_s() < run->until_s) {
        publish(connection);
        atomic_fetch_add(&run->confirmed, peer_confirmed(connection));
        (void)poll(NULL, 0, SLOW_PAUSE_MS);
    }
    peer_close(connection);
    return NULL;
}

/* --- the reader --- */

static void arrived(void *data, const uint8_t *body, size_t len)
{
    struct run *run = data;
    double sent;

    if (len != PEER_BODY_BYTES) {
        peer_fail("message", "of another length");
    }
    memcpy(&sent, body, sizeof(sent));
    run->last_s = now_s();
    samples_add(&run->waits_ms, (run->last_s - sent) * 1000);
    atomic_fetch_add(&run->arrived, 1);
}

static void *reader(void *data)
{
    struct run *run = data;
    struct peer_connection *connection = peer_open(run->address, true);
    double limit_s = run->until_s + DRAIN_MAX_S;

    while (!atomic_load(&run->over) || atomic_load(&run->arrived) < atomic_load(&run->confirmed)) {
        peer_receive(connection, arrived, run);
        if (now_s() > limit_s) {
            peer_fail("reader", "not everything that was confirmed has arrived");
        }
    }
    peer_close(connection);
    return NULL;
}

/* --- runs --- */

static double run_all(struct run *run, size_t n, void *(*start)(void *data), double seconds)
{
    pthread_t threads[PEER_PUBLISHERS];
    pthread_t reading;

    run->until_s = now_s() + 1e6;
    if (pthread_create(&reading, NULL, reader, run) != 0) {
        peer_fail("thread", "cannot be made");
    }
    (void)poll(NULL, 0, 300); /* until it is there */
    double start_s = now_s();
    run->until_s = start_s + seconds;
    for (size_t i = 0; i < n; i++) {
        if (pthread_create(&threads[i], NULL, start, run) != 0) {
            peer_fail("thread", "cannot be made");
        }
    }
    for (size_t i = 0; i < n; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    double spent_s = now_s() - start_s;
    atomic_store(&run->over, true);
    (void)pthread_join(reading, NULL);
    run->last_s -= start_s;
    return spent_s;
}

int main(int argc, char **argv)
{
    uint64_t port;
    uint64_t seconds;

    if (argc != 5 || !u64_parse(argv[1], 65535, &port) || !u64_parse(argv[4], 60, &seconds) ||
        seconds == 0) {
        peer_fail("usage", "PORT CA QUEUE SECONDS");
    }
    const struct peer_address address = {.port = (int)port, .ca = argv[2], .name = argv[3]};
    struct run fast = {.address = &address, .waits_ms = SAMPLES_NULL};
    struct run slow = {.address = &address, .waits_ms = SAMPLES_NULL};
    double cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    double spent_s = run_all(&fast, PEER_PUBLISHERS, publisher, (double)seconds);
    cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s;
    (void)run_all(&slow, 1, slow_publisher, (double)seconds);
    double n = (double)atomic_load(&fast.confirmed);
    if (n < 1 || slow.waits_ms.n == 0) {
        peer_fail("peer", "nothing was confirmed");
    }
    (void)printf("%.6g %.6g %.6g %.6g %.6g\n", n / spent_s,
                 (double)atomic_load(&fast.arrived) / fast.last_s,
                 samples_percentile(&slow.waits_ms, 50), samples_percentile(&slow.waits_ms, 99),
                 cpu_s * 1e6 / n);
    (void)fflush(stdout);
    _exit(EXIT_SUCCESS);
}
